"""What members will buy next, and what to show them: candidates from several sources, in an order that was learned."""

from regulars.intelligence.recommend.baskets import Baskets, Level, Target, count_baskets, find_target
from regulars.intelligence.recommend.learning import Ranker, learn_order, score_plainly

__all__ = ["Baskets", "Level", "Ranker", "Target", "count_baskets", "find_target", "learn_order", "score_plainly"]

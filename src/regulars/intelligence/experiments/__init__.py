"""Whether something worked, for whom, and how one may look before the end without fooling oneself."""

from regulars.intelligence.experiments.bandit import Arms, Choice, choose, start, update, value_policy
from regulars.intelligence.experiments.effects import Effect, compare_groups, compare_matched
from regulars.intelligence.experiments.looking import Look, find_bounds, judge_look
from regulars.intelligence.experiments.who import Targeting, learn_targeting, measure_qini

__all__ = [
    "Arms",
    "Choice",
    "Effect",
    "Look",
    "Targeting",
    "choose",
    "compare_groups",
    "compare_matched",
    "find_bounds",
    "judge_look",
    "learn_targeting",
    "measure_qini",
    "start",
    "update",
    "value_policy",
]

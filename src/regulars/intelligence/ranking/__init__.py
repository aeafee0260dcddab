"""Putting things in order for each member: trees that are grown for it, and how good an order is."""

from regulars.intelligence.ranking.grow import describe_rows, grow_trees
from regulars.intelligence.ranking.measures import Order, judge_order, keep_best

__all__ = ["Order", "describe_rows", "grow_trees", "judge_order", "keep_best"]

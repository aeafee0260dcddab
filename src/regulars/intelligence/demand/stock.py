"""What demand asks of the stock of a reward: how long it lasts, and how many to order."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Final

from regulars.intelligence.demand.forecast import DECAY

__all__ = ["WEEKS_MIN", "Advice", "advise_stock"]

WEEKS_MIN: Final = 4
"""With fewer weeks of redemptions nothing is advised."""
SURE: Final = 1.2816
"""Nine of ten times what is ordered lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """How many a week are taken on average, for how many whole weeks the stock surely lasts, and how many to order."""

    weekly: float
    lasts_weeks: int | None
    """None: nobody takes it, so it lasts for ever."""
    order: int


def advise_stock(taken: Sequence[int], in_stock: int, *, weeks: int) -> Advice | None:
    """Advise from weekly redemptions, oldest first, so that the stock lasts for so many weeks nine of ten times.

    Recent weeks count more. None where too few weeks are known to say anything.
    """
    assert in_stock >= 0
    assert weeks > 0
    if len(taken) < WEEKS_MIN:
        return None
    weights = [DECAY**back for back in reversed(range(len(taken)))]
    total = sum(weights)
    weekly = sum(count * weight for count, weight in zip(taken, weights, strict=True)) / total
    spread = sum(weight * (count - weekly) ** 2 for count, weight in zip(taken, weights, strict=True)) / total
    # Single redemptions come by chance, however even the past looks.
    spread = max(spread, weekly)
    needed = ceil(weekly * weeks + SURE * sqrt(spread * weeks))
    lasts = None if weekly <= 0 else _last(weekly, spread, in_stock)
    return Advice(weekly=weekly, lasts_weeks=lasts, order=max(needed - in_stock, 0))


def _last(weekly: float, spread: float, in_stock: int) -> int:
    """Give the most weeks whose need, nine of ten times, is within the stock."""
    # in_stock = weekly * w + SURE * sqrt(spread * w), solved for the root of w.
    slack = SURE * sqrt(spread)
    root = (sqrt(slack**2 + 4 * weekly * in_stock) - slack) / (2 * weekly)
    return floor(root**2 + 1e-9)

"""Tests that may be looked at every day: bounds that keep all false alarms together at what was agreed.

The chance of a false alarm is spent over the course of a test, little at first (Lan and DeMets 1983, after O'Brien and
Fleming). How many cases there will be at most is agreed beforehand: that is what makes it nearly as sharp as one look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from math import pi, sqrt
from statistics import NormalDist
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

__all__ = ["LOOKS_MAX", "Look", "find_bounds", "judge_look"]

Numbers = npt.NDArray[Any]

LOOKS_MAX: Final = 400
GRID: Final = 401
BOUND_MAX: Final = 8.0
"""No bound is higher: beyond it chances cannot be told from nothing."""
HALVINGS: Final = 60
KEPT_BACK: Final = 0.2
"""Of the false alarms that are allowed so much is never spent: bounds are exact for bell curves; money is skewed."""
NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a running test says. The range holds at all looks together with the agreed sureness."""

    difference: float
    low: float
    high: float
    is_decided: bool
    fraction: float
    """How much of the agreed number of cases was there."""


@lru_cache(maxsize=64)
def find_bounds(fractions: tuple[float, ...], alarm: float = 0.05) -> tuple[float, ...]:
    """Find how many standard errors decide at each look, for looks at these fractions of the agreed cases.

    Fractions rise and end at 1 or before. `alarm` is the chance of a false alarm at any of them.
    """
    assert 0 < len(fractions) <= LOOKS_MAX
    assert all(early < late for early, late in zip((0.0, *fractions), fractions, strict=False)), "looks go forward"
    assert fractions[-1] <= 1, "there are no more cases than were agreed"
    assert 0 < alarm < 1
    points, mass = np.zeros(1), np.ones(1)
    bounds: list[float] = []
    before, spent = 0.0, 0.0
    for fraction in fractions:
        spread = sqrt(fraction - before)
        allowed = max(_spend(fraction, alarm) - spent, 0.0)
        bound = _solve(points, mass, spread, allowed, sqrt(fraction))
        spent += _leave(points, mass, spread, bound)
        points, mass = _stay(points, mass, spread, bound)
        bounds.append(bound / sqrt(fraction))
        before = fraction
    return tuple(bounds)


def judge_look(
    difference: float, standard_error: float, *, cases: int, cases_max: int, looks: Sequence[int], alarm: float = 0.05
) -> Look:
    """Judge a difference at a look. `looks` are the numbers of cases at the earlier ones, in order.

    Cases beyond the agreed most are judged as the most: they bring no further chance to be right.
    """
    assert cases_max > 0
    assert standard_error >= 0
    seen = sorted({min(n, cases_max) / cases_max for n in (*looks, cases) if n > 0})
    bound = find_bounds(tuple(seen), alarm)[-1] if seen else BOUND_MAX
    reach = bound * standard_error
    return Look(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        is_decided=abs(difference) > reach,
        fraction=seen[-1] if seen else 0.0,
    )


def _spend(fraction: float, alarm: float) -> float:
    allowed = alarm * (1 - KEPT_BACK)
    return 2 * (1 - NORMAL.cdf(NORMAL.inv_cdf(1 - allowed / 2) / sqrt(fraction)))


def _solve(points: Numbers, mass: Numbers, spread: float, allowed: float, scale: float) -> float:
    """Find the bound beyond which just what is allowed leaves."""
    low, high = 0.0, BOUND_MAX * scale
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _leave(points, mass, spread, middle) > allowed else (low, middle)
    return high


def _leave(points: Numbers, mass: Numbers, spread: float, bound: float) -> float:
    below = _normal((-bound - points) / spread) + _normal((points - bound) / spread)
    return float((mass * below).sum())


def _stay(points: Numbers, mass: Numbers, spread: float, bound: float) -> tuple[Numbers, Numbers]:
    """Give where those are who have not left: points between the bounds, and how likely each is (Simpson's rule)."""
    grid = np.linspace(-bound, bound, GRID)
    weights = np.full(GRID, 2.0)
    weights[1::2], weights[0], weights[-1] = 4.0, 1.0, 1.0
    step = weights * (grid[1] - grid[0]) / 3
    steps = (grid[:, None] - points[None, :]) / spread
    density = np.exp(-(steps**2) / 2) @ mass / (spread * sqrt(2 * pi))
    return grid, density * step


def _normal(values: Numbers) -> Numbers:
    ndtr = cast("Callable[[Numbers], Numbers]", import_module("scipy.special").ndtr)
    return ndtr(values)

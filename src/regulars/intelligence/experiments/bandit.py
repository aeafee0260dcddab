"""Trying several ways at once, more often those that work: Thompson sampling whose chances are known and written down.

Arms are chosen by chances that were worked out when results came in, not by one draw for each choice: so the chance of
each choice is exact, and what any other way of choosing would have brought can be reckoned later.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np
from msgspec import Struct

__all__ = ["CHANCE_MIN", "Arms", "Choice", "choose", "start", "update", "value_policy"]

CHANCE_MIN: Final = 0.01
"""No arm is ever given up: nothing could be said of it later."""
DRAWS: Final = 2_000
ARMS_MAX: Final = 100


class Arms(Struct, frozen=True, kw_only=True):
    """What is known of each arm, and with what chance each is chosen until more is known."""

    names: tuple[str, ...]
    worked: tuple[int, ...]
    tried: tuple[int, ...]
    chances: tuple[float, ...]


class Choice(Struct, frozen=True, kw_only=True):
    """One choice, as it is written down: the arm, and the chance that it had."""

    arm: str
    chance: float


def start(names: Sequence[str]) -> Arms:
    """Start with arms of which nothing is known: each has the same chance."""
    assert 1 < len(set(names)) == len(names) <= ARMS_MAX, "two arms or more, with names of their own"
    none = (0,) * len(names)
    return Arms(names=tuple(names), worked=none, tried=none, chances=(1 / len(names),) * len(names))


def choose(arms: Arms, chance: float) -> Choice:
    """Choose an arm by a number between 0 and 1 that chance (or a member's stable hash) gave."""
    assert 0 <= chance < 1
    bounds = list(accumulate(arms.chances))
    at = min(bisect_right(bounds, chance * bounds[-1]), len(arms.names) - 1)
    return Choice(arm=arms.names[at], chance=arms.chances[at])


def update(arms: Arms, results: Sequence[tuple[str, int, int]], *, seed: int) -> Arms:
    """Take in results (arm, how often tried, how often it worked), and work the chances out anew."""
    tried, worked = dict(zip(arms.names, arms.tried, strict=True)), dict(zip(arms.names, arms.worked, strict=True))
    for name, times, good in results:
        assert name in tried, "an arm that there is"
        assert 0 <= good <= times
        tried[name] += times
        worked[name] += good
    good = np.array([worked[name] for name in arms.names], dtype=np.float64)
    times = np.array([tried[name] for name in arms.names], dtype=np.float64)
    drawn = np.random.default_rng(seed).beta(good + 1, times - good + 1, (DRAWS, len(good)))
    best = np.bincount(drawn.argmax(axis=1), minlength=len(good)) / DRAWS
    floor = min(CHANCE_MIN, 1 / len(good))
    chances = floor + (1 - floor * len(good)) * best
    return Arms(
        names=arms.names,
        worked=tuple(worked[name] for name in arms.names),
        tried=tuple(tried[name] for name in arms.names),
        chances=tuple(float(chance) for chance in chances),
    )


def value_policy(log: Sequence[tuple[Choice, float]], policy: dict[str, float]) -> tuple[float, float]:
    """Reckon what a policy (the chance of each arm) would have brought, from what was chosen and came: mean and error.

    Self-normalised by the chances that were written down.
    """
    assert log, "nothing was written down"
    weight: np.ndarray[Any, Any] = np.array([policy.get(choice.arm, 0.0) / choice.chance for choice, _ in log])
    came: np.ndarray[Any, Any] = np.array([result for _, result in log])
    total = float(weight.sum())
    if total <= 0:
        return 0.0, float("inf")
    mean = float((weight * came).sum()) / total
    return mean, float(np.sqrt((weight**2 * (came - mean) ** 2).sum())) / total

"""What something brought: those to whom it was done against those held out by chance, or against their like."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

__all__ = ["CASES_MIN", "Effect", "compare_groups", "compare_matched"]

Numbers = npt.NDArray[Any]

CASES_MIN: Final = 20
"""In a group with fewer nothing can be told."""
SURENESS: Final = 0.95
NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A mean difference for each member, with the range it lies in 19 times of 20; None where too few tell."""

    difference: float
    standard_error: float
    low: float
    high: float
    treated: int
    control: int
    removed: float
    """The share of the variance that was known before, and was taken out."""
    warning: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether the range leaves nothing out."""
        return self.low > 0 or self.high < 0


def compare_groups(
    outcome: Numbers, treated: Numbers, before: Numbers | None = None, *, sureness: float = SURENESS
) -> Effect | None:
    """Compare those treated with those held out by chance, corrected by what was known of each before (CUPED).

    `before` must be of a time before chance decided, or the correction is wrong. None where a group is too small.
    """
    chosen = np.asarray(treated, dtype=bool)
    values = np.asarray(outcome, dtype=np.float64)
    assert values.shape == chosen.shape
    if min(chosen.sum(), (~chosen).sum()) < CASES_MIN:
        return None
    removed = 0.0
    if before is not None:
        known = np.asarray(before, dtype=np.float64)
        slope = _slope(known, values, chosen)
        corrected = values - slope * (known - known.mean())
        raw = values[chosen].var(ddof=1) + values[~chosen].var(ddof=1)
        left = corrected[chosen].var(ddof=1) + corrected[~chosen].var(ddof=1)
        removed = float(1 - left / raw) if raw > 0 else 0.0
        values = corrected
    difference = float(values[chosen].mean() - values[~chosen].mean())
    error = sqrt(values[chosen].var(ddof=1) / chosen.sum() + values[~chosen].var(ddof=1) / (~chosen).sum())
    return Effect(
        difference=difference,
        standard_error=error,
        low=difference - _reach(error, sureness),
        high=difference + _reach(error, sureness),
        treated=int(chosen.sum()),
        control=int((~chosen).sum()),
        removed=removed,
    )


def _slope(known: Numbers, values: Numbers, chosen: Numbers) -> float:
    """Give how outcomes go with what was known, within the groups: what was done is no part of it."""
    x = cast("Numbers", np.where(chosen, known - known[chosen].mean(), known - known[~chosen].mean()))
    y = cast("Numbers", np.where(chosen, values - values[chosen].mean(), values - values[~chosen].mean()))
    spread = float((x * x).sum())
    return float((x * y).sum() / spread) if spread > 0 else 0.0


MATCHED: Final = (
    "Nobody was held out by chance. Members were compared with others who had bought alike; whatever else told them"
    " apart (who was written to, who cared) is in the difference too. Take it for a hint, and hold some out next time."
)


def compare_matched(
    known: Numbers, before: Numbers, after: Numbers, treated: Numbers, *, sureness: float = SURENESS
) -> Effect | None:
    """Compare the change of those treated with the change of the most alike of the others, each with one.

    `known` describes members before (a row each); `before` and `after` are what is compared, in two spans of equal
    length. Always carries a warning: likeness is no chance. None where a group is too small.
    """
    chosen = np.asarray(treated, dtype=bool)
    if min(chosen.sum(), (~chosen).sum()) < CASES_MIN:
        return None
    spread = known.std(axis=0)
    scaled = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1)
    pool = np.flatnonzero(~chosen)
    like = np.concatenate(
        [_find_like(scaled[some], scaled[pool]) for some in np.array_split(np.flatnonzero(chosen), 64)]
    )
    change = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    pairs = change[chosen] - change[pool[like]]
    # One who stands for several counts once: the others' number says how much was really seen.
    seen = min(len(pairs), len(np.unique(like)))
    error = float(pairs.std(ddof=1)) / sqrt(max(seen, 1))
    difference = float(pairs.mean())
    return Effect(
        difference=difference,
        standard_error=error,
        low=difference - _reach(error, sureness),
        high=difference + _reach(error, sureness),
        treated=int(chosen.sum()),
        control=seen,
        removed=0.0,
        warning=MATCHED,
    )


def _find_like(some: Numbers, pool: Numbers) -> Numbers:
    distance = (pool**2).sum(axis=1)[None, :] - 2 * some @ pool.T
    return distance.argmin(axis=1) if len(some) else np.zeros(0, dtype=np.int64)


def _reach(error: float, sureness: float) -> float:
    return NORMAL.inv_cdf((1 + sureness) / 2) * error

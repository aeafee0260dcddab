"""Measures of predictions against what happened."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.intelligence.evaluation.model import Paired

__all__ = [
    "compare_means",
    "compare_scores",
    "measure_auc",
    "measure_calibration",
    "measure_log_loss",
]

Floats = npt.NDArray[np.float64]
Anything = npt.NDArray[Any]
SURE: Final = 1e-4
"""A probability is kept this far from 0 and 1, so that one surprise does not decide a mean."""


def compare_means(better: Anything, base: Anything) -> Paired:
    """Compare two measures of the same cases, where more is better. For errors, hand in the negatives."""
    difference = np.asarray(better, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    count = difference.size
    spread = float(difference.std(ddof=1)) if count > 1 else 0.0
    return Paired(
        difference=float(difference.mean()) if count else 0.0,
        standard_error=spread / float(np.sqrt(count)) if count else 0.0,
        cases=count,
    )


def measure_auc(happened: Anything, score: Anything) -> float:
    """Give the chance that one to whom it happened has a higher score than one to whom it did not; ties count half.

    NaN where everybody is the same.
    """
    truth = np.asarray(happened, dtype=bool)
    positives = int(truth.sum())
    negatives = truth.size - positives
    if not positives or not negatives:
        return float("nan")
    return float((_rank(score)[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def compare_scores(happened: Anything, better: Anything, base: Anything) -> Paired:
    """Compare the areas under two curves over the same cases (DeLong's way)."""
    truth = np.asarray(happened, dtype=bool)
    ours, theirs = _place(truth, better), _place(truth, base)
    above, below = ours[0] - theirs[0], ours[1] - theirs[1]
    if above.size < 2 or below.size < 2:  # noqa: PLR2004 - a spread needs two
        return Paired(difference=0.0, standard_error=0.0, cases=truth.size)
    variance = above.var(ddof=1) / above.size + below.var(ddof=1) / below.size
    return Paired(difference=float(above.mean()), standard_error=float(np.sqrt(variance)), cases=truth.size)


def measure_log_loss(happened: Anything, chance: Anything) -> Floats:
    """Give the surprise of each case, in nats; its mean is the log loss."""
    truth = np.asarray(happened, dtype=np.float64)
    kept = np.clip(np.asarray(chance, dtype=np.float64), SURE, 1 - SURE)
    return -(truth * np.log(kept) + (1 - truth) * np.log(1 - kept))


def measure_calibration(happened: Anything, chance: Anything, *, bins: int = 10) -> float:
    """Give how far, on average, what was foretold is from what happened, in bins of equally many cases."""
    truth = np.asarray(happened, dtype=np.float64)
    told = np.asarray(chance, dtype=np.float64)
    if not truth.size:
        return float("nan")
    parts = np.array_split(np.argsort(told, kind="stable"), bins)
    gaps = [abs(truth[part].mean() - told[part].mean()) * part.size for part in parts if part.size]
    return float(sum(gaps) / truth.size)


def _rank(score: Anything) -> Floats:
    """Rank from 1 on; equals share the mean of their ranks."""
    values = np.asarray(score, dtype=np.float64)
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def _place(truth: npt.NDArray[np.bool_], score: Anything) -> tuple[Floats, Floats]:
    """Say for each case what share of the other kind it is put on the right side of."""
    values = np.asarray(score, dtype=np.float64)
    ranks = _rank(values)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    above = (ranks[truth] - _rank(values[truth])) / max(negatives, 1)
    below = 1 - (ranks[~truth] - _rank(values[~truth])) / max(positives, 1)
    return above, below

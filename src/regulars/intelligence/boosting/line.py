"""Lines: logistic regressions over columns that were brought close together, which see what trees cut into steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Line", "fit_line", "squeeze"]

Floats = npt.NDArray[np.float64]
STEPS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A logistic regression over columns that were squeezed: what it weighs, and around what."""

    columns: tuple[str, ...]
    weights: tuple[float, ...]
    middle: tuple[float, ...]
    width: tuple[float, ...]
    base: float

    def predict(self, rows: Floats) -> Floats:
        """Give the log-odds of each row."""
        return self.weigh(rows).sum(axis=1) + self.base

    def weigh(self, rows: Floats) -> Floats:
        """Say how much each column moves the log-odds of each row, against those of an average row."""
        middle, width = np.asarray(self.middle), np.asarray(self.width)
        return (squeeze(rows) - middle) / width * np.asarray(self.weights)


def squeeze(rows: Floats) -> Floats:
    """Bring what differs by orders of magnitude close together; what is not known counts as nothing."""
    return np.nan_to_num(np.sign(rows) * np.log1p(np.abs(rows)), nan=0.0, posinf=0.0, neginf=0.0)


def fit_line(
    rows: Floats, goal: Floats, columns: Sequence[str], shrink: float, *, weight: Floats | None = None
) -> Line:
    """Fit a line that tells the goal (0 or 1) from rows. `shrink` is the inverse of the penalty on weights.

    With weights, each row stands for so many.
    """
    squeezed = squeeze(rows)
    middle, width = squeezed.mean(axis=0), squeezed.std(axis=0)
    width = np.where(width > 0, width, 1.0)
    linear: Any = import_module("sklearn.linear_model")
    fitted = linear.LogisticRegression(C=shrink, max_iter=STEPS_MAX).fit(
        (squeezed - middle) / width, goal, sample_weight=weight
    )
    return Line(
        columns=tuple(columns),
        weights=tuple(fitted.coef_[0].tolist()),
        middle=tuple(middle.tolist()),
        width=tuple(width.tolist()),
        base=float(fitted.intercept_[0]),
    )

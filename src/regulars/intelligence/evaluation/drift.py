"""Drift: how far what comes in now, and what is said of it, is from what was learned from.

The population stability index of a column: the sum over bins of (share now - share then) * log(share now / share then).
Bins hold a tenth each of what was learned from; what is not known is a bin of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from regulars.intelligence.evaluation.model import Words

__all__ = ["ROWS_MIN", "Drift", "Watch", "describe_drift", "measure_drift", "take_watch"]

Numbers = npt.NDArray[Any]

BINS: Final = 10
ROWS_MIN: Final = 100
"""With fewer rows, then or now, an index is chance."""
LOOK: Final = 0.1
DRIFTED: Final = 0.25
LEAST: Final = 1e-4
"""An empty bin counts as so small a share."""
SCORE: Final = "score"


class Watch(Struct, frozen=True, kw_only=True):
    """What each column, and the score, looked like on the last day that was learned from."""

    rows: int
    edges: Mapping[str, tuple[float, ...]]
    shares: Mapping[str, tuple[float, ...]]
    """Of each bin, and last of what is not known."""


class Drift(Struct, frozen=True, kw_only=True):
    """The index of each input, and that of the score."""

    inputs: Mapping[str, float]
    score: float

    @property
    def worst(self) -> tuple[str, float]:
        """The input that moved furthest; no name where there is none."""
        return max(self.inputs.items(), key=lambda it: it[1], default=("", 0.0))

    @property
    def is_far(self) -> bool:
        """Whether what was learned should not be used any more."""
        return self.score > DRIFTED


def take_watch(columns: Sequence[str], rows: Numbers, score: Numbers) -> Watch:
    """Write down what columns and scores look like."""
    edges: dict[str, tuple[float, ...]] = {}
    shares: dict[str, tuple[float, ...]] = {}
    for name, values in _list_columns(columns, rows, score):
        known = values[np.isfinite(values)]
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.zeros(0)
        edges[name] = tuple(float(cut) for cut in cuts)
        shares[name] = tuple(float(share) for share in _share(values, cuts))
    return Watch(rows=len(score), edges=edges, shares=shares)


def measure_drift(watch: Watch, columns: Sequence[str], rows: Numbers, score: Numbers) -> Drift | None:
    """Measure how far columns and scores have moved since. None where there are too few rows to tell."""
    if min(watch.rows, len(score)) < ROWS_MIN:
        return None
    found: dict[str, float] = {}
    for name, values in _list_columns(columns, rows, score):
        if name in watch.edges:
            then = np.maximum(np.asarray(watch.shares[name]), LEAST)
            now = np.maximum(_share(values, np.asarray(watch.edges[name])), LEAST)
            found[name] = float(((now - then) * np.log(now / then)).sum())
    moved = found.pop(SCORE)
    return Drift(inputs=found, score=moved)


def describe_drift(drift: Drift | None) -> Words:
    """Say what drift means for whoever reads the report."""
    if drift is None:
        return {
            "en": f"Whether anything drifted cannot be told with fewer than {ROWS_MIN} members.",
            "zh": f"会员不足 {ROWS_MIN} 位，无法判断模型是否漂移。",
        }
    name, most = drift.worst
    word = (
        {"en": "far", "zh": "明显漂移"}
        if drift.is_far
        else {"en": "somewhat", "zh": "略有漂移"}
        if drift.score > LOOK
        else {"en": "hardly", "zh": "基本稳定"}
    )
    return {
        "en": f"Scores have moved {word['en']} from those of the last day that was learned from"
        f" (index {drift.score:.2f}; beyond {DRIFTED} it is learned anew). The input that moved most is {name}"
        f" ({most:.2f}).",
        "zh": f"与训练时最后一天相比，评分{word['zh']}（稳定性指数 {drift.score:.2f}，超过 {DRIFTED} 即重新训练）；"
        f"变化最大的输入是 {name}（{most:.2f}）。",
    }


def _list_columns(columns: Sequence[str], rows: Numbers, score: Numbers) -> list[tuple[str, Numbers]]:
    assert SCORE not in columns
    return [*((name, rows[:, at]) for at, name in enumerate(columns)), (SCORE, score)]


def _share(values: Numbers, cuts: Numbers) -> Numbers:
    known = np.isfinite(values)
    counts = np.bincount(np.searchsorted(cuts, values[known]), minlength=cuts.size + 1)
    return np.append(counts, (~known).sum()) / max(values.size, 1)

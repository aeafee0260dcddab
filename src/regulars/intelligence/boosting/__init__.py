"""Boosted trees, and lines beside them, kept as text under a keyed digest: a changed file is refused."""

from regulars.intelligence.boosting.keep import MODEL_BYTES_MAX, ModelRefused, Shelf
from regulars.intelligence.boosting.line import Line, fit_line, squeeze
from regulars.intelligence.boosting.trees import THREADS, Boosted, Settings, fit_trees

__all__ = [
    "MODEL_BYTES_MAX",
    "THREADS",
    "Boosted",
    "Line",
    "ModelRefused",
    "Settings",
    "Shelf",
    "fit_line",
    "fit_trees",
    "squeeze",
]

"""Trees over rows that belong together (the candidates of one member), or that stand for several others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.boosting import Boosted, Settings
from regulars.intelligence.boosting.trees import load_engine

__all__ = ["describe_rows", "grow_trees"]

Floats = npt.NDArray[Any]


def describe_rows(frame: pl.DataFrame, columns: Sequence[str]) -> Floats:
    """Turn columns into numbers for trees: what is not known is not a number."""
    return frame.select(pl.col(list(columns)).cast(pl.Float32).fill_null(float("nan"))).to_numpy()


def grow_trees(
    settings: Settings,
    frame: pl.DataFrame,
    columns: Sequence[str],
    goal: str,
    *,
    together: Sequence[str] = (),
    weight: str | None = None,
    first_seed: int = 0,
) -> Boosted:
    """Grow trees on the rows of a frame. Rows that belong together (one order) stand next to each other.

    With another `first_seed` all trees are others.
    """
    engine = load_engine()
    groups: npt.NDArray[Any] | None = None
    if together:
        groups = frame.group_by(list(together), maintain_order=True).len()["len"].to_numpy()
        assert int(np.sum(groups)) == frame.height
    weights = None if weight is None else frame[weight].to_numpy()
    rows, wanted = describe_rows(frame, columns), frame[goal].to_numpy()
    trees: list[str] = []
    for seed in range(first_seed * settings.seeds, (first_seed + 1) * settings.seeds):
        params = settings.list_params(seed)
        data = engine.Dataset(rows, wanted, group=groups, weight=weights, params=params, free_raw_data=True)
        trees.append(str(engine.train(params, data, settings.rounds).model_to_string()))
    return Boosted(columns=tuple(columns), trees=tuple(trees))

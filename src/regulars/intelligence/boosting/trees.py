"""Boosted trees by LightGBM: several with other seeds, whose mean is the prediction."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["THREADS", "Boosted", "Settings", "fit_trees"]

THREADS: Final = 2
"""Beside a shop that is open, two are enough."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How trees are grown. What is here was chosen on time before that of any figure that is shown."""

    objective: str
    rounds: int = 250
    leaves: int = 12
    rate: float = 0.03
    rows_min: int = 50
    """Cases in a leaf at the least."""
    columns_share: float = 0.5
    rows_share: float = 0.7
    shrink: float = 10.0
    """The penalty on large values in leaves."""
    seeds: int = 5
    more: Mapping[str, Any] | None = None
    """Further settings, by LightGBM's own names."""

    def list_params(self, seed: int) -> dict[str, Any]:
        """Name them as LightGBM does."""
        return {
            "objective": self.objective,
            "num_leaves": self.leaves,
            "learning_rate": self.rate,
            "min_data_in_leaf": self.rows_min,
            "feature_fraction": self.columns_share,
            "bagging_fraction": self.rows_share,
            "bagging_freq": 1,
            "lambda_l2": self.shrink,
            "verbose": -1,
            "num_threads": THREADS,
            "seed": seed,
            # The same rows give the same trees, on whatever machine.
            "deterministic": True,
            "force_row_wise": True,
            **(self.more or {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """Trees that were grown: as text, which is all that is kept of them."""

    columns: tuple[str, ...]
    trees: tuple[str, ...]

    def predict(self, rows: Floats) -> Floats:
        """Predict each row, whose columns are in the order of `columns`."""
        found = [_load(text).predict(rows, num_threads=THREADS) for text in self.trees]
        return np.mean(np.asarray(found, dtype=np.float64), axis=0)

    def explain(self, rows: Floats) -> Floats:
        """Say how much each column moved the prediction of each row, on the scale of the trees (log-odds for chances).

        A row for each row, a column for each column, and last what everybody has.
        """
        found = [_load(text).predict(rows, pred_contrib=True, num_threads=THREADS) for text in self.trees]
        return np.mean(np.asarray(found, dtype=np.float64), axis=0)

    def weigh(self) -> dict[str, float]:
        """Say what share of all gains each column brought."""
        gains = sum(
            np.asarray(_load(text).feature_importance(importance_type="gain"), dtype=np.float64) for text in self.trees
        )
        total = float(np.sum(gains)) or 1.0
        return dict(zip(self.columns, (np.atleast_1d(gains) / total).tolist(), strict=True))


def fit_trees(settings: Settings, columns: Sequence[str], rows: Floats, goal: Floats) -> Boosted:
    """Grow trees that predict the goal from rows."""
    engine = load_engine()
    trees: list[str] = []
    for seed in range(settings.seeds):
        data = engine.Dataset(rows, goal, free_raw_data=True)
        trees.append(str(engine.train(settings.list_params(seed), data, settings.rounds).model_to_string()))
    return Boosted(columns=tuple(columns), trees=tuple(trees))


@cache
def load_engine() -> Any:  # noqa: ANN401 - the library has few types of its own
    """Import LightGBM, told beforehand that threads which have nothing to do should sleep."""
    # Read by the runtime of its threads when that is loaded: others who use the machine would pay for the spinning.
    os.putenv("OMP_WAIT_POLICY", "PASSIVE")
    return import_module("lightgbm")


@cache
def _load(text: str) -> Any:  # noqa: ANN401 - LightGBM's own
    return load_engine().Booster(model_str=text)

"""How good an order of things is for those who wanted some of them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["PLACES", "Order", "judge_order", "keep_best"]

PLACES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """How well each was served who wanted something, in the order of their names.

    `recall` is the share of it in the first ten places, `gain` how far in front (nDCG, where 1 is the best).
    """

    recall: npt.NDArray[Any]
    gain: npt.NDArray[Any]
    precision: npt.NDArray[Any]

    def tell(self) -> dict[str, float]:
        """Give the means."""
        return {
            "recall@10": _mean(self.recall),
            "ndcg@10": _mean(self.gain),
            "precision@10": _mean(self.precision),
            "hit_rate": _mean(self.recall > 0),
        }


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if values.size else 0.0


def keep_best(scored: pl.DataFrame, who: str | list[str], what: str, *, places: int = PLACES) -> pl.DataFrame:
    """Keep the first of each, by `score`; equal scores stand in the order of names. Adds `place`, from 1."""
    names = [who] if isinstance(who, str) else who
    ordered = scored.sort([*names, "score", what], descending=[*(False for _ in names), True, False])
    best = ordered.group_by(names, maintain_order=True).head(places)
    return best.with_columns(place=pl.int_range(pl.len()).over(names) + 1)


def judge_order(scored: pl.DataFrame, wanted: pl.DataFrame, who: str | list[str], what: str) -> Order:
    """Judge scores (who, what, score) by what was wanted (who, what). Whoever was shown nothing counts as missed."""
    names = [who] if isinstance(who, str) else who
    sizes = wanted.group_by(names).agg(size=pl.len())
    best = keep_best(scored, names, what).join(wanted.select(*names, what), on=[*names, what], how="semi")
    found = best.group_by(names).agg(hits=pl.len(), gain=(1 / (pl.col("place") + 1).cast(pl.Float64).log(2)).sum())
    judged = sizes.join(found, on=names, how="left").with_columns(pl.col("hits", "gain").fill_null(0)).sort(names)
    steps = np.cumsum(1 / np.log2(np.arange(2, PLACES + 2)))
    size = judged["size"].to_numpy()
    ideal = steps[np.minimum(size, PLACES) - 1]
    return Order(
        recall=judged["hits"].to_numpy() / size,
        gain=judged["gain"].to_numpy() / ideal,
        precision=judged["hits"].to_numpy() / PLACES,
    )

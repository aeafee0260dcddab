"""Recency, frequency and money in fifths: on frames here, and as one expression on DuckDB or Spark elsewhere."""

from datetime import date
from importlib import import_module
from typing import Any, Final

import polars as pl

__all__ = ["FIFTHS", "express_rfm", "score_rfm"]

FIFTHS: Final = 5
"""Equally many members each; 5 is best. Members who are equal are put in the order of their ids."""


def score_rfm(visits: pl.LazyFrame, cutoff: date) -> pl.DataFrame:
    """Score members by `member`, `day` and `paid` of visits before the cutoff, one row each; sorted by member.

    Frequency counts visits: `list_visits` makes one of each day on which somebody bought.
    """
    summed = (
        visits.filter(pl.col("day") < cutoff)
        .group_by("member")
        .agg(
            (pl.lit(cutoff) - pl.col("day").max()).dt.total_days().alias("recency"),
            pl.len().cast(pl.Int64).alias("frequency"),
            pl.col("paid").sum().alias("money"),
        )
        .sort("member")
    )
    return summed.select(
        "member", "recency", "frequency", "money",
        r=_rank(pl.col("recency"), descending=True),
        f=_rank(pl.col("frequency")),
        m=_rank(pl.col("money")),
    ).collect()  # fmt: skip


def _rank(column: pl.Expr, *, descending: bool = False) -> pl.Expr:
    # Sorted by member before: of equals the smaller id comes first, and with recency the other way round.
    place = column.rank("ordinal", descending=descending).cast(pl.Int64) - 1
    return place * FIFTHS // pl.len().cast(pl.Int64) + 1


def express_rfm(visits: Any, cutoff: date) -> Any:  # noqa: ANN401 - Ibis has no types of its own
    """Give the same as an Ibis expression over a table with the same columns: for whatever engine it belongs to."""
    ibis: Any = import_module("ibis")
    summed = (
        visits.filter(visits.day < cutoff)
        .group_by("member")
        .agg(
            last=visits.day.max(),
            frequency=visits.day.count().cast("int64"),
            money=visits.paid.sum().cast("int64"),
        )
    )
    known = summed.mutate(recency=ibis.literal(cutoff).delta(summed["last"], unit="day").cast("int64"))

    def rank(*order: Any) -> Any:  # noqa: ANN401
        place = ibis.row_number().over(ibis.window(order_by=order)).cast("int64")
        count = ibis._.count().over(ibis.window()).cast("int64")
        return (place * FIFTHS // count).cast("int64") + 1

    member = ibis._.member
    scored = known.mutate(
        r=rank(ibis.desc("recency"), member), f=rank(ibis._.frequency, member), m=rank(ibis._.money, member)
    )
    return scored.select("member", "recency", "frequency", "money", "r", "f", "m").order_by("member")

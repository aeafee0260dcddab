"""Parity of offers and benefits: each group beside all others, told apart from chance."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Final

import polars as pl

from regulars.intelligence.history import History

__all__ = ["GROUP_MIN", "Parity", "compare_groups", "measure_parity"]

GROUP_MIN: Final = 30
"""Of a smaller group nothing is said, and nobody in it can be guessed."""
FAIR_MIN: Final = 0.8
"""Less than four fifths of what the others get is told, where it is not chance."""
SPAN: Final = timedelta(weeks=26)
SURE: Final = 1.96
NOT_A_GROUP: Final = ("member", "joined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What one group gets, beside what everybody else of whom the same is known gets."""

    measure: str
    """`reached`: written to by a campaign at all. `given`: what the shop gave, of a hundred of the shelf's price."""
    kind: str
    """What the group is by: a column of the members, or `store`."""
    group: str
    members: int
    mean: float
    others: float
    low: float
    high: float
    """The range of the difference between the two, 19 times of 20."""

    @property
    def ratio(self) -> float:
        """What the group gets, as a share of what others get."""
        return self.mean / self.others if self.others > 0 else 1.0

    @property
    def is_unfair(self) -> bool:
        """Whether it gets less than four fifths, beyond chance."""
        return self.ratio < FAIR_MIN and self.high < 0


def measure_parity(history: History, day: date) -> list[Parity]:
    """Measure how the last half year's offers and gifts were spread, by each group that is known and by store.

    What a group's members pay is taken into account: gifts are counted as a share of the price. Groups of fewer than 30
    are left out.
    """
    lines = history.lines.filter(pl.col("day").is_between(day - SPAN, day, closed="left"))
    if not lines.height:
        return []
    told = _describe(history, lines, day)
    kinds = [name for name in history.members.columns if name not in NOT_A_GROUP]
    grouped = told.join(history.members.select("member", *kinds), on="member", how="left")
    measures = ["given"] if history.targets is None or history.campaigns is None else ["reached", "given"]
    found: list[Parity] = []
    for kind in [*kinds, "store"]:
        for measure in measures:
            known = grouped.select(pl.col(kind).alias("group"), pl.col(measure).alias("value")).drop_nulls()
            found.extend(compare_groups(known, measure=measure, kind=kind))
    return found


def compare_groups(told: pl.DataFrame, *, measure: str, kind: str) -> list[Parity]:
    """Compare each group (columns group, value: a row for each member) with all others, the smallest left out."""
    sums = told.group_by(pl.col("group").cast(pl.String)).agg(
        n=pl.len(), total=pl.col("value").sum(), squares=(pl.col("value") ** 2).sum()
    )
    n, total, squares = (float(sums[name].sum()) for name in ("n", "total", "squares"))
    found: list[Parity] = []
    for row in sums.sort("group").iter_rows(named=True):
        others = n - row["n"]
        if row["n"] < GROUP_MIN or others < GROUP_MIN:
            continue
        mean, rest = row["total"] / row["n"], (total - row["total"]) / others
        spread = max(row["squares"] / row["n"] - mean**2, 0) / row["n"]
        spread += max((squares - row["squares"]) / others - rest**2, 0) / others
        reach = SURE * sqrt(spread)
        found.append(
            Parity(
                measure=measure,
                kind=kind,
                group=row["group"],
                members=row["n"],
                mean=mean,
                others=rest,
                low=mean - rest - reach,
                high=mean - rest + reach,
            )
        )
    return found


def _describe(history: History, lines: pl.DataFrame, day: date) -> pl.DataFrame:
    gift = pl.col("discount_minor").sum()
    told = lines.group_by("member").agg(given=100 * gift / (pl.col("paid_minor").sum() + gift).clip(1))
    homes = (
        lines.group_by("member", "store")
        .agg(days=pl.col("day").n_unique())
        .sort("member", "days", "store", descending=[False, True, False])
        .group_by("member", maintain_order=True)
        .agg(pl.col("store").first())
    )
    told = told.join(homes, on="member").sort("member")
    if history.targets is None or history.campaigns is None:
        return told
    late = history.campaigns.filter(pl.col("start").is_between(day - SPAN, day, closed="left"))
    written = history.targets.join(late, on="campaign", how="semi").select("member").unique()
    reached = written.with_columns(reached=pl.lit(1.0))
    return told.join(reached, on="member", how="left").with_columns(pl.col("reached").fill_null(0.0))

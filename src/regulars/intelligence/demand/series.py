"""What stores sold of categories, week by week, as one table of numbers; and what was shown and mailed beside it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.demand.members import expect_of_members
from regulars.intelligence.history import History

__all__ = ["HORIZON_WEEKS", "Demand", "TooLittle", "count_demand"]

HORIZON_WEEKS: Final = 4
SETTLED_WEEKS: Final = 8
"""What is forecast was chosen this long ago: what has just begun to sell has no past to go by."""
SOLD_WEEKS_MIN: Final = 20
PIECES_MAX: Final = 100
"""More pieces in one line are a wholesale or a mistake: no forecast of the shelf goes by them."""
KEY: Final = ("store", "category")

Numbers = npt.NDArray[np.float64]


class TooLittle(Exception):
    """There is too little history to forecast from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Weekly pieces: `sold` has a row for each series and a column for each week; those from `origin` on are to come.

    Weeks begin on the weekday of the first day to be forecast. `plans` tell what stood out and what was mailed, in
    products and in shares of what is sold; of the weeks to come too, for they are planned. Empty where nobody
    tells.
    """

    series: pl.DataFrame
    weeks: tuple[date, ...]
    sold: Numbers
    plans: tuple[Numbers, ...]
    by_members: tuple[Numbers, Numbers]
    """How much members would buy there, against other series: as it was known four weeks before `origin`, and at it."""
    origin: int
    """How many weeks are known."""

    def number(self, column: str) -> npt.NDArray[Any]:
        """Number the stores or categories of the series from 0."""
        return self.series[column].rank("dense").to_numpy().astype(np.int64) - 1

    def list_names(self, column: str) -> tuple[str, ...]:
        """List the stores or categories of the series, in the order in which they are numbered."""
        return tuple(self.series[column].unique().sort().to_list())

    def place(self, column: str, names: tuple[str, ...]) -> Numbers:
        """Give the places of stores or categories in a list; not a number for those that are not in it."""
        places = pl.DataFrame({column: list(names)}, schema={column: pl.String}).with_row_index("place")
        found = self.series.select(column).join(places, on=column, how="left", maintain_order="left")["place"]
        return found.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def count_demand(history: History, cutoff: date) -> Demand:
    """Count what was sold before the cutoff, and of the weeks after it what is there to judge by.

    Which series there are is decided by what is before the cutoff. Raises TooLittle where none has enough weeks.
    """
    known = (cutoff - max(history.first, cutoff - timedelta(weeks=104))).days // 7
    first = cutoff - timedelta(weeks=known)
    weeks = tuple(first + timedelta(weeks=at) for at in range(known + HORIZON_WEEKS))
    week = ((pl.col("day") - first).dt.total_days() // 7).cast(pl.Int32)
    lines = history.lines.filter(
        pl.col("day").is_between(first, weeks[-1] + timedelta(days=6))
        & (pl.col("category") != "")
        & (pl.col("quantity") <= PIECES_MAX)
    )
    counted = lines.group_by(*KEY, week=week).agg(pieces=pl.col("quantity").sum())
    needed = min(SOLD_WEEKS_MIN, max(known - SETTLED_WEEKS, 0) * 2 // 3)
    settled = counted.filter(pl.col("week") < known - SETTLED_WEEKS).group_by(KEY).len("weeks")
    series = settled.filter(pl.col("weeks") >= max(needed, 4)).drop("weeks").sort(KEY).with_row_index("at")
    if not series.height:
        raise TooLittle(f"no category sold often enough in a store in the {known} weeks before {cutoff}")
    return Demand(
        series=series,
        weeks=weeks,
        sold=_spread(series, counted, "pieces", len(weeks)),
        plans=_count_displays(history, series, weeks),
        by_members=(
            expect_of_members(lines, series, cutoff - timedelta(weeks=HORIZON_WEEKS)),
            expect_of_members(lines, series, cutoff),
        ),
        origin=known,
    )


def _spread(series: pl.DataFrame, counted: pl.DataFrame, column: str, weeks: int) -> Numbers:
    found = counted.join(series, on=KEY)
    spread = np.zeros((series.height, weeks))
    spread[found["at"].to_numpy(), found["week"].to_numpy()] = found[column].to_numpy()
    return spread


def _count_displays(history: History, series: pl.DataFrame, weeks: tuple[date, ...]) -> tuple[Numbers, ...]:
    if history.displays is None:
        return ()
    known = history.lines.lazy().filter(pl.col("day") < weeks[-HORIZON_WEEKS])
    # A display of what everybody buys moves more than one of what nobody does.
    shares = (
        known.group_by("sku")
        .agg(pl.col("category").first(), lines=pl.len())
        .with_columns(share=pl.col("lines") / pl.col("lines").sum().over("category"))
        .select("sku", "category", "share")
    )
    stands, mailed = (pl.col(name) != "0" for name in ("display", "mailer"))
    counted = (
        history.displays.filter(pl.col("week").is_between(weeks[0] - timedelta(days=6), weeks[-1]))
        .join(shares, on="sku")
        # A week that begins on another day counts for the week that it has most days in.
        .group_by(*KEY, week=((pl.col("week") - weeks[0]).dt.total_days() / 7).round().cast(pl.Int32))
        .agg(
            shown=stands.sum(),
            mailed=mailed.sum(),
            shown_share=pl.col("share").filter(stands).sum(),
            mailed_share=pl.col("share").filter(mailed).sum(),
        )
        .collect()
        .filter(pl.col("week").is_between(0, len(weeks) - 1))
    )
    return tuple(
        _spread(series, counted, column, len(weeks)) for column in ("shown", "mailed", "shown_share", "mailed_share")
    )

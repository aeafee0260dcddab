"""Where members come, and whether they come for anything else: a store that empties takes its members along."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from regulars.intelligence.history import History

__all__ = ["Places", "describe_places", "list_places"]

HALF_YEAR: Final = 182
QUARTER: Final = 91
MONTH: Final = 28
FORTNIGHT: Final = 14
AT_LEAST: Final = 5
"""Added to what a store is measured by, so that a few visits make no trend."""
FUEL: Final = "FUEL"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Days on which members came: to which store, for anything at all, and for what is no merchandise."""

    stores: pl.DataFrame
    """member, store, day."""
    days: pl.DataFrame
    """member, day."""
    others: pl.DataFrame
    """member, day, fuel."""


def list_places(history: History) -> Places:
    """List them, once for all days that are described."""
    stores = history.lines.select("member", "store", "day").unique()
    if history.other is None:
        others = pl.DataFrame(schema={"member": pl.String, "day": pl.Date, "fuel": pl.Boolean})
    else:
        others = history.other.group_by("member", "day").agg(fuel=(pl.col("department") == FUEL).any())
    days = pl.concat([stores.select("member", "day"), others.select("member", "day")]).unique()
    return Places(stores=stores, days=days, others=others)


def describe_places(places: Places, cutoff: date) -> pl.DataFrame:
    """Tell of each member who came before a day how lately and how often for anything, and how their store goes."""
    ago = (pl.lit(cutoff) - pl.col("day")).dt.total_days()
    days = (
        places.days.filter(pl.col("day") < cutoff)
        .group_by("member")
        .agg(
            ago.min().alias("any_recency"),
            *((ago <= span).sum().cast(pl.Int64).alias(f"any_{span}") for span in (FORTNIGHT, MONTH, QUARTER)),
        )
    )
    others = (
        places.others.filter(pl.col("day") < cutoff)
        .group_by("member")
        .agg(
            ago.min().alias("other_recency"),
            *((ago <= span).sum().cast(pl.Int64).alias(f"other_{span}") for span in (MONTH, QUARTER)),
            ((ago <= QUARTER) & pl.col("fuel")).sum().cast(pl.Int64).alias("fuel_91"),
        )
    )
    told = days.join(others, on="member", how="left")
    return told.join(_describe_homes(places.stores.filter(pl.col("day") < cutoff), ago), on="member", how="left")


def _describe_homes(stores: pl.DataFrame, ago: pl.Expr) -> pl.DataFrame:
    """Tell of the store to which each member went most, and whether others go there as they did."""
    homes = (
        stores.filter(ago <= HALF_YEAR)
        .group_by("member", "store")
        .agg(days=pl.len(), last=ago.min())
        .sort("member", "days", "store", descending=[False, True, False])
        .group_by("member", maintain_order=True)
        .agg(
            pl.col("store").first(),
            pl.col("days").first().cast(pl.Int64).alias("home_days"),
            (pl.col("days").first() / pl.col("days").sum()).alias("home_share"),
            pl.len().cast(pl.Int64).alias("homes"),
            pl.col("last").first().alias("home_last"),
        )
    )
    quarter = (ago <= QUARTER).sum() + AT_LEAST
    trends = stores.group_by("store").agg(
        pl.col("member").n_unique().cast(pl.Int64).alias("home_members"),
        ((ago <= MONTH).sum() * (QUARTER / MONTH) / quarter).alias("home_trend"),
        ((ago <= FORTNIGHT).sum() * (QUARTER / FORTNIGHT) / quarter).alias("home_trend_14"),
    )
    return homes.join(trends, on="store").drop("store")

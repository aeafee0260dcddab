"""What was bought before a day, in numbers: members, items and day-baskets are counted from zero."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from regulars.intelligence.history import History

__all__ = ["BASKETS_MIN", "HORIZON_DAYS", "Baskets", "Level", "Target", "count_baskets", "find_target"]

Level = Literal["sku", "type"]

# A target is the first day-basket within four weeks; whoever has fewer day-baskets than three is met by the cold start.
HORIZON_DAYS = 28
BASKETS_MIN = 3
# An item that was bought on fewer household-days says too little to be suggested.
SALES_MIN = 10
# What was on offer lately: how much of what was sold in the last week had a discount.
OFFER_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Baskets:
    """Who bought what on which day, before a day. A basket is what a member bought in one day.

    `bought`: u, i, age (days before the day, from 1), b (the member's baskets, from 0), store.
    `items`: i, item and what is known of it; `members`: u, member, baskets, home (the store they go to most).
    """

    cutoff: date
    level: Level
    bought: pl.DataFrame
    items: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What members bought next: u, i. `covered` is the share of it that was known before the day."""

    wanted: pl.DataFrame
    covered: float


def count_baskets(history: History, cutoff: date, level: Level, *, sales_min: int = SALES_MIN) -> Baskets:
    """Count what is dated before the cutoff, and nothing else."""
    lines = (
        history.lines.lazy()
        .filter(pl.col("day") < cutoff)
        .filter(pl.col(level) != "")
        .select(
            "member",
            "store",
            "day",
            pl.col(level).alias("item"),
            "type",
            "category",
            "brand",
            "paid_minor",
            "discount_minor",
            "quantity",
        )
        .collect()
    )
    items = _describe_items(lines, level, cutoff, sales_min)
    members = _describe_members(lines, cutoff)
    bought = (
        lines.join(items.select("item", "i"), on="item")
        .join(members.select("member", "u"), on="member")
        .group_by("u", "i", "day")
        .agg(pl.col("store").min(), on_offer=(pl.col("discount_minor").max() > 0))
        .select("u", "i", (cutoff - pl.col("day")).dt.total_days().cast(pl.Int32).alias("age"), "store", "on_offer")
        .with_columns(b=(pl.col("age").rank("dense", descending=True).over("u") - 1).cast(pl.Int32))
        .sort("u", "b", "i")
    )
    counts = bought.group_by("u").agg(baskets=pl.col("b").max() + 1)
    members = members.join(counts, on="u", how="left").with_columns(pl.col("baskets").fill_null(0)).sort("u")
    return Baskets(cutoff=cutoff, level=level, bought=bought, items=items, members=members)


def _describe_items(lines: pl.DataFrame, level: Level, cutoff: date, sales_min: int) -> pl.DataFrame:
    """Number the items that were bought often enough, with what is known of each."""
    day = (cutoff - pl.col("day")).dt.total_days()
    price = pl.col("paid_minor").sum() / pl.col("quantity").sum().clip(1)
    group = [] if level == "type" else [pl.col("type").first()]
    days = lines.select("item", "member", "day").unique().group_by("item", "member").agg(days=pl.len())
    sales = days.group_by("item").agg(
        item_sales=pl.col("days").sum(),
        item_buyers=pl.len(),
        item_again=(pl.col("days") > 1).mean(),
    )
    return (
        lines.group_by("item")
        .agg(
            *group,
            pl.col("category").first(),
            private=(pl.col("brand") == "Private").mean(),
            price=price,
            item_last=day.min(),
            item_first=day.max(),
            offered=(pl.col("discount_minor") > 0).mean(),
            offered_late=(pl.col("discount_minor") > 0).filter(day <= OFFER_DAYS).mean(),
        )
        .join(sales, on="item")
        .filter(pl.col("item_sales") >= sales_min)
        .sort("item")
        .with_row_index("i")
        .with_columns(
            pl.col("i").cast(pl.Int32),
            type_id=(pl.col("category" if level == "type" else "type").rank("dense") - 1).cast(pl.Int32),
            category_id=(pl.col("category").rank("dense") - 1).cast(pl.Int32),
        )
    )


def _describe_members(lines: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """Number the members, with the store that each went to on most days of the last half year, or ever."""
    late = cutoff - timedelta(days=182)
    homes = (
        lines.group_by("member", "store")
        .agg(late=pl.col("day").filter(pl.col("day") >= late).n_unique(), days=pl.col("day").n_unique())
        .sort("member", "late", "days", "store", descending=[False, True, True, False])
        .group_by("member", maintain_order=True)
        .agg(home=pl.col("store").first())
    )
    return homes.sort("member").with_row_index("u").with_columns(pl.col("u").cast(pl.Int32))


def find_target(
    history: History, baskets: Baskets, *, days: int = HORIZON_DAYS, baskets_min: int = BASKETS_MIN
) -> Target:
    """Find what known members bought in their first day-basket from the cutoff on, of the items that were known."""
    end = baskets.cutoff + timedelta(days=days)
    future = (
        history.lines.lazy()
        .filter(pl.col("day").is_between(baskets.cutoff, end, closed="left"))
        .select("member", "day", pl.col(baskets.level).alias("item"))
        .filter(pl.col("item") != "")
        .filter(pl.col("day") == pl.col("day").min().over("member"))
        .select("member", "item")
        .unique()
        .collect()
    )
    known = future.join(baskets.items.select("item", "i"), on="item")
    enough = baskets.members.filter(pl.col("baskets") >= baskets_min).select("member", "u")
    wanted = known.join(enough, on="member").select("u", "i").sort("u", "i")
    return Target(wanted=wanted, covered=known.height / max(future.height, 1))

"""Visits: what each member bought on each day, and what their visits up to a day say of them."""

from datetime import date
from typing import Final

import polars as pl

__all__ = ["SPANS", "describe_visits", "list_visits"]

SPANS: Final = (7, 14, 28, 56, 91, 182)
"""Days back from the cutoff over which visits and money are counted."""
HALF_LIVES: Final = (10, 30, 90)
"""Days after which a visit counts half."""
WEEKS: Final = 8
"""Weeks back that are looked at one by one."""


def list_visits(lines: pl.DataFrame) -> pl.DataFrame:
    """Sum lines up by member and day, sorted by both."""
    paid = pl.col("paid_minor")
    return (
        lines.group_by("member", "day")
        .agg(
            paid.sum().alias("paid"),
            pl.len().cast(pl.Int64).alias("lines"),
            pl.col("sku").n_unique().cast(pl.Int64).alias("skus"),
            pl.col("department").n_unique().cast(pl.Int64).alias("departments"),
            pl.col("store").n_unique().cast(pl.Int64).alias("stores"),
            pl.col("basket").n_unique().cast(pl.Int64).alias("baskets"),
            pl.col("discount_minor").sum().alias("discount"),
            pl.col("coupon_minor").sum().alias("coupon"),
            (pl.col("brand") == "Private").mean().alias("private"),
        )
        .sort("member", "day")
    )


def describe_visits(visits: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """Tell of each member what their visits before the cutoff say: one row each, sorted by member.

    `recency` and `age` are days since the last and the first visit. Money is in minor units. What takes more visits
    than somebody has is null.
    """
    day = (pl.lit(cutoff) - pl.col("day")).dt.total_days()
    past = visits.filter(pl.col("day") < cutoff).with_columns(ago=day)
    gap = pl.col("ago").shift(1).over("member") - pl.col("ago")
    past = past.with_columns(gap=gap)
    told = past.group_by("member", maintain_order=True).agg(*_list_sums(), *_list_rhythm(), *_list_habits())
    return _add_surprise(past, told).sort("member")


def _list_sums() -> list[pl.Expr]:
    found: list[pl.Expr] = [
        pl.len().cast(pl.Int64).alias("visits"),
        pl.col("paid").sum().alias("paid"),
        pl.col("ago").min().alias("recency"),
        pl.col("ago").max().alias("age"),
    ]
    for span in SPANS:
        within = pl.col("ago") <= span
        found += [
            within.sum().cast(pl.Int64).alias(f"visits_{span}"),
            pl.col("paid").filter(within).sum().alias(f"paid_{span}"),
        ]
    for half in HALF_LIVES:
        weight = 0.5 ** (pl.col("ago") / half)
        found += [weight.sum().alias(f"pace_{half}"), (weight * pl.col("paid")).sum().alias(f"flow_{half}")]
    for week in range(WEEKS):
        within = (pl.col("ago") > 7 * week) & (pl.col("ago") <= 7 * week + 7)
        found.append(within.sum().cast(pl.Int64).alias(f"week_{week}"))
    # In how many of the last weeks and fortnights they came at all: twelve visits in one week are not a habit.
    week_of = (pl.col("ago") - 1) // 7
    found += [
        week_of.filter(week_of < weeks).n_unique().cast(pl.Int64).alias(f"weeks_of_{weeks}") for weeks in (8, 16, 26)
    ]
    return found


def _list_rhythm() -> list[pl.Expr]:
    gap = pl.col("gap")
    return [
        gap.mean().alias("gap_mean"),
        gap.std().alias("gap_spread"),
        gap.median().alias("gap_median"),
        gap.max().alias("gap_max"),
        gap.quantile(0.9).alias("gap_long"),
        gap.tail(5).mean().alias("gap_last"),
        gap.tail(10).max().alias("gap_max_last"),
        gap.filter(pl.col("ago") <= SPANS[-1]).max().alias("gap_max_half_year"),
    ]


def _list_habits() -> list[pl.Expr]:
    money = pl.col("paid").sum()
    return [
        pl.col("paid").mean().alias("basket"),
        pl.col("paid").last().alias("basket_last"),
        pl.col("paid").tail(5).mean().alias("basket_recent"),
        pl.col("skus").mean().alias("skus"),
        pl.col("departments").mean().alias("departments"),
        pl.col("departments").tail(5).mean().alias("departments_recent"),
        pl.col("stores").mean().alias("stores"),
        pl.col("private").mean().alias("private"),
        (pl.col("discount").sum() / (money + pl.col("discount").sum())).alias("promoted"),
        pl.col("coupon").sum().alias("coupon"),
        (pl.col("day").dt.weekday() >= 6).mean().alias("weekend"),  # noqa: PLR2004 - Saturday
    ]


def _add_surprise(past: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Add how unusual the present silence is, and how the last weeks compare with those before."""
    gaps = past.filter(pl.col("gap").is_not_null()).join(told.select("member", "recency"), on="member", how="left")
    gap, recency = pl.col("gap"), pl.col("recency")
    unusual = gaps.group_by("member").agg(
        (gap < recency).mean().alias("silence_rank"),
        (gap < recency + 28).mean().alias("silence_rank_later"),
        # How often a silence as long as this one went on for four more weeks.
        ((gap >= recency + 28).sum() / ((gap >= recency).sum() + 0.5)).alias("silence_goes_on"),
    )
    return told.join(unusual, on="member", how="left").with_columns(
        silence_by_mean=recency / pl.col("gap_mean"),
        silence_by_last=recency / pl.col("gap_last"),
        silence_by_long=recency / pl.col("gap_long"),
        trend_short=pl.col("visits_28") / (pl.col("visits_91") / 3.25 + 0.3),
        trend_long=pl.col("visits_56") / (pl.col("visits_182") / 3.25 + 0.3),
        trend_money=pl.col("paid_28") / (pl.col("paid_91") / 3.25 + 100),
        rate=pl.col("visits") / (pl.col("age") + 7),
    )

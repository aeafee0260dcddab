"""What is known of each member on a day that may foretell whether they stay away."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.fading.places import Places, describe_places
from regulars.intelligence.history import History
from regulars.intelligence.profile import describe_visits

__all__ = ["ACTIVE_DAYS", "AHEAD", "SIMPLE", "describe_members", "label_members", "name_columns", "to_rows"]

AHEAD: Final = timedelta(days=28)
"""How far is foretold."""
ACTIVE_DAYS: Final = 56
"""Whoever has not come for longer has left already, and is not foretold."""
SIMPLE: Final = ("recency", "visits_28", "visits_91", "paid_91", "age")
"""What the baseline looks at."""
KEYS: Final = ("member", "lapsed")
RECENT_LETTERS: Final = timedelta(days=56)
SILENCES: Final = (14, 21, 28)
"""Days without a visit that are counted as silences."""
HALF_YEAR: Final = 182
QUARTER: Final = 91
RECENT_STARTS: Final = 70

Floats = npt.NDArray[np.float64]


def describe_members(history: History, visits: pl.DataFrame, places: Places, cutoff: date) -> pl.DataFrame:
    """Tell of each member who is active on a day what was known before it, sorted by member.

    Only what is dated before is looked at, whatever the frames hold.
    """
    told = describe_visits(visits, cutoff).filter(pl.col("recency") <= ACTIVE_DAYS)
    told = told.join(_describe_silences(visits, cutoff), on="member", how="left")
    told = told.join(describe_places(places, cutoff), on="member", how="left")
    if history.targets is not None and history.campaigns is not None:
        begun = history.campaigns.filter(pl.col("start") < cutoff)
        letters = (
            history.targets.join(begun, on="campaign")
            .group_by("member")
            .agg(
                (pl.col("start") >= cutoff - RECENT_LETTERS).sum().cast(pl.Int64).alias("letters_56"),
                (pl.col("end") >= cutoff).sum().cast(pl.Int64).alias("letters_open"),
                pl.len().cast(pl.Int64).alias("letters"),
            )
        )
        told = told.join(letters, on="member", how="left")
    if history.redemptions is not None:
        used = (
            history.redemptions.filter(pl.col("day") < cutoff)
            .group_by("member")
            .agg(
                pl.len().cast(pl.Int64).alias("redeemed"),
                (pl.lit(cutoff) - pl.col("day").max()).dt.total_days().alias("redeemed_ago"),
            )
        )
        told = told.join(used, on="member", how="left")
    return told.sort("member")


def _describe_silences(visits: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """Tell how each member was silent before, and how their weeks and baskets vary."""
    ago = (pl.lit(cutoff) - pl.col("day")).dt.total_days()
    past = visits.filter(pl.col("day") < cutoff).with_columns(
        ago=ago, gap=pl.col("day").diff().over("member").dt.total_days()
    )
    silences = past.group_by("member").agg(
        *((pl.col("gap") >= days).sum().cast(pl.Int64).alias(f"silence_of_{days}") for days in SILENCES),
        pl.col("ago").filter(pl.col("gap") >= SILENCES[1]).min().alias("silence_ended"),
    )
    weeks = (
        past.filter(pl.col("ago") <= HALF_YEAR)
        .group_by("member", week=(pl.col("ago") - 1) // 7)
        .agg(visits=pl.len())
        .group_by("member")
        .agg(pl.col("visits").std().alias("week_spread"), pl.col("week").mean().alias("week_mean"))
    )
    baskets = (
        past.filter(pl.col("ago") <= QUARTER)
        .group_by("member")
        .agg(
            pl.col("paid").max().alias("paid_max"),
            pl.col("paid").std().alias("paid_spread"),
            pl.col("lines").sum().alias("lines_91"),
            pl.col("ago").filter(pl.col("paid") == pl.col("paid").max()).min().alias("paid_max_ago"),
            pl.col("baskets").sum().alias("baskets_91"),
        )
    )
    told = silences.join(weeks, on="member", how="left").join(baskets, on="member", how="left")
    return told.join(_count_empty(past), on="member", how="left")


def _count_empty(past: pl.DataFrame) -> pl.DataFrame:
    """Tell of what share of the times of four weeks, one beginning each week of the last half year, nobody came."""
    starts = pl.DataFrame({"start": list(range(0, HALF_YEAR, 7))}, schema={"start": pl.Int64})
    within = past.select("member", "ago").filter(pl.col("ago") <= HALF_YEAR + AHEAD.days).join(starts, how="cross")
    full = within.filter((pl.col("ago") > pl.col("start")) & (pl.col("ago") <= pl.col("start") + AHEAD.days))
    seen = full.group_by("member").agg(
        full=pl.col("start").n_unique(),
        full_lately=pl.col("start").filter(pl.col("start") < RECENT_STARTS).n_unique().cast(pl.Int64),
    )
    known = past.group_by("member").agg(possible=((pl.col("ago").max() - 1) // 7 + 1).clip(1, HALF_YEAR // 7))
    empty = 1 - (pl.col("full") / pl.col("possible")).clip(0, 1)
    return known.join(seen, on="member").select("member", "full_lately", empty.alias("empty_share"))


def label_members(told: pl.DataFrame, visits: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """Add whether each stayed away for the whole time that is foretold."""
    came = visits.filter((pl.col("day") >= cutoff) & (pl.col("day") < cutoff + AHEAD))["member"].unique()
    return told.with_columns(lapsed=~pl.col("member").is_in(came.implode()))


def name_columns(told: pl.DataFrame) -> tuple[str, ...]:
    """Name what may be learned from."""
    return tuple(name for name in told.columns if name not in KEYS)


def to_rows(told: pl.DataFrame, columns: tuple[str, ...]) -> Floats:
    """Lay out columns as rows of numbers; what is not known is not a number."""
    known = [
        (pl.col(name) if name in told.columns else pl.lit(None)).cast(pl.Float64).fill_null(float("nan")).alias(name)
        for name in columns
    ]
    return told.select(known).to_numpy()

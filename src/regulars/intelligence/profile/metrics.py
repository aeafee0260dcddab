"""What each member is like: how often, how much, what, where, when, and how they take to offers."""

from datetime import date

import polars as pl

from regulars.intelligence.history import History
from regulars.intelligence.profile.visits import describe_visits, list_visits

__all__ = ["measure_members"]


def measure_members(history: History, day: date) -> pl.DataFrame:
    """Tell of each member who bought before a day: one row each, sorted by member.

    To what `describe_visits` tells come the favourite `department`, `store`, `channel` and part of the day (`daypart`),
    each with its share of visits or money in thousandths, how they take to points, and what is known of members anyway.
    """
    lines = history.lines.filter(pl.col("day") < day)
    hour = pl.col("at").dt.convert_time_zone(history.zone).dt.hour()
    part = pl.when(hour < 6).then(pl.lit("night")).when(hour < 12).then(pl.lit("morning"))  # noqa: PLR2004 - hours
    part = part.when(hour < 18).then(pl.lit("afternoon")).otherwise(pl.lit("evening"))  # noqa: PLR2004 - hours
    told = describe_visits(list_visits(lines), day)
    baskets = lines.unique(["member", "basket"], keep="first", maintain_order=True).with_columns(daypart=part)
    for column, rows, weight in (
        ("department", lines, pl.col("paid_minor").sum()),
        ("store", baskets, pl.len()),
        ("channel", baskets, pl.len()),
        ("daypart", baskets, pl.len()),
    ):
        told = told.join(_find_favourite(rows, column, weight), on="member", how="left", maintain_order="left")
    if history.points is not None and history.points.height:
        told = told.join(_tell_points(history.points, day), on="member", how="left", maintain_order="left")
    return told.join(history.members, on="member", how="left", maintain_order="left")


def _tell_points(points: pl.DataFrame, day: date) -> pl.DataFrame:
    """Tell how members take to points that are worth money: how many they got, used, let end and hold, and when last.

    `points_used_permille` is of those that they got. What belongs to nobody any more is nobody's.
    """
    worth = points.filter(pl.col("worth_micro") != 0)["currency"].unique()
    known = points.filter((pl.col("day") < day) & (pl.col("member") != "") & pl.col("currency").is_in(worth.implode()))

    def total(what: str) -> pl.Expr:
        return pl.col("points").filter(pl.col("what") == what).sum()

    ago = (pl.lit(day) - pl.col("day").filter(pl.col("what") == "used").max()).dt.total_days()
    return (
        known.group_by("member")
        .agg(
            points_issued=total("issued"),
            points_used=-total("used"),
            points_ended=-total("ended"),
            points_held=pl.col("points").sum(),
            points_used_ago=ago,
        )
        .with_columns(
            points_used_permille=pl.col("points_used") * 1000 // pl.max_horizontal("points_issued", pl.lit(1))
        )
    )


def _find_favourite(rows: pl.DataFrame, column: str, weight: pl.Expr) -> pl.DataFrame:
    """Find what weighs most with each member; of equals, the first by name."""
    summed = rows.group_by("member", column).agg(weight.cast(pl.Int64).alias("weight"))
    share = pl.col("weight").first() * 1000 // pl.max_horizontal(pl.col("weight").sum(), pl.lit(1))
    return (
        summed.sort("member", -pl.col("weight"), column)
        .group_by("member", maintain_order=True)
        .agg(pl.col(column).first(), share.alias(f"{column}_permille"))
    )

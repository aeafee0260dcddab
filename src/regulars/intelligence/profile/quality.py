"""How good the data is: what is missing, what cannot be, and which members may be one."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Words
from regulars.intelligence.history import History

__all__ = ["Fault", "Twins", "find_faults", "find_twins"]

SHIFT_HOURS: Final = 4
STORE_LINES_MIN: Final = 200
VANISHED: Final = timedelta(days=28)
VANISHED_LINES_MIN: Final = 50
TWIN_GAP_DAYS: Final = 28
TWIN_SILENT_DAYS: Final = 42
TWIN_ALIKE: Final = 0.4
TWIN_SKUS_MIN: Final = 5
CLOCK_HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something about the data that somebody should look at."""

    code: str
    count: int
    says: Words
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two members who may be one: the second began where the first ended, in the same store, with the same things."""

    before: str
    after: str
    alike: float
    """From 0 to 1: how much of what they buy is the same."""


def find_faults(history: History, day: date) -> list[Fault]:
    """Look for what is wrong with what is dated before a day."""
    lines = history.lines.filter(pl.col("day") < day)
    found = [*_find_gaps(lines, day), *_find_shifted(lines), *_find_vanished(lines, day), *_find_blank(lines)]
    known = [name for name in history.members.columns if name not in {"member", "joined"}]
    if known:
        blank = history.members.filter(pl.all_horizontal(pl.col(name).is_null() for name in known)).height
        if blank:
            found.append(
                Fault(
                    code="nothing_known",
                    count=blank,
                    says={
                        "en": f"{blank:,} members of whom nothing is known beside what they buy.",
                        "zh": f"{blank:,} 位会员除购买记录外没有任何资料。",
                    },
                )
            )
    return found


def _find_gaps(lines: pl.DataFrame, day: date) -> list[Fault]:
    """Days on which nothing was sold."""
    if not lines.height:
        return []
    sold = set(lines["day"].unique().to_list())
    first = min(sold)
    missing = [it for it in (first + timedelta(days=n) for n in range((day - first).days)) if it not in sold]
    if not missing:
        return []
    return [
        Fault(
            code="days_without_sales",
            count=len(missing),
            says={"en": f"{len(missing)} days without any sale.", "zh": f"有 {len(missing)} 天没有任何销售。"},
            examples=tuple(it.isoformat() for it in missing[:5]),
        )
    ]


def _find_shifted(lines: pl.DataFrame) -> list[Fault]:
    """Stores whose clock seems wrong: the middle of their day is hours away from that of all."""
    angle = 2 * math.pi * pl.col("at").dt.hour() / CLOCK_HOURS
    middle = (angle.sin().mean().alias("sin"), angle.cos().mean().alias("cos"))
    hour = pl.arctan2("sin", "cos") * CLOCK_HOURS / (2 * math.pi)
    whole = lines.select(middle).select(hour).to_series()
    by_store = lines.group_by("store").agg(*middle, pl.len().alias("lines"))
    apart = (hour - pl.lit(whole) + CLOCK_HOURS * 1.5) % CLOCK_HOURS - CLOCK_HOURS / 2
    shifted = by_store.filter((pl.col("lines") >= STORE_LINES_MIN) & (apart.abs() >= SHIFT_HOURS))
    shifted = shifted["store"].sort().to_list()
    if not shifted:
        return []
    return [
        Fault(
            code="clock_shifted",
            count=len(shifted),
            says={
                "en": f"{len(shifted)} stores whose hours are {SHIFT_HOURS} or more away from the others': look at"
                " their clocks.",
                "zh": f"{len(shifted)} 家门店的营业时段与其他门店相差 {SHIFT_HOURS} 小时以上，请检查时钟。",
            },
            examples=tuple(shifted[:5]),
        )
    ]


def _find_vanished(lines: pl.DataFrame, day: date) -> list[Fault]:
    """Categories that were sold, and have not been for four weeks."""
    last = lines.group_by("category").agg(pl.col("day").max().alias("last"), pl.len().alias("lines")).sort("category")
    gone = last.filter(
        (pl.col("category") != "") & (pl.col("last") < day - VANISHED) & (pl.col("lines") >= VANISHED_LINES_MIN)
    )["category"].to_list()
    if not gone:
        return []
    return [
        Fault(
            code="category_vanished",
            count=len(gone),
            says={
                "en": f"{len(gone)} categories that were sold, and have not been for {VANISHED.days} days.",
                "zh": f"{len(gone)} 个品类曾有销售，但最近 {VANISHED.days} 天没有。",
            },
            examples=tuple(gone[:5]),
        )
    ]


def _find_blank(lines: pl.DataFrame) -> list[Fault]:
    blank = int((lines["category"] == "").sum())
    if not blank:
        return []
    return [
        Fault(
            code="no_category",
            count=blank,
            says={"en": f"{blank:,} lines without a category.", "zh": f"{blank:,} 行没有品类。"},
        )
    ]


def find_twins(history: History, day: date) -> list[Twins]:
    """Look for members who go on as another: a lost card, a second account. Only candidates: a person decides."""
    lines = history.lines.filter(pl.col("day") < day)
    if not lines.height:
        return []
    spans = lines.group_by("member").agg(
        first=pl.col("day").min(),
        last=pl.col("day").max(),
        store=pl.col("store").mode().sort().first(),
        skus=pl.col("sku").unique(),
    )
    rich = spans.filter(pl.col("skus").list.len() >= TWIN_SKUS_MIN)
    ended = rich.filter(pl.col("last") < day - timedelta(days=TWIN_SILENT_DAYS))
    began = rich.filter(pl.col("first") > history.first + timedelta(days=TWIN_GAP_DAYS))
    gap = (pl.col("first_right") - pl.col("last")).dt.total_days()
    pairs = (
        ended.join(began, on="store", how="inner")
        .filter((pl.col("member") != pl.col("member_right")) & gap.is_between(0, TWIN_GAP_DAYS))
        .with_columns(
            both=pl.col("skus").list.set_intersection(pl.col("skus_right")).list.len(),
            fewer=pl.min_horizontal(pl.col("skus").list.len(), pl.col("skus_right").list.len()),
        )
        .with_columns(alike=pl.col("both") / pl.col("fewer"))
        .filter(pl.col("alike") >= TWIN_ALIKE)
        .sort(-pl.col("alike"), "member", "member_right")
    )
    rows = pairs.select("member", "member_right", "alike").iter_rows()
    return [Twins(before=before, after=after, alike=alike) for before, after, alike in rows]

"""The step `profile` of a run: what members are like on the whole, and how good the data is."""

from datetime import date
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Insight, Progress, Section, Step, Table, Words
from regulars.intelligence.history import History
from regulars.intelligence.profile.metrics import measure_members
from regulars.intelligence.profile.quality import Fault, Twins, find_faults, find_twins

__all__ = ["STEPS"]

VERSION: Final = "profile-1"
TITLE: Final[Words] = {"en": "What members are like, and how good the data is", "zh": "会员画像与数据质量"}
TOLD: Final = ("department", "store", "daypart")
"""Favourites that are told as traits."""
MINOR: Final = 100
MEASURES: Final[tuple[tuple[str, Words, float], ...]] = (
    ("recency", {"en": "days since the last visit", "zh": "距上次到店天数"}, 1),
    ("visits_91", {"en": "visits in 13 weeks", "zh": "近 13 周到店次数"}, 1),
    ("basket", {"en": "spent at a visit", "zh": "每次到店消费"}, MINOR),
    ("gap_median", {"en": "days between visits", "zh": "到店间隔天数"}, 1),
    ("departments", {"en": "departments at a visit", "zh": "每次到店购买部门数"}, 1),
    ("promoted", {"en": "share of prices taken off", "zh": "优惠占比"}, 1),
    ("points_issued", {"en": "points they got", "zh": "获得积分"}, 1),
    ("points_used_permille", {"en": "of these used, in thousandths", "zh": "积分使用比例（‰）"}, 1),
    ("points_held", {"en": "points they hold", "zh": "持有积分"}, 1),
)


def run(history: History, day: date, progress: Progress) -> Insight:
    """Tell of all members, and look for what is wrong."""
    measured = measure_members(history, day)
    progress("profile", 1, 2)
    faults, twins = find_faults(history, day), find_twins(history, day)
    once = int((measured["visits"] == 1).sum())
    favourites = [pl.col(name).alias(f"favourite_{name}") for name in TOLD]
    return Insight(
        section=_tell(measured, faults, twins, once),
        version=VERSION,
        # A favourite of one visit is none.
        traits=measured.filter(pl.col("visits") > 1).select("member", *favourites),
        figures={
            "members": float(measured.height),
            "once": float(once),
            "twins": float(len(twins)),
            **{f"fault.{fault.code}": float(fault.count) for fault in faults},
        },
    )


def _tell(measured: pl.DataFrame, faults: list[Fault], twins: list[Twins], once: int) -> Section:
    return Section(
        title=TITLE,
        tells=(
            {
                "en": f"{measured.height:,} members have bought, {once:,} of them once. {len(twins):,} pairs may be"
                " one member with two cards.",
                "zh": f"{measured.height:,} 位会员有过消费，其中 {once:,} 位只来过一次。"
                f"有 {len(twins):,} 对可能是同一人持两张卡。",
            },
            *(fault.says for fault in faults),
        ),
        to_do=(
            {
                "en": "Let somebody look at the pairs before they are merged: alike is not the same.",
                "zh": "合并前请人工核对这些成对会员：相似不等于同一人。",
            },
        ),
        tables=(_list_quartiles(measured), _list_examples(faults)),
    )


def _list_quartiles(measured: pl.DataFrame) -> Table:
    rows: list[tuple[str | Words, ...]] = []
    for column, name, unit in MEASURES:
        if column not in measured.columns:
            continue
        ends = [measured[column].cast(pl.Float64).quantile(share, "nearest") for share in (0.25, 0.5, 0.75)]
        rows.append((name, *("–" if end is None else f"{end / unit:,.2f}" for end in ends)))
    return Table(
        title={"en": "Members in quarters", "zh": "会员分布（四分位）"},
        columns=(
            {"en": "Measure", "zh": "指标"},
            {"en": "A quarter are below", "zh": "四分之一低于"},
            {"en": "Half are below", "zh": "中位数"},
            {"en": "A quarter are above", "zh": "四分之一高于"},
        ),
        rows=tuple(rows),
    )


def _list_examples(faults: list[Fault]) -> Table:
    return Table(
        title={"en": "What to look at in the data", "zh": "需要核查的数据"},
        columns=(
            {"en": "What", "zh": "问题"},
            {"en": "How many", "zh": "数量"},
            {"en": "Such as", "zh": "例如"},
        ),
        rows=tuple((fault.code, f"{fault.count:,}", ", ".join(fault.examples) or "–") for fault in faults),
    )


STEPS: Final = (
    Step(name="profile", run=run, traits=("favourite_department", "favourite_store", "favourite_daypart"), order=60),
)

"""Stages in a member's life, each with the rule that put somebody there: first come, first served."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Words

__all__ = ["STAGES", "Stage", "explain_stage", "name_stages"]

NEW_DAYS: Final = 56
LOST_DAYS: Final = 182
HIBERNATING_DAYS: Final = 84
SILENT_DAYS: Final = 21
SILENT_TIMES: Final = 3
VISITS_MIN: Final = 4
GROWTH: Final = 1.25
HIGH: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage: its name, who is in it, and what one does about it."""

    name: Words
    rule: Words
    to_do: Words


STAGES: Final[Mapping[str, Stage]] = {
    "lost": Stage(
        name={"en": "lost", "zh": "已流失"},
        rule={"en": f"has not come for {LOST_DAYS} days", "zh": f"{LOST_DAYS} 天未到店"},
        to_do={"en": "win back once, then leave in peace", "zh": "尝试召回一次，之后不再打扰"},
    ),
    "hibernating": Stage(
        name={"en": "hibernating", "zh": "沉睡"},
        rule={"en": f"has not come for {HIBERNATING_DAYS} days", "zh": f"{HIBERNATING_DAYS} 天未到店"},
        to_do={"en": "remind of points that end", "zh": "提醒即将过期的积分"},
    ),
    "new": Stage(
        name={"en": "new", "zh": "新会员"},
        rule={"en": f"came first within the last {NEW_DAYS} days", "zh": f"最近 {NEW_DAYS} 天内首次到店"},
        to_do={"en": "bring to the third visit", "zh": "促成第三次到店"},
    ),
    "at_risk": Stage(
        name={"en": "at risk", "zh": "有流失风险"},
        rule={
            "en": f"came {VISITS_MIN} times or more, and is silent for {SILENT_TIMES} times as long as is usual for"
            f" them, {SILENT_DAYS} days at the least",
            "zh": f"到店至少 {VISITS_MIN} 次，但已沉默超过自己平常间隔的 {SILENT_TIMES} 倍（至少 {SILENT_DAYS} 天）",
        },
        to_do={"en": "ask what is wrong, offer what they like", "zh": "了解原因，送上他们喜欢的优惠"},
    ),
    "champion": Stage(
        name={"en": "champion", "zh": "冠军会员"},
        rule={
            "en": "among the best two fifths in recency, frequency and money",
            "zh": "最近到店、到店频次、消费金额均在前两档",
        },
        to_do={"en": "thank, and ask to recommend us", "zh": "致谢，并邀请推荐朋友"},
    ),
    "growing": Stage(
        name={"en": "growing", "zh": "成长中"},
        rule={
            "en": "spent a quarter more in the last 8 weeks than in the 18 before, week for week",
            "zh": "近 8 周的周均消费比之前 18 周高出四分之一以上",
        },
        to_do={"en": "show the next level", "zh": "展示下一等级的好处"},
    ),
    "loyal": Stage(
        name={"en": "loyal", "zh": "忠诚"},
        rule={"en": "among the two fifths who come most often", "zh": "到店频次在前两档"},
        to_do={"en": "keep what they are used to", "zh": "保持他们熟悉的权益"},
    ),
    "occasional": Stage(
        name={"en": "occasional", "zh": "偶尔光顾"},
        rule={"en": "none of the others", "zh": "不属于以上任何一类"},
        to_do={"en": "give a reason for one visit more", "zh": "给一个再来一次的理由"},
    ),
}
"""In the order in which they are tried."""


def name_stages(told: pl.DataFrame) -> pl.DataFrame:
    """Add `stage` to what `describe_visits` tells, with `r`, `f` and `m` beside it."""
    recency, before = pl.col("recency"), pl.col("paid_182") - pl.col("paid_56")
    usual = pl.max_horizontal(pl.col("gap_median") * SILENT_TIMES, pl.lit(SILENT_DAYS))
    rules = {
        "lost": recency > LOST_DAYS,
        "hibernating": recency > HIBERNATING_DAYS,
        "new": pl.col("age") <= NEW_DAYS,
        "at_risk": (pl.col("visits") >= VISITS_MIN) & (recency > usual),
        "champion": (pl.col("r") >= HIGH) & (pl.col("f") >= HIGH) & (pl.col("m") >= HIGH),
        "growing": (before > 0) & (pl.col("paid_56") / 8 > GROWTH * before / 18),
        "loyal": pl.col("f") >= HIGH,
    }
    stage = pl.lit("occasional")
    for name, rule in reversed(rules.items()):
        stage = pl.when(rule.fill_null(value=False)).then(pl.lit(name)).otherwise(stage)
    return told.with_columns(stage=stage)


def explain_stage(row: Mapping[str, object]) -> Words:
    """Say why a member is in their stage, with their own figures."""
    stage = STAGES[str(row["stage"])]
    facts = {
        "en": f"last came {row['recency']} days ago, first {row['age']} days ago, {row['visits']} visits",
        "zh": f"上次到店在 {row['recency']} 天前，首次到店在 {row['age']} 天前，共到店 {row['visits']} 次",
    }
    return {"en": f"{stage.rule['en']} ({facts['en']})", "zh": f"{stage.rule['zh']}（{facts['zh']}）"}

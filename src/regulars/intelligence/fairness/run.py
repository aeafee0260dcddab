"""The step `fairness` of a run: which groups and stores get less than others."""

from datetime import date
from typing import Final

from regulars.intelligence.evaluation import Insight, Progress, Section, Step, Table, Words
from regulars.intelligence.fairness.parity import GROUP_MIN, Parity, measure_parity
from regulars.intelligence.history import History

__all__ = ["STEPS"]

VERSION: Final = "fairness-1"
TITLE: Final[Words] = {"en": "Who gets less than others", "zh": "谁得到的优惠偏少"}
MEASURES: Final[dict[str, Words]] = {
    "reached": {"en": "written to by a campaign", "zh": "收到过活动"},
    "given": {"en": "given, % of the price", "zh": "优惠占标价的百分比"},
}
ROWS_MAX: Final = 20


def run(history: History, day: date, _progress: Progress) -> Insight:
    """Compare groups and stores over the last half year."""
    found = measure_parity(history, day)
    if not found:
        why: Words = {
            "en": f"No group of {GROUP_MIN} members or more is known.",
            "zh": f"没有达到 {GROUP_MIN} 位会员的分组，无从比较。",
        }
        return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)
    short = sorted((parity for parity in found if parity.is_unfair), key=lambda parity: parity.ratio)
    tells: Words = {
        "en": f"Of {len(found)} comparisons, {len(short)} show a group that gets less than four fifths of the others.",
        "zh": f"共做了 {len(found)} 项比较，其中 {len(short)} 项显示某一分组得到的不到其他人的八成。",
    }
    to_do: Words = {
        "en": "Look at whom the campaigns were for before you call it unfair: some offers are local on purpose.",
        "zh": "先核对活动的受众与门店再下结论：有些活动本来就只面向部分门店。",
    }
    sure: Words = {
        "en": "Only differences beyond chance are named (19 times of 20). Of many comparisons one in forty is chance.",
        "zh": "只列出超出偶然范围（95% 把握）的差异；比较做得多，约每四十项会有一项纯属偶然。",
    }
    return Insight(
        section=Section(
            title=TITLE,
            tells=(tells,),
            to_do=(to_do,) if short else (),
            how_sure=(sure,),
            tables=(_tabulate(short),) if short else (),
        ),
        version=VERSION,
        figures={"comparisons": float(len(found)), "short": float(len(short))},
    )


def _tabulate(short: list[Parity]) -> Table:
    return Table(
        title={"en": "Groups that get less", "zh": "得到偏少的分组"},
        columns=(
            {"en": "What", "zh": "指标"},
            {"en": "By", "zh": "分组依据"},
            {"en": "Group", "zh": "分组"},
            {"en": "Members", "zh": "会员数"},
            {"en": "They get", "zh": "该组"},
            {"en": "Others get", "zh": "其他人"},
        ),
        rows=tuple(
            (
                MEASURES[parity.measure],
                parity.kind,
                parity.group,
                f"{parity.members:,}",
                f"{parity.mean:.2f}",
                f"{parity.others:.2f}",
            )
            for parity in short[:ROWS_MAX]
        ),
    )


STEPS: Final = (Step(name="fairness", run=run, order=90),)

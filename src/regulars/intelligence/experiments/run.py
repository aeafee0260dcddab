"""The step `experiments` of a run: what offers changed, by those whom chance held out, or else by their like."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.evaluation import Insight, Progress, Section, Step, Table, Words
from regulars.intelligence.experiments.effects import CASES_MIN, Effect, compare_groups, compare_matched
from regulars.intelligence.experiments.who import CASES_MIN as RANKED_MIN
from regulars.intelligence.experiments.who import learn_targeting
from regulars.intelligence.history import History

__all__ = ["STEPS"]

NAME: Final = "experiments"
VERSION: Final = "experiments-1"
TITLE: Final[Words] = {"en": "What offers changed", "zh": "优惠带来了什么变化"}
BEFORE: Final = timedelta(weeks=13)
WINDOW_DAYS: Final = 28
"""Letters are judged by the four weeks from their first day, and members by the four weeks before."""
CAMPAIGNS_MAX: Final = 12
"""The latest letters that are judged: older ones are no news."""
MINOR: Final = 100
MICRO: Final = 1_000_000
SPANS: Final = (7, 28, 91)

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was found out about one offer or campaign."""

    name: str
    start: date
    days: int
    effect: Effect
    cost_minor: float | None
    """What the treated were given in that time; None where nobody tells."""
    who: Words

    @property
    def brought_minor(self) -> float:
        """What all the treated spent more, together."""
        return self.effect.difference * self.effect.treated


def run(history: History, day: date, progress: Progress) -> Insight:
    """Judge each offer that chance held members out of, and each letter by members who bought alike."""
    days = history.spending.group_by("member", "day").agg(paid=pl.col("paid_minor").sum())
    progress(NAME, 0, 2)
    held, few = _judge_trials(history, days, day)
    progress(NAME, 1, 2)
    written, over = _judge_letters(history, days, day)
    left_out: list[Words] = [*few, *over]
    if not held and not few:
        left_out.append(
            {
                "en": "No offer held anybody out by chance: give one an audience with a share, and what it brings is"
                " known.",
                "zh": "没有任何优惠随机留出对照组：为优惠设置受众比例（share），效果才能测得准。",
            }
        )
    tables = [_list(held, TRIALS)] if held else []
    tables += [_list(written, LETTERS)] if written else []
    return Insight(
        section=Section(
            title=TITLE,
            tells=(_count(held, written),),
            to_do=_advise(held),
            how_sure=_warn(held, written),
            tables=tuple(tables),
            left_out=tuple(left_out),
        ),
        version=VERSION,
        figures={
            **{f"effect.{it.name}": it.effect.difference for it in held},
            **{f"matched.{it.name}": it.effect.difference for it in written},
        },
    )


def _judge_trials(history: History, days: pl.DataFrame, day: date) -> tuple[list[_Found], list[Words]]:
    """Compare those whom chance let have an offer with those whom it held out, from its first day to its last."""
    if history.trials is None or history.assigned is None:
        return [], []
    found: list[_Found] = []
    few: list[Words] = []
    for row in history.trials.iter_rows(named=True):
        start: date = row["start"]
        end = min(day, row["end"] + timedelta(days=1)) if row["end"] is not None else day
        joined = history.members.filter(pl.col("joined") < start).select("member")
        # Members who came later had no time before; who came because of it would be in one group only.
        drawn = history.assigned.filter(pl.col("offer") == row["offer"]).join(joined, on="member").sort("member")
        treated = drawn["treated"].to_numpy()
        after = _sum(days, drawn, start, end)
        effect = compare_groups(after, treated, _sum(days, drawn, start - BEFORE, start)) if end > start else None
        if effect is None:
            few.append(
                {
                    "en": f"{row['offer']}: fewer than {CASES_MIN} members had it, or were held out, since {start}.",
                    "zh": f"{row['offer']}：自 {start} 起，实验组或对照组不足 {CASES_MIN} 位会员。",
                }
            )
            continue
        found.append(
            _Found(
                name=row["offer"],
                start=start,
                days=(end - start).days,
                effect=effect,
                cost_minor=_cost(history, row["offer"], start, end),
                who=_find_for_whom(days, drawn, after, start),
            )
        )
    return found, few


def _judge_letters(history: History, days: pl.DataFrame, day: date) -> tuple[list[_Found], list[Words]]:
    """Compare members who were written to with those most alike who were not, in the four weeks from the first day."""
    if history.campaigns is None or history.targets is None:
        return [], []
    window = timedelta(days=WINDOW_DAYS)
    known = history.campaigns.filter(pl.col("start").is_between(history.first + BEFORE, day - window))
    found: list[_Found] = []
    for row in known.sort("start", "campaign").tail(CAMPAIGNS_MAX).iter_rows(named=True):
        start: date = row["start"]
        active = days.filter(pl.col("day").is_between(start - BEFORE, start, closed="left")).select("member").unique()
        told = history.targets.filter(pl.col("campaign") == row["campaign"]).select("member").unique()
        people = active.join(told.with_columns(treated=pl.lit(value=True)), on="member", how="left").sort("member")
        treated = people["treated"].fill_null(value=False).to_numpy()
        effect = compare_matched(
            _describe(days, people, start),
            _sum(days, people, start - window, start),
            _sum(days, people, start, start + window),
            treated,
        )
        if effect is not None:
            nobody: Words = {"en": "–", "zh": "–"}
            name = str(row["campaign"])
            found.append(_Found(name=name, start=start, days=WINDOW_DAYS, effect=effect, cost_minor=None, who=nobody))
    over: list[Words] = []
    if skipped := history.campaigns.height - len(found):
        over.append(
            {
                "en": f"{skipped} campaigns: too early, not over yet, older than the latest {CAMPAIGNS_MAX}, or with"
                " too few members.",
                "zh": f"{skipped} 个活动未评估：历史太短、尚未结束、早于最近 {CAMPAIGNS_MAX} 个，或人数太少。",
            }
        )
    return found, over


def _sum(days: pl.DataFrame, people: pl.DataFrame, since: date, until: date) -> Numbers:
    spent = (
        days.filter(pl.col("day").is_between(since, until, closed="left")).group_by("member").agg(pl.col("paid").sum())
    )
    return (
        people.select("member")
        .join(spent, on="member", how="left", maintain_order="left")["paid"]
        .fill_null(0)
        .to_numpy()
        .astype(np.float64)
    )


def _describe(days: pl.DataFrame, people: pl.DataFrame, start: date) -> Numbers:
    """Describe members before a day by logarithms: what they spent and how often they came, lately and before."""
    paid = [_sum(days, people, start - timedelta(days=span), start) for span in SPANS]
    ones = days.with_columns(paid=pl.lit(1))
    came = [_sum(ones, people, start - timedelta(days=span), start) for span in SPANS]
    return np.log1p(np.stack([*paid, *came], axis=1))


def _find_for_whom(days: pl.DataFrame, drawn: pl.DataFrame, after: Numbers, start: date) -> Words:
    """Say whether some gained more than others, as far as can be told."""
    treated = drawn["treated"].to_numpy().astype(np.float64)
    rows = _describe(days, drawn, start)
    if min(2 * treated.sum(), 2 * (1 - treated).sum()) < RANKED_MIN:
        return {"en": "too few members to tell", "zh": "人数太少，无法判断"}
    if learn_targeting(rows, after, treated, chance=float(treated.mean())).rank(rows) is None:
        return {"en": "nothing to rank: to all, or to nobody", "zh": "人群间无可辨差异：要么都发，要么不发"}
    return {"en": "for some far more than for others", "zh": "对部分会员效果明显更好"}


def _cost(history: History, offer: str, start: date, end: date) -> float | None:
    """Add up what an offer gave in a time: points where the books tell of just that time, and what it took off."""
    if history.discounts is None or history.given is None:
        return None
    off = history.discounts.filter((pl.col("offer") == offer) & pl.col("day").is_between(start, end, closed="left"))
    issued = history.given.filter(pl.col("offer") == offer)
    # The books say what an offer issued in the last year; of a part of it they say nothing.
    if issued.height and not issued.select((pl.col("start") <= start).all()).item():
        return None
    return float(off["discount_minor"].sum()) + float(issued["worth_micro"].sum()) / MICRO


TRIALS: Final[Words] = {"en": "Offers that held members out by chance", "zh": "随机留出对照组的优惠"}
LETTERS: Final[Words] = {
    "en": "Letters, beside members who bought alike (a hint, no proof)",
    "zh": "营销信件与相似会员对比（仅供参考，不能证明因果）",
}


def _list(found: list[_Found], title: Words) -> Table:
    return Table(
        title=title,
        columns=(
            {"en": "Offer", "zh": "优惠"},
            {"en": "From", "zh": "开始"},
            {"en": "Days", "zh": "天数"},
            {"en": "Had it", "zh": "实验组"},
            {"en": "Had it not", "zh": "对照组"},
            {"en": "Spent more, each", "zh": "人均多消费"},
            {"en": "19 of 20 times between", "zh": "95% 区间"},
            {"en": "Together", "zh": "合计"},
            {"en": "For 1 of cost", "zh": "每 1 元成本带来"},
            {"en": "For whom", "zh": "对谁有效"},
        ),
        rows=tuple(
            (
                it.name,
                it.start.isoformat(),
                str(it.days),
                f"{it.effect.treated:,}",
                f"{it.effect.control:,}",
                f"{it.effect.difference / MINOR:+,.2f}",
                f"{it.effect.low / MINOR:+,.2f} … {it.effect.high / MINOR:+,.2f}",
                f"{it.brought_minor / MINOR:+,.0f}",
                "–" if not it.cost_minor else f"{it.brought_minor / it.cost_minor:+,.2f}",
                it.who,
            )
            for it in found
        ),
    )


def _count(held: list[_Found], written: list[_Found]) -> Words:
    clear = sum(it.effect.is_clear for it in held)
    hints = sum(it.effect.is_clear for it in written)
    return {
        "en": f"{len(held)} offers held members out by chance; {clear} of them changed what is spent, beyond chance."
        f" {len(written)} letters were compared with members alike; {hints} of them show a difference.",
        "zh": f"{len(held)} 项优惠随机留出了对照组，其中 {clear} 项确实改变了消费；"
        f"另有 {len(written)} 个活动与相似会员做了对比，其中 {hints} 个有差异。",
    }


def _advise(held: list[_Found]) -> tuple[Words, ...]:
    told: list[Words] = []
    for it in held:
        if it.effect.high < 0 or (it.cost_minor and it.effect.is_clear and it.brought_minor < it.cost_minor):
            told.append(
                {
                    "en": f"Stop {it.name}, or change it: it costs more than it brings.",
                    "zh": f"停用或调整 {it.name}：带来的增量低于成本。",
                }
            )
        elif not it.effect.is_clear:
            told.append(
                {
                    "en": f"Let {it.name} run on, with its holdout: what it changes is still within chance.",
                    "zh": f"{it.name} 的效果仍在偶然范围内：保留对照组，继续观察。",
                }
            )
    return tuple(told)


def _warn(held: list[_Found], written: list[_Found]) -> tuple[Words, ...]:
    told: list[Words] = []
    if held:
        removed = float(np.mean([it.effect.removed for it in held]))
        told.append(
            {
                "en": f"Chance decided who was held out. What was known of members before took {100 * removed:.0f} % of"
                " the noise out. Sales are not profit: multiply by your margin before you set them against the cost.",
                "zh": f"对照组由随机产生；利用此前消费消除了 {100 * removed:.0f}% 的噪声。"
                "增量销售额不是利润：请先乘以毛利率，再与成本比较。",
            }
        )
    if written:
        told.append(
            {
                "en": "Letters held nobody out. Whoever was written to may differ in what nobody sees: take those"
                " differences for a hint, and hold some out next time.",
                "zh": "这些信件没有留出对照组，收信会员可能在看不见的方面与众不同：差异只作参考，下次请留出对照组。",
            }
        )
    return tuple(told)


STEPS: Final = (Step(name=NAME, run=run, order=70),)

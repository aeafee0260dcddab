"""The step `coupons` of a run: which coupons members who were written to will use, while the campaign runs."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from regulars.intelligence.boosting import Shelf
from regulars.intelligence.coupons.learning import (
    BEFORE_DAYS_MIN,
    VERSION,
    CouponModel,
    Learned,
    describe_all,
    keep_model,
    learn_coupons,
)
from regulars.intelligence.coupons.pairs import list_campaigns
from regulars.intelligence.evaluation import (
    Insight,
    Progress,
    Section,
    Step,
    Table,
    Words,
    describe_drift,
    recall,
    tell_since,
)
from regulars.intelligence.history import History
from regulars.intelligence.ranking import keep_best

__all__ = ["STEPS"]

NAME: Final = "coupons"
TITLE: Final[Words] = {"en": "Which coupons will be used", "zh": "哪些优惠券会被使用"}
TRAITS: Final = 3
ROWS_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Campaigns:
    ended: tuple[str, ...]
    running: tuple[str, ...]


def run(history: History, day: date, progress: Progress) -> Insight:
    """Learn from campaigns that are over, and order the coupons of those that run."""
    campaigns = _find_campaigns(history, day)
    if not isinstance(campaigns, _Campaigns):
        return _say_nothing(campaigns)
    asked = describe_all(history, campaigns.running, progress)
    return _order(asked, _learn(history, day, campaigns, progress), campaigns, ())


def resume(history: History, day: date, progress: Progress, shelf: Shelf) -> Insight:
    """Order by what was learned before, unless that is old or refused, more campaigns are over, or members drifted."""
    campaigns = _find_campaigns(history, day)
    if not isinstance(campaigns, _Campaigns):
        return _say_nothing(campaigns)
    asked = describe_all(history, campaigns.running, progress)
    kept, why = recall(shelf, NAME, VERSION, Learned, day)
    if kept is not None and not kept.has_news(campaigns.ended):
        drift = kept.measure_drift(asked)
        # Where no other campaign is over, there is nothing else to learn.
        if drift is None or not drift.is_far or set(campaigns.ended) <= set(kept.campaigns):
            said = [tell_since(kept.learned_on), *([] if kept.model.choice is None else [describe_drift(drift)])]
            return _order(asked, kept, campaigns, tuple(said))
    learned = _learn(history, day, campaigns, progress)
    shelf.put(NAME, VERSION, learned)
    return _order(asked, learned, campaigns, () if why is None else (why,))


def _find_campaigns(history: History, day: date) -> _Campaigns | Words:
    """Name the campaigns that are over and those that run; or say why there is nothing to order."""
    if history.redemptions is None:
        return {
            "en": "This history has no campaigns with coupons for products.",
            "zh": "历史数据中没有针对商品发券的营销活动。",
        }
    known = list_campaigns(history)
    late = (pl.col("start") - history.first).dt.total_days() >= BEFORE_DAYS_MIN
    running = known.filter(late & (pl.col("start") < day) & (pl.col("end") >= day))["campaign"].to_list()
    if not running:
        return {"en": "No campaign with coupons runs on this day.", "zh": "当天没有进行中的发券活动。"}
    # What was used in a campaign that runs is not over, and is no lesson.
    ended = known.filter(late & (pl.col("end") < day))["campaign"].to_list()
    return _Campaigns(ended=tuple(ended), running=tuple(running))


def _learn(history: History, day: date, campaigns: _Campaigns, progress: Progress) -> Learned:
    if not campaigns.ended:
        why = "No campaign with coupons is over yet: there is nothing to learn."
        return Learned(learned_on=day, model=CouponModel(choice=None, order=None, why=why), campaigns=(), watch=None)
    pairs = describe_all(history, campaigns.ended, progress)
    return keep_model(learn_coupons(pairs), pairs, day)


def _order(asked: pl.DataFrame, learned: Learned, campaigns: _Campaigns, said: tuple[Words, ...]) -> Insight:
    model = learned.model
    scored = asked.select("campaign", "member", "coupon").with_columns(score=pl.Series(model.score(asked)))
    best = keep_best(scored, ["member"], "coupon", places=TRAITS)
    traits = best.select("member").unique().sort("member")
    for place in range(1, TRAITS + 1):
        named = best.filter(pl.col("place") == place).select("member", pl.col("coupon").alias(f"next_coupon_{place}"))
        traits = traits.join(named, on="member", how="left", maintain_order="left")
    chance = model.foretell(asked)
    figures = {
        "members": float(traits.height),
        "campaigns": float(len(campaigns.running)),
        "learned_from": float(len(learned.campaigns)),
    }
    if chance is not None:
        figures["expected"] = float(np.sum(chance))
    return Insight(
        section=Section(
            title=TITLE,
            tells=(_tell(traits.height, len(campaigns.running), figures.get("expected")),),
            to_do=(
                {
                    "en": "Show each member the coupons that fit them first: next_coupon_1 to next_coupon_3 name them."
                    " It is no reason to send more: who would buy anyway uses coupons most.",
                    "zh": "优先向会员展示最合适的券（特征 next_coupon_1 至 next_coupon_3）。"
                    "但这不是多发券的理由：最爱用券的往往本来就会买。",
                },
            ),
            how_sure=(_judge(model, len(learned.campaigns)), *said),
            tables=(_list(best),),
        ),
        version=VERSION,
        traits=traits,
        figures=figures,
    )


def _say_nothing(why: Words) -> Insight:
    return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)


def _tell(members: int, campaigns: int, expected: float | None) -> Words:
    more = (
        ("", "")
        if expected is None
        else (f"; about {expected:,.0f} will be used", f"，预计共使用约 {expected:,.0f} 张")
    )
    return {
        "en": f"{campaigns} campaigns run, and {members:,} members have their coupons{more[0]}.",
        "zh": f"进行中的活动 {campaigns} 个，{members:,} 位会员持有其优惠券{more[1]}。",
    }


def _judge(model: CouponModel, ended: int) -> Words:
    if model.choice is None:
        return {"en": model.why, "zh": "模型没有胜过“买过什么推什么”，或样本太少，因此按以往购买排序。"}
    return {
        "en": f"Learned from {ended} campaigns that are over; on the last quarter of them the order was better than by"
        " past purchases.",
        "zh": f"从 {ended} 个已结束的活动中学习；在最近四分之一的活动上，排序优于按以往购买。",
    }


def _list(best: pl.DataFrame) -> Table:
    often = best.filter(pl.col("place") == 1).group_by("campaign", "coupon").agg(members=pl.len())
    rows = often.sort("members", "coupon", descending=[True, False]).head(ROWS_MAX).iter_rows(named=True)
    return Table(
        title={"en": "Coupons that fit most members best", "zh": "最适合多数会员的优惠券"},
        columns=({"en": "Campaign", "zh": "活动"}, {"en": "Coupon", "zh": "优惠券"}, {"en": "Members", "zh": "会员数"}),
        rows=tuple((str(row["campaign"]), str(row["coupon"]), f"{row['members']:,}") for row in rows),
    )


STEPS: Final = (Step(name=NAME, run=run, resume=resume, order=55),)

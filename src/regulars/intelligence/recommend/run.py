"""The step `recommend` of a run: what to show each member next."""

from datetime import date
from typing import Final

import polars as pl

from regulars.intelligence.boosting import Shelf
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
from regulars.intelligence.recommend.baskets import BASKETS_MIN, Baskets, count_baskets
from regulars.intelligence.recommend.learning import VERSION, Ranker, learn_order, pick_members
from regulars.intelligence.recommend.rewards import PLACES, rank_rewards
from regulars.intelligence.recommend.suggest import Rules, suggest_all

__all__ = ["STEPS"]

NAME: Final = "recommend"
REWARDS: Final = "next-rewards-1"
TITLE: Final[Words] = {"en": "What to show each member next", "zh": "下次该向会员推荐什么"}
LESSONS: Final = 3
"""A run is to take minutes; two more earlier days bring little."""
TRAITS: Final = 3
RULES: Final = Rules(places=5, per_category=2, new_places=1)


def run(history: History, day: date, progress: Progress) -> Insight:
    """Learn, and suggest five items to each member, one of them new; the first three become traits."""
    baskets = count_baskets(history, day, "sku")
    if not baskets.items.height:
        return _say_why_not()
    return _suggest(history, baskets, learn_order(history, day, "sku", progress, lessons=LESSONS), ())


def resume(history: History, day: date, progress: Progress, shelf: Shelf) -> Insight:
    """Suggest by what was learned before, unless it is old, refused or has drifted: then learn anew and keep that."""
    baskets = count_baskets(history, day, "sku")
    if not baskets.items.height:
        return _say_why_not()
    kept, why = recall(shelf, NAME, VERSION, Ranker, day)
    if kept is not None and kept.is_learned:
        known = baskets.members.filter(pl.col("baskets") >= BASKETS_MIN)["u"]
        drift = kept.measure_drift(history, baskets, pick_members(known.sort()))
        if drift is None or not drift.is_far:
            return _suggest(history, baskets, kept, (tell_since(kept.learned_on), describe_drift(drift)))
    ranker = learn_order(history, day, "sku", progress, lessons=LESSONS)
    shelf.put(NAME, VERSION, ranker)
    return _suggest(history, baskets, ranker, () if why is None else (why,))


def _say_why_not() -> Insight:
    why: Words = {"en": "No item was sold often enough to suggest it.", "zh": "没有销量足够、可以推荐的商品。"}
    return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)


def _suggest(history: History, baskets: Baskets, ranker: Ranker, said: tuple[Words, ...]) -> Insight:
    suggested = suggest_all(history, baskets, ranker, RULES)
    traits = baskets.members.select("member").sort("member")
    for place in range(1, TRAITS + 1):
        named = suggested.filter(pl.col("place") == place).select("member", pl.col("item").alias(f"next_sku_{place}"))
        traits = traits.join(named, on="member", how="left")
    return Insight(
        section=_tell(suggested, ranker, said),
        version=VERSION,
        traits=traits.sort("member"),
        figures={"members": float(suggested["member"].n_unique()), "items": float(suggested["item"].n_unique())},
    )


def _tell(suggested: pl.DataFrame, ranker: Ranker, said: tuple[Words, ...]) -> Section:
    members = suggested["member"].n_unique()
    strangers = suggested.filter(pl.col("why") == "popular")["member"].n_unique()
    tells: Words = {
        "en": f"{members:,} members get suggestions; {strangers:,} whom we hardly know get what their store sells.",
        "zh": f"已为 {members:,} 位会员生成推荐；其中 {strangers:,} 位了解尚少，推荐所在门店的热销商品。",
    }
    to_do: Words = {
        "en": "Show them in the app or on the receipt: the traits next_sku_1 to next_sku_3 carry them.",
        "zh": "可在会员端或小票上展示：特征 next_sku_1 至 next_sku_3 即为推荐商品。",
    }
    if ranker.trial is not None and ranker.is_learned:
        gain, error = 100 * ranker.trial.difference, 100 * ranker.trial.standard_error
        sure: Words = {
            "en": f"Tried on the last four weeks: {gain:+.1f} ± {error:.1f} points nDCG@10 on what was bought before.",
            "zh": f"用最近四周检验：nDCG@10 比“买过什么推什么”高 {gain:.1f} ± {error:.1f} 个百分点。",
        }
    else:
        sure = {"en": ranker.why, "zh": "模型没有明显胜过“买过什么推什么”，因此按以往购买推荐。"}
    often = suggested.group_by("item").agg(members=pl.len()).sort("members", "item", descending=[True, False]).head(10)
    table = Table(
        title={"en": "Suggested most", "zh": "推荐最多的商品"},
        columns=({"en": "Item", "zh": "商品"}, {"en": "Members", "zh": "会员数"}),
        rows=tuple((str(row["item"]), f"{row['members']:,}") for row in often.iter_rows(named=True)),
    )
    return Section(title=TITLE, tells=(tells,), to_do=(to_do,), how_sure=(sure, *said), tables=(table,))


def show_rewards(history: History, day: date, _progress: Progress) -> Insight:
    """Rank rewards for each member; the first three become traits."""
    title: Words = {"en": "Which rewards to show each member", "zh": "该向会员展示哪些奖励"}
    if history.rewards is None or not history.rewards.height:
        why: Words = {"en": "No reward was ordered yet.", "zh": "还没有会员兑换过奖励。"}
        return Insight(section=Section(title=title, left_out=(why,)), version=REWARDS)
    ranked = rank_rewards(history.rewards, history.members["member"].sort(), day)
    traits = history.members.select("member").sort("member")
    for place in range(1, PLACES + 1):
        named = ranked.filter(pl.col("place") == place).select("member", pl.col("reward").alias(f"next_reward_{place}"))
        traits = traits.join(named, on="member", how="left", maintain_order="left")
    first = ranked.filter(pl.col("place") == 1).group_by("reward").len().sort("len", "reward", descending=[True, False])
    return Insight(
        section=Section(
            title=title,
            how_sure=(
                {
                    "en": "Ordered by what each ordered, lately and often, then by what everybody orders: a rule, no"
                    " model. Whether they can pay, the till knows.",
                    "zh": "按会员自己近期兑换的频次、再按整体热度排序：这是规则，不是模型；"
                    "积分是否足够由系统在兑换时判断。",
                },
            ),
            tables=(
                Table(
                    title={"en": "Shown first", "zh": "排在首位的奖励"},
                    columns=({"en": "Reward", "zh": "奖励"}, {"en": "Members", "zh": "会员数"}),
                    rows=tuple((str(reward), f"{count:,}") for reward, count in first.iter_rows()),
                ),
            ),
        ),
        version=REWARDS,
        traits=traits,
        figures={"members": float(traits.height)},
    )


STEPS: Final = (
    Step(name=NAME, run=run, resume=resume, order=50),
    Step(name="next_rewards", run=show_rewards, order=52),
)

"""What members are told of a challenge: how to take part, what counts, what its goals give, and what a return does."""

from collections.abc import Iterator, Sequence
from typing import Final

from regulars.features.challenges.model import Activities, Brands, Categories, Days, Gift, Goal, Items, Settings, Spend
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["terms"]

PERIODS: Final = {
    "day": ("Each day is counted by itself.", "按自然日计算，次日重新计数。"),
    "week": ("Each week (Monday to Sunday) is counted by itself.", "按自然周（周一至周日）计算，次周重新计数。"),
    "month": ("Each calendar month is counted by itself.", "按自然月计算，次月重新计数。"),
    "quarter": ("Each quarter of the year is counted by itself.", "按自然季度计算，下季度重新计数。"),
    "year": ("Each calendar year is counted by itself.", "按自然年计算，次年重新计数。"),
}
THINGS: Final = {"coupon": ("the coupon {it}", "优惠券{it}"), "badge": ("the badge {it}", "{it}徽章")}


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members how a challenge works."""
    yield from _tell_entry(settings, speech)
    yield _tell_measure(settings, speech, trial.kinds)
    yield from tell_bounds(speech, settings.lines)
    items = tuple(_tell_goal(settings, goal, speech, trial.kinds) for goal in settings.goals)
    yield Clause(text=speech.say("What there is to reach:", "达成目标可得："), items=items)
    if settings.per in PERIODS:
        yield Clause(text=speech.say(*PERIODS[settings.per]))
    if settings.within_days is not None:
        en = "Only the first {n} days count, beginning with the day on which you {verb}."
        zh = "自{start}当日起{n}天内有效。"
        verb, start = ("joined the challenge", "报名") if settings.opt_in else ("became a member", "入会")
        yield Clause(text=speech.say(en, zh, n=settings.within_days, verb=verb, start=start))
    yield from _tell_return(trial, speech)


def _tell_entry(settings: Settings, speech: Speech) -> Iterator[Clause]:
    name = speech.quote(speech.call(settings.name, settings.id))
    if settings.opt_in:
        en = "The challenge {name} is for those who join it. What you do on the day of joining and afterwards counts."
        zh = "{name}挑战须先报名参加，自报名当日起计入。"
    else:
        en, zh = (
            "You take part in the challenge {name} by yourself: nobody need join.",
            "{name}挑战无需报名，自动参加。",
        )
    yield Clause(text=speech.say(en, zh, name=name))


def _tell_measure(settings: Settings, speech: Speech, kinds: Sequence[str]) -> Clause:
    counts, goods = settings.counts, name_selection(speech, settings.lines)
    values = {
        "kind": speech.kind(kinds),
        "kinds": speech.kinds(kinds),
        "with_goods": speech.say(" with {it}", "含{it}的", it=goods) if goods else "",
        "of_goods": speech.say(" for {it}", "购买{it}", it=goods) if goods else "",
    }
    match counts:
        case Spend():
            en, zh = "Counted is the money paid{of_goods}.", "累计{of_goods}实付金额。"
        case Items():
            en, zh = "Counted are the pieces bought{of_goods}.", "累计{of_goods}件数。"
        case Days():
            en, zh = (
                "Counted are the days with a {kind}{with_goods}.",
                "累计有{with_goods}{kind}的天数，同一天只计一次。",
            )
        case Activities(most_per_day=most):
            en, zh = "Counted are your {kinds}{with_goods}", "累计{with_goods}{kind}次数"
            if most is not None:
                en, zh = en + ", no more than {most} of one day", zh + "，每天最多计{most}次"
            en, zh, values = en + ".", zh + "。", values | {"most": str(most)}
        case Categories(among=among):
            en, zh = (
                "Counted is from how many of these categories you bought: {it}.",
                "累计购买过的不同品类数（{it}）。",
            )
            if not among:
                en, zh = "Counted is from how many categories of goods you bought.", "累计购买过的不同品类数。"
            values["it"] = speech.join(among)
        case Brands(among=among):
            en, zh = "Counted is how many of these brands you bought: {it}.", "累计购买过的不同品牌数（{it}）。"
            if not among:
                en, zh = "Counted is how many brands you bought.", "累计购买过的不同品牌数。"
            values["it"] = speech.join(among)
    return Clause(text=speech.say(en, zh, **values))


def _tell_goal(settings: Settings, goal: Goal, speech: Speech, kinds: Sequence[str]) -> str:
    amount = _tell_amount(settings, goal.size, speech, kinds)
    gains = [speech.points(settings.currency or "", goal.points)] if goal.points else []
    gains += [_tell_gift(gift, speech) for gift in goal.grants]
    en, zh = "{amount}: {gains}", "满{amount}：{gains}"
    if goal.every is not None:
        en, zh = "each {amount}: {gains}", "每满{amount}：{gains}"
    if goal.name is not None:
        en, zh = "{name}, " + en, "{name}，" + zh
    if goal.most is not None:
        en, zh = en + ", at most {most} times", zh + "，最多{most}次"
    name = speech.call(goal.name, goal.id)
    return speech.say(en, zh, amount=amount, gains=speech.join(gains), most=goal.most, name=name)


def _tell_amount(settings: Settings, amount: int, speech: Speech, kinds: Sequence[str]) -> str:
    match settings.counts:
        case Spend():
            return speech.money(amount)
        case Items():
            words = ("{n} piece", "{n}件") if amount == 1 else ("{n} pieces", "{n}件")
        case Days():
            words = ("{n} day", "{n}天") if amount == 1 else ("{n} days", "{n}天")
        case Activities():
            words = ("{n} {one}", "{n}次") if amount == 1 else ("{n} {many}", "{n}次")
        case Categories():
            words = ("{n} category", "{n}个品类") if amount == 1 else ("{n} categories", "{n}个品类")
        case Brands():
            words = ("{n} brand", "{n}个品牌") if amount == 1 else ("{n} brands", "{n}个品牌")
    return speech.say(*words, n=speech.count(amount), one=speech.kind(kinds), many=speech.kinds(kinds))


def _tell_gift(gift: Gift, speech: Speech) -> str:
    offers = speech.document.offers
    named = next((it for it in offers if it.mechanic == f"{gift.kind}s" and it.settings.get("id") == gift.what), None)
    name = speech.quote(gift.what if named is None else speech.call(named.name, gift.what))
    text = speech.say(*THINGS.get(gift.kind, ("{it}", "{it}")), it=name)
    return text if gift.count == 1 else speech.say("{n} × {it}", "{it}{n}份", n=speech.count(gift.count), it=text)


def _tell_return(trial: Trial, speech: Speech) -> Iterator[Clause]:
    if trial.bound.offer.on_return == "keep":
        text = speech.say("What you bring back does not change what was counted.", "发生退货的，已计入的进度不受影响。")
    else:
        text = speech.say(
            "What you bring back no longer counts. What is no longer reached without it is taken back, and so are"
            " coupons that are not used and badges; it comes again when the goal is reached again.",
            "退货部分不再计入；因此未达成的目标，所得奖励将收回（含未使用的优惠券和徽章），再次达成时重新发放。",
        )
    yield Clause(text=text)

"""What members are told of a challenge: how to take part, what counts, what its goals give, and what a return does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from regulars.features.challenges.mechanic import JOIN
from regulars.features.challenges.model import (
    Activities,
    Brands,
    Categories,
    Days,
    Gift,
    Goal,
    Items,
    Settings,
    Spend,
    Streak,
)
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True

PERIODS: Final = {
    "day": ("Each day is counted by itself.", "按自然日计算，次日重新计数。"),
    "week": ("Each week (Monday to Sunday) is counted by itself.", "按自然周（周一至周日）计算，次周重新计数。"),
    "month": ("Each calendar month is counted by itself.", "按自然月计算，次月重新计数。"),
    "quarter": ("Each quarter of the year is counted by itself.", "按自然季度计算，下季度重新计数。"),
    "year": ("Each calendar year is counted by itself.", "按自然年计算，次年重新计数。"),
}
ROWS: Final = {
    "day": ("day", "days", "天"),
    "week": ("week (Monday to Sunday)", "weeks", "周"),
    "month": ("calendar month", "months", "个月"),
}
"""What must follow each other: one, many, Chinese behind a number."""
NATURAL: Final = {"day": "每天", "week": "每周（周一至周日）", "month": "每个自然月"}
THINGS: Final = {
    "coupon": ("the coupon {it}", "{n} coupons {it}", "优惠券{it}{n}张"),
    "badge": ("the badge {it}", "the badge {it}, {n} times", "徽章{it}{n}枚"),
}
"""One, many, Chinese."""


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members how a challenge works."""
    kinds = tuple(kind for kind in trial.kinds if kind != JOIN)
    yield from _tell_entry(settings, speech)
    yield _tell_measure(settings, speech, kinds)
    yield from tell_bounds(speech, settings.lines)
    items = tuple(_tell_goal(settings, goal, speech, kinds) for goal in settings.goals)
    yield Clause(text=speech.say("What there is to reach:", "达成目标可得："), items=items)
    if settings.per in PERIODS:
        yield Clause(text=speech.say(*PERIODS[settings.per]))
    if settings.within_days is not None:
        en = "Only the first {n} days count, beginning with the day on which you {verb}."
        zh = "自{start}当日起{n}天内有效。"
        verb, start = ("joined the challenge", "报名") if settings.opt_in else ("became a member", "入会")
        yield Clause(text=speech.say(en, zh, n=settings.within_days, verb=verb, start=start))
    yield from _tell_team(settings, speech)
    yield from _tell_return(settings, trial, speech)


def _tell_team(settings: Settings, speech: Speech) -> Iterator[Clause]:
    team = settings.team
    if team is None:
        return
    en = (
        "You play in a team of up to {most}: found one when you join, or name somebody of a team to join that. What"
        " each of you does from joining on counts for all, and whoever is in the team then gets what a goal gives."
    )
    zh = (
        "以小组参加，每组最多{most}人：报名时可自建小组，或指定组内成员加入。组员自加入起的行为合并计入，"
        "达成目标时，届时的每位组员均可获得奖励。"
    )
    yield Clause(text=speech.say(en, zh, most=team.most))
    if team.hold_days:
        en = (
            "A goal gives that when it has stayed reached for {n} whole days."
            if team.hold_days > 1
            else "A goal gives that when it has stayed reached for one whole day."
        )
        yield Clause(text=speech.say(en, "目标达成并满{n}个整日后发放奖励。", n=team.hold_days))


def _tell_entry(settings: Settings, speech: Speech) -> Iterator[Clause]:
    name = speech.quote(speech.call(settings.title, settings.challenge))
    if settings.opt_in:
        en = "{name} is for those who join. What you do on the day of joining and afterwards counts."
        zh = "{name}须先报名参加，自报名当日起计入。"
    else:
        en, zh = "You take part in {name} without joining.", "{name}无需报名，自动参加。"
    yield Clause(text=speech.say(en, zh, name=name))


def _tell_measure(settings: Settings, speech: Speech, kinds: Sequence[str]) -> Clause:
    counts, goods = settings.counts, name_selection(speech, settings.lines)
    values = {
        "kind": speech.kind(kinds),
        "kinds": speech.kinds(kinds),
        "with_goods": speech.say(" with {it}", "含{it}的", it=goods) if goods else "",
        "for_goods": speech.say(" for {it}", "购买{it}的", it=goods) if goods else "",
        "of_goods": speech.say(" of {it}", "购买{it}的", it=goods) if goods else "",
    }
    match counts:
        case Spend():
            en, zh = "Counted is the money paid{for_goods}.", "累计{for_goods}实付金额。"
        case Items():
            en, zh = "Counted are the pieces{of_goods} that you bought.", "累计{of_goods}件数。"
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
        case Categories() | Brands():
            return _tell_kinds(counts, speech)
        case Streak():
            return _tell_streak(counts, speech, values)
    return Clause(text=speech.say(en, zh, **values))


def _tell_kinds(counts: Categories | Brands, speech: Speech) -> Clause:
    if isinstance(counts, Categories):
        en, zh = "Counted is from how many {which}categories of goods you bought", "累计购买过的不同品类数"
    else:
        en, zh = "Counted is how many {which}brands you bought", "累计购买过的不同品牌数"
    if counts.among:
        en, zh = en + ": {among}.", zh + "，限{among}。"
    else:
        en, zh = en + ".", zh + "。"
    which = speech.say("of these ", "") if counts.among else ""
    return Clause(text=speech.say(en, zh, which=which, among=speech.join(counts.among)))


def _tell_streak(counts: Streak, speech: Speech, values: Mapping[str, str]) -> Clause:
    one, many, zh_unit = ROWS[counts.unit]
    said = {**values, "one": one, "many": many, "unit": zh_unit, "each": NATURAL[counts.unit], "least": counts.least}
    if counts.least == 1:
        en = "Counted are {many} in a row: each {one} needs a {kind}{with_goods}."
        zh = "累计连续{unit}数：{each}须有{with_goods}{kind}。"
    else:
        en = "Counted are {many} in a row: each {one} needs {least} {kinds}{with_goods}."
        zh = "累计连续{unit}数：{each}须有{with_goods}{kind}至少{least}次。"
    text = speech.say(en, zh, **said)
    if counts.freeze:
        text += speech.say(
            " The row is not broken by up to {freeze} {which} missed in between, which do not count.",
            "中间最多可间断{freeze}{unit}，间断不计入，也不清零。",
            freeze=counts.freeze,
            which=one.partition(" (")[0] if counts.freeze == 1 else many,
            unit=zh_unit,
        )
    return Clause(text=text)


def _tell_goal(settings: Settings, goal: Goal, speech: Speech, kinds: Sequence[str]) -> str:
    amount = _tell_amount(settings, goal.size, speech, kinds)
    gains = [speech.points(settings.currency or "", goal.points)] if goal.points else []
    gains += [_tell_gift(gift, speech) for gift in goal.grants]
    full = "" if isinstance(settings.counts, Streak) else "满"
    en, zh = "{amount}: {gains}", full + "{amount}：{gains}"
    if goal.every is not None:
        en, zh = "each {amount}: {gains}", f"每{full}" + "{amount}：{gains}"
    if goal.title is not None:
        en, zh = "{name}, " + en, "{name}，" + zh
    if goal.most is not None:
        en, zh = en + ", at most {most} times", zh + "，最多{most}次"
    name = speech.call(goal.title, goal.id)
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
        case Streak(unit=unit):
            one, many, zh = ROWS[unit]
            words = ("{n} " + (one.partition(" (")[0] if amount == 1 else many + " in a row"), "连续{n}" + zh)
    return speech.say(*words, n=speech.count(amount), one=speech.kind(kinds), many=speech.kinds(kinds))


def _tell_gift(gift: Gift, speech: Speech) -> str:
    titles = (it.settings.get("title") for it in speech.document.offers if it.settings.get(gift.kind) == gift.what)
    name = speech.quote(speech.call(next(titles, None), gift.what))
    one, many, zh = THINGS[gift.kind]
    return speech.say(one if gift.count == 1 else many, zh, it=name, n=speech.count(gift.count))


def _tell_return(settings: Settings, trial: Trial, speech: Speech) -> Iterator[Clause]:
    if trial.bound.offer.on_return == "keep":
        text = speech.say("What you bring back does not change what was counted.", "发生退货的，已计入的进度不受影响。")
    elif settings.team is not None:
        text = speech.say(
            "What you bring back no longer counts for your team. What a goal gave already stays given, and is not given"
            " again.",
            "退货部分不再计入小组进度；已发放的奖励不收回，亦不重复发放。",
        )
    else:
        text = speech.say(
            "What you bring back no longer counts. What is no longer reached without it is taken back, and so are"
            " coupons that are not used and badges; it comes again when the goal is reached again.",
            "退货部分不再计入；因此未达成的目标，所得奖励将收回（含未使用的优惠券和徽章），再次达成时重新发放。",
        )
    yield Clause(text=text)

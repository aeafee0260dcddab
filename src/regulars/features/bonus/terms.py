"""What members are told of a gift of points: what brings it, which time, which day, and a worked example."""

from collections.abc import Iterator
from typing import Final

from regulars.features.bonus.counting import Counting
from regulars.features.bonus.mechanic import Settings
from regulars.kernel.program.terms import (
    Clause,
    Speech,
    Trial,
    fit_line,
    name_selection,
    tell_bounds,
    tell_occasion,
)

__all__ = ["terms"]

PIECES: Final = 3
"""Of the goods in an example."""
MILLI: Final = 1000
PERIODS: Final = {
    "day": ("day", "每天"),
    "week": ("week (Monday to Sunday)", "每周（周一至周日）"),
    "month": ("calendar month", "每月"),
    "quarter": ("quarter of the year", "每季度"),
    "year": ("calendar year", "每年"),
    "occasion": ("such occasion", "每次纪念日期间"),
}
APART: Final = {"store": ("store", "门店"), "category": ("category of goods", "品类"), "brand": ("brand", "品牌")}


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members what brings the gift."""
    yield _tell_gift(settings, speech, trial)
    yield from tell_bounds(speech, settings.lines)
    if settings.basket_minimum_minor:
        money = speech.money(settings.basket_minimum_minor)
        yield Clause(text=speech.say("The purchase must come to {it} or more.", "整单须满{it}。", it=money))
    if settings.joined_within_days is not None:
        text = speech.say(
            "For new members only: on the day of joining, or at most {n} days after it.",
            "仅限新会员：入会当天及之后{n}天内。",
            n=settings.joined_within_days,
        )
        yield Clause(text=text)
    if settings.occasion is not None:
        yield tell_occasion(speech, settings.occasion)
    if settings.counting is not None:
        yield from _tell_counting(settings.counting, speech, trial)
    if settings.points_max is not None:
        text = speech.say(
            "At most {it} for one {kind}.",
            "单次{kind}最多得{it}。",
            it=speech.points(settings.currency, settings.points_max),
            kind=speech.kind(trial.kinds),
        )
        yield Clause(text=text)
    yield from _tell_example(settings, speech, trial)


def _tell_gift(settings: Settings, speech: Speech, trial: Trial) -> Clause:
    points, goods = speech.points(settings.currency, settings.points), name_selection(speech, settings.lines)
    if settings.by_clock:
        text = speech.say(
            "You get {points} without buying anything, once for each such occasion, at the start of its first day. We"
            " must have heard of {kinds} of yours before, while this offer was running.",
            "您无需消费即可获赠{points}，每次纪念日一次，于首日零点到账；此前须在本活动期间有过{kinds}记录。",
            points=points,
            kinds=speech.kinds(trial.kinds),
        )
        return Clause(text=text)
    if settings.each == "activity":
        en, zh = "You get {points} for a {kind}{with_goods}.", "{kind}{with_goods}得{points}。"
        if settings.counting is None:
            en, zh = "You get {points} for each {kind}{with_goods}.", "每次{kind}{with_goods}得{points}。"
    elif settings.each == "line":
        en, zh = (
            "You get {points} for each line of the receipt{of_goods}.",
            "{kind}时，{of_goods}小票上每行得{points}。",
        )
    elif settings.each == "unit":
        en = "You get {points} for each piece{of_goods}; the pieces of one {kind} are counted together."
        zh = "{kind}时，{of_goods}每件得{points}（同一单合计，不足一件的不计）。"
    else:
        en = "You get {points} for every full {money} spent{on_goods}; the items of one {kind} are counted together."
        zh = "{kind}时，{of_goods}每满{money}得{points}（同一单合计，不满的部分不计）。"
    text = speech.say(
        en,
        zh,
        points=points,
        kind=speech.kind(trial.kinds),
        with_goods=speech.say(" with {it}", "含{it}，", it=goods) if goods else "",
        of_goods=speech.say(" of {it}", "{it}", it=goods) if goods else "",
        on_goods=speech.say(" on {it}", "{it}", it=goods) if goods else "",
        money=speech.money(settings.step_minor or 0),
    )
    return Clause(text=text)


def _tell_counting(counting: Counting, speech: Speech, trial: Trial) -> Iterator[Clause]:
    kind = speech.kind(trial.kinds)
    if counting.of == "days":
        one = speech.say("day with such a {kind}", "天", kind=kind)
        many = speech.say("days with such a {kind}", "天", kind=kind)
    else:
        one, many = (
            speech.say("such {kind}", "次", kind=kind),
            speech.say("such {kinds}", "次", kinds=speech.kinds(trial.kinds)),
        )
    period = speech.say(*PERIODS[counting.per]) if counting.per in PERIODS else ""
    most = counting.most
    if counting.every > 1:
        en = "Every {rank} {one} is rewarded"
        zh = "{period}每满{every}{one}奖励一次"
        if most is not None:
            en, zh = en + ", at most {most} times", zh + "，最多奖励{most}次"
    elif most == 1:
        en, zh = "Only the first {one} is rewarded", "{period}仅首{one}有奖"
    elif most is not None:
        en, zh = "Only the first {most} {many} are rewarded", "{period}仅前{most}{one}有奖"
    else:
        en, zh = "Each {one} is rewarded", "{period}每{one}均有奖"
    text = speech.say(
        en,
        zh,
        rank=speech.rank(counting.every),
        every=counting.every,
        one=one,
        many=many,
        most=most,
        period=period or speech.say("", "自活动开始起"),
    )
    if period:
        text += speech.say(" in each {period}; then the count starts anew.", "，下一期重新计数。", period=period)
    else:
        text += speech.say(", counted since this offer began.", "。")
    if counting.of == "days":
        text += speech.say("", "当天有符合条件的{kind}即计一天。", kind=kind)
    if counting.in_each is not None:
        each = speech.say(*APART[counting.in_each])
        text += speech.say(" Each {it} is counted by itself.", "各{it}分别计数。", it=each)
    yield Clause(text=text)
    text = speech.say(
        "A {kind} no longer counts once everything in it that counted is brought back.",
        "其中计入的商品全部退回后，该次{kind}不再计数。",
        kind=kind,
    )
    yield Clause(text=text)


def _tell_example(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Some goods, where what they bring depends on how many there are."""
    if settings.each in {"activity", "line"} or settings.occasion is not None:
        return
    step = settings.step_minor or 0
    amount = max(step * PIECES + step // 2, settings.lines.minimum_minor, settings.basket_minimum_minor)
    milli = max(PIECES * MILLI, settings.lines.minimum_milli)
    brought = trial.earn(
        settings.currency,
        fit_line(settings.lines, amount, milli),
        store=settings.lines.stores[0] if settings.lines.stores else "",
        joined=trial.day,
    )
    if brought:
        if settings.each == "unit":
            what = speech.say("{n} pieces", "{n}件", n=speech.quantity(milli))
        else:
            what = speech.money(amount)
        text = speech.say(
            "Example: {what} bring {points}.",
            "例：{what}得{points}。",
            what=what,
            points=speech.points(settings.currency, brought),
        )
        yield Clause(text=text)

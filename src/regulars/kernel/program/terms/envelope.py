"""What all offers say besides their mechanic, in words: when, for whom, how often, how much, and what a return does."""

from collections.abc import Iterator
from typing import Final

from regulars.kernel.program.envelope import WEEKDAYS, Audience, Limit, Window
from regulars.kernel.program.model import Offer
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.terms.clauses import Clause
from regulars.kernel.program.terms.conditions import tell_condition
from regulars.kernel.program.terms.speech import Speech
from regulars.kernel.program.terms.trial import read_settings

__all__ = ["tell_envelope", "title_of"]

PERIODS: Final = {
    "day": ("in a day", "每天"),
    "week": ("in a week (Monday to Sunday)", "每周（周一至周日）"),
    "month": ("in a calendar month", "每月"),
    "year": ("in a calendar year", "每年"),
    "ever": ("in all", "累计"),
}
WHOSE: Final = {
    "member": ("For each member", "每位会员"),
    "household": ("For each household", "每个家庭账户"),
    "store": ("In each store, all members together,", "每家门店全体会员合计"),
    "offer": ("For all members together", "全体会员合计"),
}
STRETCH_DAYS: Final = 3
RETURNS: Final = {
    "proportional": (
        "On a return, the share of {it} that belongs to the goods brought back is taken back.",
        "退货时，按所退商品收回相应的{it}。",
    ),
    "requalify": (
        (
            "On a return, the share of {it} that belongs to the goods brought back is taken back; all of it is, if what"
            " you keep would not have qualified."
        ),
        "退货时，按所退商品收回相应的{it}；退货后余下部分不再符合条件的，全部收回。",
    ),
    "keep": ("On a return you keep the {it}.", "退货不收回{it}。"),
}


def title_of(speech: Speech, offer: Offer) -> str:
    """What an offer is called; by its id where nobody named it."""
    return speech.call(offer.name, offer.id)


def tell_envelope(speech: Speech, plan: Plan, bound: BoundOffer) -> Iterator[Clause]:
    """Tell everything that an offer says besides its mechanic. What it does not say has no sentence."""
    offer = bound.offer
    yield from _tell_time(speech, offer)
    if offer.audience is not None:
        yield from _tell_audience(speech, offer.audience)
    if offer.when is not None:
        yield _tell_when(speech, offer.when)
    for limit in offer.limits:
        yield _tell_limit(speech, bound, limit)
    yield from _tell_budget(speech, bound)
    yield from _tell_stacking(speech, plan, offer)
    if not bound.mechanic.tells_returns:
        yield _tell_return(speech, bound)


def _tell_time(speech: Speech, offer: Offer) -> Iterator[Clause]:
    schedule = offer.schedule
    if schedule is not None and (schedule.first is not None or schedule.last is not None):
        first = "" if schedule.first is None else speech.day(schedule.first)
        last = "" if schedule.last is None else speech.day(schedule.last)
        if first and last:
            en, zh = "Runs from {first} to {last}, both days included.", "活动期：{first}至{last}（含首尾两日）。"
        elif first:
            en, zh = "Runs from {first} on.", "活动期：{first}起。"
        else:
            en, zh = "Runs until {last}, that day included.", "活动期：截至{last}（含当天）。"
        yield Clause(text=speech.say(en, zh, first=first, last=last))
    if len(offer.windows) == 1:
        yield Clause(text=speech.say("Runs {it}.", "活动时段：{it}。", it=_tell_window(speech, offer.windows[0])))
    elif offer.windows:
        items = tuple(_tell_window(speech, window) for window in offer.windows)
        yield Clause(text=speech.say("Runs at any of these times:", "活动时段（符合任一即可）："), items=items)
    if offer.holidays is not None:
        days = speech.days(speech.document.calendars[offer.holidays.calendar])
        if offer.holidays.days == "only":
            en, zh = "Runs on these days only: {days}.", "仅限以下日期：{days}。"
        else:
            en, zh = "Does not run on these days: {days}.", "以下日期除外：{days}。"
        yield Clause(text=speech.say(en, zh, days=days))
    if offer.time_zone is not None and offer.time_zone != speech.document.time_zone:
        zone = speech.zone(offer.time_zone)
        yield Clause(text=speech.say("These are local times of {zone}.", "以上时间以{zone}为准。", zone=zone))


def _tell_window(speech: Speech, window: Window) -> str:
    parts: list[str] = []
    if window.months is not None:
        months = speech.join([speech.month(month) for month in window.months])
        parts.append(speech.say("in {it}", "{it}", it=months))
    if window.month_days is not None:
        days = speech.join([speech.month_day(day) for day in window.month_days])
        parts.append(speech.say("on {it} of the month", "每月{it}", it=days))
    if window.weekdays is not None:
        days = _name_weekdays(speech, [WEEKDAYS.index(day) for day in window.weekdays])
        parts.append(
            speech.say("on {it}", "每{it}", it=days)
            if window.month_days is None
            else speech.say("if it is {it}", "且为{it}", it=days)
        )
    begin, end = window.start, window.end
    if begin is not None or end is not None:
        begin, end = begin or "00:00", end or "24:00"
        if begin < end:
            en, zh = "from {begin} to before {end}", "{begin}起、{end}前"
        else:
            en, zh = "from {begin} to before {end} of the next day", "{begin}起、次日{end}前（按开始当天计）"
        parts.append(speech.say(en, zh, begin=begin, end=end))
    return speech.say(", ", "，").join(parts) or speech.say("at all times", "全部时间")


def _name_weekdays(speech: Speech, days: list[int]) -> str:
    """Days of the week; three and more that follow each other as a stretch."""
    runs: list[list[int]] = []
    for day in sorted(set(days)):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words: list[str] = []
    for run in runs:
        if len(run) < STRETCH_DAYS:
            words += [speech.weekday(day) for day in run]
        else:
            words.append(speech.say("{a} to {b}", "{a}至{b}", a=speech.weekday(run[0]), b=speech.weekday(run[-1])))
    return speech.join(words)


def _tell_audience(speech: Speech, audience: Audience) -> Iterator[Clause]:
    for trait, values in audience.traits.items():
        names = speech.join([speech.trait(trait, value) for value in values], "or")
        if trait in speech.called:
            en, zh = "For members with the level {it} only.", "仅限{it}会员。"
        else:
            en, zh = "Only for members who are {it}.", "仅限{it}的会员。"
        yield Clause(text=speech.say(en, zh, it=names))
    if audience.segments:
        groups = speech.join([speech.quote(it) for it in audience.segments], "or")
        text = speech.say(
            "For members of the group {it} only; we tell you when you are in it.",
            "仅限{it}会员群体，入选会员另行告知。",
            it=groups,
        )
        yield Clause(text=text)
    if audience.stores is not None:
        stores = speech.join(audience.stores, "or")
        yield Clause(text=speech.say("Only in the store {it}.", "仅限{it}门店。", it=stores))
    if audience.channels is not None:
        channels = speech.join([speech.quote(it) for it in audience.channels], "or")
        yield Clause(text=speech.say("Only by the channel {it}.", "仅限{it}渠道。", it=channels))
    if audience.share is not None:
        text = speech.say(
            "For {it} of all members only, drawn by lot once; we tell you when you are among them.",
            "仅面向{it}的会员，一次性随机抽取，入选会员另行告知。",
            it=speech.percent(audience.share.permille),
        )
        yield Clause(text=text)


def _tell_when(speech: Speech, when: str) -> Clause:
    told = tell_condition(speech, when)
    further = speech.say("Further conditions apply.", "另有其他条件。")
    note = "" if told.whole else when
    if not told.items:
        return Clause(text=further, note=note)
    lead = speech.say("Only if all of this holds:", "须同时符合：")
    if len(told.items) == 1:
        lead, items = speech.say("Only if {it}.", "须符合：{it}。", it=_unwrap(told.items[0])), ()
    else:
        items = told.items
    if not told.whole:
        return Clause(
            text=f"{lead} {further}" if not items else lead, items=(*items, further) if items else (), note=note
        )
    return Clause(text=lead, items=items)


def _unwrap(text: str) -> str:
    """A list of which any is enough stands in brackets; alone in a sentence it needs none."""
    return text[1:-1] if text.startswith(("(", "（")) else text


def _tell_limit(speech: Speech, bound: BoundOffer, limit: Limit) -> Clause:
    if limit.points is None:
        assert limit.times is not None, "a limit without an amount was refused when it was saved"
        most = speech.say("{n} times", "{n}次", n=speech.count(limit.times))
        if speech.lang == "en" and limit.times == 1:
            most = "once"
    else:
        most = _write_points(speech, bound, limit.points)
    text = speech.say(
        "{whose}: at most {most} {period}.",
        "{whose}{period}最多{most}。",
        whose=speech.say(*WHOSE[limit.per]).rstrip(","),
        most=most,
        period=speech.say(*PERIODS[limit.period]),
    )
    return Clause(text=text)


def _write_points(speech: Speech, bound: BoundOffer, points: int) -> str:
    """So many points of what an offer gives, whatever it is called."""
    found = bound.mechanic.references(read_settings(bound)).currencies
    if len(found) == 1:
        return speech.points(found[0], points)
    return speech.say("{n} points of all kinds together", "各类积分合计{n}", n=speech.count(points))


def _tell_budget(speech: Speech, bound: BoundOffer) -> Iterator[Clause]:
    budget = bound.offer.budget
    if budget is None:
        return
    amounts: list[str] = []
    if budget.points is not None:
        amounts.append(_write_points(speech, bound, budget.points))
    if budget.money_minor is not None:
        money = speech.money(budget.money_minor)
        amounts.append(speech.say("points worth {it}", "价值{it}的积分", it=money))
    text = speech.say(
        "While stocks last: {it} in all are given, all members together. When they are gone, the offer ends early, and"
        " what is left may be less than a purchase would bring.",
        "全体会员共{it}，先到先得，送完即止；临近送完时，单次所得可能少于应得数量。",
        it=speech.say(" and no more than ", "且不超过").join(amounts),
    )
    yield Clause(text=text)


def _tell_stacking(speech: Speech, plan: Plan, offer: Offer) -> Iterator[Clause]:
    stacking = offer.stacking
    if stacking is None or stacking.mode == "all":
        return
    others = [it.offer for it in plan.offers.values() if it.group == stacking.group]
    if len(others) < 2:  # noqa: PLR2004 - alone, it excludes nobody
        return
    names = speech.join([speech.quote(title_of(speech, it)) for it in others])
    if stacking.mode == "best":
        en = "Of {names} only one counts for one purchase: the one whose points are worth the most to you."
        zh = "{names}不同享，同一笔消费取对您价值最高的一项。"
    else:
        en = "Of {names} only one counts for one purchase: the first, in this order, that gives you something."
        zh = "{names}不同享，同一笔消费按上列顺序取第一个可得的一项。"
    yield Clause(text=speech.say(en, zh, names=names))


def _tell_return(speech: Speech, bound: BoundOffer) -> Clause:
    settings = read_settings(bound)
    if bound.mechanic.sets(settings):
        if bound.offer.on_return == "keep":
            said = ("A return does not lower what was counted.", "退货不影响已累计的数量。")
        else:
            said = (
                "A return takes away what the goods had counted, on the day of their purchase.",
                "退货时，相应商品已累计的数量从购买当天扣除。",
            )
    else:
        said = RETURNS[bound.offer.on_return]
    currencies = bound.mechanic.references(settings).currencies
    it = speech.coin(currencies[0]) if len(currencies) == 1 else speech.say("points", "积分")
    return Clause(text=speech.say(*said, it=it))

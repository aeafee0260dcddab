"""Kinds of points in words: what they are, when they can be used, when they end, what they are worth."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from regulars.kernel.program.model import (
    UNTIL_EVENT,
    CalendarEnd,
    Conversion,
    Currency,
    Expiry,
    FixedEnd,
    Inactivity,
    Never,
    Rolling,
)
from regulars.kernel.program.plan import Plan
from regulars.kernel.program.terms.clauses import Chapter, Clause
from regulars.kernel.program.terms.speech import Speech

__all__ = ["tell_conversions", "tell_currency"]


def tell_currency(speech: Speech, plan: Plan, currency: str, day: date) -> Chapter:
    """Tell everything about one kind of points. The example is about points of one day."""
    settings = plan.currencies[currency].settings
    clauses = [
        _tell_kind(speech, currency, settings),
        *_tell_start(speech, currency, settings),
        Clause(text=_tell_end(speech, settings.expiry, speech.coin(currency))),
        *_tell_regions(speech, currency, settings),
        *_tell_example(speech, plan, currency, day),
        *_tell_order(speech, currency, settings),
        *_tell_value(speech, currency, settings),
    ]
    return Chapter(title=speech.coin(currency), clauses=tuple(clauses))


def _tell_kind(speech: Speech, currency: str, settings: Currency) -> Clause:
    if settings.kind == "spendable":
        en, zh = "{it} are earned and then used with us.", "{it}由您获得，可按本规则使用。"
    else:
        en = "{it} are only counted. They cannot be spent, given away or paid out."
        zh = "{it}仅用于累计，不能消费、转赠或兑换现金。"
    return Clause(text=speech.say(en, zh, it=speech.coin(currency)))


def _tell_start(speech: Speech, currency: str, settings: Currency) -> Iterator[Clause]:
    pending, it = settings.pending, speech.coin(currency)
    if pending is not None and pending.until is not None:
        text = speech.say(
            "{it} can be used as soon as this has happened: {event}.",
            "{it}在“{event}”完成后即可使用。",
            it=it,
            event=speech.kind((pending.until,)).strip("“”") if speech.lang == "zh" else speech.kind((pending.until,)),
        )
    elif pending is not None and pending.days:
        text = speech.say(
            "{it} can be used from the start of the {rank} day after the day on which they were earned.",
            "{it}自获得之日起第{n}天零点起可用（获得当天不计）。",
            it=it,
            rank=speech.rank(pending.days),
            n=pending.days,
        )
    elif settings.kind == "spendable":
        text = speech.say("{it} can be used at once.", "{it}到账即可使用。", it=it)
    else:
        return
    yield Clause(text=text)


def _tell_end(speech: Speech, expiry: Expiry, it: str) -> str:
    match expiry:
        case Never():
            return speech.say("{it} do not expire.", "{it}长期有效。", it=it)
        case FixedEnd(date=last):
            return speech.say(
                "All {it} expire at the end of {day}.", "全部{it}有效期至{day}（含当天）。", it=it, day=speech.day(last)
            )
        case CalendarEnd(grace_months=0):
            return speech.say(
                "{it} expire at the end of the calendar year in which they were earned.",
                "{it}有效期至获得当年的12月31日（含当天）。",
                it=it,
            )
        case CalendarEnd(grace_months=months):
            return speech.say(
                "{it} expire {n} months after the end of the calendar year in which they were earned, with the last day"
                " of that month.",
                "{it}有效期至获得当年年底后再加{n}个月，当月最后一天仍可使用。",
                it=it,
                n=months,
            )
        case Inactivity(months=months):
            return speech.say(
                "{it} expire when {n} months have passed without a purchase or other activity that these terms reward."
                " Each one lets all your open {it} live on.",
                "连续{n}个月没有消费或其他可得奖励的行为，{it}到期作废；每有一次，您全部未到期{it}的有效期随之顺延。",
                it=it,
                n=months,
            )
        case Rolling(days=days, months=months, round_to=rounded):
            return _tell_rolling(speech, it, (days, months), to_month_end=rounded == "month_end")


def _tell_rolling(speech: Speech, it: str, life: tuple[int | None, int | None], *, to_month_end: bool) -> str:
    days, months = life
    if days is not None:
        long = speech.say("{n} days", "{n}天", n=days)
    else:
        long = speech.say("{n} months", "{n}个月", n=months)
    if to_month_end:
        return speech.say(
            "{it} expire {long} after the day on which they were earned, at the end of that month.",
            "{it}自获得之日起{long}内有效，并顺延至到期当月的最后一天（含当天）。",
            it=it,
            long=long,
        )
    return speech.say(
        "{it} expire {long} after the day on which they were earned, at the end of that day.",
        "{it}自获得之日起{long}内有效（含到期当天）。",
        it=it,
        long=long,
    )


def _tell_regions(speech: Speech, currency: str, settings: Currency) -> Iterator[Clause]:
    for region, expiry in settings.regions.items():
        stores = speech.document.catalog.regions.get(region, ())
        it = speech.say(
            "{it} earned in the store {stores}",
            "在{stores}门店获得的{it}",
            it=speech.coin(currency),
            stores=speech.join(stores, "or"),
        )
        yield Clause(text=_tell_end(speech, expiry, it))


def _tell_example(speech: Speech, plan: Plan, currency: str, day: date) -> Iterator[Clause]:
    """Work out the dates of points that were earned on one day, as they are worked out for members."""
    usable, expires = plan.currencies[currency].dates(day.toordinal())
    zone = plan.calendar.zone

    def local(at: datetime) -> date:
        return at.astimezone(zone).date()

    parts: list[str] = []
    if usable is not None and usable != UNTIL_EVENT:
        parts.append(speech.say("can be used from {day} on", "{day}起可用", day=speech.day(local(usable))))
    if expires is not None and not isinstance(plan.currencies[currency].settings.expiry, FixedEnd):
        last = local(expires) - timedelta(days=1)
        parts.append(speech.say("for the last time on {day}", "{day}为最后可用日", day=speech.day(last)))
    if parts:
        text = speech.say(
            "Example: {it} earned on {day} can be used {parts}.",
            "例：{day}获得的{it}，{parts}。",
            it=speech.coin(currency),
            day=speech.day(day),
            parts=speech.say(", ", "，").join(part.removeprefix("can be used ") for part in parts),
        )
        yield Clause(text=text)


def _tell_order(speech: Speech, currency: str, settings: Currency) -> Iterator[Clause]:
    if settings.kind == "spendable" and not isinstance(settings.expiry, Never):
        text = speech.say(
            "Whenever you use {it}, those that expire first are used first.",
            "使用{it}时，先到期的先扣。",
            it=speech.coin(currency),
        )
        yield Clause(text=text)


def _tell_value(speech: Speech, currency: str, settings: Currency) -> Iterator[Clause]:
    value = settings.value
    if value is None or not value.minor or settings.kind != "spendable":
        return
    # The fewest points that come to whole money, times what makes a figure that people use.
    points, minor = value.per_points, value.minor
    while minor < 100:  # noqa: PLR2004 - one hundred of the smallest unit
        points, minor = points * 10, minor * 10
    text = speech.say(
        "When they are used, {points} are worth {money}.",
        "使用时，{points}抵{money}。",
        points=speech.points(currency, points),
        money=speech.money(minor),
    )
    yield Clause(text=text)


def tell_conversions(speech: Speech, conversions: tuple[Conversion, ...]) -> Iterator[Clause]:
    """Tell which points change into which, and what is kept back."""
    for rate in conversions:
        text = speech.say(
            "{take} can be changed into {give}.",
            "{take}可转换为{give}。",
            take=speech.points(rate.source, rate.take),
            give=speech.points(rate.into, rate.give),
        )
        text += speech.say(
            " What would come to a fraction is dropped, and the points for it are not taken.",
            "不足最小单位的部分舍去，相应的原积分不扣。",
        )
        if rate.spread_permille:
            text += speech.say(
                " Of the result {share} is kept as a fee, rounded down.",
                "转换结果中收取{share}作为手续费，手续费向下取整。",
                share=speech.percent(rate.spread_permille),
            )
        yield Clause(text=text)

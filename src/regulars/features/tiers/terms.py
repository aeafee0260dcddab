"""What members are told of levels: how they are reached, kept and lost, and what they give."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from regulars.features.tiers.memory import LATE_DAYS
from regulars.features.tiers.model import (
    CalendarYear,
    Categories,
    Fact,
    KeepDays,
    Level,
    Measure,
    MembershipYear,
    Points,
    RollingDays,
    Settings,
    Spend,
    Visits,
    find_keep,
    find_measures,
    find_needs,
    find_window,
)
from regulars.features.tiers.windows import keep_until
from regulars.kernel.program import Names
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["names", "terms"]

INVITE: Final = "invite"
FACTS: Final = {
    "nights": ("nights", "晚住宿", "住宿晚数"),
    "kilometres": ("kilometres", "公里", "公里数"),
    "miles": ("miles", "英里", "英里数"),
    "segments": ("flight segments", "个航段", "航段数"),
    "flights": ("flights", "次航班", "航班数"),
}
"""Numbers that activities tell, by the names they often have: English, Chinese behind a number, Chinese alone."""


def names(settings: Settings) -> Mapping[str, Mapping[str, Names]]:
    """The names of the levels, by trait and level."""
    return {settings.trait: {level.id: level.name for level in settings.levels}}


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members how levels are reached, kept and lost."""
    kinds = tuple(kind for kind in trial.kinds if kind != INVITE)
    measures = find_measures(settings)
    items = tuple(_tell_level(settings, speech, level, kinds) for level in settings.levels)
    yield Clause(text=speech.say("The levels, from the lowest to the highest:", "等级由低到高："), items=items)
    yield from _tell_window(settings, speech, kinds)
    for measure in measures.values():
        if isinstance(measure, Spend | Visits):
            lead = speech.say("For {it}: ", "{it}方面，", it=_name_measure(speech, measure))
            yield from tell_bounds(speech, measure.lines, lead)
    for level in settings.levels:
        if level.benefits:
            benefits = speech.join([speech.call(benefit.name, benefit.id) for benefit in level.benefits])
            text = speech.say(
                "{level} gives: {it}.", "{level}权益：{it}。", level=speech.call(level.name, level.id), it=benefits
            )
            yield Clause(text=text)
    if any(any(way.values()) for level in settings.levels for way in find_needs(settings, level)):
        yield from _tell_keeping(settings, speech, trial)
    if INVITE in trial.kinds or any(level.invitation for level in settings.levels):
        text = speech.say(
            "We may invite members to a level. An invitation stands beside what is counted; the better level is yours.",
            "我们可邀请会员享有某一等级；邀请等级与累计等级并存，取较高者。",
        )
        yield Clause(text=text)


def _tell_level(settings: Settings, speech: Speech, level: Level, kinds: tuple[str, ...]) -> str:
    name = speech.call(level.name, level.id)
    if level.invitation:
        how = speech.say("by invitation only", "仅限受邀")
    else:
        ways = [_tell_way(settings, speech, way, kinds) for way in find_needs(settings, level)]
        how = speech.say("; or ", "；或").join(ways) if all(ways) else speech.say("every member", "全体会员")
    if level.lifetime:
        lasting = speech.say(" or ", "，或").join(_tell_way(settings, speech, way, kinds) for way in level.lifetime)
        how += speech.say(". For life with {it} over all years", "。历年累计达到{it}的，终身不低于此等级", it=lasting)
    return speech.say("{name}: {how}", "{name}：{how}", name=name, how=how)


def _tell_way(settings: Settings, speech: Speech, way: Mapping[str, int], kinds: tuple[str, ...]) -> str:
    measures = find_measures(settings)
    needs = [_tell_need(speech, measures[name], amount, kinds) for name, amount in way.items() if amount]
    return speech.say(" together with ", "且").join(needs)


def _tell_need(speech: Speech, measure: Measure, amount: int, kinds: tuple[str, ...]) -> str:
    match measure:
        case Points(currency=currency):
            return speech.points(currency, amount)
        case Spend(lines=lines):
            goods = name_selection(speech, lines)
            spent = speech.say("{money} spent", "消费{money}", money=speech.money(amount))
            return spent + (speech.say(" on {it}", "（{it}）", it=goods) if goods else "")
        case Visits(per=per, lines=lines):
            goods, which = name_selection(speech, lines), measure.kinds or kinds
            if per == "day":
                count = speech.say("{n} days with {it}", "{n}天有{it}", n=speech.count(amount), it=speech.kinds(which))
            else:
                count = speech.say("{n} {it}", "{n}次{it}", n=speech.count(amount), it=speech.kinds(which))
            return count + (speech.say(" of {it}", "（{it}）", it=goods) if goods else "")
        case Categories(among=among):
            return speech.say(
                "goods from {n} of the categories {it}",
                "购买过{it}中的{n}个品类",
                n=speech.count(amount),
                it=speech.join(among),
            )
        case Fact(name=name):
            en, zh, _ = FACTS.get(name, (speech.quote(name.replace("_", " ")),) * 3)
            return speech.say("{n} {it}", "{n}{it}", n=speech.count(amount), it=zh if speech.lang == "zh" else en)


def _name_measure(speech: Speech, measure: Measure) -> str:
    match measure:
        case Points(currency=currency):
            return speech.coin(currency)
        case Spend():
            return speech.say("money spent", "消费金额")
        case Visits(per="day"):
            return speech.say("days", "天数")
        case Visits():
            return speech.say("visits", "次数")
        case Categories():
            return speech.say("categories", "品类")
        case Fact(name=name):
            en, _, zh = FACTS.get(name, (speech.quote(name.replace("_", " ")),) * 3)
            return zh if speech.lang == "zh" else en


def _tell_window(settings: Settings, speech: Speech, kinds: tuple[str, ...]) -> Iterator[Clause]:
    match find_window(settings):
        case RollingDays(days=days):
            text = speech.say(
                "Counted is what falls in the last {n} days, today included.", "累计期：最近{n}天（含当天）。", n=days
            )
        case CalendarYear():
            text = speech.say(
                "Counted is the calendar year, from 1 January on.", "累计期：自然年，每年1月1日起重新累计。"
            )
        case MembershipYear():
            text = speech.say(
                "Counted is your year of membership: it begins anew each year on the day on which you joined (28"
                " February for who joined on the 29th).",
                "累计期：会员年，每年自入会日起重新累计（2月29日入会的，平年按2月28日）。",
            )
    yield Clause(text=text)
    measures = find_measures(settings).values()
    counted = [kinds if isinstance(measure, Points) else measure.kinds or kinds for measure in measures]
    if len(set(counted)) == 1:
        yield Clause(text=speech.say("This is counted for {it}.", "按{it}累计。", it=speech.kinds(counted[0])))
        return
    for measure, which in zip(measures, counted, strict=True):
        what = _name_measure(speech, measure)
        text = speech.say("Counted for {kinds}: {what}.", "{what}按{kinds}累计。", what=what, kinds=speech.kinds(which))
        yield Clause(text=text)


def _tell_keeping(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    yield Clause(text=speech.say("A level is yours as soon as you have reached it.", "达到条件即时升级。"))
    keep = find_keep(settings)
    by_membership = isinstance(settings.window, MembershipYear)
    if isinstance(keep, KeepDays):
        text = speech.say("It is safe for {n} days.", "等级自达到之日起保留{n}天。", n=keep.days)
    elif by_membership:
        text = speech.say(
            "It is safe to the end of that year of membership and for {n} more.",
            "等级保留至当个会员年结束，并再保留{n}个会员年。",
            n=keep.years,
        )
    else:
        text = speech.say(
            "It is safe to the end of that calendar year and for {n} more.",
            "等级保留至当年年底，并再保留{n}年。",
            n=keep.years,
        )
    if not by_membership:
        until = date.fromordinal(keep_until(keep, find_window(settings), trial.day.toordinal(), 0))
        text += speech.say(
            " Example: reached on {day}, it is safe to the end of {until}.",
            "例：{day}达到，保留至{until}（含当天）。",
            day=speech.day(trial.day),
            until=speech.day(until),
        )
    yield Clause(text=text)
    review = speech.say(
        "Then we look at what was counted up to its last safe day. Where that is enough, you keep it as long again;",
        "保留期满时，按截至最后一天的累计结果复核：达标的续保一期；",
    )
    if settings.fall == "one_level":
        review += speech.say(
            " where it is not, you fall to the level that it reaches, but by no more than one.",
            "未达标的降至相应等级，每次最多降一级。",
        )
    else:
        review += speech.say(" where it is not, you fall to the level that it reaches.", "未达标的降至相应等级。")
    yield Clause(text=review)
    if settings.grace_days:
        text = speech.say(
            "Before you fall you have {n} more days; what is missing may still come in them.",
            "降级前另有{n}天宽限期，期间补足的视同按期达标。",
            n=settings.grace_days,
        )
        yield Clause(text=text)
    text = speech.say(
        "A level reached with goods brought back falls again, unless it was reached more than {n} days before.",
        "因退货不再达标的，等级相应下调；达到已超过{n}天的除外。",
        n=LATE_DAYS,
    )
    yield Clause(text=text)

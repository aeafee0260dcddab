"""A whole programme in words, chapter by chapter. Nothing is read but the document."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from regulars.kernel.program.model import Document
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.terms.clauses import Chapter, Clause, Language, Terms
from regulars.kernel.program.terms.currencies import tell_conversions, tell_currency
from regulars.kernel.program.terms.envelope import tell_envelope, title_of
from regulars.kernel.program.terms.speech import Called, Speech
from regulars.kernel.program.terms.trial import Trial, read_settings
from regulars.kernel.program.words import Names

__all__ = ["draw_offers", "draw_terms"]

YEAR: Final = 2026
"""Of the examples, where the document speaks of no year."""
LATE_DAYS: Final = 30
"""Facts are taken so many days late; what mechanics remember is made for that."""


def draw_terms(plan: Plan, lang: Language) -> Terms:
    """Write the terms of a programme for its members. The same document always gives the same terms."""
    document = plan.document
    speech = Speech(lang=lang, document=document, called=_collect_names(plan))
    day = date(_find_year(document), 3, 15)
    levels = [bound for bound in plan.offers.values() if bound.mechanic.sets(read_settings(bound))]
    offers = [bound for bound in _list_written(plan) if bound not in levels]
    chapters = [
        Chapter(title=speech.say("General", "总则"), clauses=tuple(_tell_general(speech, has_levels=bool(levels)))),
        Chapter(
            title=speech.say("What you collect", "积分种类"),
            parts=tuple(tell_currency(speech, plan, currency, day) for currency in plan.currencies),
        ),
        Chapter(
            title=speech.say("What brings it", "如何获得"),
            parts=tuple(_tell_offer(speech, plan, bound, day) for bound in offers),
        ),
        Chapter(
            title=speech.say("Levels", "会员等级"),
            parts=tuple(_tell_offer(speech, plan, bound, day) for bound in levels),
        ),
        Chapter(
            title=speech.say("Changing points into others", "积分转换"),
            clauses=tuple(tell_conversions(speech, document.conversions)),
        ),
        Chapter(title=speech.say("Returns", "退货"), clauses=tuple(_tell_returns(speech))),
        Chapter(title=speech.say("What we reserve", "其他约定"), clauses=tuple(_tell_reserved(speech))),
    ]
    return Terms(
        lang=lang,
        title=speech.say("{name}: terms", "{name}会员规则", name=speech.call(document.name, document.program)),
        version=plan.hash,
        chapters=tuple(chapter for chapter in chapters if chapter.clauses or chapter.parts),
    )


def draw_offers(plan: Plan, lang: Language) -> dict[str, Chapter]:
    """Write what the terms say of each offer, by its id, in the order in which the author wrote them."""
    speech = Speech(lang=lang, document=plan.document, called=_collect_names(plan))
    day = date(_find_year(plan.document), 3, 15)
    return {bound.id: _tell_offer(speech, plan, bound, day) for bound in _list_written(plan)}


def _find_year(document: Document) -> int:
    """The year of the first date that offers speak of, so that examples are of the same time."""
    dates = [
        each
        for offer in document.offers
        if offer.schedule is not None
        for each in (offer.schedule.first, offer.schedule.last)
        if each is not None
    ]
    return min(dates).year if dates else YEAR


def _collect_names(plan: Plan) -> Called:
    found: dict[str, dict[str, Names]] = {}
    for bound in plan.offers.values():
        if bound.mechanic.names is not None:
            for trait, values in bound.mechanic.names(read_settings(bound)).items():
                found.setdefault(trait, {}).update(values)
    return found


def _list_written(plan: Plan) -> Iterator[BoundOffer]:
    """The offers in the order in which the author wrote them."""
    return (plan.offers[offer.id] for offer in plan.document.offers)


def _tell_offer(speech: Speech, plan: Plan, bound: BoundOffer, day: date) -> Chapter:
    own: list[Clause] = []
    if bound.mechanic.terms is None:
        text = speech.say(
            "This offer is for {kinds}. What it gives is said where it is announced.",
            "本活动适用于{kinds}，具体奖励以活动公告为准。",
            kinds=speech.kinds(bound.offer.on),
        )
        own.append(Clause(text=text, note=f"the mechanic {bound.mechanic.name} has no words of its own"))
    else:
        own += bound.mechanic.terms(read_settings(bound), speech, Trial(plan=plan, bound=bound, day=day))
    if bound.offer.name is None and own:
        unnamed = "this offer has no name; its id is shown instead"
        own[0] = replace(own[0], note="; ".join(note for note in (unnamed, own[0].note) if note))
    return Chapter(title=title_of(speech, bound.offer), clauses=(*own, *tell_envelope(speech, plan, bound)))


def _tell_general(speech: Speech, *, has_levels: bool) -> Iterator[Clause]:
    zone = speech.zone(speech.document.time_zone)
    yield Clause(
        text=speech.say(
            "Dates and times are local times of {zone}. A day counts to its end.",
            "本规则所称日期和时间均以{zone}为准，日期含当天全天。",
            zone=zone,
        )
    )
    yield Clause(
        text=speech.say(
            "A purchase counts at the time at which it was made, at the price you paid after every discount, and by the"
            " terms that held then.",
            "消费以发生时间为准，按优惠后的实付金额计算，并适用发生时有效的规则。",
        )
    )
    yield Clause(
        text=speech.say(
            "What reaches us late counts for the day on which it happened, if it is no more than {n} days late. What is"
            " limited in number is given as it comes in.",
            "补传的消费在{n}天内仍按实际发生日计算；限量奖励以系统收到的先后为准。",
            n=LATE_DAYS,
        )
    )
    if has_levels:
        yield Clause(
            text=speech.say(
                "The level that you have when you buy decides. A higher level never changes what earlier purchases"
                " brought.",
                "按消费当时的等级计算，升级后不对此前的消费补发。",
            )
        )


def _tell_returns(speech: Speech) -> Iterator[Clause]:
    yield Clause(
        text=speech.say(
            "A part is reckoned from all that was brought back so far, and rounded down in your favour; when everything"
            " is back, exactly what was given is taken back.",
            "部分退货时，收回数量按累计已退部分计算，不足最小单位的不收；全部退回时，恰好收回当时所得的全部。",
        )
    )
    yield Clause(
        text=speech.say(
            "What is taken back is taken first from what the same purchase brought, then from what you have besides. If"
            " you have used it already, the rest is settled with what you earn next. What had expired unused is not"
            " asked for.",
            "收回时先扣该笔消费所得，再扣其他余额；已用掉的，差额从以后所得中抵扣。其中已过期未使用的部分不再追收。",
        )
    )


def _tell_reserved(speech: Speech) -> Iterator[Clause]:
    yield Clause(
        text=speech.say(
            "We may change or end this programme. A change holds from the moment that we announce; what you were given"
            " before keeps its amount and its end.",
            "我们可调整或终止本计划。调整自公告的时间起生效，此前已发放的数量和有效期不变。",
        )
    )
    yield Clause(
        text=speech.say(
            "We may correct what was booked by mistake. Each correction stands in your statement with its reason.",
            "记录有误的，我们可以更正；每次更正及其原因都会列在您的明细中。",
        )
    )

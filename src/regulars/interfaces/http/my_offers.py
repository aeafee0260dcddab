"""What the programme has for a member at this time: the offers that may concern them, in words, and why they do."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features.picks.standing import Picked, read_picks
from regulars.features.rewards.catalogue import Lang
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.rewards import LangAsked, find_language, tell_language
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members, program
from regulars.kernel.nouns import Scalar
from regulars.kernel.program import BoundOffer, Plan
from regulars.kernel.program.audience import number_of
from regulars.kernel.program.envelope import SEGMENT, Audience
from regulars.kernel.program.terms import Chapter, Clause, draw_offers
from regulars.kernel.spine import EVERYWHERE, House

__all__ = ["router"]

ELSEWHERE: Final = frozenset({"badges", "challenges", "coupons", "rewards", "tiers"})
"""Mechanics whose offers members see at doors of their own."""
AHEAD_DAYS: Final = 14
"""How long before its first day an offer is shown."""

router = APIRouter(tags=["Me"])


class ForMe(Struct, frozen=True, kw_only=True):
    """Why an offer is for this member, where it is not for everybody."""

    code: Literal["level", "picks", "chosen"]
    """`level`: for whoever has what the member has; `picks`: what the member buys most; `chosen`: for some, and the
    member is one of them."""
    values: Mapping[str, Scalar | tuple[str, ...]]


class MyOffer(Struct, frozen=True, kw_only=True):
    """An offer, in words."""

    offer: str
    mechanic: str
    name: str
    text: tuple[str, ...]
    """What the terms say of it, a sentence each."""
    since: date | None
    """The first day; null: it has always run."""
    until: date | None
    """The last day; null: no end is known."""
    running: bool
    """Whether it runs today; else it will soon. A time of day or a condition may still keep it from a purchase."""
    for_me: tuple[ForMe, ...]
    """Empty: it is for everybody."""


class MyOffers(Struct, frozen=True, kw_only=True):
    """The offers that may concern a member: those for this member alone first, then those that end soonest."""

    offers: tuple[MyOffer, ...]
    lang: Lang
    program: str
    """Content hash of the programme version that decides for the member now."""
    as_of: datetime


@router.get("/v1/me/offers")
@door(scope=OWN_SCOPE, who="member", gives={200: MyOffers}, refuses=(program.NoProgram,))
async def read_my_offers(request: Request, lang: LangAsked = None) -> Response:
    """Read the offers that may concern one: those that run or will within two weeks, with what the terms say of them.

    Levels, challenges, badges, rewards and coupons have doors of their own.
    """
    language, member = find_language(request, lang), member_session_of(request).member
    async with database_of(request).snapshot() as read:
        found = await _read_offers(read, house_of(request), member, language)
    return answer(found, headers=tell_language(language))


async def _read_offers(read: Read, house: House, member: UUID, lang: Lang) -> MyOffers:
    now = await clock.now(read)
    history = await members.traits_many(read, [member], since=now)
    releases = await house.versions.read(read)
    plan = releases.plan_for(member, EVERYWHERE, lambda then: history.as_of(member, then), now)
    picked = {each.offer: each for each in (await read_picks(read, house.versions, member, now)).picks}
    traits = history.as_of(member, now)
    today = plan.day_of(now)
    meant = [bound for bound in plan.offers.values() if _may_concern(bound, member, traits, today)]
    words = await asyncio.to_thread(draw_offers, plan, "zh" if lang == "zh-CN" else "en")
    offers = [_show(bound, words[bound.id], list(_tell_why(bound, traits, picked)), plan, now) for bound in meant]
    return MyOffers(offers=tuple(sorted(offers, key=_rank)), lang=lang, program=plan.hash, as_of=now)


def _may_concern(bound: BoundOffer, member: UUID, traits: Mapping[str, Scalar], today: int) -> bool:
    if bound.mechanic.name in ELSEWHERE or not bound.first_day - AHEAD_DAYS <= today <= bound.last_day:
        return False
    return bound.offer.audience is None or _is_meant(bound.offer.audience, member, traits)


def _is_meant(audience: Audience, member: UUID, traits: Mapping[str, Scalar]) -> bool:
    """Whether a member is one of those whom an audience names, wherever they shop."""
    for name, values in audience.traits.items():
        held = traits.get(name)
        if not any(type(held) is type(value) and held == value for value in values):
            return False
    if audience.segments and not any(traits.get(SEGMENT + name) is True for name in audience.segments):
        return False
    share = audience.share
    return share is None or share.start <= number_of(member, share.salt) < share.start + share.permille


def _tell_why(bound: BoundOffer, traits: Mapping[str, Scalar], picked: Mapping[str, Picked]) -> Iterable[ForMe]:
    audience = bound.offer.audience
    if bound.id in picked:
        categories = picked[bound.id].categories
        yield ForMe(code="picks", values={"categories": categories, "until": str(picked[bound.id].until)})
    if audience is None:
        return
    if audience.traits:
        yield ForMe(code="level", values={name: traits[name] for name in audience.traits})
    if audience.segments or audience.share is not None:
        # By which rule somebody was chosen is not for the member's screen: "about to stay away" is no greeting.
        yield ForMe(code="chosen", values={})


def _show(bound: BoundOffer, words: Chapter, why: list[ForMe], plan: Plan, now: datetime) -> MyOffer:
    schedule = bound.offer.schedule
    return MyOffer(
        offer=bound.id,
        mechanic=bound.mechanic.name,
        name=words.title,
        text=tuple(sentence for clause in words.clauses for sentence in _write(clause)),
        since=None if schedule is None else schedule.first,
        until=None if schedule is None else schedule.last,
        running=bound.first_day <= plan.day_of(now),
        for_me=tuple(why),
    )


def _write(clause: Clause) -> tuple[str, ...]:
    return (clause.text, *clause.items)


def _rank(offer: MyOffer) -> tuple[bool, bool, date, str]:
    return (not offer.for_me, not offer.running, offer.until or date.max, offer.offer)

"""What a member of the programme has and may have: levels, challenges, badges, rewards, points that end. Their own."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features.badges.standing import Badges, read_badges
from regulars.features.challenges.standing import Challenges
from regulars.features.challenges.standing import read_standing as read_challenges
from regulars.features.picks.standing import Picks, read_picks
from regulars.features.rewards.catalogue import Choice, Lang, Reward, WayOpen, read_catalogue, read_choices
from regulars.features.tiers.standing import Standing, read_standing
from regulars.interfaces.http.activities import PATH_REFUSALS, record_one
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.households import Pool, view_household_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.me import SOURCE, Called
from regulars.interfaces.http.members import Cursor, Limit, UsedUp, read_lot_place, view_account, view_lots
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.rewards import (
    CHOICES_MAX,
    LangAsked,
    OrderPage,
    find_language,
    read_order_page,
    read_start,
    tell_language,
)
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.takeout import CSV, OwnFileSigned, answer_file
from regulars.interfaces.http.wire import AccountView, LotPage, ReceiptView
from regulars.kernel import ledger, members, program
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import House

__all__ = ["router"]

JOIN: Final = "challenge_join"
ENDS_MAX: Final = 1_000
"""Lots that are looked through for what ends when."""

router = APIRouter(tags=["Me"])

ChallengeName = Annotated[str, Meta(max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]


class Ending(Struct, frozen=True, kw_only=True):
    """Points that end together."""

    currency: str
    ends_at: datetime
    """They may be used before this moment."""
    last_day: date
    """The last day on which they may be used, by the programme's time zone."""
    points: int
    """Minor units of the currency. What is held is no part of it."""
    usable: bool
    """Whether they may be used already."""


class MyEndings(Struct, frozen=True, kw_only=True):
    """What one's points end at, soonest first. What never ends is not in it."""

    endings: tuple[Ending, ...]
    as_of: datetime


class MyReward(Struct, frozen=True, kw_only=True):
    """A reward, and whether one can have it now."""

    reward: Reward
    available: bool
    """In some way, now."""
    ways: tuple[WayOpen, ...]
    """Each way to pay for it, with why not."""
    missing: int
    """How many points more the way that takes the fewest more needs; 0: there are enough."""


class MyRewards(Struct, frozen=True, kw_only=True):
    """The rewards that one may choose from, in the order in which the programme asks its offers."""

    as_of: datetime
    lang: Lang
    rewards: tuple[MyReward, ...]
    next: str | None
    """Send it as `cursor` for the next page; null on the last."""


class Homemate(Struct, frozen=True, kw_only=True):
    """Somebody of the household."""

    since: datetime
    is_me: bool


class MyHousehold(Struct, frozen=True, kw_only=True):
    """The household that one is in, and what its members can use together. Who the others are is theirs to tell."""

    members: tuple[Homemate, ...]
    """By the time at which they joined."""
    pools: tuple[Pool, ...]
    as_of: datetime


class JoinIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody wants to take part in a challenge."""

    challenge: ChallengeName
    id: Called
    """The member's own name of it: sent again with all the rest as it was, it counts once."""
    occurred_at: Annotated[datetime, Meta(tz=True)]
    team: UUID | None = None
    """Of a challenge for teams: a member of the team to join. Left out: a team of one's own."""


read_join = msgspec.json.Decoder(JoinIn)


@router.get("/v1/me/account")
@door(scope=OWN_SCOPE, who="member", gives={200: AccountView})
async def read_my_account(request: Request) -> Response:
    """Read one's balances, lots and holds, all of one moment."""
    async with database_of(request).snapshot() as read:
        return answer(await view_account(read, member_session_of(request).member))


@router.get("/v1/me/lots")
@door(scope=OWN_SCOPE, who="member", gives={200: LotPage}, refuses=(CursorInvalid,))
async def read_my_lots(
    request: Request, *, used_up: UsedUp = False, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read one's lots: points that came together, with what remains of them and when they end."""
    after = None if cursor is None else read_cursor(cursor, read_lot_place)
    async with database_of(request).snapshot() as read:
        return answer(await view_lots(read, member_session_of(request).member, after, limit, used_up=used_up))


@router.get("/v1/me/endings")
@door(scope=OWN_SCOPE, who="member", gives={200: MyEndings}, refuses=(program.NoProgram,))
async def read_my_endings(request: Request) -> Response:
    """Read which of one's points end when, soonest first."""
    async with database_of(request).snapshot() as read:
        return answer(await _read_endings(read, house_of(request), member_session_of(request).member))


@router.get("/v1/me/tiers")
@door(scope=OWN_SCOPE, who="member", gives={200: Standing}, refuses=(program.NoProgram,))
async def read_my_tiers(request: Request) -> Response:
    """Read where one stands in each set of levels: the ladder, what is counted and missing, until when it lasts."""
    async with database_of(request).snapshot() as read:
        at, versions = await clock.now(read), house_of(request).versions
        return answer(await read_standing(read, versions, member_session_of(request).member, at))


@router.get("/v1/me/challenges")
@door(scope=OWN_SCOPE, who="member", gives={200: Challenges}, refuses=(program.NoProgram,))
async def read_my_challenges(request: Request) -> Response:
    """Read where one stands in each challenge that runs: counted, missing to each goal, until when."""
    async with database_of(request).snapshot() as read:
        at, versions = await clock.now(read), house_of(request).versions
        return answer(await read_challenges(read, versions, member_session_of(request).member, at))


@router.post("/v1/me/challenges/join")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=JoinIn,
    gives={201: ReceiptView, 200: ReceiptView},
    refuses=PATH_REFUSALS,
    examples={"Alone": {"challenge": "club", "id": "join-1", "occurred_at": "2026-03-01T09:30:00+08:00"}},
)
async def join_challenge(request: Request) -> Response:
    """Take part in a challenge that is for those only who join it."""
    told, member = await read_body(request, read_join), member_session_of(request).member
    fact = Activity(
        id=f"{member}:{told.id}",
        source=SOURCE,
        kind=JOIN,
        occurred_at=told.occurred_at,
        member=member,
        to=told.team,
        ask={"challenge": told.challenge},
    )
    return await record_one(request, fact)


@router.get("/v1/me/badges")
@door(scope=OWN_SCOPE, who="member", gives={200: Badges}, refuses=(program.NoProgram,))
async def read_my_badges(request: Request) -> Response:
    """Read the badges of the programme, and since when one has each."""
    async with database_of(request).snapshot() as read:
        at, versions = await clock.now(read), house_of(request).versions
        return answer(await read_badges(read, versions, member_session_of(request).member, at))


@router.get("/v1/me/picks")
@door(scope=OWN_SCOPE, who="member", gives={200: Picks}, refuses=(program.NoProgram,))
async def read_my_picks(request: Request) -> Response:
    """Read the categories that are one's own this week, and what they bring."""
    async with database_of(request).snapshot() as read:
        at, versions = await clock.now(read), house_of(request).versions
        return answer(await read_picks(read, versions, member_session_of(request).member, at))


@router.get("/v1/me/rewards")
@door(scope=OWN_SCOPE, who="member", gives={200: MyRewards}, refuses=(program.NoProgram, CursorInvalid))
async def read_my_rewards(
    request: Request,
    lang: LangAsked = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=CHOICES_MAX, description="How many at most.")] = 20,
) -> Response:
    """Read the catalogue: what there is, what one can have now, why not the rest, and how many points are missing.

    To redeem one, send `{"kind": "reward", "ask": {"reward", "way", "quantity"}}` to `POST /v1/me/activities`.
    """
    language, (start,) = find_language(request, lang), (0,) if cursor is None else read_cursor(cursor, read_start)
    async with database_of(request).snapshot() as read:
        member = member_session_of(request).member
        page = await _read_rewards(read, house_of(request), member, language, slice(start, start + limit))
    return answer(page, headers=tell_language(language))


@router.get("/v1/me/orders")
@door(scope=OWN_SCOPE, who="member", gives={200: OrderPage}, refuses=(CursorInvalid,))
async def read_my_orders(
    request: Request, lang: LangAsked = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read the rewards that one ordered, and what became of them. What one bought is in `/v1/me/receipts`."""
    language = find_language(request, lang)
    page = await read_order_page(request, member_session_of(request).member, language, cursor, limit)
    return answer(page, headers=tell_language(language))


@router.get("/v1/me/household")
@door(scope=OWN_SCOPE, who="member", gives={200: MyHousehold}, refuses=(members.HouseholdUnknown,))
async def read_my_household(request: Request) -> Response:
    """Read the household that one is in, and the points that its members can use together."""
    member = member_session_of(request).member
    async with database_of(request).snapshot() as read:
        view = await view_household_of(read, member)
    mates = tuple(Homemate(since=each.since, is_me=each.member == member) for each in view.members)
    return answer(MyHousehold(members=mates, pools=view.pools, as_of=view.as_of))


@router.get("/v1/me/file")
@door(scope=OWN_SCOPE, who="present", gives={200: OwnFileSigned})
async def write_my_file(request: Request) -> Response:
    """Write everything that is kept of one into a file that is signed: the right to a copy."""
    return await answer_file(request, member_session_of(request).member, "json")


@router.get("/v1/me/file.csv")
@door(scope=OWN_SCOPE, who="present", gives={200: CSV})
async def write_my_file_csv(request: Request) -> Response:
    """Write the same file for a spreadsheet: a line for each value, with its table, row and field."""
    return await answer_file(request, member_session_of(request).member, "csv")


async def _read_endings(read: Read, house: House, member: UUID) -> MyEndings:
    now = await clock.now(read)
    plan = (await house.versions.read(read)).plan_at(now)
    lots = await ledger.lots(read, member, most=ENDS_MAX)
    return MyEndings(endings=tuple(_gather(lots, now, ZoneInfo(plan.document.time_zone))), as_of=now)


def _gather(lots: Iterable[ledger.Lot], now: datetime, zone: ZoneInfo) -> Iterable[Ending]:
    """Lay together what ends at the same moment."""
    found: dict[tuple[datetime, str, bool], int] = {}
    for lot in lots:
        if lot.expires_at is not None and lot.expires_at > now and lot.remaining > 0:
            key = (lot.expires_at, lot.currency, lot.usable_from <= now)
            found[key] = found.get(key, 0) + lot.remaining
    for (ends_at, currency, usable), points in sorted(found.items()):
        # Points end at the start of a day, so the last one for them is the day before.
        last = (ends_at.astimezone(zone) - timedelta(microseconds=1)).date()
        yield Ending(currency=currency, ends_at=ends_at, last_day=last, points=points, usable=usable)


async def _read_rewards(read: Read, house: House, member: UUID, lang: Lang, part: slice) -> MyRewards:
    now = await clock.now(read)
    listed = {each.offer: each for each in (await read_catalogue(read, house.versions, now, lang)).rewards}
    choices, more = await read_choices(read, house, member, now, lang=lang, part=part)
    standing = await ledger.standing(read, member, at=now)
    available = {each.currency: each.available for each in standing}
    return MyRewards(
        as_of=now,
        lang=lang,
        # A version that is tried with a few may have rewards that the catalogue of all does not.
        rewards=tuple(_show(listed[each.offer], each, available) for each in choices if each.offer in listed),
        next=write_cursor((part.stop,)) if more else None,
    )


def _show(reward: Reward, choice: Choice, available: dict[str, int]) -> MyReward:
    missing = [max(way.points - available.get(way.currency, 0), 0) for way in choice.ways]
    return MyReward(reward=reward, available=choice.available, ways=choice.ways, missing=min(missing, default=0))

"""Forgetting members, legal holds, and how long things are kept. A member may ask for it, too, for themselves."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import privacy
from regulars.features.privacy.model import AskedBy
from regulars.interfaces.http.guard import OWN_SCOPE, actor_of, member_cookie_of, member_session_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.state import database_of, house_of, settings_of
from regulars.kernel import members
from regulars.kernel.spine.model import HouseholdBound

__all__ = ["router"]

ERASE: Final = "privacy:erase"
READ: Final = "privacy:read"
WRITE: Final = "privacy:write"
PAGE_MAX: Final = 200
HOLDS_MAX: Final = 1_000
END: Final = datetime(9999, 1, 1, tzinfo=UTC)
LAST: Final = UUID(int=2**128 - 1)
LATEST: Final = 2**63 - 1

router = APIRouter(tags=["Privacy"])

Confirm = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9a-f.]+$(?!\n)")]
Matter = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$(?!\n)")]
Days = Annotated[int, Meta(ge=0, le=36_500)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.]*$(?!\n)")]
Cursor = Annotated[str | None, Query(max_length=2000, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
GONE: Final = (members.MemberUnknown, members.MemberMerged, members.MemberErased)


class EraseIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Confirms an erasure."""

    confirm: Confirm
    """`confirm` of what was shown: it is good for those figures only."""


class LegalHoldIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a member must not be forgotten."""

    matter: Matter
    """The number of the matter elsewhere. Write no story here."""


class PeriodsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long things are kept from now on."""

    days: Annotated[dict[Name, Days | None], Meta(min_length=1, max_length=50)]
    """By name. Null: as the room says."""


class ErasurePage(Struct, frozen=True, kw_only=True):
    """A part of the erasures, the last first."""

    erasures: tuple[privacy.Erasure, ...]
    next: str | None


class LegalHoldList(Struct, frozen=True, kw_only=True):
    """Legal holds, the oldest first."""

    holds: tuple[privacy.LegalHold, ...]


class PeriodList(Struct, frozen=True, kw_only=True):
    """What is kept, and for how long, by name."""

    periods: tuple[privacy.Period, ...]


class RoundView(Struct, frozen=True, kw_only=True):
    """A round of clearing, with its number."""

    number: int
    round: privacy.Round


class RoundPage(Struct, frozen=True, kw_only=True):
    """A part of the rounds, the last first."""

    rounds: tuple[RoundView, ...]
    next: str | None


class DecidedTable(Struct, frozen=True, kw_only=True):
    """What becomes of one table when a member is forgotten."""

    table: str
    decided: str


class DecidedTables(Struct, frozen=True, kw_only=True):
    """Every table that knows of members, or holds bytes that nobody can read."""

    tables: tuple[DecidedTable, ...]


read_erase = msgspec.json.Decoder(EraseIn)
read_hold = msgspec.json.Decoder(LegalHoldIn)
read_periods = msgspec.json.Decoder(PeriodsIn)
read_place = msgspec.json.Decoder(tuple[datetime, UUID])
read_number = msgspec.json.Decoder(tuple[int])


@router.get("/v1/members/{member}/erasure")
@door(scope=ERASE, gives={200: privacy.LostByErasure}, refuses=GONE)
async def preview_erasure(request: Request, member: UUID) -> Response:
    """Show what a member would lose by being forgotten, with the token that confirms it. Nothing is changed."""
    async with database_of(request).snapshot() as read:
        return answer(await _preview(read, request, member))


@router.post("/v1/members/{member}/erasure")
@door(
    scope=ERASE,
    takes=EraseIn,
    gives={200: privacy.Erasure},
    refuses=(*GONE, privacy.ConfirmationStale, privacy.ErasureHeld, HouseholdBound),
    examples={"What was shown": {"confirm": "1767225600.00112233445566778899aabbccddeeff00112233"}},
)
async def erase_member(request: Request, member: UUID) -> Response:
    """Forget a member, for ever, after somebody has seen what that costs them and confirmed it.

    Points are written off, whatever was open is closed, the member's key is destroyed. The books keep amounts of
    somebody whom nobody can name. Receivers of webhooks are told by `member.erased`.
    """
    told = await read_body(request, read_erase)
    return answer(await _erase(request, member, told.confirm, asked_by="desk", done_by=_name(request)))


@router.get("/v1/me/erasure")
@door(scope=OWN_SCOPE, who="member", gives={200: privacy.LostByErasure}, refuses=GONE)
async def preview_my_erasure(request: Request) -> Response:
    """Show what one would lose by being forgotten, with the token that confirms it. Nothing is changed."""
    async with database_of(request).snapshot() as read:
        return answer(await _preview(read, request, member_session_of(request).member))


@router.post("/v1/me/erasure")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=EraseIn,
    gives={200: privacy.Erasure},
    refuses=(*GONE, privacy.ConfirmationStale, privacy.ErasureHeld, HouseholdBound),
    examples={"What was shown": {"confirm": "1767225600.00112233445566778899aabbccddeeff00112233"}},
)
async def erase_me(request: Request) -> Response:
    """Be forgotten, for ever, after a fresh proof that one is there. All sessions end with it."""
    told, member = await read_body(request, read_erase), member_session_of(request).member
    done = await _erase(request, member, told.confirm, asked_by="member", done_by="member")
    return answer(done, headers={"Set-Cookie": member_cookie_of("")})


@router.get("/v1/privacy/erasures")
@door(scope=READ, gives={200: ErasurePage})
async def list_erasures(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List who was forgotten, the last first: ids, and what was written off."""
    before = read_cursor(cursor, read_place) if cursor else (END, LAST)
    async with database_of(request).snapshot() as read:
        found = await privacy.list_erasures(read, before=before, most=limit)
    place = write_cursor((found[-1].erased_at, found[-1].member)) if len(found) == limit else None
    return answer(ErasurePage(erasures=tuple(found), next=place))


@router.get("/v1/privacy/legal-holds")
@door(scope=READ, gives={200: LegalHoldList})
async def list_legal_holds(
    request: Request,
    member: Annotated[UUID | None, Query(description="Of this member only.")] = None,
    ended: Annotated[bool, Query(description="Those that were lifted, too.")] = False,  # noqa: FBT002 - a query's
) -> Response:
    """List legal holds, the oldest first; at most 1000."""
    async with database_of(request).snapshot() as read:
        found = await privacy.list_holds(read, member=member, ended=ended, most=HOLDS_MAX)
    return answer(LegalHoldList(holds=tuple(found)))


@router.post("/v1/members/{member}/legal-holds")
@door(
    scope=WRITE,
    takes=LegalHoldIn,
    gives={201: privacy.LegalHold},
    refuses=GONE,
    examples={"A dispute": {"matter": "2026-114"}},
)
async def place_legal_hold(request: Request, member: UUID) -> Response:
    """Keep a member from being forgotten, and what there is of them from being cleared away, until it is lifted."""
    told = await read_body(request, read_hold)

    async def place(tx: Tx) -> privacy.LegalHold:
        at, new_id = await clock.now(tx), house_of(request).new_id
        return await privacy.place_hold(tx, member, matter=told.matter, by=_name(request), at=at, new_id=new_id)

    return answer(await database_of(request).run(place), status=201)


@router.post("/v1/privacy/legal-holds/{hold}/lift")
@door(scope=WRITE, gives={200: privacy.LegalHold}, refuses=(privacy.HoldUnknown,))
async def lift_legal_hold(request: Request, hold: UUID) -> Response:
    """Lift a legal hold: the matter is over."""

    async def lift(tx: Tx) -> privacy.LegalHold:
        return await privacy.end_hold(tx, hold, by=_name(request), at=await clock.now(tx))

    return answer(await database_of(request).run(lift))


@router.get("/v1/privacy/periods")
@door(scope=READ, gives={200: PeriodList})
async def list_periods(request: Request) -> Response:
    """List what is kept and for how long."""
    async with database_of(request).snapshot() as read:
        return answer(PeriodList(periods=tuple(await privacy.list_periods(read))))


@router.put("/v1/privacy/periods")
@door(
    scope=WRITE,
    takes=PeriodsIn,
    gives={200: PeriodList},
    refuses=(privacy.ClassUnknown, privacy.PeriodRefused),
    examples={"Members who never come back": {"days": {"privacy.inactive_member": 1095}}},
)
async def put_periods(request: Request) -> Response:
    """Say how long things are kept, all of those that are named or none. What is older goes with the next round."""
    told = await read_body(request, read_periods)

    async def put(tx: Tx) -> PeriodList:
        await privacy.set_period_days(tx, told.days, by=_name(request), at=await clock.now(tx))
        return PeriodList(periods=tuple(await privacy.list_periods(tx)))

    return answer(await database_of(request).run(put))


@router.get("/v1/privacy/rounds")
@door(scope=READ, gives={200: RoundPage})
async def list_rounds(request: Request, cursor: Cursor = None, limit: Limit = 30) -> Response:
    """List what rounds of clearing did, the last first."""
    (before,) = read_cursor(cursor, read_number) if cursor else (LATEST,)
    async with database_of(request).snapshot() as read:
        found = await privacy.list_rounds(read, before=before, most=limit)
    views = tuple(RoundView(number=number, round=done) for number, done in found)
    return answer(RoundPage(rounds=views, next=write_cursor((found[-1][0],)) if len(found) == limit else None))


@router.get("/v1/privacy/tables")
@door(scope=READ, gives={200: DecidedTables})
async def list_tables(_request: Request) -> Response:
    """List every table that knows of members, with what becomes of it when one is forgotten."""
    decided = privacy.list_decided()
    return answer(DecidedTables(tables=tuple(DecidedTable(table=name, decided=said) for name, said in decided.items())))


@router.get("/v1/privacy/checklists/{pack}")
@door(scope=READ, gives={200: privacy.Checklist}, refuses=(privacy.PackUnknown,))
async def read_checklist(
    request: Request,
    pack: Annotated[str, Path(min_length=1, max_length=20, pattern=r"^[a-z]+$", description="gdpr, pipl or ccpa.")],
) -> Response:
    """Read the checklist of a law, filled from what is true of this installation: yes, no, or for people to answer."""
    async with database_of(request).snapshot() as read:
        return answer(await privacy.fill_checklist(read, settings_of(request), pack, at=await clock.now(read)))


async def _preview(read: Read, request: Request, member: UUID) -> privacy.LostByErasure:
    return await privacy.preview(read, house_of(request), member, await clock.now(read))


async def _erase(request: Request, member: UUID, confirm: str, *, asked_by: AskedBy, done_by: str) -> privacy.Erasure:
    house = house_of(request)

    async def work(tx: Tx) -> privacy.Erasure:
        at = await clock.now(tx)
        return await privacy.erase(tx, house, member, confirm, asked_by=asked_by, done_by=done_by, at=at)

    return await database_of(request).run(work)


def _name(request: Request) -> str:
    """Name whoever does it, by kind and id: no name of a person is kept."""
    actor = actor_of(request)
    return f"{actor.kind} {actor.id}"

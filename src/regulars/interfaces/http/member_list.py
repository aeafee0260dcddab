"""Members in lists: a page of them, whomever somebody types, and the same for a spreadsheet."""

import csv
import io
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.members import Cursor, Limit
from regulars.interfaces.http.problems import CursorInvalid, Fault, ParameterInvalid, StoreForbidden
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.activity import recent
from regulars.kernel.ledger import shown
from regulars.kernel.members import listing
from regulars.kernel.nouns import Scalar

__all__ = ["MemberRow", "router"]

CSV: Final = "text/csv"
PART: Final = 500
"""Members that are read at once for a file."""
FILE_MAX: Final = 100_000
"""Members in one file."""
HEADINGS: Final = ("id", "state", "joined_at", "household", "merged_into", "last_purchase_at", "balances", "traits")
WHOLE: Final = re.compile(r"-?[0-9]{1,15}")

router = APIRouter(tags=["Members"])

StateAsked = Annotated[members.State | None, Query(description="Only members in this state.")]
TraitAsked = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z][a-z0-9_.-]{0,63}:[^\x00-\x1f\x7f]{1,200}$",
        description="Only members who have this trait now, such as `tier:gold` or `segment.lapsed:true`. `true`,"
        " `false` and whole numbers are read as such; in quotation marks they are texts.",
    ),
]
HouseholdAsked = Annotated[UUID | None, Query(description="Only members of this household. It is asked for alone.")]
Before = Annotated[UUID | None, Query(description="Only members who come after this one in the list: the last read.")]
Place = tuple[UUID]
read_place = msgspec.json.Decoder(Place)


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member in a list."""

    id: UUID
    state: members.State
    joined_at: datetime
    household: UUID | None
    merged_into: UUID | None
    traits: Mapping[str, Scalar]
    """Now: levels, segments, and what else is known."""
    balances: Mapping[str, int]
    """By currency: points less what is owed, in minor units of the currency."""
    last_purchase_at: datetime | None


class MemberPage(Struct, frozen=True, kw_only=True):
    """A part of the list, the newest member first."""

    members: tuple[MemberRow, ...]
    next: str | None
    """The cursor of the next page; null at the end."""
    members_estimate: int | None
    """About how many members there are in all, whatever is asked for: nobody counts them. Null: nobody knows."""
    as_of: datetime
    """The ledger's time."""


class Typed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody typed."""

    text: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class MembersFound(Struct, frozen=True, kw_only=True):
    """Whoever is known by a text, exactly. A merged member is answered as the one that was kept."""

    members: tuple[MemberRow, ...]
    as_of: datetime


read_typed = msgspec.json.Decoder(Typed)


@router.get("/v1/members")
@door(scope="members:read", gives={200: MemberPage}, refuses=(CursorInvalid, ParameterInvalid, StoreForbidden))
async def list_members(
    request: Request,
    *,
    state: StateAsked = None,
    trait: TraitAsked = None,
    household: HouseholdAsked = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List members, the newest first: all, or those of a state, with a trait, or of a household.

    Nothing that finds somebody is in it; to find whom a card or an address is of, use `POST /v1/members/search`.
    Whoever speaks for one store gets no list.
    """
    wanted = _want(request, state, trait, household)
    before = None if cursor is None else read_cursor(cursor, read_place)[0]
    async with database_of(request).snapshot() as read:
        return answer(await _read_page(read, wanted, before, limit))


@router.get("/v1/members.csv")
@door(scope="members:read", gives={200: CSV}, refuses=(ParameterInvalid, StoreForbidden))
async def write_members_csv(
    request: Request,
    state: StateAsked = None,
    trait: TraitAsked = None,
    household: HouseholdAsked = None,
    before: Before = None,
) -> Response:
    """Write the list for a spreadsheet: up to 100,000 members; for more, go on with `before`, the last one's id."""
    lines = _write_csv(request, _want(request, state, trait, household), before)
    headers = {"Content-Disposition": 'attachment; filename="members.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, headers=headers, media_type=CSV)


@router.post("/v1/members/search")
@door(
    scope="members:read",
    takes=Typed,
    gives={200: MembersFound},
    examples={"A number": {"text": "+86 138 0013 8000"}},
)
async def search_members(request: Request) -> Response:
    """Find members by what somebody types: a member's id, a card, a number, an address, the id of another system.

    It is compared with the identifiers of every kind, each spelt its own way; nothing is guessed from a part. This is
    a POST so that what is typed is never part of an address, which ends up in logs.
    """
    typed = await read_body(request, read_typed)
    async with database_of(request).snapshot() as read:
        now = await clock.now(read)
        found = await listing.search(read, house_of(request).keyring, typed.text, at=now)
        return answer(MembersFound(members=await _show(read, found, now), as_of=now))


def _want(request: Request, state: members.State | None, trait: str | None, household: UUID | None) -> listing.Wanted:
    """Put together which members are asked for. Raises StoreForbidden and ParameterInvalid."""
    store = key_of(request).store
    if store is not None:
        message = f"You speak for the store {store!r} only, and members are of all stores: look up who is there."
        raise StoreForbidden(message, store=store)
    if household is not None and (state is not None or trait is not None):
        fault = Fault(path="query.household", message="A household is asked for alone.")
        raise ParameterInvalid(f"{fault.path}: {fault.message}", errors=(fault,))
    return listing.Wanted(state=state, trait=None if trait is None else _read_trait(trait), household=household)


def _read_trait(asked: str) -> tuple[str, Scalar]:
    name, _, text = asked.partition(":")
    if text in {"true", "false"}:
        return name, text == "true"
    if WHOLE.fullmatch(text):
        return name, int(text)
    return name, text.removeprefix('"').removesuffix('"')


async def _read_page(read: Read, wanted: listing.Wanted, before: UUID | None, limit: int) -> MemberPage:
    now = await clock.now(read)
    found = await listing.list_newest(read, wanted, before=before, at=now, most=limit + 1)
    rows = await _show(read, found[:limit], now)
    last = rows[-1].id if len(found) > limit else None
    return MemberPage(
        members=rows,
        next=None if last is None else write_cursor((last,)),
        members_estimate=await listing.estimate(read),
        as_of=now,
    )


async def _show(read: Read, found: Iterable[members.Member], now: datetime) -> tuple[MemberRow, ...]:
    """Lay out members for a list. Three statements, however many they are."""
    listed = list(found)
    ids = [each.id for each in listed]
    traits = await members.traits_many(read, ids, since=now)
    balances = await shown.read_shown(read, ids, at=now)
    bought = await recent.last_purchases(read, ids)
    return tuple(
        MemberRow(
            id=each.id,
            state=each.state,
            joined_at=each.joined_at,
            household=each.household_id,
            merged_into=each.merged_into,
            traits=dict(traits.as_of(each.id, now)),
            balances=balances.get(each.id, {}),
            last_purchase_at=bought.get(each.id),
        )
        for each in listed
    )


async def _write_csv(request: Request, wanted: listing.Wanted, before: UUID | None) -> AsyncGenerator[str]:
    """Write line by line. Each part is read by itself: nobody holds a snapshot while a slow reader reads."""
    yield _write_lines([HEADINGS])
    for _ in range(FILE_MAX // PART):
        async with database_of(request).snapshot() as read:
            now = await clock.now(read)
            found = await listing.list_newest(read, wanted, before=before, at=now, most=PART)
            rows = await _show(read, found, now)
        if rows:
            yield _write_lines(_write_row(each) for each in rows)
        if len(rows) < PART:
            return
        before = rows[-1].id


def _write_row(row: MemberRow) -> tuple[str, ...]:
    balances = "; ".join(f"{name} {amount}" for name, amount in sorted(row.balances.items()))
    traits = "; ".join(f"{name}={_say(value)}" for name, value in sorted(row.traits.items()))
    times = "" if row.last_purchase_at is None else row.last_purchase_at.isoformat()
    cells = (row.id, row.state, row.joined_at.isoformat(), row.household, row.merged_into, times, balances, traits)
    # No cell begins with what somebody typed, so none is reckoned with by a spreadsheet.
    return tuple("" if cell is None else str(cell) for cell in cells)


def _say(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_lines(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()

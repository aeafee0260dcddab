"""Members: enrol one, find one, and read what one holds and why."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from msgspec import Meta

from regulars.base import clock
from regulars.base.db import Read, Record, Tx
from regulars.features import signing
from regulars.interfaces.http.activities import PATH_REFUSALS, command_scope, record_one
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.shown import CODE
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.wire import (
    AccountView,
    Balance,
    Entry,
    Found,
    HoldView,
    LotPage,
    LotView,
    MemberIn,
    MemberView,
    ReceiptView,
    Shown,
    Sought,
    StatementPage,
    TraitsIn,
    view_reasons,
)
from regulars.kernel import activity as journal
from regulars.kernel import ledger, members
from regulars.kernel.nouns import AMOUNT_MAX, Identifier, Receipt
from regulars.kernel.spine import TRAITS, House

__all__ = [
    "CurrencyAsked",
    "Cursor",
    "Limit",
    "UsedUp",
    "read_entries",
    "read_entry_place",
    "read_lot_place",
    "router",
    "view_account",
    "view_lots",
    "view_member",
]

PAGE_MAX: Final = 200

router = APIRouter(tags=["Members"])

read_member = msgspec.json.Decoder(MemberIn)
read_sought = msgspec.json.Decoder(Sought)
read_traits = msgspec.json.Decoder(TraitsIn)

Currency = Annotated[str, Meta(max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Number = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
EntryPlace = tuple[Annotated[datetime, Meta(tz=True)], Currency, Currency, Number]
LotPlace = tuple[Currency, Number]
read_entry_place = msgspec.json.Decoder(EntryPlace)
read_lot_place = msgspec.json.Decoder(LotPlace)

Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Called = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x20-\x7e]+$",
        description="Your own name of this, unique within `source`: sent again, it counts once.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
CurrencyAsked = Annotated[
    str | None, Query(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", description="Only entries of this currency.")
]
UsedUp = Annotated[bool, Query(description="Also those of which nothing remains.")]


@router.post("/v1/members")
@door(
    scope="members:write",
    takes=MemberIn,
    gives={201: MemberView},
    keyed=True,
    refuses=(members.IdentifierInvalid, members.IdentifierTaken, members.IdentifiersExceeded),
    examples={
        "With a card and a phone number": {
            "identifiers": [{"kind": "card", "value": "2469 0001"}, {"kind": "phone", "value": "+86 138 0013 8000"}]
        },
        "Anonymous": {},
    },
)
async def enrol_member(request: Request) -> Response:
    """Enrol a member.

    When the answer to this did not arrive, send it again under the same `Idempotency-Key`. Without one, an identifier
    belongs to one member: 409 `identifier_taken` tells that it was done, and `POST /v1/members/lookup` finds whom.
    """
    wanted = await read_body(request, read_member)
    return await write_once(
        request,
        _enrolling(request, wanted),
        status=201,
        headers=lambda view: {"Location": f"/v1/members/{view.id}"},
    )


@router.post("/v1/members/lookup")
@door(
    scope="members:read",
    takes=Sought,
    gives={200: Found},
    refuses=(members.IdentifierInvalid, members.MemberUnknown, signing.CodeInvalid, signing.CodeStale),
    examples={"By card": {"identifier": {"kind": "card", "value": "2469 0001"}}},
)
async def look_up_member(request: Request) -> Response:
    """Find a member by what the customer shows. A merged member is answered as the one that was kept.

    The rotating code of a member's app is read as the identifier of the kind `code`, while it is fresh. To look is not
    to use: the same code still uses points once, for whoever sends it with an activity first.

    This is a POST so that phone numbers and cards are never part of an address, which ends up in logs.
    """
    sought = await read_body(request, read_sought)
    async with database_of(request).snapshot() as read:
        member = await _look_up(read, house_of(request), sought.identifier)
    return answer(Found(member=member))


@router.get("/v1/members/{member}")
@door(scope="members:read", gives={200: MemberView}, refuses=(members.MemberUnknown,))
async def read_member_view(request: Request, member: UUID) -> Response:
    """Read a member: state, traits, and what is held in each currency at this moment."""
    async with database_of(request).snapshot() as read:
        view = await view_member(read, house_of(request), member)
    return answer(view)


@router.put("/v1/members/{member}/traits")
@door(
    scope=command_scope(TRAITS),
    takes=TraitsIn,
    gives={201: ReceiptView, 200: ReceiptView},
    refuses=PATH_REFUSALS,
    examples={
        "A birthday, and a segment that was left": {
            "source": "crm",
            "occurred_at": "2026-03-01T09:30:00+08:00",
            "traits": {"birthday": "05-17", "segment.lapsed": None},
        }
    },
)
async def tell_traits(request: Request, member: UUID, idempotency_key: Called) -> Response:
    """Tell what rules may know of a member: a birthday (month and day), segments, and the traits of the catalogue.

    It is the activity `traits`, named by `source` and the header `Idempotency-Key`; its receipt dates what changed.
    What offers set themselves, such as the level, and what the programme does not know is refused, and with it the
    whole. Never a name, an address or a number that finds somebody: the journal is not the place for them.
    """
    told = await read_body(request, read_traits)
    return await record_one(request, told.to_activity(idempotency_key, member, key_of(request).store or ""))


@router.get("/v1/members/{member}/account")
@door(scope="members:read", gives={200: AccountView}, refuses=(members.MemberUnknown,))
async def read_account(request: Request, member: UUID) -> Response:
    """Read balances, lots, holds, what is owed and the place in the journal, all of one moment."""
    async with database_of(request).snapshot() as read:
        view = await view_account(read, member)
    return answer(view)


@router.get("/v1/members/{member}/statement")
@door(scope="members:read", gives={200: StatementPage}, refuses=(members.MemberUnknown, CursorInvalid))
async def read_statement(
    request: Request, member: UUID, currency: CurrencyAsked = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read what moved a member's points, newest first, with the balance after each entry and the reason for it.

    A page that was read stays as it is: entries are only ever added, at the front.
    """
    before = None if cursor is None else read_cursor(cursor, read_entry_place)
    async with database_of(request).snapshot() as read:
        page = await read_entries(read, member, currency, before, limit)
    return answer(page)


@router.get("/v1/members/{member}/lots")
@door(scope="members:read", gives={200: LotPage}, refuses=(members.MemberUnknown, CursorInvalid))
async def read_lots(
    request: Request,
    member: UUID,
    *,
    used_up: UsedUp = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Read a member's lots: points that were issued together, with what remains of them and when they end."""
    after = None if cursor is None else read_cursor(cursor, read_lot_place)
    async with database_of(request).snapshot() as read:
        page = await view_lots(read, member, after, limit, used_up=used_up)
    return answer(page)


async def _look_up(read: Read, house: House, shown: Identifier) -> UUID:
    """Find whose identifier or code it is. A code is judged now: nobody who asks was offline."""
    if shown.kind != CODE:
        return await members.lookup(read, house.keyring, shown)
    code = signing.read_code(shown.value, await signing.find_public(read), at=await clock.now(read))
    known = await members.get(read, code.member)
    while known.merged_into is not None:
        known = await members.get(read, known.merged_into)
    return known.id


def _enrolling(request: Request, wanted: MemberIn) -> Callable[[Tx], Awaitable[MemberView]]:
    house, source, member = house_of(request), key_of(request).name, house_of(request).new_id()

    async def enrol(tx: Tx) -> MemberView:
        at = await clock.now(tx)
        await members.enrol(
            tx, house.keyring, wanted.identifiers, id=member, at=at, source=source, region=wanted.region
        )
        return await view_member(tx, house, member)

    return enrol


async def view_member(read: Read, house: House, member: UUID) -> MemberView:
    """Lay out a member as they are shown. Raises MemberUnknown."""
    known = await members.get(read, member)
    now = await clock.now(read)
    traits = await members.traits_many(read, [member], since=now)
    shown = [] if known.state == "erased" else await members.identifiers(read, house.keyring, member)
    return MemberView(
        id=known.id,
        state=known.state,
        joined_at=known.joined_at,
        region=known.region,
        merged_into=known.merged_into,
        traits=dict(traits.as_of(member, now)),
        balances=await _balances(read, member, now),
        identifiers=tuple(
            Shown(id=each.id, kind=each.kind, value=each.value, added_at=each.added_at) for each in shown
        ),
        as_of=now,
    )


async def read_entries(
    read: Read, member: UUID, currency: str | None, before: EntryPlace | None, limit: int
) -> StatementPage:
    """Read a page of a member's entries. Raises MemberUnknown."""
    await members.get(read, member)
    # One more than asked for tells whether there is a next page.
    rows = await ledger.statement(read, member, currency=currency, before=before, most=limit + 1)
    shown = rows[:limit]
    receipts = await journal.receipts(read, [(member, each) for each in {row["activity_id"] for row in shown}])
    entries = tuple(_entry(row, receipts.get(row["activity_id"])) for row in shown)
    last = entries[-1] if len(rows) > limit else None
    return StatementPage(
        entries=entries,
        next=None if last is None else write_cursor((last.at, last.currency, last.account, last.version)),
    )


def _entry(row: Record, receipt: Receipt | None) -> Entry:
    offers: tuple[str, ...] = ()
    if receipt is not None and row["account"] == "points":
        offers = tuple(
            posted.offer
            for posted in receipt.postings
            if posted.offer and (posted.currency, posted.version) == (row["currency"], row["version"])
        )
    return Entry(
        at=row["at"],
        currency=row["currency"],
        account=row["account"],
        version=row["version"],
        kind=row["kind"],
        points=row["amount"],
        balance=row["balance"],
        activity=row["activity_id"],
        source="" if receipt is None else receipt.source,
        id="" if receipt is None else receipt.id,
        occurred_at=None if receipt is None else receipt.occurred_at,
        offers=offers,
        reasons=() if receipt is None else view_reasons(receipt, offers),
    )


async def view_lots(read: Read, member: UUID, after: LotPlace | None, limit: int, *, used_up: bool) -> LotPage:
    """Lay out a page of a member's lots. Raises MemberUnknown."""
    await members.get(read, member)
    now = await clock.now(read)
    found = await ledger.lots(read, member, used_up=used_up, after=after, most=limit + 1)
    views = tuple(_lot(lot, now) for lot in found[:limit])
    last = views[-1] if len(found) > limit else None
    return LotPage(lots=views, next=None if last is None else write_cursor((last.currency, last.number)))


def _lot(lot: ledger.Lot, now: datetime) -> LotView:
    return LotView(
        currency=lot.currency,
        number=lot.number,
        amount=lot.amount,
        remaining=lot.remaining,
        issued_at=lot.issued_at,
        usable_from=lot.usable_from,
        expires_at=lot.expires_at,
        usable=lot.is_usable(now),
        offer=lot.offer,
        funder=lot.funder,
        activity=lot.activity,
        program=lot.program,
    )


async def _balances(read: Read, member: UUID, now: datetime) -> tuple[Balance, ...]:
    return tuple(
        Balance(
            currency=each.currency,
            shown=each.shown,
            available=each.available,
            pending=each.pending,
            held=each.held,
            owed=each.owed,
            next_expiry=each.next_expiry,
            next_expiry_points=each.next_expiry_points,
        )
        for each in await ledger.standing(read, member, at=now)
    )


async def view_account(read: Read, member: UUID) -> AccountView:
    """Lay out everything that a member holds at this moment. Raises MemberUnknown."""
    await members.get(read, member)
    now = await clock.now(read)
    lots = await ledger.lots(read, member, most=PAGE_MAX + 1)
    return AccountView(
        member=member,
        as_of=now,
        sequence=await journal.last_seq(read, member),
        balances=await _balances(read, member, now),
        lots=tuple(_lot(lot, now) for lot in lots[:PAGE_MAX]),
        more_lots=len(lots) > PAGE_MAX,
        holds=tuple(
            HoldView(
                id=held.id,
                currency=held.currency,
                amount=held.amount,
                open=held.open,
                held_at=held.held_at,
                valid_until=held.valid_until,
                settle_until=held.settle_until,
            )
            for held in await ledger.open_holds(read, member)
        ),
    )

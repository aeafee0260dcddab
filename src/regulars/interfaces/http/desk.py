"""A member at the service desk: all that one asks for at once, what happened lately, and by what they are found."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import consent, entrance
from regulars.features.coupons.wallet import read_wallet
from regulars.features.rewards.catalogue import read_orders
from regulars.features.tiers.standing import TierSet, read_standing
from regulars.interfaces.http.burning import BurningView, view_burning
from regulars.interfaces.http.guard import key_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.members import Cursor, Limit, view_account, view_member
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.wire import HoldView, MemberView, ReceiptView, view_receipt
from regulars.kernel import activity as journal
from regulars.kernel import members, program
from regulars.kernel.activity import recent
from regulars.kernel.members import burning, contacts
from regulars.kernel.nouns import Identifier, Scalar
from regulars.kernel.spine import House
from regulars.kernel.spine.quotes import reckon_due

__all__ = ["router"]

LATELY: Final = 10
"""Activities in an overview."""
ORDERS_MAX: Final = 100
WAITING: Final = frozenset({"ordered", "ready"})
AUTHOR: Final = "staff"

router = APIRouter(tags=["Members"])

Kind = Annotated[
    str | None, Query(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", description="Only activities of this kind: `purchase`, say.")
]
Named = Annotated[UUID, Path(description="`id` of the identifier, as the member is shown with it.")]
Place = tuple[UUID]
read_place = msgspec.json.Decoder(Place)


class MemberActivity(Struct, frozen=True, kw_only=True):
    """Something that happened to a member, and what it came to."""

    receipt: ReceiptView
    store: str
    channel: str
    total_minor: int
    """Of a purchase: what was paid in money."""
    lines: int
    """How many lines the basket had."""
    ask: Mapping[str, Scalar]
    """Of a command: what was asked for, such as the reason of a correction."""
    by: str
    """The person who sent it, by the id of their account; empty where a program did."""


class MemberActivities(Struct, frozen=True, kw_only=True):
    """A part of what happened, what was recorded last first."""

    activities: tuple[MemberActivity, ...]
    next: str | None
    """The cursor of the next page; null at the end."""


class MemberOverview(Struct, frozen=True, kw_only=True):
    """A member as a page shows them first, all of one moment."""

    member: MemberView
    household: UUID | None
    holds: tuple[HoldView, ...]
    levels: tuple[TierSet, ...]
    """Where they stand in each set of levels."""
    coupons: int
    """How many they hold that can be used now or later."""
    orders_waiting: int
    """Rewards that were ordered and are not fulfilled, cancelled or over; at most 100 orders are looked at."""
    burning: BurningView
    consents: tuple[consent.ConsentStanding, ...]
    activities: tuple[MemberActivity, ...]
    """The last ten."""


class IdentifierIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what a member shall be found, too."""

    identifier: Identifier


class IdentifierAdded(Struct, frozen=True, kw_only=True):
    """The member can be found by it."""

    member: MemberView
    cooling: bool
    """Whether points rest for a day: whoever has a contact already could be robbed of their points by another one."""


class IdentifierRemoved(Struct, frozen=True, kw_only=True):
    """The member cannot be found by it any more."""

    member: MemberView
    signed_out: int
    """How many sessions ended: whoever had the address or number may have been signed in by it."""


read_identifier = msgspec.json.Decoder(IdentifierIn)


@router.get("/v1/members/{member}/overview")
@door(scope="members:read", gives={200: MemberOverview}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_overview(request: Request, member: UUID) -> Response:
    """Read what a page of a member begins with: who they are, what they hold and may use, what happened lately."""
    async with database_of(request).snapshot() as read:
        return answer(await _overlook(read, house_of(request), member))


@router.get("/v1/members/{member}/activities")
@door(scope="members:read", gives={200: MemberActivities}, refuses=(members.MemberUnknown, CursorInvalid))
async def read_activities_of(
    request: Request, member: UUID, kind: Kind = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read what happened to a member and what it came to; what was recorded last first.

    Why something came to what it did is told by `/v1/members/{member}/activities/{activity}/explanation`.
    """
    before = None if cursor is None else read_cursor(cursor, read_place)[0]
    async with database_of(request).snapshot() as read:
        await members.get(read, member)
        kinds = None if kind is None else [kind]
        found = await recent.list_newest(read, member, kinds=kinds, before=before, most=limit + 1)
    return answer(_page(found, limit))


@router.post("/v1/members/{member}/identifiers")
@door(
    scope="members:vouch",
    takes=IdentifierIn,
    gives={201: IdentifierAdded},
    keyed=True,
    refuses=(
        members.MemberUnknown,
        members.MemberMerged,
        members.MemberErased,
        members.IdentifierInvalid,
        members.IdentifierTaken,
        members.IdentifiersExceeded,
    ),
    examples={"A new card": {"identifier": {"kind": "card", "value": "2469 0002"}}},
)
async def add_identifier(request: Request, member: UUID) -> Response:
    """Let a member be found by one more identifier: a new card, a number. One that they have already changes nothing.

    An address or number opens the member's account by a code. So where the member has one already, points are neither
    used nor given away for a day.
    """
    told = await read_body(request, read_identifier)
    return await write_once(request, _adding(request, member, told.identifier), status=201)


@router.post("/v1/members/{member}/identifiers/{identifier}/remove")
@door(
    scope="members:vouch",
    gives={200: IdentifierRemoved},
    refuses=(members.MemberUnknown, members.MemberMerged, members.MemberErased, members.IdentifierUnknown),
)
async def remove_identifier(request: Request, member: UUID, identifier: Named) -> Response:
    """Take an identifier away from a member: a card that was lost, an address that is somebody else's.

    Without an address or a number the sessions end that may have been opened by it.
    """
    return answer(await database_of(request).run(_removing(request, member, identifier)))


async def _overlook(read: Read, house: House, member: UUID) -> MemberOverview:
    known = await members.get(read, member)
    now = await clock.now(read)
    orders = await read_orders(read, house.versions, member, lang="en", before=None, most=ORDERS_MAX)
    wallet = await read_wallet(read, house.versions, member, now)
    return MemberOverview(
        member=await view_member(read, house, member),
        household=known.household_id,
        holds=(await view_account(read, member)).holds,
        levels=(await read_standing(read, house.versions, member, now)).sets,
        coupons=len(wallet.coupons),
        orders_waiting=sum(order.state in WAITING for order in orders),
        burning=await view_burning(read, member),
        consents=await consent.read_standings(read, member),
        activities=_page(await recent.list_newest(read, member, most=LATELY), LATELY).activities,
    )


def _page(found: list[journal.Past], limit: int) -> MemberActivities:
    last = found[limit - 1].activity if len(found) > limit else None
    return MemberActivities(
        activities=tuple(_show(past) for past in found[:limit]),
        next=None if last is None else write_cursor((last,)),
    )


def _show(past: journal.Past) -> MemberActivity:
    body = past.body
    return MemberActivity(
        receipt=view_receipt(past.receipt),
        store=body.store,
        channel=body.channel,
        total_minor=reckon_due(body.lines, past.receipt.discounts) if body.lines else 0,
        lines=len(body.lines),
        ask=body.ask,
        by=str(body.data.get(AUTHOR, "")),
    )


def _adding(request: Request, member: UUID, wanted: Identifier) -> Callable[[Tx], Awaitable[IdentifierAdded]]:
    house, by, id_ = house_of(request), key_of(request).prefix, house_of(request).new_id()

    async def add(tx: Tx) -> IdentifierAdded:
        at = await clock.now(tx)
        before = await view_member(tx, house, member)
        await members.add_identifier(tx, house.keyring, member, wanted, at=at)
        view = await view_member(tx, house, member)
        cooling = (
            wanted.kind in entrance.CONTACTS
            and len(view.identifiers) > len(before.identifiers)
            and any(each.kind in entrance.CONTACTS for each in before.identifiers)
        )
        if cooling:
            reason = f"a contact was added by {by}"
            await burning.add_cooling(tx, member, id=id_, reason=reason, at=at, until=at + entrance.COOLING)
        return IdentifierAdded(member=view, cooling=cooling)

    return add


def _removing(request: Request, member: UUID, named: UUID) -> Callable[[Tx], Awaitable[IdentifierRemoved]]:
    house, at = house_of(request), now_of(request)

    async def remove(tx: Tx) -> IdentifierRemoved:
        kind = await contacts.remove_identifier(tx, member, named)
        ended = await entrance.end_all(tx, member, at=at) if kind in entrance.CONTACTS else 0
        return IdentifierRemoved(member=await view_member(tx, house, member), signed_out=ended)

    return remove

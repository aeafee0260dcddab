"""Households: who shares points with whom, and what they can use together at this moment."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of
from regulars.kernel import ledger, members

__all__ = ["Pool", "router", "view_household_of"]

router = APIRouter(tags=["Households"])


class HomeView(Struct, frozen=True, kw_only=True):
    """A member of a household."""

    member: UUID
    state: members.State
    since: datetime


class Pool(Struct, frozen=True, kw_only=True):
    """What the members of a household can use together, in one currency."""

    currency: str
    available: int
    """What a redemption or a hold with `pool: true` may take now. Points of frozen members are no part of it."""
    held: int
    """Set aside already, by any of them."""


class HouseholdView(Struct, frozen=True, kw_only=True):
    """A household, now."""

    id: UUID
    created_at: datetime
    members: tuple[HomeView, ...]
    """By the time at which they joined; at most ten."""
    pools: tuple[Pool, ...]
    as_of: datetime
    """The ledger's time."""


@router.get("/v1/households/{household}")
@door(scope="households:read", gives={200: HouseholdView}, refuses=(members.HouseholdUnknown,))
async def read_household(request: Request, household: UUID) -> Response:
    """Read a household: its members, and the points that they can use together.

    Members join with the command `household_join` and leave with `household_leave`, sent as activities.
    """
    async with database_of(request).snapshot() as read:
        view = await _view(read, household)
    return answer(view)


@router.get("/v1/members/{member}/household")
@door(
    scope="households:read",
    gives={200: HouseholdView},
    refuses=(members.MemberUnknown, members.HouseholdUnknown),
)
async def read_household_of(request: Request, member: UUID) -> Response:
    """Read the household of a member: what a till asks for when a customer wants to use the points of all."""
    async with database_of(request).snapshot() as read:
        view = await view_household_of(read, member)
    return answer(view)


async def view_household_of(read: Read, member: UUID) -> HouseholdView:
    """Lay out the household that a member is in. Raises MemberUnknown and HouseholdUnknown."""
    known = await members.get(read, member)
    if known.household_id is None or known.state == "merged":
        raise members.HouseholdUnknown("This member is in no household.", member=str(member))
    return await _view(read, known.household_id)


async def _view(read: Read, household: UUID) -> HouseholdView:
    found = await members.household(read, household)
    now = await clock.now(read)
    available: dict[str, int] = {}
    held: dict[str, int] = {}
    for home in found.homes:
        if home.state != "active":
            continue
        for each in await ledger.standing(read, home.member, at=now):
            available[each.currency] = available.get(each.currency, 0) + each.available
            held[each.currency] = held.get(each.currency, 0) + each.held
    return HouseholdView(
        id=found.id,
        created_at=found.created_at,
        members=tuple(HomeView(member=home.member, state=home.state, since=home.since) for home in found.homes),
        pools=tuple(
            Pool(currency=currency, available=available[currency], held=held[currency])
            for currency in sorted(available)
        ),
        as_of=now,
    )

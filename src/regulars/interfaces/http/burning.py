"""Whether points may be used: for everybody, or for one member. Whatever it says, they are earned."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.members import burning
from regulars.kernel.members.burning import Stop

__all__ = ["BurningView", "router", "view_burning"]

WRITE: Final = "burning:write"
TURNED_ON: Final = "burning"
"""What a second person may have to agree to. Never turning it off: that must not wait for anybody."""

router = APIRouter(tags=["Burning"])


class BurningIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether points may be used, and why that changes."""

    burning: Literal["on", "off"]
    reason: Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00]*$")]


class BurningView(Struct, frozen=True, kw_only=True):
    """Whether points may be used."""

    burning: Literal["on", "off"]
    """Of everybody, or of the member who was asked about; for a member also off where it is off for everybody."""
    stops: tuple[Stop, ...]
    """What keeps them from being used."""
    members_off: int = 0
    """For how many members it is turned off by name; at most 500 are counted."""


read_told = msgspec.json.Decoder(BurningIn)


def judge_turning_on(_request: Request, body: bytes) -> str | None:
    """To let points be used again needs two people, where that is set; what cannot be read is refused anyhow."""
    try:
        return TURNED_ON if read_told.decode(body).burning == "on" else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@router.get("/v1/burning")
@door(scope="estate:read", gives={200: BurningView})
async def read_burning(request: Request) -> Response:
    """Tell whether points may be used at all, and what somebody has turned off."""
    async with database_of(request).snapshot() as read:
        return answer(await _view(read))


@router.put("/v1/burning")
@door(
    scope=WRITE,
    approval=judge_turning_on,
    takes=BurningIn,
    gives={200: BurningView},
    examples={"A suspicion": {"burning": "off", "reason": "points are used that nobody asked for"}},
)
async def put_burning(request: Request) -> Response:
    """Turn the use of points off for everybody, or on again. Earning, returns and what was set aside go on."""
    told = await read_body(request, read_told)
    return answer(await database_of(request).run(_turning(request, None, told)))


@router.get("/v1/members/{member}/burning")
@door(scope="members:read", gives={200: BurningView}, refuses=(members.MemberUnknown,))
async def read_member_burning(request: Request, member: UUID) -> Response:
    """Tell whether a member's points may be used now, and what keeps them from it."""
    async with database_of(request).snapshot() as read:
        return answer(await view_burning(read, member))


@router.put("/v1/members/{member}/burning")
@door(
    scope=WRITE,
    approval=judge_turning_on,
    takes=BurningIn,
    gives={200: BurningView},
    refuses=(members.MemberUnknown,),
    examples={"A stolen phone": {"burning": "off", "reason": "the member's phone was stolen"}},
)
async def put_member_burning(request: Request, member: UUID) -> Response:
    """Turn the use of one member's points off, or on again. What is off for everybody stays off."""
    told = await read_body(request, read_told)
    return answer(await database_of(request).run(_turning(request, member, told)))


def _turning(request: Request, member: UUID | None, told: BurningIn) -> Callable[[Tx], Awaitable[BurningView]]:
    by, id_ = key_of(request).prefix, house_of(request).new_id()

    async def turn(tx: Tx) -> BurningView:
        at = await clock.now(tx)
        if member is not None:
            # Locked: whoever is under way with their points is done before, and nobody begins after.
            await members.lock_many(tx, [(await members.get(tx, member)).id])
        if told.burning == "off":
            await burning.turn_off(tx, member, id=id_, reason=told.reason, by=by, at=at)
        else:
            await burning.turn_on(tx, member, by=f"{by}: {told.reason}", at=at)
        return await _view(tx) if member is None else await view_burning(tx, member)

    return turn


async def _view(read: Read) -> BurningView:
    stops = (await burning.read_stops(read, (), at=await clock.now(read))).rows
    named = [stop for stop in await burning.list_switches(read) if stop.member is not None]
    return BurningView(burning="off" if stops else "on", stops=tuple(stops), members_off=len(named))


async def view_burning(read: Read, member: UUID) -> BurningView:
    """Lay out whether a member's points may be used now. Raises MemberUnknown."""
    await members.get(read, member)
    stops = (await burning.read_stops(read, [member], at=await clock.now(read))).rows
    return BurningView(burning="off" if stops else "on", stops=tuple(stops))

"""Giving somebody a coupon by hand: a code that nobody else can use, shown in their wallet."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.coupons.arriving import Arriving, bring_codes
from regulars.features.coupons.codes import CodesInvalid, CouponUnknown, Terms, make_code
from regulars.features.coupons.wallet import find_coupon
from regulars.interfaces.http.kit import door, read_body
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.state import house_of
from regulars.kernel import members, program
from regulars.kernel.spine import House
from regulars.kernel.spine.model import MemberClosed

__all__ = ["router"]

router = APIRouter(tags=["Coupons"])

BY_HAND: Final = "by-hand"
"""The list in which these codes are counted, of each coupon."""
GONE: Final = frozenset({"closed", "erased"})


class CouponGiftIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon to give, and why."""

    coupon: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)")]
    """Its name in the programme that is live."""
    reason: Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00]*$")]
    """For the trail of who did what."""
    valid_until: Annotated[datetime, Meta(tz=True)] | None = None
    """It is valid before this moment; left out: as long as its offer runs."""


class CouponGiven(Struct, frozen=True, kw_only=True):
    """The coupon that was given. Its code stands in the member's wallet, too."""

    member: UUID
    coupon: str
    title: Mapping[str, str]
    batch: str
    """The list in which it is counted, and can be ended."""
    code: str
    """What the member shows. Nobody else can use it, and it is good for one purchase."""
    valid_until: datetime | None


read_gift = msgspec.json.Decoder(CouponGiftIn)


@router.post("/v1/members/{member}/coupons")
@door(
    scope="coupons:give",
    takes=CouponGiftIn,
    gives={201: CouponGiven},
    keyed=True,
    refuses=(
        CouponUnknown,
        CodesInvalid,
        members.MemberUnknown,
        members.MemberMerged,
        MemberClosed,
        program.NoProgram,
    ),
    examples={"A cake was spoilt": {"coupon": "five", "reason": "a spoilt cake"}},
)
async def give_coupon(request: Request, member: UUID) -> Response:
    """Give a member a coupon by hand: a code that only they can use, once. Coupons of partners are not given so.

    Name the request by `Idempotency-Key`, so that an answer that got lost is given again, and no second code is made.
    """
    told = await read_body(request, read_gift)
    return await write_once(request, _giving(house_of(request), member, told), status=201)


def _giving(house: House, member: UUID, told: CouponGiftIn) -> Callable[[Tx], Awaitable[CouponGiven]]:
    code = make_code()

    async def give(tx: Tx) -> CouponGiven:
        now = await clock.now(tx)
        _refuse_gone((await members.lock_many(tx, [(await members.get(tx, member)).id]))[member])
        known = await find_coupon(tx, house.versions, told.coupon, now)
        if told.valid_until is not None and told.valid_until <= now:
            raise CodesInvalid("The coupon would have ended before it is given.")
        terms = Terms(coupon=told.coupon, batch=BY_HAND, member=member, valid_until=told.valid_until)
        await bring_codes(tx, house, [Arriving(code=code, terms=terms)])
        return CouponGiven(
            member=member,
            coupon=told.coupon,
            title=known.title,
            batch=BY_HAND,
            code=code,
            valid_until=told.valid_until,
        )

    return give


def _refuse_gone(who: members.Member) -> None:
    """Refuse whoever cannot use what they are given. Raises MemberMerged or MemberClosed."""
    if who.merged_into is not None:
        message = "This member is part of another: give the coupon to that one."
        raise members.MemberMerged(message, member=str(who.id), kept=str(who.merged_into))
    if who.state in GONE:
        raise MemberClosed("This member left or was forgotten, and can use no coupon.", member=str(who.id))

"""Coupons: codes are made or taken over in lists, counted and ended; and what a member holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.features.coupons.codes import (
    CODES_MAX,
    BatchExists,
    CodesInvalid,
    Terms,
    add_codes,
    make_code,
    name_batch,
)
from regulars.features.coupons.wallet import Wallet, list_coupons, read_wallet
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import limits, members, program, spine

__all__ = ["router"]

router = APIRouter(tags=["Coupons"])

USES_MAX: Final = 1_000_000_000

ListName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)", description="Of your choice.")
]


class CouponUnknown(Refusal):
    """The programme that is live has no coupon of this name."""

    code, kind = "coupon_unknown", "not_found"


class CodesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of codes: so many that are made, or those that are given."""

    batch: ListName
    """The name of the list. It names the request, too: sent again, it is refused and nothing is doubled."""
    make: Annotated[int, Meta(ge=1, le=CODES_MAX)] | UnsetType = UNSET
    codes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=CODES_MAX)] | UnsetType = UNSET
    uses: Annotated[int, Meta(ge=1, le=USES_MAX)] = 1
    """How often each can be used in all."""
    member: UUID | None = None
    """The only one who may use them; left out, anybody."""
    valid_from: Annotated[datetime, Meta(tz=True)] | None = None
    valid_until: Annotated[datetime, Meta(tz=True)] | None = None
    """They are valid before this moment."""

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.make is UNSET) == (self.codes is UNSET):
            raise ValueError("Give either make or codes")


class CodesOut(Struct, frozen=True, kw_only=True):
    """The codes that were added. They are told now and never again: only their digests are kept."""

    coupon: str
    batch: str
    codes: tuple[str, ...]


class CodeList(Struct, frozen=True, kw_only=True):
    """A list of codes."""

    batch: str
    codes: int
    used_up: int
    """Those of which no use is left."""


class CouponView(Struct, frozen=True, kw_only=True):
    """A coupon of the programme that is live, with its lists of codes."""

    coupon: str
    title: Mapping[str, str]
    lists: tuple[CodeList, ...]


class CouponsView(Struct, frozen=True, kw_only=True):
    """The coupons of the programme that is live."""

    coupons: tuple[CouponView, ...]


class Ended(Struct, frozen=True, kw_only=True):
    """What ending a list came to."""

    ended: int
    """Codes that were valid until now, or would have become so."""


read_codes = msgspec.json.Decoder(CodesIn)
EXAMPLES: Final = {
    "Make a thousand codes": {"batch": "spring-letters", "make": 1000, "valid_until": "2027-06-01T00:00:00+08:00"},
    "Take over codes": {"batch": "printed", "codes": ["WELCOME-2027", "BIENVENUE-2027"], "uses": 500},
}


@router.post("/v1/coupons/{coupon}/codes")
@door(
    scope="coupons:write",
    takes=CodesIn,
    gives={201: CodesOut},
    refuses=(CouponUnknown, CodesInvalid, BatchExists, limits.CodeExists, members.MemberUnknown, program.NoProgram),
    examples=EXAMPLES,
)
async def add_coupon_codes(request: Request, coupon: str) -> Response:
    """Add a list of codes to a coupon, all of them or none. Codes that are made have 80 random bits."""
    sent = await read_body(request, read_codes)
    codes = [make_code() for _ in range(sent.make)] if isinstance(sent.make, int) else list(sent.codes or ())
    house = house_of(request)

    async def work(tx: Tx) -> None:
        now = await clock.now(tx)
        await _find(tx, house, coupon, now)
        if sent.member is not None:
            await members.get(tx, sent.member)
        terms = Terms(
            coupon=coupon,
            batch=sent.batch,
            uses=sent.uses,
            member=sent.member,
            valid_from=sent.valid_from,
            valid_until=sent.valid_until,
        )
        await add_codes(tx, house.keyring, codes, terms, at=now)

    await database_of(request).run(work)
    return answer(CodesOut(coupon=coupon, batch=sent.batch, codes=tuple(codes)), status=201)


@router.get("/v1/coupons")
@door(scope="coupons:read", gives={200: CouponsView}, refuses=(program.NoProgram,))
async def list_all_coupons(request: Request) -> Response:
    """List the coupons of the programme that is live: their lists of codes, and how many of each are used up."""
    async with database_of(request).snapshot() as read:
        found = await _list(read, house_of(request), await clock.now(read))
        counted = await limits.count_codes(read)
    views = tuple(
        CouponView(
            coupon=coupon,
            title=title,
            lists=tuple(
                CodeList(batch=batch.removeprefix(f"{coupon}:"), codes=codes, used_up=used)
                for batch, codes, used in counted
                if batch.startswith(f"{coupon}:")
            ),
        )
        for coupon, title in sorted(found.items())
    )
    return answer(CouponsView(coupons=views))


@router.post("/v1/coupons/{coupon}/lists/{batch}/end")
@door(scope="coupons:write", gives={200: Ended}, refuses=(CouponUnknown,))
async def end_coupon_codes(request: Request, coupon: str, batch: str) -> Response:
    """End a list of codes from now on. What was bought with them stays as it is. Sent again, nothing more ends."""

    async def work(tx: Tx) -> int:
        name = name_batch(coupon, batch)
        if not await limits.has_codes(tx, name):
            raise CouponUnknown("There is no such list of codes.", coupon=coupon[:64], batch=batch[:64])
        return await limits.end_codes(tx, name, at=await clock.now(tx))

    return answer(Ended(ended=await database_of(request).run(work)))


@router.get("/v1/members/{member}/coupons")
@door(scope="members:read", gives={200: Wallet}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_member_coupons(request: Request, member: UUID) -> Response:
    """Read the coupons that a member holds, those that can be used first. One is used by its `name`, in `coupons`."""
    async with database_of(request).snapshot() as read:
        wallet = await read_wallet(read, house_of(request).versions, member, await clock.now(read))
    return answer(wallet)


async def _list(read: Read, house: spine.House, at: datetime) -> Mapping[str, Mapping[str, str]]:
    return list_coupons((await house.versions.read(read)).plan_at(at))


async def _find(read: Read, house: spine.House, coupon: str, at: datetime) -> None:
    known = await _list(read, house, at)
    if coupon not in known:
        message = f"The programme has no coupon of this name; it has {', '.join(sorted(known)) or 'none'}."
        raise CouponUnknown(message, coupon=coupon[:64])

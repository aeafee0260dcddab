"""Coupons: codes are made or taken over in lists, counted and ended; and what a member holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from regulars.base import clock
from regulars.features.coupons.codes import (
    CODES_MAX,
    BatchExists,
    CodesInvalid,
    CouponUnknown,
    Terms,
    end_list,
    issue_codes,
    make_code,
)
from regulars.features.coupons.wallet import Wallet, list_coupons, read_wallet
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import limits, members, program

__all__ = ["router"]

router = APIRouter(tags=["Coupons"])

USES_MAX: Final = 1_000_000_000

ListName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)", description="Of your choice.")
]


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

    def list_codes(self) -> list[str]:
        """List the codes that are given, or make them."""
        return [make_code() for _ in range(self.make)] if isinstance(self.make, int) else list(self.codes or ())

    def to_terms(self, coupon: str) -> Terms:
        """Say what holds for all of them."""
        return Terms(
            coupon=coupon,
            batch=self.batch,
            uses=self.uses,
            member=self.member,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


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
    codes, house = sent.list_codes(), house_of(request)
    await database_of(request).run(lambda tx: issue_codes(tx, house, codes, sent.to_terms(coupon)))
    return answer(CodesOut(coupon=coupon, batch=sent.batch, codes=tuple(codes)), status=201)


@router.get("/v1/coupons")
@door(scope="coupons:read", gives={200: CouponsView}, refuses=(program.NoProgram,))
async def list_all_coupons(request: Request) -> Response:
    """List the coupons of the programme that is live: their lists of codes, and how many of each are used up."""
    async with database_of(request).snapshot() as read:
        found = await list_coupons(read, house_of(request).versions, await clock.now(read))
        counted = await limits.count_codes(read)
    return answer(CouponsView(coupons=tuple(_view(*each, counted) for each in sorted(found.items()))))


@router.post("/v1/coupons/{coupon}/lists/{batch}/end")
@door(scope="coupons:write", gives={200: Ended}, refuses=(CouponUnknown,))
async def end_coupon_codes(request: Request, coupon: str, batch: str) -> Response:
    """End a list of codes from now on. What was bought with them stays as it is. Sent again, nothing more ends."""
    return answer(Ended(ended=await database_of(request).run(lambda tx: end_list(tx, coupon, batch))))


@router.get("/v1/members/{member}/coupons")
@door(scope="members:read", gives={200: Wallet}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_member_coupons(request: Request, member: UUID) -> Response:
    """Read the coupons that a member holds, those that can be used first. One is used by its `name`, in `coupons`."""
    async with database_of(request).snapshot() as read:
        wallet = await read_wallet(read, house_of(request).versions, member, await clock.now(read))
    return answer(wallet)


def _view(coupon: str, title: Mapping[str, str], counted: Sequence[tuple[str, int, int]]) -> CouponView:
    lists = tuple(
        CodeList(batch=batch.removeprefix(f"{coupon}:"), codes=codes, used_up=used)
        for batch, codes, used in counted
        if batch.startswith(f"{coupon}:")
    )
    return CouponView(coupon=coupon, title=title, lists=lists)

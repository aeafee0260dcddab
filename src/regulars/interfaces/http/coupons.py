"""Coupons: codes are made or taken over in lists, counted and ended; and what a member holds."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from regulars.base import clock
from regulars.base.db import Read, Tx
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
from regulars.features.coupons.own import Own, read_own
from regulars.features.coupons.partners import (
    Handed,
    PartnerCodes,
    add_partner_codes,
    end_partner_list,
    read_handed,
    seal_codes,
)
from regulars.features.coupons.pool import name_pool
from regulars.features.coupons.wallet import Known, Wallet, list_coupons, read_wallet
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import limits, members, program
from regulars.kernel.spine import House

__all__ = ["WalletOut", "router", "view_wallet"]

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
    """The codes that were added. They are told now and never again: only their digests are kept.

    Those for one member alone are kept sealed as well: the member's wallet shows them.
    """

    coupon: str
    batch: str
    codes: tuple[str, ...]


class PartnerCodesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of codes of a partner."""

    batch: ListName
    """The name of the list. It names the request, too: sent again, it is refused and nothing is doubled."""
    codes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=CODES_MAX)]
    """As the partner wrote them: they are shown to members letter by letter."""
    valid_until: Annotated[datetime, Meta(tz=True)] | None = None
    """What the partner says; it is told to members. End a list before: nobody looks at this moment."""


class PartnerCodesOut(Struct, frozen=True, kw_only=True):
    """What came of a list of a partner's codes."""

    coupon: str
    batch: str
    added: int
    left: int
    """Codes of the coupon, of all lists, that are left to be handed out."""


class PartnerList(Struct, frozen=True, kw_only=True):
    """A list of codes of a partner."""

    batch: str
    codes: int
    """Of a list that was ended: those that had been handed out."""
    handed: int
    left: int
    valid_until: datetime | None


class WalletOut(Wallet, frozen=True, kw_only=True):
    """The coupons of a member at a moment, those first that end first; and what partners' codes there are."""

    own_codes: tuple[Own, ...]
    """Codes that nobody but the member can use, such as those given by hand."""
    partner_codes: tuple[Handed, ...]
    """Codes of partners that the member was handed, the last ones first. They are spent here: a partner takes them."""


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
    partner_lists: tuple[PartnerList, ...]
    """Of a coupon of a partner: what was uploaded, and what is left."""


class CouponsView(Struct, frozen=True, kw_only=True):
    """The coupons of the programme that is live."""

    coupons: tuple[CouponView, ...]


class Ended(Struct, frozen=True, kw_only=True):
    """What ending a list came to."""

    ended: int
    """Codes that were valid until now, or would have become so."""


read_partner_codes = msgspec.json.Decoder(PartnerCodesIn)
read_codes = msgspec.json.Decoder(CodesIn)
EXAMPLES: Final = {
    "Make a thousand codes": {"batch": "spring-letters", "make": 1000, "valid_until": "2027-06-01T00:00:00+08:00"},
    "Take over codes": {"batch": "printed", "codes": ["WELCOME-2027", "BIENVENUE-2027"], "uses": 500},
}
PARTNER_EXAMPLES: Final = {
    "Add codes of a cinema": {
        "batch": "spring",
        "codes": ["KINO-7F3A-991C", "KINO-22B0-4E1D"],
        "valid_until": "2027-06-01T00:00:00+08:00",
    },
}


@router.post("/v1/coupons/{coupon}/codes")
@door(
    scope="coupons:write",
    approval="mass",
    takes=CodesIn,
    gives={201: CodesOut},
    keyed=True,
    refuses=(CouponUnknown, CodesInvalid, BatchExists, limits.CodeExists, members.MemberUnknown, program.NoProgram),
    examples=EXAMPLES,
)
async def add_coupon_codes(request: Request, coupon: str) -> Response:
    """Add a list of codes to a coupon, all of them or none. Codes that are made have 80 random bits.

    They are told once. Name the request by `Idempotency-Key`, so that an answer that got lost is given again.
    """
    sent = await read_body(request, read_codes)
    return await write_once(request, _adding(coupon, sent, house_of(request)), status=201)


@router.post("/v1/coupons/{coupon}/partner-codes")
@door(
    scope="coupons:write",
    takes=PartnerCodesIn,
    gives={201: PartnerCodesOut},
    keyed=True,
    refuses=(CouponUnknown, CodesInvalid, BatchExists, limits.PoolCodesKnown, program.NoProgram),
    examples=PARTNER_EXAMPLES,
)
async def add_codes_of_partner(request: Request, coupon: str) -> Response:
    """Add a list of codes that a partner gave, all of them or none. Each is handed out once, to one member."""
    sent = await read_body(request, read_partner_codes)
    house = house_of(request)
    codes = await seal_codes(house.keyring, coupon, sent.batch, sent.codes, sent.valid_until)
    work = _adding_partners(
        house, codes, PartnerCodesOut(coupon=coupon, batch=sent.batch, added=len(sent.codes), left=0)
    )
    return await write_once(request, work, status=201)


@router.post("/v1/coupons/{coupon}/partner-lists/{batch}/end")
@door(scope="coupons:write", gives={200: Ended}, refuses=(CouponUnknown,))
async def end_codes_of_partner(request: Request, coupon: str, batch: str) -> Response:
    """End a list of a partner's codes: those that nobody was handed are forgotten. Sent again, nothing more ends."""
    return answer(Ended(ended=await database_of(request).run(lambda tx: end_partner_list(tx, coupon, batch))))


@router.get("/v1/coupons")
@door(scope="coupons:read", gives={200: CouponsView}, refuses=(program.NoProgram,))
async def list_all_coupons(request: Request) -> Response:
    """List the coupons of the programme that is live: their lists of codes, how many are used up, how many are left."""
    async with database_of(request).snapshot() as read:
        found = await list_coupons(read, house_of(request).versions, await clock.now(read))
        counted, pooled = await limits.count_codes(read), await limits.pool_lists(read)
    return answer(CouponsView(coupons=tuple(_view(found[name], counted, pooled) for name in sorted(found))))


@router.post("/v1/coupons/{coupon}/lists/{batch}/end")
@door(scope="coupons:write", gives={200: Ended}, refuses=(CouponUnknown,))
async def end_coupon_codes(request: Request, coupon: str, batch: str) -> Response:
    """End a list of codes from now on. What was bought with them stays as it is. Sent again, nothing more ends."""
    return answer(Ended(ended=await database_of(request).run(lambda tx: end_list(tx, coupon, batch))))


@router.get("/v1/members/{member}/coupons")
@door(scope="members:read", gives={200: WalletOut}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_member_coupons(request: Request, member: UUID) -> Response:
    """Read the coupons that a member holds, those that can be used first. One is used by its `name`, in `coupons`.

    Codes of partners are shown whole: whoever has the scope may read them.
    """
    async with database_of(request).snapshot() as read:
        return answer(await view_wallet(read, house_of(request), member))


async def view_wallet(read: Read, house: House, member: UUID) -> WalletOut:
    """Lay out what a member holds in coupons. Raises MemberUnknown."""
    now = await clock.now(read)
    wallet = await read_wallet(read, house.versions, member, now)
    own = await read_own(read, house.keyring, house.versions, member, now)
    whose = [member, *await members.list_merged(read, [member])]
    handed = await read_handed(read, house.keyring, whose)
    return WalletOut(**structs.asdict(wallet), own_codes=own, partner_codes=handed)


def _adding(coupon: str, sent: CodesIn, house: House) -> Callable[[Tx], Awaitable[CodesOut]]:
    codes = sent.list_codes()

    async def add(tx: Tx) -> CodesOut:
        await issue_codes(tx, house, codes, sent.to_terms(coupon))
        return CodesOut(coupon=coupon, batch=sent.batch, codes=tuple(codes))

    return add


def _adding_partners(
    house: House, codes: PartnerCodes, told: PartnerCodesOut
) -> Callable[[Tx], Awaitable[PartnerCodesOut]]:
    async def add(tx: Tx) -> PartnerCodesOut:
        return structs.replace(told, left=await add_partner_codes(tx, house, codes))

    return add


def _view(known: Known, counted: Sequence[tuple[str, int, int]], pooled: Sequence[limits.PoolList]) -> CouponView:
    coupon = known.coupon
    lists = tuple(
        CodeList(batch=batch.removeprefix(f"{coupon}:"), codes=codes, used_up=used)
        for batch, codes, used in counted
        if batch.startswith(f"{coupon}:")
    )
    partner_lists = tuple(
        PartnerList(
            batch=each.batch,
            codes=each.codes,
            handed=each.handed,
            left=each.codes - each.handed,
            valid_until=each.valid_until,
        )
        for each in pooled
        if each.pool == name_pool(coupon)
    )
    return CouponView(coupon=coupon, title=known.title, lists=lists, partner_lists=partner_lists)

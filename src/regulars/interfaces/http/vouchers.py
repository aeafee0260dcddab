"""Vouchers that tills take without asking: issued as tokens, checked for those who can ask, keys for the rest."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features import signing
from regulars.interfaces.http.activities import PATH_REFUSALS, command_scope, record_facts
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, request_id_of
from regulars.interfaces.http.problems import StoreForbidden, refuse
from regulars.interfaces.http.shown import CODE, BurnNeedsCode
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.wire import Moment, Source
from regulars.kernel import ledger, spine
from regulars.kernel.nouns import AMOUNT_MAX, Activity, Identifier, Receipt
from regulars.kernel.spine.vouchers import ISSUED, VOUCHER, VoucherEnded, VoucherUnknown

__all__ = ["VoucherView", "answer_voucher", "router", "view_vouchers"]

READ_SCOPE: Final = "vouchers:read"
REVOKED_MAX: Final = 20_000
"""Vouchers in one list: two and a half minutes of a slow line, less of any other."""
TOKEN_MAX: Final = 640

router = APIRouter(tags=["Vouchers"])

Token = Annotated[str, Meta(min_length=1, max_length=TOKEN_MAX)]
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


class VoucherIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points that are to become a voucher."""

    source: Source
    occurred_at: Moment
    currency: Annotated[str, Meta(min_length=1, max_length=64)]
    points: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
    valid_seconds: Annotated[int, Meta(ge=60, le=30 * 86_400)] = 86_400
    """How long it may be shown."""
    settle_seconds: Annotated[int, Meta(ge=0, le=60 * 86_400)] = 7 * 86_400
    """How long after that tills may still tell that it was shown. Then unused points come back."""
    store: Annotated[str, Meta(max_length=50)] = ""
    """The one store that takes it; empty: any."""
    member_code: Annotated[str, Meta(max_length=200)] = ""
    """The member's rotating code, where the house asks for it."""


class VoucherView(Struct, frozen=True, kw_only=True):
    """A voucher with the token that its QR shows."""

    voucher: UUID
    member: UUID
    token: str
    currency: str
    points: int
    worth_minor: int
    """In minor units of `money`, rounded down, at the programme's value of the day of issue."""
    money: str
    not_before: datetime
    not_after: datetime
    settle_until: datetime
    """When points come back that nobody told of."""
    store: str


EXAMPLE: Final = (
    "RV1.VkdapwGVYtR8AHAAgAAAAAAAAAEBlWLUfABwAIAAAAAAAACqAAAAAAAAAfRVU0QAAAAAaaOBgAAAAABprLwAAz"
    "M2Nw.PtNL-bAziVR5bROFUhBjTe2Y-EsImCaSGoNaibyAvCbdRXcSlaNCfk5gkKXsaTIanv3BJd4uj3GGTgIzmEtzDg"
)


class CheckIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that somebody shows."""

    token: Token
    store: Annotated[str, Meta(max_length=200)] = ""


class Good(Struct, frozen=True, kw_only=True):
    """A voucher that may be taken now. Taking it is the activity `voucher_used`."""

    voucher: UUID
    member: UUID
    worth_minor: int
    money: str
    not_before: datetime
    not_after: datetime
    store: str


class TillKey(Struct, frozen=True, kw_only=True):
    """A key by which tills check. What it signed from `since` to `ends` counts, whenever it is shown."""

    kid: str
    key: str
    """The 32 bytes of an Ed25519 public key, as base64url without padding."""
    since: datetime
    ends: datetime | None


class TillKeys(Struct, frozen=True, kw_only=True):
    """What a till needs to check vouchers and codes while it cannot ask."""

    as_of: datetime
    """How old the list is, is counted from here."""
    code_seconds: int
    tolerance_seconds: int
    """How far a till's clock may be wrong."""
    keys: tuple[TillKey, ...]
    """Oldest first; one may not have begun to sign yet."""
    revoked: tuple[UUID, ...]
    """Vouchers within their time that must not be taken: used, or cancelled."""
    complete: bool
    """False where there are more of them than are listed: those that end last are."""


read_wanted = msgspec.json.Decoder(VoucherIn)
read_shown = msgspec.json.Decoder(CheckIn)


@router.post("/v1/members/{member}/vouchers")
@door(
    scope=command_scope(VOUCHER),
    takes=VoucherIn,
    gives={201: VoucherView, 200: VoucherView},
    refuses=(
        *PATH_REFUSALS,
        StoreForbidden,
        BurnNeedsCode,
        signing.CodeInvalid,
        signing.CodeStale,
        signing.CodeReplayed,
    ),
    examples={
        "A day, in one store": {
            "source": "app",
            "occurred_at": "2026-03-01T09:30:00+08:00",
            "currency": "points",
            "points": 500,
            "store": "367",
        }
    },
)
async def issue_voucher(request: Request, member: UUID, idempotency_key: Called) -> Response:
    """Put points of a member into a voucher, and answer its signed token: what the QR shows.

    The points are set aside at once, so tills can take the voucher while nobody can be asked: `GET /v1/tills/keys` has
    what they check it with. It is the activity `voucher`; sent again, it answers the same voucher.
    """
    wanted = await read_body(request, read_wanted)
    if wanted.member_code:
        await _check_owner(request, member, wanted)
    (outcome,) = await record_facts(request, [_activity(wanted, member, idempotency_key, key_of(request).store or "")])
    return await answer_voucher(request, outcome)


@router.post("/v1/vouchers/check")
@door(
    scope=READ_SCOPE,
    takes=CheckIn,
    gives={200: Good},
    refuses=(
        signing.VoucherInvalid,
        signing.VoucherStale,
        signing.VoucherElsewhere,
        VoucherUnknown,
        VoucherEnded,
    ),
    examples={"What a QR code says": {"token": EXAMPLE, "store": "367"}},
)
async def check_voucher(request: Request) -> Response:
    """Check a voucher that somebody shows: for tills that can ask. Nothing is used by it.

    Whoever takes it then sends the activity `voucher_used` with `ask: {voucher}` for the member that is named here.
    """
    shown = await read_body(request, read_shown)
    voucher = await _check(request, shown.token, shown.store or key_of(request).store or "")
    return answer(msgspec.convert(msgspec.to_builtins(voucher), Good))


@router.get("/v1/tills/keys")
@door(scope=READ_SCOPE, gives={200: TillKeys})
async def read_till_keys(request: Request) -> Response:
    """Read what a till needs to check vouchers and members' codes while it cannot ask. Ask for it every few minutes."""
    return answer(await database_of(request).run(_listing(house_of(request).keyring)))


async def _check(request: Request, token: str, store: str) -> signing.Voucher:
    async with database_of(request).snapshot() as read:
        voucher = signing.read_voucher(token, await signing.find_public(read))
        signing.check_voucher(voucher, at=await clock.now(read), store=store)
        state = (await ledger.voucher_states(read, voucher.member, [voucher.voucher])).get(voucher.voucher)
    if state is None:
        raise VoucherUnknown("The ledger has no such voucher.", voucher=str(voucher.voucher))
    if state != "open":
        raise VoucherEnded(f"This voucher was {state} before.", voucher=str(voucher.voucher), state=state)
    return voucher


def _listing(keyring: Keyring) -> Callable[[Tx], Awaitable[TillKeys]]:
    async def read(tx: Tx) -> TillKeys:
        at = await clock.now(tx)
        keys = await signing.list_keys(tx, keyring, at=at)
        revoked = await ledger.revoked_vouchers(tx, at=at, most=REVOKED_MAX + 1)
        return TillKeys(
            as_of=at,
            code_seconds=signing.CODE_SECONDS,
            tolerance_seconds=signing.TOLERANCE_SECONDS,
            keys=tuple(_show(key) for key in keys),
            revoked=tuple(revoked[:REVOKED_MAX]),
            complete=len(revoked) <= REVOKED_MAX,
        )

    return read


async def _check_owner(request: Request, member: UUID, wanted: VoucherIn) -> None:
    async with database_of(request).snapshot() as read:
        keys = await signing.find_public(read)
    if signing.read_code(wanted.member_code, keys, at=wanted.occurred_at).member != member:
        raise signing.CodeInvalid("This code is another member's.")


def _activity(wanted: VoucherIn, member: UUID, name: str, store: str) -> Activity:
    return Activity(
        id=name,
        source=wanted.source,
        kind=VOUCHER,
        occurred_at=wanted.occurred_at,
        member=Identifier(kind=CODE, value=wanted.member_code) if wanted.member_code else member,
        store=store,
        ask={
            "currency": wanted.currency,
            "points": wanted.points,
            "valid_seconds": wanted.valid_seconds,
            "settle_seconds": wanted.settle_seconds,
            "store": wanted.store,
        },
    )


async def answer_voucher(request: Request, outcome: spine.Outcome) -> Response:
    """Answer the voucher that was issued (200 where it was before), or why none was."""
    if outcome.refusal is not None:
        return refuse(outcome.refusal, request_id=request_id_of(request))
    assert outcome.receipt is not None
    keyring, receipt = house_of(request).keyring, outcome.receipt
    (view,) = await database_of(request).run(lambda tx: view_vouchers(tx, keyring, [receipt]))
    return answer(view, status=200 if outcome.repeated else 201)


async def view_vouchers(tx: Tx, keyring: Keyring, receipts: Sequence[Receipt]) -> list[VoucherView]:
    """Lay out vouchers by the receipts of their issue, signed with the key that signs now."""
    if not receipts:
        return []
    signer = await signing.find_signer(tx, keyring, at=await clock.now(tx))
    return [_view(receipt, signer) for receipt in receipts]


def _view(receipt: Receipt, signer: signing.Signer) -> VoucherView:
    said = next(each.values for each in receipt.reasons if each.code == ISSUED)
    held = next(each for each in receipt.postings if each.hold == receipt.activity)
    voucher = msgspec.convert({**said, "member": receipt.member}, signing.Voucher)
    return VoucherView(
        voucher=voucher.voucher,
        member=voucher.member,
        token=signing.sign_voucher(voucher, signer),
        currency=held.currency,
        points=-held.points,
        worth_minor=voucher.worth_minor,
        money=voucher.money,
        not_before=voucher.not_before,
        not_after=voucher.not_after,
        settle_until=msgspec.convert(said["settle_until"], datetime),
        store=voucher.store,
    )


def _show(key: signing.PublicKey) -> TillKey:
    written = base64.urlsafe_b64encode(key.key).decode().rstrip("=")
    return TillKey(kid=key.kid, key=written, since=key.since, ends=key.ends)

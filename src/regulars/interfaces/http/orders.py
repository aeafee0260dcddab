"""The till: what a basket comes to, kept for a while if asked for; the order; its returns; and its cancellation."""

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from regulars.base import clock
from regulars.base.errors import Refusal
from regulars.features.rewards.catalogue import choose_language
from regulars.interfaces.http.activities import PATH_REFUSALS, PURCHASE, check_key, record_facts, record_one
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, request_id_of
from regulars.interfaces.http.pricing import Extra, OrderAnswer, QuoteView, add_extras, view_order, view_quote
from regulars.interfaces.http.problems import StoreForbidden, refuse
from regulars.interfaces.http.shown import name_members
from regulars.interfaces.http.state import database_of, house_of, quotes_of
from regulars.interfaces.http.wire import (
    Label,
    MemberRef,
    Moment,
    ReceiptView,
    Source,
    Visible,
    check_moment,
)
from regulars.kernel import activity as journal
from regulars.kernel import spine
from regulars.kernel.nouns import (
    AMOUNT_MAX,
    COUPONS_MAX,
    LINES_MAX,
    Activity,
    Identifier,
    Line,
    Returned,
    Wish,
)
from regulars.kernel.spine.quotes import QUOTE
from regulars.kernel.spine.quotes import RELEASE as QUOTE_RELEASE

__all__ = ["router"]

RECEIPT: Final = "receipt"
"""The kind of identifier by which a purchase without a member is known, until somebody claims it."""

router = APIRouter(tags=["The till"])

OrderId = Annotated[str, Meta(min_length=1, max_length=128, pattern=Visible)]
Named = Annotated[str, Path(min_length=1, max_length=128, description="The order's or quote's `id`.")]
Coupons = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=120, pattern=Visible)], ...], Meta(max_length=COUPONS_MAX)
]


class PurchaseUnsent(Refusal):
    """No order or quote of this name was recorded under this source."""

    code, kind = "purchase_unsent", "not_found"


class BasketIn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A basket at a till. Amounts are those on the shelf: what offers, coupons and points take off is answered."""

    id: OrderId
    """Your own name of it, unique within `source`."""
    source: Source
    occurred_at: Moment
    member: MemberRef | UnsetType = UNSET
    """Left out: nobody in particular. The receipt's number can be claimed by a member later."""
    store: Label = ""
    channel: Label = ""
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]
    coupons: Coupons = ()
    """Codes, and names of coupons that the member holds."""
    pay: Wish | UnsetType = UNSET
    """Points that the member wishes to pay with: as many are used as the programme allows and the member has."""

    def __post_init__(self) -> None:
        """Refuse times that no calendar of a shop reaches."""
        check_moment(self.occurred_at)

    def to_activity(self, kind: str = "purchase", **more: Any) -> Activity:  # noqa: ANN401 - fields of an activity
        """Make the kernel's noun of it."""
        guest = Identifier(kind=RECEIPT, value=f"{self.source}:{self.id}")
        return Activity(
            id=self.id,
            source=self.source,
            kind=kind,
            occurred_at=self.occurred_at,
            member=guest if isinstance(self.member, UnsetType) else self.member.to_reference(),
            store=self.store,
            channel=self.channel,
            lines=self.lines,
            coupons=self.coupons,
            pay=None if isinstance(self.pay, UnsetType) else self.pay,
            to_price=True,
            **more,
        )


class QuoteIn(BasketIn, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A basket to be priced."""

    reserve_seconds: Annotated[int, Meta(ge=1, le=86_400)] | UnsetType = UNSET
    """Keep the quote so long, and set aside what it needs: points, codes, stock. Left out: nothing is written."""
    show: Annotated[tuple[Extra, ...], Meta(max_length=3)] = ()
    """What is wanted besides: `coupons` and `rewards` that the member has, `hints` what a little more would bring."""


class OrderIn(BasketIn, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A basket that is bought."""

    quote: Annotated[str, Meta(max_length=128, pattern=Visible)] | UnsetType = UNSET
    """The `id` of the quote that it takes up, of the same source."""
    due_minor: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | UnsetType = UNSET
    """What you are about to charge. Where it comes to something else, nothing is recorded."""


class ReturnIn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What comes back of an order."""

    id: OrderId
    source: Source
    """That of the order."""
    occurred_at: Moment
    member: MemberRef | UnsetType = UNSET
    """As in the order."""
    store: Label = ""
    lines: Annotated[tuple[Returned, ...], Meta(max_length=LINES_MAX)] = ()
    """Left out: all that is left of it."""

    def __post_init__(self) -> None:
        """Refuse times that no calendar of a shop reaches."""
        check_moment(self.occurred_at)


class CancelIn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An order that never was, or a quote that nobody takes up."""

    source: Source
    """That of the order."""
    occurred_at: Moment
    member: MemberRef | UnsetType = UNSET
    """As in the order."""
    store: Label = ""

    def __post_init__(self) -> None:
        """Refuse times that no calendar of a shop reaches."""
        check_moment(self.occurred_at)


read_quote = msgspec.json.Decoder(QuoteIn)
read_order = msgspec.json.Decoder(OrderIn)
read_return = msgspec.json.Decoder(ReturnIn)
read_cancel = msgspec.json.Decoder(CancelIn)

BASKET: Final[dict[str, Any]] = {name: PURCHASE[name] for name in PURCHASE if name != "kind"}
RETURNED: Final[dict[str, Any]] = {
    "id": "s367-2026-03-02-0007",
    "source": "till",
    "occurred_at": "2026-03-02T17:05:00+08:00",
    "lines": [{"line": 1, "amount_minor": 349, "quantity_milli": 1000}],
}
CANCELLED: Final[dict[str, Any]] = {"source": "till", "occurred_at": "2026-03-01T09:31:00+08:00"}


@router.post("/v1/quotes")
@door(
    scope="activities:preview",
    takes=QuoteIn,
    gives={200: QuoteView, 201: QuoteView},
    refuses=(*PATH_REFUSALS, StoreForbidden),
    examples={
        "What it comes to": BASKET,
        "Kept for five minutes, with points": {
            **BASKET,
            "pay": {"currency": "points", "points": 500},
            "reserve_seconds": 300,
        },
    },
)
async def quote(request: Request) -> Response:
    """Price a basket: what offers and coupons take off, what points can pay, what it will earn, and why not more.

    Without `reserve_seconds` nothing is written. With it the quote is kept: what it needs is set aside until then, and
    the order that names it gets what was quoted. That needs the scope `points:quote`. A quote is named by `source` and
    `id`: sent again it is answered again.
    """
    asked = await read_body(request, read_quote)
    if isinstance(asked.reserve_seconds, UnsetType):
        return await _price(request, asked)
    return await _keep(request, asked, asked.reserve_seconds)


@router.post("/v1/quotes/{quote}/release")
@door(
    scope="activities:write",
    takes=CancelIn,
    gives={200: ReceiptView, 201: ReceiptView},
    refuses=(*PATH_REFUSALS, StoreForbidden, PurchaseUnsent),
    examples={"The customer left": CANCELLED},
)
async def release_quote(request: Request, quote: Named) -> Response:
    """Let go of what a quote set aside, before its time is over. Sent again it is answered again."""
    asked = await read_body(request, read_cancel)
    return await record_one(request, await _follow(request, asked, f"release:{quote}", QUOTE_RELEASE, quote))


@router.post("/v1/orders")
@door(
    scope="activities:write",
    takes=OrderIn,
    gives={200: OrderAnswer, 201: OrderAnswer},
    refuses=(*PATH_REFUSALS, StoreForbidden),
    examples={
        "A basket that is bought": BASKET,
        "As quoted": {**BASKET, "quote": "q-0042", "due_minor": 561},
    },
)
async def order(request: Request) -> Response:
    """Record a purchase, with the price that the programme makes for it: 201 when it is new, 200 when it was there.

    An order is named by `source` and `id`: whenever an answer did not arrive, send it again. One that names a quote
    gets what was quoted while that lasts; afterwards what is scarce is claimed anew, and where it is gone the house
    bears it, so that no sale is refused for it. Paying with points needs the scope `points:redeem`.
    """
    asked = await read_body(request, read_order)
    fact = asked.to_activity(
        origin="" if isinstance(asked.quote, UnsetType) else asked.quote,
        due_minor=None if isinstance(asked.due_minor, UnsetType) else asked.due_minor,
    )
    (outcome,) = await record_facts(request, [fact])
    if outcome.receipt is None:
        return _refuse(request, outcome)
    return answer(view_order(fact, outcome.receipt), status=200 if outcome.repeated else 201)


@router.post("/v1/orders/{order}/returns")
@door(
    scope="activities:write",
    takes=ReturnIn,
    gives={200: ReceiptView, 201: ReceiptView},
    refuses=(*PATH_REFUSALS, StoreForbidden, PurchaseUnsent),
    examples={"One line comes back": RETURNED},
)
async def return_order(request: Request, order: Named) -> Response:
    """Take lines of an order back, or all that is left of it: money, points that paid for them, points they earned."""
    asked = await read_body(request, read_return)
    fact = await _follow(request, asked, asked.id, "return", order)
    return await record_one(request, replace(fact, returned=asked.lines))


@router.post("/v1/orders/{order}/cancel")
@door(
    scope="activities:write",
    takes=CancelIn,
    gives={200: ReceiptView, 201: ReceiptView},
    refuses=(*PATH_REFUSALS, StoreForbidden, PurchaseUnsent),
    examples={"It never was": CANCELLED},
)
async def cancel_order(request: Request, order: Named) -> Response:
    """Undo an order: all that is left of it comes back at once. Sent again it is answered again."""
    asked = await read_body(request, read_cancel)
    return await record_one(request, await _follow(request, asked, f"cancel:{order}", "return", order))


async def _price(request: Request, asked: QuoteIn) -> Response:
    """Preview the purchase. Nothing is written."""
    (fact,) = await name_members(request, [check_key(asked.to_activity(), key_of(request))], for_show=True)
    if isinstance(fact, Refusal):
        raise fact
    is_known = not isinstance(asked.member, UnsetType)
    if not asked.show or not is_known:
        (shown,) = await quotes_of(request).record([fact])
        return _show(request, fact, shown, is_known=is_known)
    house, lang = house_of(request), choose_language(request.headers.get("accept-language", ""))
    async with database_of(request).snapshot() as read:
        at = await clock.now(read)
        (shown,) = await spine.preview(read, house, [fact], at)
        if shown.outcome.receipt is None or shown.is_newcomer:
            return _show(request, fact, shown, is_known=True)
        view = replace(view_quote(fact, shown), member=shown.outcome.receipt.member)
        view = await add_extras(read, house, fact, view, at=at, extras=asked.show, lang=lang)
    return answer(view)


def _show(request: Request, fact: Activity, shown: spine.Previewed, *, is_known: bool) -> Response:
    """Answer with what a basket comes to, or why it comes to nothing."""
    receipt = shown.outcome.receipt
    if receipt is None:
        return _refuse(request, shown.outcome)
    view = view_quote(fact, shown)
    return answer(replace(view, member=receipt.member) if is_known else view)


async def _keep(request: Request, asked: QuoteIn, seconds: int) -> Response:
    """Record the quote, with what it sets aside."""
    fact = asked.to_activity(QUOTE, ask={"valid_seconds": seconds})
    (outcome,) = await record_facts(request, [fact])
    if outcome.receipt is None:
        return _refuse(request, outcome)
    receipt = outcome.receipt
    view = view_quote(fact, receipt, until=receipt.recorded_at + timedelta(seconds=seconds))
    if not isinstance(asked.member, UnsetType):
        view = replace(view, member=receipt.member)
    return answer(view, status=200 if outcome.repeated else 201)


async def _find_member(request: Request, source: str, name: str, told: MemberRef | UnsetType) -> UUID | Identifier:
    """Find whose order it is: whom the sender says, or else whom the journal does. Raises PurchaseUnsent."""
    if not isinstance(told, UnsetType):
        return told.to_reference()
    async with database_of(request).snapshot() as read:
        found = await journal.find_keys(read, [(source, name)])
    if not found:
        message = f"No order or quote {name!r} of {source!r} was recorded. Send it first."
        raise PurchaseUnsent(message, source=source, order=name)
    return found[source, name].member


async def _follow(request: Request, asked: ReturnIn | CancelIn, name: str, kind: str, origin: str) -> Activity:
    """Make the activity that follows up an order or a quote, of whoever that is. Raises PurchaseUnsent."""
    return Activity(
        id=name,
        source=asked.source,
        kind=kind,
        occurred_at=asked.occurred_at,
        member=await _find_member(request, asked.source, origin, asked.member),
        store=asked.store,
        origin=origin,
    )


def _refuse(request: Request, outcome: spine.Outcome) -> Response:
    assert outcome.refusal is not None, "an outcome is a receipt or a refusal"
    return refuse(outcome.refusal, request_id=request_id_of(request))

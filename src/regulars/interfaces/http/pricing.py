"""What a basket comes to, put together for a till: totals, what offers take off, what it earns, what more would."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from regulars.base.db import Read
from regulars.features.coupons.wallet import read_wallet
from regulars.features.rewards.catalogue import Lang, read_choices
from regulars.interfaces.http.wire import Discount, ReceiptView, Why, view_reasons, view_receipt
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Line, Receipt
from regulars.kernel.spine.quotes import reckon_due

__all__ = ["Extra", "OrderAnswer", "QuoteView", "add_extras", "view_order", "view_quote"]

Extra = Literal["coupons", "rewards", "hints"]
HINTS_MAX: Final = 3
REWARDS_MAX: Final = 20
PAID: Final = "paid_with_points"
PAYABLE: Final = "payable_with_points"


class Totals(Struct, frozen=True, kw_only=True):
    """A basket in money."""

    gross_minor: int
    """On the shelf."""
    discount_minor: int
    """Taken off by offers and coupons."""
    points_minor: int
    """Paid with points."""
    due_minor: int
    """Left to be paid."""


class Paid(Struct, frozen=True, kw_only=True):
    """A part of a basket that points pay, or could pay."""

    offer: str
    currency: str
    points: int
    amount_minor: int


class Gain(Struct, frozen=True, kw_only=True):
    """Points that a purchase brings."""

    offer: str
    currency: str
    points: int


class Hint(Struct, frozen=True, kw_only=True):
    """What a little more in the basket would bring."""

    offer: str
    missing_minor: int
    """Add so much ..."""
    points: Mapping[str, int]
    """... for so many more points, by currency,"""
    discount_minor: int
    """and so much more taken off."""


class CouponChoice(Struct, frozen=True, kw_only=True):
    """A coupon that the member holds and can show."""

    name: str
    title: Mapping[str, str]


class RewardChoice(Struct, frozen=True, kw_only=True):
    """A reward that the member can have now."""

    reward: str
    title: str


class QuoteView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a basket would come to."""

    quote: str
    source: str
    reserved: bool
    """Whether it is kept, with what it needs; else nothing was written."""
    program: str
    totals: Totals
    discounts: tuple[Discount, ...]
    paid: tuple[Paid, ...]
    payable: tuple[Paid, ...]
    """What could be paid with points at most, where no points are wished for yet."""
    forecast: tuple[Gain, ...]
    reasons: tuple[Why, ...]
    member: UUID | None = None
    """Left out for nobody in particular."""
    newcomer: bool = False
    """The member would be a new one."""
    valid_until: datetime | None = None
    hints: tuple[Hint, ...] = ()
    coupons: tuple[CouponChoice, ...] = ()
    rewards: tuple[RewardChoice, ...] = ()


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """What an order came to."""

    order: str
    source: str
    member: UUID
    totals: Totals
    discounts: tuple[Discount, ...]
    paid: tuple[Paid, ...]
    earned: tuple[Gain, ...]
    receipt: ReceiptView


def view_quote(fact: Activity, shown: spine.Previewed | Receipt, *, until: datetime | None = None) -> QuoteView:
    """Show a quote: a preview of the purchase, or the receipt of one that is kept."""
    is_kept = isinstance(shown, Receipt)
    receipt = shown if is_kept else shown.outcome.receipt
    assert receipt is not None, "what was refused is no quote"
    gains = _list_forecast(receipt) if is_kept else _list_earned(receipt)
    return QuoteView(
        quote=fact.id,
        source=fact.source,
        reserved=is_kept,
        program=receipt.program,
        totals=_total(fact, receipt),
        discounts=_list_discounts(receipt),
        paid=_list_paid(receipt, PAID),
        payable=_list_paid(receipt, PAYABLE),
        forecast=gains,
        reasons=view_reasons(receipt),
        newcomer=False if is_kept else shown.is_newcomer,
        valid_until=until,
    )


def view_order(fact: Activity, receipt: Receipt) -> OrderAnswer:
    """Show what an order came to."""
    return OrderAnswer(
        order=fact.id,
        source=fact.source,
        member=receipt.member,
        totals=_total(fact, receipt),
        discounts=_list_discounts(receipt),
        paid=_list_paid(receipt, PAID),
        earned=_list_earned(receipt),
        receipt=view_receipt(receipt),
    )


async def add_extras(
    read: Read,
    house: spine.House,
    fact: Activity,
    view: QuoteView,
    *,
    at: datetime,
    extras: Sequence[Extra],
    lang: Lang,
) -> QuoteView:
    """Add what a till asked for besides: what the member could show or redeem, and what a little more would bring."""
    member = view.member
    assert member is not None or not extras, "nobody in particular has nothing to show"
    if "coupons" in extras and member is not None:
        wallet = await read_wallet(read, house.versions, member, at)
        view = replace(
            view,
            coupons=tuple(
                CouponChoice(name=it.name, title=it.title)
                for it in (*(each for each in wallet.coupons if each.state == "usable"), *wallet.everybody)
                if it.name not in fact.coupons
            ),
        )
    if "rewards" in extras and member is not None:
        part = slice(0, REWARDS_MAX)
        choices, _ = await read_choices(read, house, member, at, lang=lang, store=fact.store, part=part)
        found = (RewardChoice(reward=it.reward, title=it.title) for it in choices if it.available)
        view = replace(view, rewards=tuple(found))
    if "hints" in extras:
        view = replace(view, hints=tuple([it async for it in _find_hints(read, house, fact, view, at)]))
    return view


async def _find_hints(
    read: Read, house: spine.House, fact: Activity, view: QuoteView, at: datetime
) -> AsyncIterator[Hint]:
    """Try the basket with what an offer says is missing, put on its dearest line."""
    missing = {
        why.offer: short
        for why in view.reasons
        if isinstance(short := why.values.get("missing_minor"), int) and short > 0
    }
    for offer, short in sorted(missing.items(), key=lambda it: (it[1], it[0]))[:HINTS_MAX]:
        fuller = replace(fact, lines=_enlarge(fact.lines, short))
        (shown,) = await spine.preview(read, house, [fuller], at)
        receipt = shown.outcome.receipt
        if receipt is None:
            continue
        points = _count(_list_earned(receipt))
        before = _count(view.forecast)
        more = {each: now - before.get(each, 0) for each, now in points.items() if now > before.get(each, 0)}
        off = _total(fuller, receipt).discount_minor - view.totals.discount_minor
        yield Hint(offer=offer, missing_minor=short, points=more, discount_minor=max(off, 0))


def _enlarge(lines: Sequence[Line], minor: int) -> tuple[Line, ...]:
    dearest = max(range(len(lines)), key=lambda place: lines[place].amount_minor)
    return tuple(
        replace(line, amount_minor=line.amount_minor + minor) if place == dearest else line
        for place, line in enumerate(lines)
    )


def _count(gains: Sequence[Gain]) -> dict[str, int]:
    points: dict[str, int] = {}
    for gain in gains:
        points[gain.currency] = points.get(gain.currency, 0) + gain.points
    return points


def _total(fact: Activity, receipt: Receipt) -> Totals:
    gross, due = sum(line.amount_minor for line in fact.lines), reckon_due(fact.lines, receipt.discounts)
    by_points = sum(paid.amount_minor for paid in _list_paid(receipt, PAID))
    return Totals(gross_minor=gross, discount_minor=gross - due - by_points, points_minor=by_points, due_minor=due)


def _list_discounts(receipt: Receipt) -> tuple[Discount, ...]:
    """List what is taken off, but for what points pay."""
    payers = {reason.offer for reason in receipt.reasons if reason.code == PAID}
    return tuple(
        Discount(offer=offer, line=discount.line, amount_minor=discount.amount_minor)
        for offer, discount in receipt.discounts
        if offer not in payers
    )


def _list_paid(receipt: Receipt, code: str) -> tuple[Paid, ...]:
    return tuple(
        Paid(
            offer=reason.offer,
            currency=str(reason.values["currency"]),
            points=int(reason.values["points"] or 0),
            amount_minor=int(reason.values["amount_minor"] or 0),
        )
        for reason in receipt.reasons
        if reason.code == code
    )


def _list_earned(receipt: Receipt) -> tuple[Gain, ...]:
    return tuple(
        Gain(offer=posted.offer, currency=posted.currency, points=posted.points)
        for posted in receipt.postings
        if posted.kind == "issue"
    )


def _list_forecast(receipt: Receipt) -> tuple[Gain, ...]:
    return tuple(
        Gain(offer=given.offer, currency=given.award.currency, points=given.award.points) for given in receipt.forecast
    )

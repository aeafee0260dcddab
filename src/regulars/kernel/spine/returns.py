"""What a return speaks of: its purchase, what earlier returns brought back, and what may still come back. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.activity import Past
from regulars.kernel.nouns import Activity, Award, Body, Cost, Discount, Given, Original, Posted, Receipt, Returned
from regulars.kernel.program import HONOURED, take_off
from regulars.kernel.spine.model import PurchaseOfAnother, ReturnTooLarge

__all__ = ["earlier_of", "expand", "fact_of", "is_priced", "list_borne", "list_paid", "original_of", "own_lots"]


def fact_of(body: Body, member: UUID, *, returned: tuple[Returned, ...] | None = None) -> Activity:
    """Put an activity's member back to what it says."""
    return Activity(
        id=body.id,
        source=body.source,
        kind=body.kind,
        occurred_at=body.occurred_at,
        member=member,
        store=body.store,
        channel=body.channel,
        lines=body.lines,
        returned=body.returned if returned is None else returned,
        origin=body.origin,
        ask=body.ask,
        data=body.data,
        coupons=body.coupons,
        pay=body.pay,
        to_price=body.to_price,
        due_minor=body.due_minor,
    )


def is_priced(fact: Activity) -> bool:
    """Say whether amounts are what is paid; else the programme makes the price."""
    return not (fact.coupons or fact.pay or fact.to_price)


def list_paid(receipt: Receipt) -> dict[str, int]:
    """Count by currency the points that a purchase was paid with."""
    paid: dict[str, int] = {}
    for posted in receipt.postings:
        if posted.kind == "redeem" and posted.lines:
            paid[posted.currency] = paid.get(posted.currency, 0) - posted.points
    return paid


def list_borne(receipt: Receipt) -> tuple[tuple[str, Discount], ...]:
    """List what was taken off a purchase where the house bore a part of it, to be taken off again."""
    borne = any(offer == HONOURED for offer, _ in receipt.discounts)
    return receipt.discounts if borne else ()


def original_of(owner: UUID, past: Past, answers: Sequence[Receipt]) -> Original:
    """Put together the purchase as its return must see it. Raises PurchaseOfAnother when it is none of theirs."""
    if past.member != owner or past.body.kind != "purchase":
        message = f"{past.body.id} is not a purchase of this member. A return names the purchase that it undoes."
        raise PurchaseOfAnother(message, origin=past.body.id)
    return earlier_of(owner, past, answers)


def earlier_of(owner: UUID, past: Past, answers: Sequence[Receipt]) -> Original:
    """Put together an activity as whatever undoes it must see it."""
    minor: dict[int, int] = {}
    milli: dict[int, int] = {}
    taken: dict[tuple[str, str], int] = {}
    restored: dict[tuple[str, str], int] = {}
    claims = {claim.ceiling: claim.amount for claim in past.receipt.claims}
    for answer in answers:
        for claim in answer.freed:
            claims[claim.ceiling] -= claim.amount
        for part in answer.returned:
            minor[part.line] = minor.get(part.line, 0) + part.amount_minor
            milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
        for posted in answer.postings:
            key = (posted.offer, posted.currency)
            if posted.kind == "return":
                taken[key] = taken.get(key, 0) - posted.points
            elif posted.kind == "reverse":
                restored[key] = restored.get(key, 0) + posted.points
    return Original(
        activity=_as_paid(fact_of(past.body, owner), past.receipt),
        given=tuple(
            Given(
                offer=posted.offer,
                award=Award(currency=posted.currency, points=posted.points, lines=posted.lines),
            )
            for posted in past.receipt.postings
            if posted.kind == "issue"
        ),
        returned_minor=minor,
        returned_milli=milli,
        taken=taken,
        touched=_list_touched(past.receipt),
        claims={ceiling: amount for ceiling, amount in claims.items() if amount},
        paid=tuple(
            (posted.offer, Cost(currency=posted.currency, points=-posted.points, lines=posted.lines))
            for posted in past.receipt.postings
            if posted.kind == "redeem" and posted.lines
        ),
        restored=restored,
    )


def _list_touched(receipt: Receipt) -> frozenset[str]:
    """The offers that did something which is no points: their memory changed, or they say so."""
    return frozenset(
        (
            *receipt.memories,
            *(offer for offer, _ in receipt.discounts),
            *(posted.offer for posted in receipt.postings if posted.kind == "redeem"),
            *(reason.offer for reason in receipt.reasons if reason.code == "granted"),
        )
    )


def _as_paid(activity: Activity, receipt: Receipt) -> Activity:
    """A purchase with what was paid for its lines in the end, coupons taken off: no more can come back."""
    if not receipt.discounts:
        return activity
    return replace(activity, lines=take_off(activity.lines, [discount for _, discount in receipt.discounts]))


def expand(activity: Activity, original: Original) -> tuple[Returned, ...]:
    """Say line by line what comes back now. Raises ReturnTooLarge beyond what was bought and is not yet back."""
    lines = original.activity.lines
    if not activity.returned:
        rest = tuple(
            Returned(
                line=number,
                amount_minor=line.amount_minor - original.returned_minor.get(number, 0),
                quantity_milli=max(0, line.quantity_milli - original.returned_milli.get(number, 0)),
            )
            for number, line in enumerate(lines, start=1)
        )
        return tuple(part for part in rest if part.amount_minor or part.quantity_milli)
    back: dict[int, list[int]] = {}
    for part in activity.returned:
        if part.line > len(lines):
            message = f"The purchase has {len(lines)} lines; line {part.line} is not one of them."
            raise ReturnTooLarge(message, line=part.line)
        sums = back.setdefault(part.line, [0, 0])
        sums[0] += part.amount_minor
        sums[1] += part.quantity_milli
    for number, (minor, milli) in back.items():
        line = lines[number - 1]
        minor_left = line.amount_minor - original.returned_minor.get(number, 0)
        milli_left = line.quantity_milli - original.returned_milli.get(number, 0)
        if minor > minor_left or milli > milli_left:
            message = (
                f"Of line {number}, {minor_left} minor units and {milli_left} thousandths can still come back;"
                f" this return says {minor} and {milli}."
            )
            raise ReturnTooLarge(message, line=number, amount_left_minor=minor_left, quantity_left_milli=milli_left)
    return tuple(
        Returned(line=number, amount_minor=minor, quantity_milli=milli)
        for number, (minor, milli) in sorted(back.items())
    )


def own_lots(past: Receipt, taken: Mapping[tuple[str, str], int], offer: str, currency: str) -> list[tuple[int, int]]:
    """List the lots that an offer issued for the purchase, as (number, points not yet taken back), in order."""
    left = taken.get((offer, currency), 0)
    lots: list[tuple[int, int]] = []
    for posted in past.postings:
        if _is_issue(posted, offer, currency):
            gone = min(left, posted.points)
            left -= gone
            lots.append((posted.lot, posted.points - gone))
    return lots


def _is_issue(posted: Posted, offer: str, currency: str) -> bool:
    return posted.kind == "issue" and posted.offer == offer and posted.currency == currency

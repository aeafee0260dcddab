"""Points set aside: a hold names lots and their owners, and is captured in parts, released, or runs out."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.ledger.book import Book, check_points
from regulars.kernel.ledger.model import (
    POINTS,
    REDEMPTION,
    Hold,
    HoldEnded,
    HoldPart,
    HoldTooSmall,
    HoldUnknown,
    Lot,
    Stamp,
    use_order,
)
from regulars.kernel.ledger.spending import draw
from regulars.kernel.nouns import Posted

__all__ = ["capture", "find_hold", "find_run_out", "hold", "release"]


def hold(
    book: Book,
    member: UUID,
    owners: Iterable[UUID],
    currency: str,
    points: int,
    *,
    until: tuple[datetime, datetime],
    by: Stamp,
    purpose: str = "",
) -> Posted:
    """Set points aside: nobody else can use them, and should their lot end, they end only with the hold.

    `until`: the last use, and the last settlement. The hold has the id of the activity that made it.
    """
    at, (valid_until, settle_until) = by.at, until
    assert at < valid_until <= settle_until
    parts = draw(book, owners, currency, points, at=at)
    for lot, part in parts:
        book.put_lot(replace(lot, remaining=lot.remaining - part))
    book.put_hold(
        Hold(
            member=member,
            id=by.activity,
            currency=currency,
            amount=points,
            held_at=at,
            valid_until=valid_until,
            settle_until=settle_until,
            purpose=purpose,
            parts=tuple(HoldPart(owner=lot.member, lot=lot.number, amount=part) for lot, part in parts),
        )
    )
    book.ensure_account(member, currency, at=at)
    for owner in {member, *(lot.member for lot, _ in parts)}:
        book.recompute_due(owner, currency)
    return Posted(currency=currency, points=-points, kind="hold", hold=by.activity)


def find_hold(book: Book, member: UUID, id: UUID) -> Hold:  # noqa: A002 - the glossary's word
    """Answer an open hold. Raises HoldUnknown, also for a voucher, or HoldEnded: a final state is final."""
    found = book.holds.get((member, id))
    if found is None or found.purpose:
        message = f"This member has no hold {id}."
        raise HoldUnknown(message, hold=str(id))
    if found.state != "open":
        message = f"The hold was {'run out' if found.state == 'expired' else found.state} before."
        raise HoldEnded(message, hold=str(id), state=found.state)
    return found


def capture(
    book: Book, held: Hold, points: int, *, used_at: datetime, stamp_of: Callable[[UUID], Stamp], at: datetime
) -> list[tuple[UUID, Posted]]:
    """Use held points for good; what is left stays held. Gives (owner, posting): a pool's owners each pay their part.

    `used_at` is when the points were used, which counts for `valid_until`; `at` may be as late as `settle_until`.
    Raises HoldEnded, HoldTooSmall.
    """
    check_points(points)
    if used_at > held.valid_until or at > held.settle_until:
        message = f"The hold could be used until {held.valid_until.isoformat()}."
        raise HoldEnded(message, hold=str(held.id), state=held.state)
    if points > held.open:
        message = f"{points} points are asked for, and the hold still holds {held.open}."
        raise HoldTooSmall(message, hold=str(held.id), asked=points, left=held.open)
    left = points
    parts: list[HoldPart] = []
    used: dict[UUID, list[tuple[Lot, int]]] = {}
    for lot, part in sorted(_lots_of(book, held), key=lambda it: (*use_order(it[0]), it[0].member)):
        amount = min(left, part.open)
        left -= amount
        parts.append(replace(part, captured=part.captured + amount))
        if amount:
            used.setdefault(part.owner, []).append((lot, amount))
    state: Literal["open", "captured"] = "captured" if points == held.open else "open"
    book.put_hold(
        replace(
            held,
            captured=held.captured + points,
            parts=tuple(parts),
            state=state,
            ended_at=at if state == "captured" else None,
        )
    )
    postings = [(owner, _pay(book, taken, stamp_of(owner))) for owner, taken in used.items()]
    for owner in {held.member, *(part.owner for part in held.parts)}:
        book.recompute_due(owner, held.currency)
    return [(owner, replace(posted, hold=held.id)) for owner, posted in postings]


def _lots_of(book: Book, held: Hold) -> list[tuple[Lot, HoldPart]]:
    """The lots that a hold names, each with what the hold has of it."""
    lots: list[tuple[Lot, HoldPart]] = []
    for part in held.parts:
        lot = book.lot(part.owner, held.currency, part.lot)
        assert lot is not None
        lots.append((lot, part))
    return lots


def _pay(book: Book, parts: Sequence[tuple[Lot, int]], by: Stamp) -> Posted:
    owner, currency = parts[0][0].member, parts[0][0].currency
    points = sum(part for _, part in parts)
    legs = (POINTS, REDEMPTION)
    version, _ = book.move(owner, currency, legs, points, kind="redeem", by=by)
    for lot, part in parts:
        # The hold had already taken them out of `remaining`.
        book.allocate(lot, version, -part)
    return Posted(currency=currency, points=-points, kind="redeem", version=version)


def release(book: Book, held: Hold, *, at: datetime, state: Literal["released", "expired"] = "released") -> Posted:
    """Give back what is still held, to the same lots. What has ended meanwhile ends when its lots are next swept."""
    points = held.open
    owners: set[UUID] = {held.member}
    parts: list[HoldPart] = []
    for part in held.parts:
        if part.open:
            lot = book.lot(part.owner, held.currency, part.lot)
            assert lot is not None
            book.put_lot(replace(lot, remaining=lot.remaining + part.open))
            owners.add(part.owner)
        parts.append(replace(part, released=part.released + part.open))
    book.put_hold(replace(held, released=held.released + points, parts=tuple(parts), state=state, ended_at=at))
    for owner in owners:
        book.recompute_due(owner, held.currency)
    return Posted(currency=held.currency, points=points, kind="release", hold=held.id)


def find_run_out(book: Book, member: UUID, *, at: datetime) -> list[Hold]:
    """List holds whose settlement time has passed, in that order: the member's own, and others' on their points."""
    found = [
        held
        for currency in book.currencies(member)
        for held in book.holds_on(member, currency)
        if held.state == "open" and held.settle_until <= at
    ]
    return sorted(found, key=lambda held: (held.settle_until, held.held_at, held.id))

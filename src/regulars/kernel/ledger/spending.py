"""Taking points out of lots: to redeem, to give away, to correct; and putting a redemption back."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from regulars.kernel.ledger.book import Book, check_points
from regulars.kernel.ledger.model import (
    POINTS,
    REDEMPTION,
    REINSTATEMENT,
    Lot,
    NotEnoughPoints,
    NothingToReverse,
    Stamp,
    Taken,
    use_order,
)
from regulars.kernel.nouns import Posted

__all__ = ["Late", "draw", "reverse", "spend", "take"]


class Late(Struct, frozen=True, kw_only=True, gc=False):
    """What becomes of points that come back into a lot that has ended meanwhile.

    `forfeit`: they end at once. `grace`: they live so much longer. `reinstate`: they get the life they once had. The
    latter two as a child lot.
    """

    policy: Literal["forfeit", "grace", "reinstate"] = "forfeit"
    grace: timedelta = timedelta()


def draw(book: Book, owners: Iterable[UUID], currency: str, points: int, *, at: datetime) -> list[tuple[Lot, int]]:
    """Choose lots to take points from, in the order of use, over all owners. Raises NotEnoughPoints, never short."""
    check_points(points)
    lots = [lot for owner in owners for lot in book.open_lots(owner, currency) if lot.is_usable(at)]
    left = points
    parts: list[tuple[Lot, int]] = []
    for lot in sorted(lots, key=lambda lot: (*use_order(lot), lot.member)):
        if left == 0:
            break
        part = min(left, lot.remaining)
        parts.append((lot, part))
        left -= part
    if left:
        message = f"{points} points are asked for, and {points - left} may be used now."
        raise NotEnoughPoints(message, currency=currency, asked=points, available=points - left)
    return parts


def take(
    book: Book,
    parts: Sequence[tuple[Lot, int]],
    *,
    kind: str,
    house: str,
    by: Stamp,
) -> Posted:
    """Take parts of one member's lots out of their points account: one entry, one allocation for each lot."""
    member, currency = parts[0][0].member, parts[0][0].currency
    points = sum(part for _, part in parts)
    version, _ = book.move(member, currency, (POINTS, house), points, kind=kind, by=by)
    for lot, part in parts:
        assert lot.member == member
        book.allocate(lot, version, -part)
        book.put_lot(replace(lot, remaining=lot.remaining - part))
    return Posted(currency=currency, points=-points, kind=kind, version=version)


def spend(book: Book, member: UUID, currency: str, points: int, *, kind: str, house: str, by: Stamp) -> Posted:
    """Take points of one member in the order of use. Raises NotEnoughPoints."""
    parts = draw(book, (member,), currency, points, at=by.at)
    posted = take(book, parts, kind=kind, house=house, by=by)
    book.recompute_due(member, currency)
    return posted


def reverse(
    book: Book,
    member: UUID,
    currency: str,
    points: int,
    *,
    of: Taken,
    late: Late,
    by: Stamp,
) -> list[Posted]:
    """Put points of a redemption back into the lots they came from, last used first.

    `of` is the redemption; `late` says what becomes of points whose lot has ended meanwhile. Raises NothingToReverse.
    """
    if points > of.left or of.left == 0:
        message = f"{points} points are asked back, and {of.left} of this redemption can still come back."
        if of.left == 0:
            message = "All points of this redemption have come back before."
        raise NothingToReverse(message, asked=points, left=of.left)
    check_points(points)
    legs = (REDEMPTION, POINTS)
    _, back = book.move(member, currency, legs, points, kind="reverse", by=by)
    left = points
    reborn_at_all = late.policy == "reinstate" or (late.policy == "grace" and late.grace > timedelta())
    reborn: list[tuple[Lot, int]] = []
    for number, most in reversed(list(of.parts.items())):
        part = min(left, most)
        if part == 0:
            continue
        left -= part
        lot = book.lot(member, currency, number)
        assert lot is not None
        book.allocate(lot, back, part, undoes=of.version)
        lot = replace(lot, remaining=lot.remaining + part)
        book.put_lot(lot)
        if lot.expires_at is not None and lot.expires_at <= by.at and reborn_at_all:
            reborn.append((lot, part))
    postings = [Posted(currency=currency, points=points, kind="reverse", version=back)]
    for lot, part in reborn:
        assert lot.expires_at is not None
        life = late.grace if late.policy == "grace" else lot.expires_at - lot.issued_at
        out = take(book, [(lot, part)], kind="reinstate", house=REINSTATEMENT, by=by)
        postings += [
            out,
            receive(book, lot, part, expires_at=by.at + life, house=REINSTATEMENT, kind="reinstate", by=by),
        ]
    ended = book.expire(member, currency, by=by)
    return postings if ended is None else [*postings, ended]


def receive(
    book: Book,
    parent: Lot,
    points: int,
    *,
    expires_at: datetime | None,
    house: str,
    kind: str,
    by: Stamp,
    member: UUID | None = None,
) -> Posted:
    """Give points on as a child of the lot they come from: same funder, worth and priority."""
    owner = member or parent.member
    legs = (house, POINTS)
    _, number = book.move(owner, parent.currency, legs, points, kind=kind, by=by)
    settled = book.settle(
        replace(
            parent,
            member=owner,
            number=number,
            amount=points,
            remaining=points,
            expired=0,
            issued_at=by.at,
            usable_from=max(by.at, parent.usable_from),
            expires_at=expires_at,
            activity=by.activity,
            parent_member=parent.member,
            parent_number=parent.number,
        ),
        by=by,
    )
    return Posted(
        currency=parent.currency,
        points=points,
        offer=parent.offer,
        kind=kind,
        lot=number,
        version=number,
        settled=settled,
        usable_from=parent.usable_from if parent.usable_from > by.at else None,
        expires_at=expires_at,
    )

"""Taking points out of lots: to redeem, to give away, to correct; and putting a redemption back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.ledger.book import Book, check_points
from regulars.kernel.ledger.model import (
    POINTS,
    REDEMPTION,
    REINSTATEMENT,
    Lot,
    NotEnoughPoints,
    NothingToReverse,
    use_order,
)
from regulars.kernel.nouns import Posted

__all__ = ["WhenExpired", "draw", "reverse", "spend", "take"]

WhenExpired = Literal["forfeit", "grace", "reinstate"]
"""What becomes of points that come back into a lot that has ended meanwhile."""


def draw(
    book: Book, owners: Iterable[UUID], currency: str, points: int, *, at: datetime
) -> list[tuple[Lot, int]]:
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
    activity: UUID,
    at: datetime,
) -> Posted:
    """Take parts of one member's lots out of their points account: one entry, one allocation for each lot."""
    member, currency = parts[0][0].member, parts[0][0].currency
    points = sum(part for _, part in parts)
    version, _ = book.move(member, currency, (POINTS, house), points, kind=kind, activity=activity, at=at)
    for lot, part in parts:
        assert lot.member == member
        book.allocate(lot, version, -part)
        book.put_lot(replace(lot, remaining=lot.remaining - part))
    return Posted(currency=currency, points=-points, kind=kind, version=version)


def spend(
    book: Book, member: UUID, currency: str, points: int, *, kind: str, house: str, activity: UUID, at: datetime
) -> Posted:
    """Take points of one member in the order of use. Raises NotEnoughPoints."""
    parts = draw(book, (member,), currency, points, at=at)
    posted = take(book, parts, kind=kind, house=house, activity=activity, at=at)
    book.recompute_due(member, currency)
    return posted


def reverse(
    book: Book,
    member: UUID,
    currency: str,
    points: int,
    *,
    version: int,
    taken: Mapping[int, int],
    when_expired: WhenExpired,
    grace: timedelta,
    activity: UUID,
    at: datetime,
) -> list[Posted]:
    """Put points of a redemption back into the lots they came from, last used first.

    `version` is the redemption's entry; `taken` says, in the order of use, how much of each lot it took and has not
    got back. Lots that ended meanwhile: `forfeit` lets the points end at once, `grace` gives them so much longer,
    `reinstate` the life they had; the latter two as a child lot. Raises NothingToReverse.
    """
    check_points(points)
    if points > sum(taken.values()):
        message = f"{points} points are asked back, and {sum(taken.values())} of this redemption can still come back."
        raise NothingToReverse(message, asked=points, left=sum(taken.values()))
    legs = (REDEMPTION, POINTS)
    _, back = book.move(member, currency, legs, points, kind="reverse", activity=activity, at=at)
    left = points
    reborn: list[tuple[Lot, int]] = []
    for number, most in reversed(list(taken.items())):
        part = min(left, most)
        if part == 0:
            continue
        left -= part
        lot = book.lot(member, currency, number)
        assert lot is not None
        book.allocate(lot, back, part, undoes=version)
        lot = replace(lot, remaining=lot.remaining + part)
        book.put_lot(lot)
        if lot.expires_at is not None and lot.expires_at <= at and when_expired != "forfeit":
            reborn.append((lot, part))
    postings = [Posted(currency=currency, points=points, kind="reverse", version=back)]
    for lot, part in reborn:
        assert lot.expires_at is not None
        life = grace if when_expired == "grace" else lot.expires_at - lot.issued_at
        out = take(book, [(lot, part)], kind="reinstate", house=REINSTATEMENT, activity=activity, at=at)
        postings += [out, receive(book, lot, part, expires_at=at + life, house=REINSTATEMENT, kind="reinstate", activity=activity, at=at)]
    ended = book.expire(member, currency, activity=activity, at=at)
    return postings if ended is None else [*postings, ended]


def receive(
    book: Book,
    parent: Lot,
    points: int,
    *,
    expires_at: datetime | None,
    house: str,
    kind: str,
    activity: UUID,
    at: datetime,
    member: UUID | None = None,
) -> Posted:
    """Give points on as a child of the lot they come from: same funder, worth and priority."""
    owner = member or parent.member
    legs = (house, POINTS)
    _, number = book.move(owner, parent.currency, legs, points, kind=kind, activity=activity, at=at)
    book.put_new_lot(
        replace(
            parent,
            member=owner,
            number=number,
            amount=points,
            remaining=points,
            expired=0,
            issued_at=at,
            usable_from=max(at, parent.usable_from),
            expires_at=expires_at,
            activity=activity,
            parent_member=parent.member,
            parent_number=parent.number,
        )
    )
    return Posted(
        currency=parent.currency,
        points=points,
        offer=parent.offer,
        kind=kind,
        lot=number,
        version=number,
        expires_at=expires_at,
    )

"""Taking back the points of a purchase that came back: its own lot first, then by order, then arrears."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.ledger.book import Book, check_points
from regulars.kernel.ledger.model import ARREARS, BREAKAGE, ISSUANCE, POINTS, Lot, Stamp, use_order
from regulars.kernel.nouns import Posted

__all__ = ["take_back"]


def take_back(book: Book, member: UUID, currency: str, points: int, *, own: int, offer: str, by: Stamp) -> Posted:
    """Take back points that lot `own` gave. Points of it that ended unused are taken from nobody.

    What the lot no longer has is taken from the member's other lots, usable ones first; what even they do not have
    becomes arrears, which the next points pay. Call `expire` first: what has run out must be out of the way.
    """
    check_points(points)
    left = points
    version = forgiven = 0
    taken: list[tuple[Lot, int]] = []
    lot = book.lot(member, currency, own)
    if lot is not None:
        part = min(left, lot.remaining)
        if part:
            taken.append((lot, part))
            left -= part
        forgiven = min(left, lot.expired)
        left -= forgiven
    for other in _others(book, member, currency, own, by.at):
        if left == 0:
            break
        part = min(left, other.remaining)
        taken.append((other, part))
        left -= part
    if total := sum(part for _, part in taken):
        legs = (POINTS, ISSUANCE)
        version, _ = book.move(member, currency, legs, total, kind="return", by=by)
        for source, part in taken:
            book.allocate(source, version, -part)
            book.put_lot(replace(source, remaining=source.remaining - part))
    if lot is not None and forgiven:
        _forgive(book, lot, forgiven, by=by)
    if left:
        book.move(member, currency, (ARREARS, ISSUANCE), left, kind="arrears", by=by)
    book.recompute_due(member, currency)
    return Posted(
        currency=currency,
        points=-points,
        offer=offer,
        kind="return",
        lot=own,
        version=version,
        arrears=left,
        forgiven=forgiven,
    )


def _others(book: Book, member: UUID, currency: str, own: int, at: datetime) -> list[Lot]:
    lots = [lot for lot in book.open_lots(member, currency) if lot.number != own]
    return sorted(lots, key=lambda lot: (lot.usable_from > at, *use_order(lot)))


def _forgive(book: Book, own: Lot, points: int, *, by: Stamp) -> None:
    # They were counted as breakage, an income; now they were never earned.
    lot = book.lot(own.member, own.currency, own.number)
    assert lot is not None
    legs = (BREAKAGE, ISSUANCE)
    version, _ = book.move(lot.member, lot.currency, legs, points, kind="return", by=by)
    book.allocate(lot, version, -points, account=BREAKAGE)
    book.put_lot(replace(lot, expired=lot.expired - points))

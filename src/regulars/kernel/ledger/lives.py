"""Points that end by inactivity: whatever their member does lets them live on."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.ledger.book import Book
from regulars.kernel.nouns import Posted

__all__ = ["prolong"]


def prolong(book: Book, member: UUID, currency: str, ends: datetime | None, *, at: datetime) -> list[Posted]:
    """Let a member's open lots end at `ends`, where that is later than they would (None: such an end moves nothing).

    Open is what has something left, or under a hold, and has not ended by `at`: what is over does not come back. A
    posting for each lot, which moves no points. The member is an opened one.
    """
    if ends is None:
        return []
    held = {
        part.lot
        for each in book.holds_on(member, currency)
        if each.state == "open"
        for part in each.parts
        if part.owner == member and part.open
    }
    postings: list[Posted] = []
    for number, lot in sorted(book.lots.get((member, currency), {}).items()):
        is_open = lot.remaining > 0 or number in held
        if is_open and lot.expires_at is not None and at < lot.expires_at < ends:
            book.put_lot(replace(lot, expires_at=ends))
            postings.append(Posted(currency=currency, points=0, kind="prolong", lot=number, expires_at=ends))
    if postings:
        book.recompute_due(member, currency)
    return postings

"""Following the journal: every activity is read once by whoever keeps a place in it, each member's in their order.

Numbers of the journal are given while a transaction goes on, so a higher one may be seen before a lower. Whoever
follows therefore reads windows of transactions that have all ended, and each window by the journal's numbers.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.kernel import activity as journal
from regulars.kernel.activity import Followed

__all__ = [
    "JournalRewound",
    "Place",
    "carry_over",
    "carry_reader",
    "find_end",
    "find_place",
    "follow",
    "is_after",
    "settle_journal",
]

PAGE: Final = 500


class JournalRewound(Refusal):
    """The database was put back from a copy that counts transactions anew: places in the journal mean nothing there."""

    code, kind = "journal_rewound", "unavailable"


class Place(Struct, frozen=True, kw_only=True):
    """How far the journal was read: the transactions below `low`, and of [low, high) up to the number `seq`."""

    low: int
    high: int
    seq: int = 0


async def find_end(read: Read) -> Place:
    """Give the place behind all that has ended by now: whoever starts there reads what comes."""
    end = await journal.horizon(read)
    return Place(low=end, high=end)


async def find_place(read: Read, since: datetime) -> Place:
    """Give the place before what was recorded at a ledger time or later. Looks at the whole journal."""
    low = await journal.first_since(read, since)
    if low is None:
        return await find_end(read)
    return Place(low=low, high=low)


async def follow(read: Read, place: Place, *, most: int = PAGE) -> tuple[list[Followed], Place]:
    """Read on: what was recorded after a place, oldest first, and the place behind it.

    Each member's activities come in their order. A page may be empty though there is more.
    Raises JournalRewound.
    """
    at = place
    if at.low == at.high:
        # The horizon is asked first: the rows below it are then there for the next query.
        high = await journal.horizon(read)
        if high < at.low:
            message = "The journal was read further than this database has come. Begin anew from a time."
            raise JournalRewound(message, low=at.low, high=high)
        at = Place(low=at.low, high=high)
    found = await journal.follow(read, low=at.low, high=at.high, after=at.seq, most=most)
    if len(found) == most:
        return found, Place(low=at.low, high=at.high, seq=found[-1].seq)
    return found, Place(low=at.high, high=at.high)


def is_after(row: Followed, place: Place) -> bool:
    """Say whether a row was still to be read at a place."""
    return row.transaction >= place.high or (row.transaction >= place.low and row.seq > place.seq)


async def carry_over(read: Read, place: Place, *, again: bool = True) -> Place:
    """Give the place that means the same after `settle_journal`.

    What was recorded side by side around the place has one order from then on. `again`: some of it may be read a second
    time, and none is left out; without it, some may be left out, and none is read that was not to be.
    """
    first, last = await journal.split(read, low=place.low, high=place.high, after=place.seq)
    return Place(low=journal.SETTLED, high=journal.SETTLED + 1, seq=first - 1 if again else last)


async def carry_reader(
    tx: Tx, take: Callable[[Tx], Awaitable[Place | None]], move: Callable[[Tx, Place], Awaitable[None]]
) -> None:
    """Carry the one place that a room keeps over: `take` gives it, if there is one, and `move` writes it down.

    What is read a second time is a room's to know again, by its name.
    """
    place = await take(tx)
    if place is not None:
        await move(tx, await carry_over(tx, place))


async def settle_journal(tx: Tx) -> None:
    """Have the journal forget by which transactions it was written: it was put back into a server that counts anew.

    Whoever keeps a place carries it over first.
    """
    await journal.settle_transactions(tx)

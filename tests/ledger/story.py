"""What the stories of the ledger share: two members, days, lots, and a book that agrees with itself."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.model import ARREARS, POINTS, Account, Hold, HoldPart, Lot, Stamp

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN = UUID("01900000-0000-7000-8000-00000000000a")
BOB = UUID("01900000-0000-7000-8000-00000000000b")
CAT = UUID("01900000-0000-7000-8000-00000000000c")
BEFORE = UUID("01900000-0000-7000-8000-0000000000f0")
"""The activity that issued the lots."""
NOW = UUID("01900000-0000-7000-8000-0000000000f1")
"""The activity under test."""
KEPT = UUID("01900000-0000-7000-8000-0000000000f2")
"""An activity that made a hold."""


def day(number: int) -> datetime:
    """So many days after the story begins."""
    return AT + timedelta(days=number)


def stamp(at: int = 0, activity: UUID = NOW) -> Stamp:
    return Stamp(activity=activity, at=day(at))


def lot(  # noqa: PLR0913 - what a lot has
    number: int,
    amount: int,
    *,
    member: UUID = ANN,
    currency: str = "points",
    remaining: int | None = None,
    expired: int = 0,
    issued: int = -10,
    usable: int = -10,
    ends: int | None = None,
    priority: int = 0,
) -> Lot:
    """A lot by days; all of it remains where nothing else is said."""
    return Lot(
        member=member,
        currency=currency,
        number=number,
        amount=amount,
        remaining=amount if remaining is None else remaining,
        expired=expired,
        issued_at=day(issued),
        usable_from=day(usable),
        expires_at=None if ends is None else day(ends),
        priority=priority,
        activity=BEFORE,
        offer="base",
        program="p1",
        funder="house",
        value_micro=500_000,
    )


def held(
    *parts: HoldPart,
    member: UUID = ANN,
    id_: UUID = KEPT,
    currency: str = "points",
    at: int = -5,
    valid: int = 5,
    settle: int = 6,
) -> Hold:
    """An open hold by days."""
    return Hold(
        member=member,
        id=id_,
        currency=currency,
        amount=sum(part.amount for part in parts),
        captured=sum(part.captured for part in parts),
        released=sum(part.released for part in parts),
        held_at=day(at),
        valid_until=day(valid),
        settle_until=day(settle),
        parts=parts,
    )


def book_of(*lots: Lot, holds: Iterable[Hold] = (), owed: int = 0, at: int = -1) -> Book:
    """A book with these lots and holds opened. Each owner's account has as many points as lots and holds come to."""
    holds = tuple(holds)
    points: dict[tuple[UUID, str], int] = {}
    versions: dict[tuple[UUID, str], int] = {}
    for each in lots:
        key = (each.member, each.currency)
        points[key] = points.get(key, 0) + each.remaining
        versions[key] = max(versions.get(key, 0), each.number)
    for each in holds:
        for part in each.parts:
            key = (part.owner, each.currency)
            points[key] = points.get(key, 0) + part.open
    accounts = {
        (member, currency, POINTS): Account(version=versions[member, currency], balance=balance, at=day(at))
        for (member, currency), balance in points.items()
    }
    if owed:
        accounts[ANN, "points", ARREARS] = Account(version=1, balance=-owed, at=day(at))
    book = Book(accounts)
    book.open({ANN, *(key[0] for key in points), *(each.member for each in holds)}, lots, holds)
    return book


def moves(book: Book, member: UUID = ANN) -> list[tuple[str, str, int]]:
    """What a member's accounts did: account, kind, points."""
    return [(entry.account, entry.kind, entry.amount) for entry in book.entries if entry.member == member]


def taken(book: Book, member: UUID = ANN) -> list[tuple[int, str, int, int, int | None]]:
    """What was taken from lots and given back: lot, account, version, points, what it undoes."""
    return [(a.lot, a.account, a.version, a.amount, a.undoes) for a in book.allocations if a.member == member]


def left(book: Book, member: UUID = ANN, currency: str = "points") -> dict[int, int]:
    """What remains in each lot."""
    return {number: each.remaining for number, each in book.lots.get((member, currency), {}).items()}


def prove(book: Book) -> None:
    """Assert that the book agrees with itself: legs come to nothing, and points are what lots and holds still have."""
    assert sum(entry.amount for entry in book.entries) == 0
    for (member, currency, account), kept in book.accounts.items():
        if account == POINTS:
            lots = sum(each.remaining for each in book.lots.get((member, currency), {}).values())
            parts = sum(
                part.open
                for hold in book.holds.values()
                for part in hold.parts
                if (part.owner, hold.currency) == (member, currency)
            )
            assert kept.balance == lots + parts

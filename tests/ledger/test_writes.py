"""What a book changed is what is written, no more and no less; a lock that was lost never loses a point."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.base.db import ConstraintBroken, Database, Read, Tx
from regulars.kernel.ledger import store
from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.holds import capture, hold, release
from regulars.kernel.ledger.model import POINTS, Account, Hold, HoldPart, Lot
from regulars.kernel.ledger.spending import spend
from regulars.kernel.nouns import Posting
from tests.ledger.rows import MEMBERS, Rows
from tests.ledger.story import ANN, BOB, KEPT, NOW, day, held, left, lot, stamp

MANY = 1_000
Seen = tuple[dict[tuple[UUID, str, str], Account], list[Lot], list[Hold], list[tuple[object, ...]]]


async def see(read: Read) -> Seen:
    """Everything that is stored, by another way than the store's."""
    accounts = {
        (row[0], row[1], row[2]): Account(version=row[3], balance=row[4], at=row[5], due_at=row[6])
        for row in await read.rows(
            "SELECT member_id, currency, account, version, balance, at, due_at FROM ledger.account"
        )
    }
    names = ", ".join(store.LOT)
    fields = Lot.__struct_fields__
    lots = [
        Lot(**dict(zip(fields, row, strict=True)))
        for row in await read.rows(f"SELECT {names} FROM ledger.lot ORDER BY member_id, currency, number")
    ]
    holds: list[Hold] = []
    for row in await read.rows("SELECT * FROM ledger.hold ORDER BY member_id, id"):
        parts = await read.rows(
            "SELECT owner_id, lot, amount, captured, released, currency FROM ledger.hold_lot"
            " WHERE member_id = $1 AND hold_id = $2 ORDER BY owner_id, lot",
            row["member_id"],
            row["id"],
        )
        assert {part["currency"] for part in parts} == {row["currency"]}
        named = [HoldPart(owner=p[0], lot=p[1], amount=p[2], captured=p[3], released=p[4]) for p in parts]
        columns = {name: row[name] for name in Hold.__struct_fields__ if name not in {"member", "parts"}}
        holds.append(Hold(member=row["member_id"], parts=tuple(named), **columns))
    allocations = await read.rows(
        f"SELECT {', '.join(store.ALLOCATION)} FROM ledger.allocation ORDER BY member_id, currency, version, lot"
    )
    return accounts, lots, holds, [tuple(row) for row in allocations]


LOTS = [
    lot(1, 90, remaining=50, ends=9),
    lot(2, 90, remaining=50, ends=8, priority=2),
    lot(1, 90, remaining=50, currency="miles"),
    lot(1, 90, remaining=50, member=BOB, ends=7),
    lot(2, 90, remaining=50, member=BOB),
]
PARTS = (HoldPart(owner=ANN, lot=1, amount=10), HoldPart(owner=BOB, lot=1, amount=10))
HOLDS = [
    held(*PARTS),
    held(*PARTS[1:], member=BOB, id_=UUID(int=1)),
    held(PARTS[0], member=BOB, id_=KEPT),  # another member's, of the same name
]


def stored() -> Rows:
    accounts = {
        (each.member, each.currency, POINTS): Account(version=2, balance=200, at=day(-1), due_at=day(5))
        for each in LOTS
    }
    return Rows(accounts=accounts, entries=[], lots=LOTS, holds=HOLDS, allocations=[])


def lay_out(book: Book) -> Seen:
    """What the database must come to hold."""
    lots = [each for found in book.lots.values() for each in found.values()]
    holds = [
        replace(each, parts=tuple(sorted(each.parts, key=lambda part: (part.owner, part.lot))))
        for each in book.holds.values()
    ]
    parts = [(a.member, a.currency, a.lot, a.account, a.version, a.amount, a.undoes) for a in book.allocations]
    return (
        book.accounts,
        sorted(lots, key=lambda each: (each.member, each.currency, each.number)),
        sorted(holds, key=lambda each: (each.member, each.id)),
        sorted(parts, key=lambda part: (part[0], part[1], part[4], part[2])),
    )


def give(book: Book, at: int = 0, member: UUID = ANN, currency: str = "points", ends: datetime | None = None) -> None:
    posting = Posting(currency=currency, points=7, offer="base", funder="dairy", value_micro=3, expires_at=ends)
    book.issue(member, posting, program="p2", by=stamp(at))


STEPS: list[Callable[[Book], object]] = [
    lambda book: give(book, ends=day(2)),
    lambda book: give(book, member=MEMBERS[0], currency="stars"),
    lambda book: spend(book, ANN, "points", 60, kind="redeem", house="redemption", by=stamp()),
    lambda book: hold(book, ANN, [ANN, BOB], "points", 120, until=(day(1), day(2)), by=stamp()),
    lambda book: hold(book, BOB, [ANN], "miles", 20, until=(day(1), day(2)), by=stamp()),
    lambda book: capture(book, book.holds[ANN, KEPT], 12, used_at=day(0), stamp_of=lambda _: stamp(), at=day(0)),
    lambda book: capture(book, book.holds[ANN, KEPT], 20, used_at=day(0), stamp_of=lambda _: stamp(), at=day(0)),
    lambda book: release(book, book.holds[BOB, UUID(int=1)], at=day(0)),
    lambda book: release(book, book.holds[BOB, KEPT], at=day(6), state="expired"),
    lambda book: book.expire(BOB, "points", by=stamp(7)),
    lambda book: book.put_lot(replace(book.lots[ANN, "points"][2], usable_from=day(-3), expires_at=day(99))),
    lambda _: None,
]


@pytest.mark.parametrize("step", range(len(STEPS)))
async def test_what_is_written_is_what_the_book_says(database: Database, step: int) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
    async with database.transaction() as tx:
        book = await read_book(tx)
        # An open book is what is stored.
        assert lay_out(book) == await see(tx)
        STEPS[step](book)
        await store.write(tx, book)
        assert lay_out(book) == await see(tx)
        entries = await tx.rows(
            f"SELECT {', '.join(store.ENTRY)} FROM ledger.entry ORDER BY member_id, version, account"
        )
        assert len(entries) == len(book.entries)
        assert {tuple(row) for row in entries} == {
            (e.member, e.currency, e.account, e.version, e.activity, e.kind, e.amount, e.balance, e.at)
            for e in book.entries
        }


async def test_all_of_it_at_once_takes_no_more_statements(database: Database) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
        book = await read_book(tx)
        for step in STEPS[:5]:
            step(book)
        before = tx.statements
        await store.write(tx, book)
        assert tx.statements - before == 8
        assert lay_out(book) == await see(tx)


async def test_nothing_costs_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
        book = await read_book(tx)
        before = tx.statements
        await store.write(tx, book)
        assert tx.statements == before


async def test_what_was_taken_back_is_not_written(database: Database) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
        book, before = await read_book(tx), await see(tx)
        mark = book.mark()
        for step in STEPS[:6]:
            step(book)
        book.undo(mark)
        await store.write(tx, book)
        assert await see(tx) == before
        assert not await tx.rows("SELECT 1 FROM ledger.entry")


@pytest.mark.parametrize("changed", ["version = version + 1", "at = at"])
async def test_an_account_that_moved_under_a_lost_lock_is_not_overwritten(database: Database, changed: str) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
    async with database.transaction() as tx:
        book = await read_book(tx)
        give(book)
        # Also where nothing but its place is another one: whoever wrote it may have seen what we did not.
        await tx.run(f"UPDATE ledger.account SET {changed} WHERE member_id = $1", ANN)
        with pytest.raises(ConstraintBroken) as broken:
            await store.write(tx, book)
    told = broken.value
    assert (told.constraint, told.table, told.sqlstate) == ("account_version", "account", "")


async def test_a_hold_that_ended_under_a_lost_lock_stays_as_it_ended(database: Database) -> None:
    async with database.transaction() as tx:
        await stored().write(tx)
        book = await read_book(tx)
        capture(book, book.holds[ANN, KEPT], 20, used_at=day(0), stamp_of=lambda _: stamp(), at=day(0))
        await tx.run(
            "UPDATE ledger.hold SET state = 'released', released = amount, ended_at = $2 WHERE id = $1", KEPT, day(-1)
        )
        await store.write(tx, book)
        kept = next(each for each in (await see(tx))[2] if (each.member, each.id) == (ANN, KEPT))
        assert (kept.state, kept.captured, kept.released, kept.ended_at) == ("released", 0, 20, day(-1))


async def test_accounts_are_added_in_the_order_in_which_all_add_them(database: Database) -> None:
    """Two that begin the same accounts at once then wait for each other, and never for good."""
    async with database.transaction() as tx:
        # Where others had rows before, new ones lie wherever there is room.
        await tx.run("TRUNCATE ledger.account")
        book = Book({})
        book.open([ANN, BOB], [], [])
        for member in (BOB, ANN):
            for currency in ("points", "miles"):
                give(book, member=member, currency=currency)
                spend(book, member, currency, 1, kind="redeem", house="breakage", by=stamp())
        await store.write(tx, book)
        rows = await tx.rows("SELECT member_id, currency, account FROM ledger.account ORDER BY ctid")
        assert [tuple(row) for row in rows] == sorted(tuple(row) for row in rows)


async def read_book(tx: Tx) -> Book:
    book = await store.read_accounts(tx, [ANN, BOB])
    await store.open_members(tx, book, [ANN, BOB])
    book.open([MEMBERS[0]], [], [])
    assert left(book)
    assert NOW not in {each.id for each in book.holds.values()}
    return book

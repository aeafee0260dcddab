"""What is read from the rows is what a few lines of Python find in them."""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.base.db import Database, Read
from regulars.kernel.ledger import store
from regulars.kernel.ledger.model import Hold, HoldPart, Lot
from tests.ledger.rows import CURRENCIES, MEMBERS, Rows, draw_rows, forget_order
from tests.ledger.story import AT, day

NOBODY = UUID("01900000-0000-7000-8000-0000000000ff")
SEEDS = range(4)
MOMENTS = [day(number) for number in range(-2, 3)]
MANY = 1_000


class Filled(NamedTuple):
    """Rows, and a view of the database that holds them."""

    rows: Rows
    read: Read


@pytest.fixture(params=SEEDS)
async def filled(database: Database, request: pytest.FixtureRequest) -> AsyncGenerator[Filled]:
    rows = draw_rows(request.param)
    async with database.transaction() as tx:
        await rows.write(tx)
    async with database.snapshot() as read:
        await forget_order(read)
        yield Filled(rows, read)


# -- what members see --------------------------------------------------------------------------------------------------


async def test_a_statement_is_ones_own_newest_first_and_in_pages(filled: Filled) -> None:
    for member in (*MEMBERS, NOBODY):
        mine = [e for e in filled.rows.entries if e.member == member and e.account in {"points", "arrears"}]
        mine.sort(key=lambda e: (e.at, e.currency, e.account, e.version), reverse=True)
        for currency in (None, *CURRENCIES):
            told = [e for e in mine if currency in {None, e.currency}]
            place, found = None, list[tuple[Any, ...]]()
            for _ in range(len(told) // 2 + 1):
                page = await store.statement(filled.read, member, currency=currency, before=place, most=2)
                assert len(page) <= 2
                found += [tuple(row) for row in page]
                place = (page[-1]["at"], *tuple(page[-1])[:3]) if page else place
            assert found == [
                (e.currency, e.account, e.version, e.activity, e.kind, e.amount, e.balance, e.at) for e in told
            ]


@pytest.mark.parametrize("used_up", [True, False])
async def test_lots_are_ones_own_in_pages(filled: Filled, used_up: bool) -> None:
    for member in (*MEMBERS, NOBODY):
        mine = [lot for lot in filled.rows.lots if lot.member == member and (lot.remaining or used_up)]
        mine.sort(key=lambda lot: (lot.currency, lot.number))
        place, found = None, list[Lot]()
        for _ in range(len(mine) // 2 + 1):
            page = await store.lots(filled.read, member, used_up=used_up, after=place, most=2)
            assert len(page) <= 2
            found += page
            place = (page[-1].currency, page[-1].number) if page else place
        assert found == mine
        assert await store.lots(filled.read, member, used_up=used_up, most=MANY) == mine
        # Where nothing is said, what is used up is left out.
        unused = [lot for lot in mine if lot.remaining]
        assert await store.lots(filled.read, member, most=MANY) == unused


async def test_what_one_holds_at_any_moment(filled: Filled) -> None:
    for member in (*MEMBERS, NOBODY):
        for at in MOMENTS:
            assert await store.standing(filled.read, member, at=at) == reckon_standing(filled.rows, member, at)


def reckon_standing(rows: Rows, member: UUID, at: datetime) -> list[store.Standing]:
    found: list[store.Standing] = []
    for currency in CURRENCIES:
        points = rows.accounts.get((member, currency, "points"))
        if points is None:
            continue
        arrears = rows.accounts.get((member, currency, "arrears"))
        owed = -arrears.balance if arrears else 0
        open_holds = [hold for hold in rows.holds if hold.currency == currency and hold.state == "open"]
        # What is in holds that have run out is free again.
        free: dict[int, int] = Counter()
        for hold in open_holds:
            for part in hold.parts:
                if part.owner == member and hold.settle_until <= at:
                    free[part.lot] += part.open
        mine = [lot for lot in rows.lots if (lot.member, lot.currency) == (member, currency)]
        alive = [lot for lot in mine if lot.expires_at is None or lot.expires_at > at]
        has = {lot.number: lot.remaining + free[lot.number] for lot in mine}
        ends = min((lot.expires_at for lot in alive if lot.expires_at and has[lot.number]), default=None)
        found.append(
            store.Standing(
                currency=currency,
                shown=points.balance - owed - sum(has[lot.number] for lot in mine if lot not in alive),
                available=sum(has[lot.number] for lot in alive if lot.usable_from <= at),
                pending=sum(has[lot.number] for lot in alive if lot.usable_from > at),
                held=sum(hold.open for hold in open_holds if hold.member == member and hold.settle_until > at),
                owed=owed,
                next_expiry=ends,
                next_expiry_points=sum(has[lot.number] for lot in alive if ends and lot.expires_at == ends),
                version=points.version,
            )
        )
    return found


async def test_open_holds_are_ones_own_oldest_first(filled: Filled) -> None:
    for member in (*MEMBERS, NOBODY):
        mine = [hold for hold in filled.rows.holds if hold.member == member and hold.state == "open"]
        assert await store.open_holds(filled.read, member) == sorted(mine, key=lambda h: (h.held_at, h.id))


# -- what the house sees -----------------------------------------------------------------------------------------------


async def test_the_books_of_the_house(filled: Filled) -> None:
    totals: dict[tuple[str, str], int] = Counter()
    for (_, currency, account), kept in sorted(filled.rows.accounts.items(), key=lambda item: item[0][1:]):
        totals[currency, account] += kept.balance
    found = await store.totals(filled.read)
    assert found == totals
    assert list(found) == sorted(totals)

    moved: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in filled.rows.entries:
        if entry.account == "points":
            moved[entry.currency, entry.kind].append(entry.amount)
    assert [tuple(row) for row in await store.moved(filled.read)] == [
        (*key, sum(amounts), len(amounts)) for key, amounts in sorted(moved.items())
    ]


async def test_what_is_outstanding_at_any_moment(filled: Filled) -> None:
    for at in MOMENTS:
        expected: list[tuple[Any, ...]] = []
        for currency in CURRENCIES:
            mine = [lot for lot in filled.rows.lots if lot.currency == currency and lot.remaining]
            alive = [lot for lot in mine if lot.expires_at is None or lot.expires_at > at]
            expected.append(
                (
                    currency,
                    sum(lot.remaining for lot in alive if lot.usable_from <= at),
                    sum(lot.remaining for lot in alive if lot.usable_from > at),
                    sum(lot.remaining for lot in mine if lot not in alive),
                    sum(lot.remaining * lot.value_micro for lot in alive),
                )
            )
        assert [tuple(row) for row in await store.outstanding(filled.read, at=at)] == expected


async def test_a_currency_of_which_nothing_is_left_is_not_outstanding(database: Database) -> None:
    async with database.transaction() as tx:
        gone = [replace(lot, remaining=0) for lot in draw_rows(0).lots]
        await Rows(accounts={}, entries=[], lots=gone, holds=[], allocations=[]).write(tx)
        assert await store.outstanding(tx, at=AT) == []


async def test_offers_are_ranked_by_what_they_gave(filled: Filled) -> None:
    given: dict[tuple[str, str], list[int]] = defaultdict(list)
    for lot in filled.rows.lots:
        given[lot.currency, lot.offer].append(lot.amount)
    ranked = [(*key, sum(amounts), len(amounts)) for key, amounts in given.items()]
    ranked.sort(key=lambda row: (-row[2], row[0], row[1]))
    for most in (MANY, 2):
        assert [tuple(row) for row in await store.issued_by_offer(filled.read, most=most)] == ranked[:most]


async def test_offers_that_gave_alike_are_ranked_by_name(database: Database) -> None:
    rows = draw_rows(0)
    lots = [lot for lot in rows.lots if lot.offer in {"base", "bonus"}]
    # Each gave the same, whichever the database happens to find first.
    keys = sorted({(lot.currency, lot.offer) for lot in lots})
    one_each = [next(lot for lot in lots if (lot.currency, lot.offer) == key) for key in reversed(keys)]
    async with database.transaction() as tx:
        even = [replace(lot, amount=9, remaining=0, expired=0) for lot in one_each]
        await Rows(accounts={}, entries=[], lots=even, holds=[], allocations=[]).write(tx)
        assert [(row[0], row[1]) for row in await store.issued_by_offer(tx, most=MANY)] == keys


# -- who is due, and what turns ----------------------------------------------------------------------------------------


async def test_members_are_due_soonest_first(filled: Filled) -> None:
    for at in MOMENTS:
        due: dict[UUID, datetime] = {}
        for (member, _, _), kept in filled.rows.accounts.items():
            if kept.due_at is not None and kept.due_at <= at:
                due[member] = min(kept.due_at, due.get(member, kept.due_at))
        found = await store.due_members(filled.read, at=at, most=MANY)
        assert sorted(found) == sorted(due)
        first = await store.due_members(filled.read, at=at, most=2)
        assert len(first) <= 2
        assert bool(first) == bool(due)
        latest = max((due[member] for member in first), default=at)
        assert all(ends >= latest for member, ends in due.items() if member not in first)


@pytest.mark.parametrize("name", ["ending", "becoming_usable"])
async def test_what_turns_within_a_span_in_pages(filled: Filled, name: Literal["ending", "becoming_usable"]) -> None:
    for since, until in ((day(-2), day(1)), (day(-1), day(0)), (day(-4), day(2))):
        turning: dict[tuple[UUID, str, datetime], int] = Counter()
        for lot in filled.rows.lots:
            points = filled.rows.accounts[lot.member, lot.currency, "points"]
            at = lot.expires_at if name == "ending" else lot.usable_from
            # The account tells whether it is worth to look; a lot that is usable from its issue on does not turn.
            looked_at = (
                points.due_at is not None and points.due_at <= until
                if name == "ending"
                else lot.usable_from > lot.issued_at
            )
            if looked_at and lot.remaining and at is not None and since < at <= until:
                turning[lot.member, lot.currency, at] += lot.remaining
        expected = [
            store.Turn(member=key[0], currency=key[1], at=key[2], points=points)
            for key, points in sorted(turning.items())
        ]
        last, found = None, list[store.Turn]()
        for _ in range(len(expected) // 2 + 1):
            page = await store.turning(filled.read, name, since=since, until=until, after=last, most=2)
            assert len(page) <= 2
            found += page
            last = page[-1] if page else last
        assert found == expected


# -- what a transaction reads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [MEMBERS[:2], MEMBERS[2:3], MEMBERS[4:]])
async def test_members_are_bound_by_open_holds_and_those_named(filled: Filled, members: tuple[UUID, ...]) -> None:
    ended = sorted(hold.id for hold in filled.rows.holds if hold.state != "open")
    for named in ([], ended[:5]):
        expected: set[UUID] = set()
        for hold in filled.rows.holds:
            if hold.state == "open" or hold.id in named:
                for part in hold.parts:
                    if part.owner != hold.member and {part.owner, hold.member} & set(members):
                        expected |= {part.owner, hold.member}
        assert await store.partners(filled.read, list(members), named) == expected


async def test_of_holds_that_ended_only_those_named_bind(database: Database) -> None:
    first, second, third = (
        Hold(
            member=MEMBERS[0],
            id=UUID(int=number),
            currency="points",
            amount=5,
            released=5,
            state="released",
            held_at=day(-2),
            valid_until=day(1),
            settle_until=day(1),
            ended_at=day(0),
            parts=(HoldPart(owner=MEMBERS[number], lot=1, amount=5, released=5),),
        )
        for number in (1, 2, 3)
    )
    # Another member's, of the same name, that is open.
    other = replace(
        third,
        member=MEMBERS[4],
        released=0,
        state="open",
        ended_at=None,
        parts=(HoldPart(owner=MEMBERS[4], lot=1, amount=5),),
    )
    async with database.transaction() as tx:
        await Rows(accounts={}, entries=[], lots=[], holds=[first, second, third, other], allocations=[]).write(tx)
        assert await store.partners(tx, [MEMBERS[0]], []) == set()
        assert await store.partners(tx, [MEMBERS[0]], [first.id, second.id]) == set(MEMBERS[:3])
        assert await store.partners(tx, [MEMBERS[3]], [first.id, third.id]) == {MEMBERS[0], MEMBERS[3]}


async def test_accounts_are_those_of_the_members(database: Database) -> None:
    rows = draw_rows(0)
    async with database.transaction() as tx:
        await rows.write(tx)
        book = await store.read_accounts(tx, list(MEMBERS[1:3]))
        assert book.accounts == {key: kept for key, kept in rows.accounts.items() if key[0] in MEMBERS[1:3]}


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_open_is_read_and_what_is_named(database: Database, seed: int) -> None:
    rows = draw_rows(seed)
    members = MEMBERS[1:4]
    ended = sorted(hold.id for hold in rows.holds if hold.state != "open")[:6]
    used_up = sorted((lot.member, lot.currency, lot.number) for lot in rows.lots if not lot.remaining)[::3]
    async with database.transaction() as tx:
        await rows.write(tx)
        for lots, holds in (([], []), (used_up, ended)):
            book = await store.read_accounts(tx, list(members))
            await store.open_members(tx, book, members, lots=lots, holds=holds)
            read = [h for h in rows.holds if h.member in members and (h.state == "open" or h.id in holds)]
            assert {key: order_parts(hold) for key, hold in book.holds.items()} == {(h.member, h.id): h for h in read}
            asked = {*lots, *((part.owner, hold.currency, part.lot) for hold in read for part in hold.parts)}
            assert {
                (member, currency, number): lot
                for (member, currency), found in book.lots.items()
                for number, lot in found.items()
            } == {
                (lot.member, lot.currency, lot.number): lot
                for lot in rows.lots
                if lot.member in members
                and (
                    lot.remaining
                    or (lot.member, lot.currency, lot.number) in asked
                    or (lot.parent_member, lot.currency, lot.parent_number) in asked
                )
            }
            assert book.opened == set(members)
            # What is opened is not read again.
            before = tx.statements
            await store.open_members(tx, book, members)
            assert tx.statements == before


def order_parts(hold: Hold) -> Hold:
    assert list(hold.parts) == sorted(hold.parts, key=lambda part: (part.owner, part.lot))
    return hold


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_an_entry_took_and_what_came_back_of_it(database: Database, seed: int) -> None:
    rows = draw_rows(seed)
    wanted = [(MEMBERS[0], "points", 1), (MEMBERS[1], "miles", 2), (NOBODY, "points", 1)]
    expected = [
        part
        for part in rows.allocations
        if part.account == "points"
        and any((part.member, part.currency) == key[:2] and key[2] in {part.version, part.undoes} for key in wanted)
    ]
    async with database.transaction() as tx:
        await rows.write(tx)
        book = await store.read_accounts(tx, [MEMBERS[0]])
        lots = await store.read_taken(tx, book, wanted)
        assert sorted(book.taken_before, key=repr) == sorted(expected, key=repr)
        assert sorted(lots) == sorted((part.member, part.currency, part.lot) for part in expected)
        before = tx.statements
        assert await store.read_taken(tx, book, []) == []
        assert tx.statements == before


def test_the_rows_have_what_queries_may_mix_up() -> None:
    """Each query has something to find at its edges, else the tests above would say little."""
    for seed in SEEDS:
        rows = draw_rows(seed)
        for count in (
            sum(lot.expires_at == AT for lot in rows.lots),
            sum(lot.usable_from == AT for lot in rows.lots),
            sum(hold.settle_until == AT and hold.state == "open" for hold in rows.holds),
            sum(len(hold.parts) > 1 for hold in rows.holds),
            sum(kept.due_at == AT for kept in rows.accounts.values()),
            sum(len(list(same)) > 1 for _, same in groupby(sorted(e.at for e in rows.entries))),
        ):
            assert count > 0

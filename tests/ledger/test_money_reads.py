"""What the money view reads is what a few lines of Python find in the rows; it stops before the moment asked for."""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace as remake

from regulars.base.db import Database, Read
from regulars.kernel.ledger import money
from regulars.kernel.ledger.model import Allocation, Lot
from regulars.kernel.ledger.money import IssuedLot, LotKey, LotPart
from tests.ledger.rows import MEMBERS, Rows, draw_rows, forget_order
from tests.ledger.story import day

SEEDS = range(4)
MOMENTS = [day(number) for number in range(-3, 3)]
NOBODY = UUID("01900000-0000-7000-8000-0000000000ff")


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


def key_of(lot: Lot) -> LotKey:
    return (lot.member, lot.currency, lot.number)


def issued(rows: Rows, lot: Lot) -> IssuedLot:
    """The lot as it was on its first day."""
    parent = None
    if lot.parent_member is not None and lot.parent_number is not None:
        parent = (lot.parent_member, lot.currency, lot.parent_number)
    return IssuedLot(
        member=lot.member,
        currency=lot.currency,
        number=lot.number,
        amount=lot.amount,
        issued_at=lot.issued_at,
        activity=lot.activity,
        kind=rows.entry(lot.member, lot.currency, "points", lot.number).kind,
        funder=lot.funder,
        value_micro=lot.value_micro,
        parent=parent,
    )


def tell_part(rows: Rows, part: Allocation) -> LotPart:
    entry = rows.entry(part.member, part.currency, part.account, part.version)
    return LotPart(
        member=part.member,
        currency=part.currency,
        lot=part.lot,
        account=part.account,
        version=part.version,
        amount=part.amount,
        kind=entry.kind,
        at=entry.at,
    )


def group(parts: Sequence[LotPart]) -> dict[LotKey, list[LotPart]]:
    found: dict[LotKey, list[LotPart]] = defaultdict(list)
    for part in sorted(parts, key=lambda part: (part.key, part.account, part.version)):
        found[part.key].append(part)
    return found


async def test_members_with_points_come_in_pages_by_id(filled: Filled) -> None:
    expected = sorted({lot.member for lot in filled.rows.lots})
    last, found = UUID(int=0), list[UUID]()
    for _ in range(len(expected) // 2 + 1):
        page = await money.list_members(filled.read, after=last, most=2)
        assert len(page) <= 2
        found += page
        last = page[-1] if page else last
    assert found == expected
    assert await money.list_members(filled.read, after=UUID(int=0)) == expected
    assert await money.read_first_at(filled.read) == min(lot.issued_at for lot in filled.rows.lots)


async def test_nobody_ever_had_points(database: Database) -> None:
    async with database.snapshot() as read:
        assert await money.read_first_at(read) is None
        assert await money.list_members(read, after=UUID(int=0)) == []
        assert await money.rewind(read, until=day(0)) == {}


async def test_lots_as_they_were_issued_before_a_moment(filled: Filled) -> None:
    members = [MEMBERS[2], MEMBERS[0], NOBODY]
    for until in MOMENTS:
        expected = [issued(filled.rows, lot) for lot in filled.rows.lots if lot.member in members]
        expected = [lot for lot in expected if lot.issued_at < until]
        found = await money.read_lots(filled.read, members, until=until)
        assert found == sorted(expected, key=lambda lot: lot.key)


async def test_what_moved_lots_before_a_moment(filled: Filled) -> None:
    members = [MEMBERS[2], MEMBERS[0], NOBODY]
    for until in MOMENTS:
        told = [tell_part(filled.rows, part) for part in filled.rows.allocations if part.member in members]
        found = await money.read_parts(filled.read, members, until=until)
        assert found == group([part for part in told if part.at < until])
        assert list(found) == sorted(found)


async def test_what_was_handed_on_out_of_lots(filled: Filled) -> None:
    rows = filled.rows
    parents = sorted({issued(rows, lot).parent for lot in rows.lots} - {None}, key=repr)[::2]
    parents += [key_of(lot) for lot in rows.lots[::2]]
    wanted = [key for key in dict.fromkeys(parents) if key is not None]
    amounts, parts, children = await money.read_handed_on(filled.read, wanted)
    expected = [tell_part(rows, part) for part in rows.allocations if part.account == "points"]
    assert parts == group([part for part in expected if part.key in wanted])
    assert list(parts) == sorted(parts)
    assert amounts == {key: rows.lot(*key).amount for key in parts}
    born: dict[Any, list[IssuedLot]] = defaultdict(list)
    for lot in sorted((issued(rows, lot) for lot in rows.lots), key=lambda lot: lot.key):
        if lot.parent in wanted:
            born[lot.parent].append(lot)
    assert children == born
    assert list(children) == list(born)


async def test_lots_that_one_was_handed_on_as_come_by_member_and_number(database: Database) -> None:
    rows = draw_rows(0)
    parent = (MEMBERS[0], "points", 1)
    lots = [
        remake(lot, parent_member=parent[0], parent_number=parent[2]) for lot in rows.lots if lot.currency == parent[1]
    ]
    async with database.transaction() as tx:
        await replace(rows, lots=lots).write(tx)
    async with database.snapshot() as read:
        await forget_order(read)
        # With no way to sort, it would walk along the entries, which are in this very order.
        await read.rows("SELECT set_config('enable_sort', 'on', TRUE)")
        _, _, children = await money.read_handed_on(read, [parent])
    assert [lot.key for lot in children[parent]] == sorted(key_of(lot) for lot in lots)
    assert max(Counter(lot.member for lot in lots).values()) > 2


async def test_balances_before_a_moment_are_those_of_the_last_entries(filled: Filled) -> None:
    for until in MOMENTS:
        last: dict[tuple[UUID, str, str], tuple[int, int]] = {}
        for entry in filled.rows.entries:
            key = (entry.member, entry.currency, entry.account)
            if entry.account in {"points", "arrears"} and entry.at < until:
                last[key] = max(last.get(key, (0, 0)), (entry.version, entry.balance))
        expected: dict[tuple[str, str], int] = Counter()
        for (_, currency, account), (_, balance) in last.items():
            expected[currency, account] += balance
        found = await money.read_balances(filled.read, until=until)
        assert found == expected
        assert list(found) == sorted(found)


async def test_what_is_left_today_taken_back_to_a_moment(filled: Filled) -> None:
    for until in MOMENTS:
        found = await money.rewind(filled.read, until=until)
        assert found == reckon_rewound(filled.rows, until)
        assert list(found) == sorted(found)


def reckon_rewound(rows: Rows, until: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    points: dict[tuple[str, str], int] = Counter()
    worth: dict[tuple[str, str], int] = Counter()

    def add(lot: Lot, amount: int) -> None:
        points[lot.currency, lot.funder] += amount
        worth[lot.currency, lot.funder] += amount * lot.value_micro

    for lot in rows.lots:
        add(lot, lot.remaining)
        if lot.issued_at >= until:
            add(lot, -lot.amount)
    for hold in rows.holds:
        for part in hold.parts:
            add(rows.lot(part.owner, hold.currency, part.lot), part.open)
    for part in rows.allocations:
        if part.account == "points" and tell_part(rows, part).at >= until:
            add(rows.lot(part.member, part.currency, part.lot), -part.amount)
    return {key: (amount, worth[key]) for key, amount in points.items()}

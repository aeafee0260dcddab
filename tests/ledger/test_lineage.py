"""Where lots came from: from lot to lot, over members who are not here, up to the first."""

from itertools import pairwise
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.base.db import Database
from regulars.kernel.ledger import read_accounts, read_lineage
from regulars.kernel.ledger.model import Lot
from tests.ledger.rows import MEMBERS, Rows, draw_rows
from tests.ledger.story import ANN, BOB, CAT, book_of, lot

SEEDS = range(6)
Key = tuple[UUID, str, int]


def key_of(lot: Lot) -> Key:
    return (lot.member, lot.currency, lot.number)


def list_parents(lots: dict[Key, Lot], wanted: list[Key]) -> dict[Key, Key]:
    """What the query is to find, lot by lot."""
    parents: dict[Key, Key] = {}
    left = list(wanted)
    while left:
        found = lots.get(key := left.pop())
        if found is None or found.parent_member is None or key in parents:
            continue
        assert found.parent_number is not None
        parents[key] = (found.parent_member, found.currency, found.parent_number)
        left.append(parents[key])
    return parents


@pytest.mark.parametrize("seed", SEEDS)
async def test_lineage_is_of_those_asked_for_and_all_before_them(database: Database, seed: int) -> None:
    rows = draw_rows(seed)
    lots = {key_of(each): each for each in rows.lots}
    wanted = [key_of(each) for each in rows.lots if each.parent_member][seed : seed + 3]
    async with database.transaction() as tx:
        await rows.write(tx)
        book = await read_accounts(tx, MEMBERS[:1])
        before = tx.statements
        await read_lineage(tx, book, {*wanted, (ANN, "points", 1)})
        assert tx.statements == before + 1
        assert book.parents == list_parents(lots, wanted)
        assert {*wanted} <= book.parents.keys()
        # What is asked for later comes to it.
        await read_lineage(tx, book, list(lots))
        assert book.parents == list_parents(lots, list(lots))
        before = tx.statements
        await read_lineage(tx, book, [])
        assert tx.statements == before


async def test_lineage_goes_from_member_to_member_and_back(database: Database) -> None:
    line = [(ANN, 1), (BOB, 2), (CAT, 3), (BOB, 4), (ANN, 5)]
    lots = [lot(1, 10)]
    for (before, its), (member, number) in pairwise(line):
        lots.append(replace(lot(number, 10, member=member), parent_member=before, parent_number=its))
    others = [lot(number, 7, member=member, currency="miles") for member, number in line]
    rows = Rows(accounts={}, entries=(), lots=lots + others, holds=(), allocations=())
    async with database.transaction() as tx:
        await rows.write(tx)
        book = await read_accounts(tx, [ANN])
        await read_lineage(tx, book, [(ANN, "points", 5)])
    assert book.parents == {
        (ANN, "points", 5): (BOB, "points", 4),
        (BOB, "points", 4): (CAT, "points", 3),
        (CAT, "points", 3): (BOB, "points", 2),
        (BOB, "points", 2): (ANN, "points", 1),
    }
    assert book.parent((CAT, "points", 3)) == (BOB, "points", 2)
    assert book.parent((ANN, "points", 1)) is None


def test_what_is_in_the_book_is_asked_first() -> None:
    child = replace(lot(2, 10, member=BOB), parent_member=ANN, parent_number=1)
    book = book_of(lot(1, 10), child)
    assert book.parent((BOB, "points", 2)) == (ANN, "points", 1)
    assert book.parent((ANN, "points", 1)) is None
    # Neither another number, nor another currency, nor another member.
    assert [book.parent(key) for key in ((BOB, "points", 1), (BOB, "miles", 2), (CAT, "points", 2))] == [None] * 3
    book.parents[CAT, "points", 3] = (BOB, "points", 2)
    assert book.parent((CAT, "points", 3)) == (BOB, "points", 2)

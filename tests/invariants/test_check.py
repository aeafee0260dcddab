"""The books of a lively shop are right; and whatever single thing is changed behind their back is found and named."""

import os
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
import pytest_asyncio

from regulars.base.db import Database, create_database
from regulars.kernel.spine.check import ROOMS, Report, check
from tests.conftest import address, run
from tests.invariants.damages import DAMAGES
from tests.invariants.story import Story

# One loop and one connection for all: the story is told once, and every damage is undone.
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


class Undone(Exception):
    """The damage is to be undone."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def books(server_url: str, template: str) -> AsyncGenerator[Database]:
    """A database in which the story has happened. Nobody changes it for good."""
    name = f"test_{os.getpid()}_books"
    await create_database(server_url, name, template=template)
    opened = await Database.open(address(server_url, name), pool_max=1)
    story = await Story.begin(opened)
    await story.run()
    await story.finish()
    yield opened
    await opened.close()
    await run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def look_at_damage(books: Database, *statements: str, most: int = 3) -> Report:
    """Damage the books, check them, and undo the damage."""
    report = None
    with suppress(Undone):
        async with books.transaction() as tx:
            for statement in statements:
                status = await tx.run(statement)
                assert not status.endswith(" 0"), f"{status}: nothing was damaged"
            report = await check(tx, most=most)
            raise Undone
    assert report is not None
    return report


def name_case(value: object) -> str:
    """Show a damage without the search for its row."""
    last = value[-1] if isinstance(value, tuple) else value
    return " ".join(str(last).split(" WHERE ctid")[0].split())[:60]


async def test_a_lively_shop_is_sound(books: Database) -> None:
    async with books.snapshot() as read:
        report = await check(read)
        kinds = {row[0] for row in await read.rows("SELECT DISTINCT kind FROM ledger.entry")}
        states = {row[0] for row in await read.rows("SELECT DISTINCT state FROM ledger.hold")}
        dues = {row[0] for row in await read.rows("SELECT DISTINCT state FROM activity.due")}
    assert report.faults == ()
    assert report.left_out == ()
    # The proofs had something to look at.
    assert kinds >= {
        "issue",
        "settle",
        "arrears",
        "return",
        "redeem",
        "reverse",
        "reinstate",
        "expire",
        "gift",
        "merge",
    }
    assert states == {"open", "captured", "released", "expired"}
    assert dues == {"open", "done", "cancelled"}
    assert {table for table, count in report.rows.items() if not count} == {"activity.personal", "activity.archived"}


@pytest.mark.parametrize(("statements", "code"), DAMAGES, ids=name_case)
async def test_damage_is_found(books: Database, statements: str | tuple[str, ...], code: str) -> None:
    report = await look_at_damage(books, *([statements] if isinstance(statements, str) else statements))
    assert code in {fault.code for fault in report.faults}, (report.faults, report.left_out, report.rows)
    assert not report.is_sound


async def test_every_proof_has_a_damage_that_it_finds() -> None:
    proofs = {code for room in ROOMS for code in room.names}
    assert proofs - {code for _, code in DAMAGES} == set()


async def test_no_more_faults_than_asked_for(books: Database) -> None:
    report = await look_at_damage(
        books,
        "UPDATE ledger.entry SET balance = balance + 1",
        "UPDATE activity.journal SET seal = sha256(seal)",
        "UPDATE program.memory SET offer = 'base'",
        most=2,
    )
    found = [fault.code for fault in report.faults]
    assert found.count("ledger_i2_chain") == found.count("activity_i8_seal") == 2
    assert all(found.count(code) <= 2 for code in found)


async def test_a_fault_says_where_and_nothing_personal(books: Database) -> None:
    report = await look_at_damage(books, "UPDATE ledger.account SET balance = balance + 7 WHERE account = 'issuance'")
    fault = next(fault for fault in report.faults if fault.code == "ledger_i2_balance")
    assert fault.rule == "I2"
    assert "Account issuance of member " in fault.sentence

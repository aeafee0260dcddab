"""Every proof is understood by PostgreSQL, finds nothing where there is nothing, and answers in the agreed columns."""

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest

from regulars.base.db import Database, Read
from regulars.base.faults import Fault, Proofs
from regulars.kernel.spine.check import ROOMS, check

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.room)
async def test_every_query_prepares(database: Database, room: Proofs) -> None:
    assert room.names
    for name in room.queries.names:
        async with database.transaction() as tx:
            # A table is named with its schema or not at all.
            await tx.run("SET LOCAL search_path TO pg_catalog")
            await tx.run(f"PREPARE proof AS {room.queries.text(name)}")
            await tx.run("DEALLOCATE proof")


async def test_an_empty_house_is_sound(database: Database) -> None:
    steps: list[tuple[str, float]] = []
    async with database.snapshot() as read:
        report = await check(read, progress=lambda name, share: steps.append((name, share)))
    assert report.faults == ()
    assert report.is_sound
    assert report.left_out == ()
    assert report.rows["ledger.entry"] == report.rows["activity.journal"] == 0
    assert [name for name, _ in steps[:-1]] == list(report.seconds)
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


async def test_several_look_side_by_side_at_one_moment_and_find_what_one_finds(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run(
            "INSERT INTO ledger.account (member_id, currency, account, version, balance, at)"
            " VALUES (gen_random_uuid(), 'points', 'points', 1, 5, now())"
        )
    async with database.snapshots(3) as (read, *beside):
        async with database.transaction() as tx:
            await tx.run("DELETE FROM ledger.account")
        together = await check(read, beside=beside)
        alone = await check(read)
        assert await beside[0].value("SELECT count(*) FROM ledger.account") == 1
    assert [fault.code for fault in together.faults] == [fault.code for fault in alone.faults]
    assert not together.is_sound
    assert list(together.seconds) == list(alone.seconds)
    assert together.rows == alone.rows


async def test_a_proof_that_fails_beside_others_is_told_as_it_is(database: Database) -> None:
    async def prove(read: Read, *, most: int) -> tuple[list[Fault], int]:
        await read.value("SELECT 1 / $1::integer", 0)
        return [], most

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with database.snapshots(2) as (read, *beside):
            await check(read, beside=beside, more={"broken": prove})

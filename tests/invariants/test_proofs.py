"""Every proof is understood by PostgreSQL, finds nothing where there is nothing, and answers in the agreed columns."""

import pytest

from regulars.base.db import Database
from regulars.base.faults import Proofs
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

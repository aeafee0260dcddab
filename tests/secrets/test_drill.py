"""The drill: a backup while tills sell, restored elsewhere, and everything that was told before it began is there."""

import asyncio

import pytest

from regulars.base.db import Database
from regulars.kernel import spine
from tests.cli.calls import Shell
from tests.cli.conftest import shell
from tests.spine.conftest import Shop, buy, shop

__all__ = ["shell", "shop"]

TILLS = 4
PURCHASES = 400


@pytest.mark.soak
async def test_a_backup_under_load_has_what_was_told_before_it(
    shop: Shop, shell: Shell, empty_database_url: str
) -> None:
    told: list[str] = []
    stop = asyncio.Event()

    async def sell(till: int) -> None:
        count = 0
        while not stop.is_set():
            facts = [buy(f"{till}-{count}-{n}", 100, card=f"c{n}") for n in range(20)]
            done = await spine.record(shop.database, shop.house, facts, replay=True)
            assert all(each.receipt is not None for each in done)
            told.extend(f"{till}-{count}-{n}" for n in range(20))
            count += 1

    tasks = [asyncio.create_task(sell(till)) for till in range(TILLS)]
    while len(told) < PURCHASES:
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks), tasks
    before = list(told)
    made = await asyncio.to_thread(shell, "db", "backup", "drill.backup")
    during = len(told)
    stop.set()
    await asyncio.gather(*tasks)
    assert made.status == 0, made.err
    assert during > len(before), "it was made while tills sold"

    restored = await asyncio.to_thread(shell, "db", "restore", "drill.backup", REGULARS_DATABASE_URL=empty_database_url)
    assert restored.status == 0, restored.err
    assert "The books are right" in restored.out
    database = await Database.open(empty_database_url)
    try:
        async with database.snapshot() as read:
            rows = await read.rows("SELECT id FROM activity.key WHERE source = 'till'")
            there = {row["id"] for row in rows}
        assert set(before) <= there <= set(told)
        assert len(there) < len(told), "and what came after is not in it"
    finally:
        await database.close()
    print(f"\n{len(before)} purchases before, {during - len(before)} during the backup, {len(there)} restored")  # noqa: T201 - a soak tells its figures

"""Waiting for the end of the journal: others on the same server may still be writing, and nobody reads past them."""

import asyncio

from regulars.base.db import Database
from regulars.kernel import spine

__all__ = ["settle"]

SECONDS_MAX = 180


async def settle(database: Database) -> None:
    """Wait until all that was written by now is behind the end."""
    async with database.transaction() as tx:
        number = await tx.value("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
    loop = asyncio.get_running_loop()
    until = loop.time() + SECONDS_MAX
    while True:
        async with database.snapshot() as read:
            if (await spine.find_end(read)).low > number:
                return
        assert loop.time() < until, "something on this server has been going on all the time"
        await asyncio.sleep(0.01)

"""One database for test after test: to empty it takes milliseconds, to copy a new one takes hundreds.

A test that changes the schema gives its database up, and the next gets a new copy.
"""

import os
from collections.abc import AsyncGenerator
from typing import Any, Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from regulars.base.db import create_database
from tests import conftest

__all__ = ["drop_shared", "learn", "share_databases"]

SHARED: Final = 3
"""As many as one test asks for at a time."""
TRUNCATE_ROWS_MIN: Final = 2_000

TABLES: Final = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
SEQUENCES: Final = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'S' ORDER BY 1
"""
SCHEMA: Final = """
SELECT md5(coalesce(string_agg(t.line, ',' ORDER BY t.line), '')) FROM (
    SELECT conname || convalidated AS line FROM pg_constraint
    UNION ALL SELECT indexrelid::regclass::text || indisvalid FROM pg_index
    UNION ALL SELECT tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE oid > 16384
    UNION ALL SELECT a.attrelid::regclass::text || a.attname || a.attnotnull FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON a.attrelid = c.oid WHERE c.oid > 16384 AND c.relkind IN ('r', 'v')
) AS t
"""
copy_database = conftest.make_database
seeds: dict[str, str] = {}
"""What a fresh copy has in it, by table."""
schema: list[str] = []
lent: set[str] = set()


def share_databases() -> None:
    """From here on tests get a shared database, emptied for each."""
    conftest.make_database = lend_database


def name_shared(number: int, owner: int) -> str:
    # The name tells whose it is: what a killed run leaves behind is dropped by the next run of any tests.
    return f"test_{owner}_shared{number}"


async def lend_database(server_url: str, template: str) -> AsyncGenerator[str]:
    """Stands in for the fixture's own copy."""
    if not template.startswith("template_"):
        async for url in copy_database(server_url, template):
            yield url
        return
    owner = int(os.environ["REGULARS_TEST_MUTATION"])
    name = next(n for n in (name_shared(number, owner) for number in range(SHARED)) if n not in lent)
    lent.add(name)
    await _prepare(server_url, template, name)
    yield conftest.address(server_url, name)
    lent.discard(name)


async def drop_shared(server_url: str) -> None:
    """Leave nothing behind."""
    for number in range(SHARED):
        name = name_shared(number, os.getpid())
        await conftest.run(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _prepare(server_url: str, template: str, name: str) -> None:
    try:
        connection: Any = await asyncpg.connect(conftest.address(server_url, name))
    except asyncpg.InvalidCatalogNameError:
        await create_database(server_url, name, template=template)
        connection = await asyncpg.connect(conftest.address(server_url, name))
    try:
        await _end_others(connection)
        if await connection.fetchval(SCHEMA) == schema[0]:
            await _empty(connection)
            return
    finally:
        await connection.close()
    await conftest.run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')
    await create_database(server_url, name, template=template)


async def learn(server_url: str, template: str) -> None:
    """Look at a fresh copy, once and for all: nobody may stay connected to the template itself."""
    async for url in copy_database(server_url, template):
        connection: Any = await asyncpg.connect(url)
        for (table,) in await connection.fetch(TABLES):
            rows = await connection.fetchval(f"SELECT json_agg(t)::text FROM {table} AS t")  # noqa: S608
            seeds[table] = rows or "[]"
        schema.append(await connection.fetchval(SCHEMA))
        await connection.close()


async def _end_others(connection: Any) -> None:  # noqa: ANN401 - the driver is untyped
    """End what a mutant that was killed may have left open, and wait until it is gone."""
    others = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    await connection.execute(f"{others} AND datname = current_database()")


async def _empty(connection: Any) -> None:  # noqa: ANN401 - the driver is untyped
    sequences = [name for (name,) in await connection.fetch(SEQUENCES)]
    counts = " UNION ALL ".join(
        f"SELECT '{table}', (SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {TRUNCATE_ROWS_MIN}) AS t)"  # noqa: S608
        for table in seeds
    )
    used = {table: count for table, count in await connection.fetch(counts) if count}
    # To delete from small tables is faster than to truncate them.
    emptied = [
        f"DELETE FROM {table}" if count < TRUNCATE_ROWS_MIN else f"TRUNCATE {table} CASCADE"  # noqa: S608
        for table, count in used.items()
    ]
    async with connection.transaction():
        # Without foreign keys in the way, rows go in any order.
        begin = ["SET LOCAL session_replication_role = replica", *emptied]
        begin += [f"ALTER SEQUENCE {name} RESTART" for name in sequences]
        await connection.execute("; ".join(begin))
        for table, rows in seeds.items():
            if rows != "[]":
                # What numbers itself keeps the number that it had.
                await connection.execute(
                    f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"  # noqa: S608
                    f" SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)",
                    rows,
                )

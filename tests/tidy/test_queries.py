"""Every named query is understood by PostgreSQL on the migrated schema: a misspelt column fails here."""

import pytest

from regulars.base.db import Database
from regulars.base.sql import Queries, all_queries, parse

pytestmark = pytest.mark.smoke


async def find_faults(database: Database, queries: Queries) -> list[str]:
    """Prepare each query; say what PostgreSQL has against it."""
    faults: list[str] = []
    for name in queries.names:
        # A transaction each: after an error PostgreSQL would refuse all the others too.
        try:
            async with database.transaction() as tx:
                # Nothing is found by luck: a table is named with its schema or not at all.
                await tx.run("SET LOCAL search_path TO pg_catalog")
                await tx.run(f"PREPARE tidy AS {queries.text(name)}")
                await tx.run("DEALLOCATE tidy")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported with the query's name
            faults.append(f"{queries.source}, {name}: {error}")
    return faults


async def test_every_query_prepares(database: Database) -> None:
    found = all_queries()
    assert any(queries.names for queries in found)
    assert [fault for queries in found for fault in await find_faults(database, queries)] == []


@pytest.mark.parametrize(
    "statement",
    ["SELECT no_such_column FROM pg_class;", "SELECT id FROM no_such_schema.entry;", "SELECT :at + ;"],
)
async def test_a_query_that_cannot_run_is_seen(database: Database, statement: str) -> None:
    queries = parse(f"-- name: broken\n{statement}\n", source="test")
    faults = await find_faults(database, queries)
    assert len(faults) == 1
    assert faults[0].startswith("test, broken: ")

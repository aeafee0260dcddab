"""What is in a database before anything is put there."""

import re
from typing import Final, Literal

from regulars.base.db import Database
from regulars.base.migrations import find

__all__ = ["Contents", "look_inside"]

Contents = Literal["nothing", "tables", "rows"]
"""`tables`: those of a new installation, in which nothing has happened."""

TABLES: Final = """
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY 1
"""
INSERT: Final = re.compile(r"^INSERT INTO (?P<table>[a-z_.]+)", re.MULTILINE)


async def look_inside(url: str) -> Contents:
    """Tell whether there is anything in a database, without changing it."""
    database = await Database.open(url, pool_max=1)
    try:
        async with database.snapshot() as read:
            tables = [row["name"] for row in await read.rows(TABLES)]
            # What migrations put there themselves is in every new installation.
            born = {"base.migration", *(name for each in find() for name in INSERT.findall(each.text))}
            for table in tables:
                if table in born:
                    continue
                if await read.value(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608 - quoted by PostgreSQL
                    return "rows"
            return "tables" if tables else "nothing"
    finally:
        await database.close()

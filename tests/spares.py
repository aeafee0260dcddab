"""Databases that are used again: made clean after a test, they cost a hundredth of a new one.

Clean means that nobody is connected, every table has the rows of the template and no others, and sequences go on from
where the template's do. A database whose schema or settings a test has changed, or that has grown large, is dropped.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

__all__ = ["Spares", "Template", "clean", "read_template"]

GROWN_BYTES_MAX: Final = 6_000_000
"""A database that is so much larger than its template is not worth cleaning."""

SCHEMAS: Final = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
CATALOGS: Final = ("class", "attribute", "constraint", "index", "trigger", "proc", "namespace", "policy", "type")
SHAPE: Final = " UNION ALL ".join(
    f"SELECT format('{it} %s %s', count(*), max(xmin::TEXT::BIGINT)) FROM pg_{it}"  # noqa: S608 - our own words
    for it in CATALOGS
)
"""Whatever changes a schema leaves a newer row in one of these, or one less."""
SETTINGS: Final = """
SELECT format('%s %s', s.setrole, s.setconfig) FROM pg_db_role_setting AS s
JOIN pg_database AS d ON s.setdatabase = d.oid WHERE d.datname = current_database()
UNION ALL
SELECT format('counted %s', count(*)) FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'r' AND c.reltuples > 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
UNION ALL
SELECT format('%s %s', d.datconnlimit, d.datallowconn) FROM pg_database AS d WHERE d.datname = current_database()
"""


class Template(Struct, frozen=True, kw_only=True):
    """What a clean database is like."""

    name: str
    shape: Sequence[str]
    bytes: int
    tables: Sequence[str]
    """Those that are empty."""
    rows: dict[str, str]
    """By table that is not empty: its rows as JSON."""
    sequences: Sequence[tuple[str, int, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spares:
    """The databases of one process of tests."""

    template: Template
    names: list[str] = field(default_factory=list[str])
    """Clean, and in nobody's hands."""
    made: set[str] = field(default_factory=set[str])


async def read_template(url: str, name: str) -> Template:
    """Look at a template, which nobody changes."""
    connection: Any = await asyncpg.connect(url)
    try:
        found = await connection.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind"  # noqa: S608 - our own words
            f" FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid"
            f" WHERE {SCHEMAS} AND c.relkind IN ('r', 'S') ORDER BY 1"
        )
        rows: dict[str, str] = {}
        for table in [row["name"] for row in found if row["kind"] == "r"]:
            told = await connection.fetchval(f"SELECT json_agg(t) FROM {table} AS t")  # noqa: S608 - our own words
            if told is not None:
                rows[table] = told
        sequences = [
            (row["name"], *await connection.fetchrow(f"SELECT last_value, is_called FROM {row['name']}"))  # noqa: S608 - our own words
            for row in found
            if row["kind"] == "S"
        ]
        return Template(
            name=name,
            shape=await read_shape(connection),
            bytes=await connection.fetchval("SELECT pg_database_size(current_database())"),
            tables=[row["name"] for row in found if row["kind"] == "r" and row["name"] not in rows],
            rows=rows,
            sequences=sequences,
        )
    finally:
        await connection.close()


async def read_shape(connection: Any) -> list[str]:  # noqa: ANN401 - the driver is untyped
    """Tell what a schema and its settings are like, in a few milliseconds."""
    return [row[0] for row in await connection.fetch(f"{SHAPE} UNION ALL {SETTINGS}")]


async def clean(url: str, template: Template) -> bool:
    """Make a database as its template is; or say that this one is better dropped."""
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        grown = await connection.fetchval("SELECT pg_database_size(current_database())") - template.bytes
        if grown > GROWN_BYTES_MAX or await read_shape(connection) != template.shape:
            return False
        steps = ["SET session_replication_role = replica"]
        steps += [f"DELETE FROM {table}" for table in (*template.tables, *template.rows)]  # noqa: S608 - our own words
        steps += [
            f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, {_quote(told)})"  # noqa: S608 - our own words
            for table, told in template.rows.items()
        ]
        steps += [f"SELECT setval('{it[0]}', {it[1]}, {json.dumps(it[2])})" for it in template.sequences]
        await connection.execute("BEGIN;" + ";".join(steps) + ";COMMIT")
        return True
    finally:
        await connection.close()


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

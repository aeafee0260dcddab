"""From one master key to the next: what is sealed or found by a key is made anew under the current one.

Each room says in a module `rewrap` what of its tables is made with a master key, and, of its other columns of bytes,
why not. Modules are found by that name. Work goes in slices, each a transaction of its own that locks its rows in the
order of their keys, while everybody else goes on; what is interrupted goes on where it was, for a row tells by which
key it was made.
"""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Read, Record, Tx

__all__ = [
    "SLICE",
    "Blind",
    "Owner",
    "Plug",
    "Sealed",
    "Stale",
    "count_stale",
    "find_plugs",
    "list_strangers",
    "rewrap",
]

SLICE: Final = 500
"""Rows that are made anew in one transaction."""

SESSIONS: Final = """
SELECT DISTINCT activity.application_name::text AS name
FROM pg_stat_activity AS activity
WHERE
    activity.datname = current_database()
    AND (activity.application_name = 'regulars' OR activity.application_name LIKE 'regulars/%')
"""
TYPES: Final = """
SELECT attribute.attname::text AS name, format_type(attribute.atttypid, attribute.atttypmod) AS type
FROM pg_attribute AS attribute
WHERE attribute.attrelid = cast(cast($1 AS text) AS regclass) AND attribute.attname = ANY(cast($2 AS text[]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The row of another table without which a value cannot be made anew: where its key is forgotten, nobody can."""

    table: str
    on: tuple[str, str]
    """(column of the owner, column of ours)."""
    key: str
    """The owner's wrapped key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A column that `Keyring.wrap` made."""

    table: str
    key: tuple[str, ...]
    """The primary key's columns."""
    column: str
    place: Callable[[Record], bytes]
    """What the value is sealed to; asked of a row with the key, the column and `reads`."""
    reads: tuple[str, ...] = ()

    owner: None = None

    @property
    def made_by(self) -> str:
        """The id of the master key of a row, in SQL."""
        return f"get_byte(ours.{self.column}, 1) * 256 + get_byte(ours.{self.column}, 2)"

    @property
    def noted(self) -> str:
        """What else is set with it, in SQL, where $1 is the current key."""
        return ""

    def renew(self, keyring: Keyring, row: Record) -> bytes:
        """Make the value anew. Raises Tampered."""
        place = self.place(row)
        return keyring.wrap(keyring.unwrap(row[self.column], place), place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A column that `Keyring.blind` made, beside the id of its key."""

    table: str
    key: tuple[str, ...]
    column: str
    named: str
    """The column with the id of the key."""
    read: Callable[[Keyring, Record], tuple[str, str]]
    """Open what the index was made of: (kind, value)."""
    reads: tuple[str, ...] = ()
    owner: Owner | None = None

    @property
    def made_by(self) -> str:
        """The id of the master key of a row, in SQL."""
        return f"ours.{self.named}"

    @property
    def noted(self) -> str:
        """What else is set with it, in SQL, where $1 is the current key."""
        return f", {self.named} = $1"

    def renew(self, keyring: Keyring, row: Record) -> bytes:
        """Make the value anew. Raises Tampered."""
        return keyring.blind(*self.read(keyring, row))


Made = Sealed | Blind


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """What a module `rewrap` says of its room."""

    room: str
    made: tuple[Made, ...]
    apart: Mapping[str, str]
    """Columns of bytes (`schema.table.column`) that no master key need be changed in, each with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Rows of a column that were made with another than the current key."""

    what: str
    """`schema.table.column`."""
    key_id: int
    rows: int


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Where the work on one column is."""

    made: Made
    types: Mapping[str, str]
    after: tuple[object, ...] = field(default=())
    done: int = 0


@cache
def find_plugs() -> tuple[Plug, ...]:
    """Find every module `rewrap` of a room, by its name."""
    return tuple(_read_plug(name) for name in _walk("regulars") if name.count(".") > 2)  # noqa: PLR2004 - below a floor


def _walk(package: str) -> list[str]:
    found = find_spec(package)
    places = None if found is None else found.submodule_search_locations
    names: list[str] = []
    for each in pkgutil.iter_modules(places):
        name = f"{package}.{each.name}"
        if each.ispkg:
            names += _walk(name)
        elif each.name == "rewrap":
            names.append(name)
    return names


def _read_plug(name: str) -> Plug:
    module = import_module(name)
    return Plug(room=name.rpartition(".")[0], made=tuple(module.MADE), apart=dict(getattr(module, "APART", {})))


async def count_stale(read: Read, keyring: Keyring) -> list[Stale]:
    """Count what was made with another key than the current one, by column and key. Reads every such table once."""
    found: list[Stale] = []
    for plug in find_plugs():
        for made in plug.made:
            sql = (
                f"SELECT {made.made_by} AS key_id, count(*) AS rows FROM {_source(made)}"  # noqa: S608 - rooms' words
                f" WHERE {_is_stale(made)} GROUP BY 1 ORDER BY 1"
            )
            found += [
                Stale(what=f"{made.table}.{made.column}", key_id=row["key_id"], rows=row["rows"])
                for row in await read.rows(sql, keyring.current)
            ]
    return found


async def list_strangers(read: Read, keyring: Keyring) -> list[str]:
    """Name sessions of programs of ours that do not know the current key: they would not find what it made."""
    names = [row["name"] for row in await read.rows(SESSIONS)]
    return sorted(name for name in names if str(keyring.current) not in _known_to(name))


def _known_to(session: str) -> list[str]:
    # A session that names no keys knows the first, as `name_session` has it.
    return session.partition("/")[2].split(",") if "/" in session else ["1"]


async def rewrap(
    database: Database, keyring: Keyring, *, tell: Callable[[str, int], None] = lambda _what, _rows: None
) -> int:
    """Make everything anew under the current key, and give how many rows that were.

    `tell` hears after each slice of the column and how many of its rows are done. Rows that somebody adds under an
    older key meanwhile may be left: `count_stale` tells. Raises Tampered where a value's key is not in the keyring.
    """
    total = 0
    for plug in find_plugs():
        for made in plug.made:
            async with database.snapshot() as read:
                rows = await read.rows(TYPES, made.table, [*made.key, made.column])
            walk = _Walk(made=made, types={row["name"]: row["type"] for row in rows})
            while await _do_slice(database, keyring, walk):
                tell(f"{made.table}.{made.column}", walk.done)
            total += walk.done
    return total


async def _do_slice(database: Database, keyring: Keyring, walk: _Walk) -> bool:
    """Do the next slice; tell whether there was one."""

    async def work(tx: Tx) -> tuple[tuple[object, ...], int]:
        rows = await tx.rows(_page(walk), keyring.current, *walk.after)
        if not rows:
            return (), 0
        made = walk.made
        keys = [[row[name] for row in rows] for name in made.key]
        renewed = [made.renew(keyring, row) for row in rows]
        await tx.run(_change(walk), keyring.current, renewed, *keys)
        return tuple(rows[-1][name] for name in made.key), len(rows)

    after, rows = await database.run(work)
    walk.after, walk.done = after, walk.done + rows
    return rows > 0


def _page(walk: _Walk) -> str:
    made = walk.made
    columns = ", ".join(f"ours.{name}" for name in dict.fromkeys((*made.key, made.column, *made.reads)))
    if made.owner is not None:
        columns += f", owner.{made.owner.key} AS owner_key"
    keys = ", ".join(f"ours.{name}" for name in made.key)
    places = ", ".join(f"cast(${place} AS {walk.types[name]})" for place, name in enumerate(made.key, start=2))
    further = f" AND ({keys}) > ({places})" if walk.after else ""
    return (
        f"SELECT {columns} FROM {_source(made)} WHERE {_is_stale(made)}{further}"  # noqa: S608 - rooms' words
        f" ORDER BY {keys} LIMIT {SLICE} FOR NO KEY UPDATE OF ours"
    )


def _change(walk: _Walk) -> str:
    made = walk.made
    arrays = ", ".join(f"cast(${place} AS {walk.types[name]}[])" for place, name in enumerate(made.key, start=3))
    names = ", ".join(f"key_{name}" for name in made.key)
    same = " AND ".join(f"ours.{name} = renewed.key_{name}" for name in made.key)
    return (
        f"UPDATE {made.table} AS ours SET {made.column} = renewed.value{made.noted}"  # noqa: S608 - rooms' words
        f" FROM unnest(cast($2 AS bytea[]), {arrays}) AS renewed (value, {names}) WHERE {same}"
        # A Sealed column's update does not need the key's id, and PostgreSQL wants every parameter used.
        f" AND cast($1 AS integer) > 0"
    )


def _source(made: Made) -> str:
    if made.owner is None:
        return f"{made.table} AS ours"
    theirs, ours = made.owner.on
    return f"{made.table} AS ours INNER JOIN {made.owner.table} AS owner ON ours.{ours} = owner.{theirs}"


def _is_stale(made: Made) -> str:
    readable = "" if made.owner is None else f" AND owner.{made.owner.key} IS NOT NULL"
    return f"ours.{made.column} IS NOT NULL AND {made.made_by} <> $1{readable}"

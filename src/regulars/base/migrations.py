"""Migrations: numbered plain SQL in each room's `migrations` folder, applied once, in order, for ever."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none

from regulars.base.db import Database, Read, Record, Tx
from regulars.base.errors import SchemaBehind, SchemaChanged, SchemaNewer

__all__ = ["Migration", "find", "find_differing", "migrate"]

FLOORS = ("base", "kernel", "features", "intelligence", "interfaces")
FILE_NAME = re.compile(r"(?P<number>[0-9]{4})_(?P<words>[a-z0-9_]+)\.sql")
LOCK_SECONDS_MAX = 5
FILE_SECONDS_MAX = 3_600
# Any number will do, as long as nobody else takes this advisory lock in the same database.
LOCK_KEY = 7_309_453_671_142_938_213

BOOTSTRAP = """
CREATE SCHEMA IF NOT EXISTS base;
CREATE TABLE IF NOT EXISTS base.migration (
    room text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (room, number)
);
"""
WAIT_FOR_TURN = f"""
SET LOCAL statement_timeout = '{FILE_SECONDS_MAX}s';
SET LOCAL lock_timeout = 0;
SELECT pg_advisory_xact_lock({LOCK_KEY});
SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s';
"""
APPLIED = "SELECT room, number, name, checksum FROM base.migration ORDER BY room, number"
APPLY = "INSERT INTO base.migration (room, number, name, checksum) VALUES ($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: its room (such as `kernel.ledger`), number, name without the ending, and text."""

    room: str
    number: int
    name: str
    text: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, the same however git wrote its line ends."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def path(self) -> str:
        """Where the file is, for people."""
        return f"{self.room}/{self.name}"


def find(root: Traversable | None = None) -> list[Migration]:
    """List every migration of the project (or of another package folder) in the order of application."""
    found = list(_walk(files("regulars") if root is None else root, ()))
    known: dict[tuple[str, int], Migration] = {}
    for migration in found:
        twin = known.setdefault((migration.room, migration.number), migration)
        if twin is not migration:
            raise ValueError(f"two migrations have one number: {twin.path} and {migration.path}")
    return sorted(found, key=lambda m: (FLOORS.index(m.room.partition(".")[0]), m.room, m.number))


def _walk(folder: Traversable, parents: tuple[str, ...]) -> Iterator[Migration]:
    for item in folder.iterdir():
        if not item.is_dir() or item.name.startswith(("_", ".")):
            continue
        if item.name != "migrations":
            yield from _walk(item, (*parents, item.name))
            continue
        for file in item.iterdir():
            if not file.name.endswith(".sql"):
                continue
            named = FILE_NAME.fullmatch(file.name)
            if named is None:
                raise ValueError(f"{'.'.join(parents)}/{file.name}: a migration is called 0001_words.sql")
            yield Migration(
                room=".".join(parents),
                number=int(named["number"]),
                name=file.name.removesuffix(".sql"),
                text=file.read_text(encoding="utf-8"),
            )


async def migrate(database: Database, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is not applied yet, each file in its own transaction, and return the paths of those.

    Several processes may do this at once. When there is nothing to do, one statement is sent.
    Raises SchemaChanged or SchemaNewer when the database's history is not the one of this code, and SchemaBehind when
    there is something to do and whoever is connected may not do it.
    """
    wanted = find() if migrations is None else list(migrations)
    pending = _pending(wanted, await _applied(database))
    done: list[str] = []
    for migration in pending:
        try:
            async with database.transaction() as tx:
                if await _apply(tx, migration, wanted):
                    done.append(migration.path)
        except asyncpg.InsufficientPrivilegeError as error:
            detail = f"The migration {migration.path} is not applied, and only the owner of the tables may do so."
            raise SchemaBehind(detail, migration=migration.path) from error
    return done


async def find_differing(read: Read) -> list[str]:
    """Name the migrations in which code and database differ: not applied, changed, or not known. One statement."""
    ours = {(migration.room, migration.number): migration for migration in find()}
    theirs = {(row["room"], row["number"]): row["checksum"] for row in await read.rows(APPLIED)}
    return [
        ours[room, number].path if (room, number) in ours else f"{room}/{number:04}"
        for room, number in sorted(ours.keys() | theirs.keys())
        if (room, number) not in ours or theirs.get((room, number)) != ours[room, number].checksum
    ]


async def _applied(database: Database) -> list[Record]:
    try:
        async with database.snapshot() as read:
            return await read.rows(APPLIED)
    except asyncpg.UndefinedTableError:
        # An empty database: the table is made first, by whoever comes first.
        async with database.transaction() as tx:
            await _lock(tx)
            await tx.script(BOOTSTRAP, seconds_max=FILE_SECONDS_MAX)
            return await tx.rows(APPLIED)


async def _apply(tx: Tx, migration: Migration, wanted: Sequence[Migration]) -> bool:
    await _lock(tx)
    # Read again under the lock: another process may have applied it while we waited.
    if migration not in _pending(wanted, await tx.rows(APPLIED)):
        return False
    await tx.script(migration.text, seconds_max=FILE_SECONDS_MAX)
    await tx.run(APPLY, migration.room, migration.number, migration.name, migration.checksum)
    return True


async def _lock(tx: Tx) -> None:
    """Let one process migrate at a time. We wait long for each other, but never for users of a table."""
    await tx.script(WAIT_FOR_TURN, seconds_max=FILE_SECONDS_MAX)


def _pending(wanted: Sequence[Migration], applied: Sequence[Record]) -> list[Migration]:
    """Compare our files with what was applied; raise when that is another history."""
    ours = {(migration.room, migration.number): migration for migration in wanted}
    last_ours: dict[str, int] = {}
    for migration in wanted:
        last_ours[migration.room] = max(last_ours.get(migration.room, 0), migration.number)
    last_applied: dict[str, int] = {}
    for row in applied:
        _compare(row, ours, last_ours)
        last_applied[row["room"]] = max(last_applied.get(row["room"], 0), row["number"])
    known = {(row["room"], row["number"]) for row in applied}
    pending = [migration for key, migration in ours.items() if key not in known]
    for migration in pending:
        if migration.number < last_applied.get(migration.room, 0):
            raise SchemaChanged(
                f"The migration {migration.path} came after a later one was applied. Give it the next number.",
                migration=migration.path,
            )
    return pending


def _compare(row: Record, ours: Mapping[tuple[str, int], Migration], last_ours: Mapping[str, int]) -> None:
    path = f"{row['room']}/{row['name']}"
    migration = ours.get((row["room"], row["number"]))
    if migration is None and row["number"] > last_ours.get(row["room"], 0):
        raise SchemaNewer(
            f"The database has {path}, which this version does not know. Install the newer version again.",
            migration=path,
        )
    if migration is None or (migration.name, migration.checksum) != (row["name"], row["checksum"]):
        changed = "is missing" if migration is None else "is no longer what was applied"
        raise SchemaChanged(
            f"The migration {path} {changed}. Put the file back as it was, and write a new one for the change.",
            migration=path,
        )

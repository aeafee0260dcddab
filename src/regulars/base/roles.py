"""Roles of the database, each of which may what it needs and no more.

Who serves may neither change tables nor what was written once; who reads, reads nothing sealed; and a member's own
session sees that member's rows alone. Three roles without a login, for logins to be members of: `regulars_app`,
`regulars_reader`, `regulars_member`. The owner is whoever migrates. What is particular about a table stands in a file
`grants.txt` beside its room's migrations:

    append SCHEMA.TABLE           rows are added, and never changed or taken away
    hide SCHEMA.TABLE.COLUMN      the reader does not see it; columns of bytes it never sees
    member SCHEMA.TABLE.COLUMN    a member reads the rows in which this column is its id
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Literal
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal

__all__ = [
    "APP",
    "MEMBER",
    "READER",
    "Grants",
    "Power",
    "RoleTooMighty",
    "RoleTooWeak",
    "add_login",
    "can_wall",
    "find_grants",
    "make_roles",
    "read_power",
    "renew_roles",
    "speak_for_member",
]

APP: Final = "regulars_app"
READER: Final = "regulars_reader"
MEMBER: Final = "regulars_member"
FILE_NAME: Final = "grants.txt"
WORDS: Final = ("append", "hide", "member")
SCRAM_ROUNDS: Final = 4096
PASSWORD_BYTES: Final = 24

Power = Literal["superuser", "owner", "app"]
"""What a session may do: anything; change tables; or what serving needs."""

TABLES: Final = """
SELECT
    format('%I.%I', n.nspname, c.relname) AS name,
    c.relkind = 'v' AS is_view,
    array_agg(format('%I', a.attname) ORDER BY a.attnum) FILTER (WHERE a.atttypid <> 'bytea'::regtype) AS open
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname = ANY(cast($1 AS text[]))
GROUP BY n.nspname, c.relname, c.relkind
ORDER BY 1
"""
SCHEMAS: Final = """
SELECT DISTINCT n.nspname::text AS name
FROM pg_namespace AS n
INNER JOIN pg_class AS c ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
ORDER BY 1
"""
POWER: Final = """
SELECT
    r.rolsuper AS is_super,
    EXISTS (
        SELECT FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = 'base' AND c.relname = 'migration' AND pg_has_role(current_user, c.relowner, 'MEMBER')
    ) AS is_owner
FROM pg_roles AS r
WHERE r.rolname = current_user
"""
HAS_ROLES: Final = """
SELECT EXISTS (
    SELECT FROM pg_roles AS r
    WHERE r.rolname = $1 AND has_schema_privilege(r.oid, 'base', 'USAGE')
)
"""
SPEAK: Final = """
SELECT
    set_config('app.member', cast($1 AS text), TRUE) AS member,
    set_config('role', cast(r.rolname AS text), TRUE) AS role
FROM pg_roles AS r
WHERE
    r.rolname = cast($2 AS text)
    AND pg_has_role(current_user, r.oid, 'MEMBER')
    AND EXISTS (SELECT FROM pg_policies AS p WHERE p.policyname = r.rolname)
"""


class RoleTooMighty(Refusal):
    """The server would run as owner or superuser of the database, and the settings forbid that."""

    code, kind = "database_role_too_mighty", "forbidden"


class RoleTooWeak(Refusal):
    """Whoever is connected does not own the database's tables."""

    code, kind = "database_role_too_weak", "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What rooms say of their tables and columns."""

    append: frozenset[str]
    hide: frozenset[str]
    member: tuple[tuple[str, str], ...]
    """(table, column with the member's id)."""


def find_grants() -> Grants:
    """Read every file `grants.txt` of the project. Raises ValueError for a line that says nothing known."""
    said = [line for file in _walk(files("regulars")) for line in _read(file)]
    return Grants(
        append=frozenset(what for word, what in said if word == "append"),
        hide=frozenset(what for word, what in said if word == "hide"),
        member=tuple(sorted(_split(what) for word, what in said if word == "member")),
    )


def _split(column: str) -> tuple[str, str]:
    table, _, name = column.rpartition(".")
    return table, name


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for item in folder.iterdir():
        if item.is_dir() and not item.name.startswith(("_", ".")):
            yield from _walk(item)
        elif item.name == FILE_NAME:
            yield item


def _read(file: Traversable) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, what = line.partition(" ")
        if word not in WORDS or what.count(".") != (1 if word == "append" else 2):
            raise ValueError(f"{file}: {line!r} is not one of: {', '.join(WORDS)}")
        yield word, what


async def make_roles(tx: Tx) -> list[str]:
    """Make the roles where they are missing, and give each what it needs and nothing else; name those made.

    Whoever calls owns the tables and may make roles. Done again after tables have changed, it is right again.
    Raises RoleTooWeak.
    """
    if await read_power(tx) == "app":
        raise RoleTooWeak("Only the owner of the tables can make roles. Name the database by its owner's address.")
    there = {row["name"] for row in await tx.rows("SELECT rolname::text AS name FROM pg_roles")}
    made = [role for role in (APP, READER, MEMBER) if role not in there]
    for role in made:
        await tx.run(f"CREATE ROLE {role} NOLOGIN")
    # Serving a member's own page, the app takes that member's role for one transaction.
    await tx.run(f"GRANT {MEMBER} TO {APP}")
    await _grant(tx, find_grants())
    return made


async def can_wall(read: Read) -> bool:
    """Tell whether this session may let logins pass by walls: else there are none, for they would stop the app too."""
    return bool(await read.value("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))


async def renew_roles(tx: Tx) -> bool:
    """Give the roles what they need in tables that have come since; tell whether this database has roles at all."""
    if not await tx.value(HAS_ROLES, APP):
        return False
    await _grant(tx, find_grants())
    return True


async def _grant(tx: Tx, grants: Grants) -> None:
    schemas = [row["name"] for row in await tx.rows(SCHEMAS)]
    scoped, walled = dict(grants.member), await can_wall(tx)
    for schema in schemas:
        for role in (APP, READER, MEMBER):
            await tx.run(f"REVOKE ALL ON SCHEMA {schema} FROM {role}")
            await tx.run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
            await tx.run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        await tx.run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {APP}")
    for row in await tx.rows(TABLES, schemas):
        table, columns = row["name"], [name for name in row["open"] or () if f"{row['name']}.{name}" not in grants.hide]
        await tx.run(f"GRANT {'SELECT' if row['is_view'] else _allow(table, grants)} ON {table} TO {APP}")
        if columns:
            await tx.run(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {READER}")
        if table in scoped and walled:
            await tx.run(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {MEMBER}")
            await _wall(tx, table, scoped[table])


def _allow(table: str, grants: Grants) -> str:
    if table == "base.migration":
        return "SELECT"
    return "SELECT, INSERT" if table in grants.append else "SELECT, INSERT, UPDATE, DELETE"


async def _wall(tx: Tx, table: str, column: str) -> None:
    """Let a member see its own rows. Logins of the app and of readers pass by the wall, so it costs them nothing."""
    own = f"{column} = cast(nullif(current_setting('app.member', TRUE), '') AS uuid)"
    await tx.run(f"DROP POLICY IF EXISTS {MEMBER} ON {table}")
    await tx.run(f"CREATE POLICY {MEMBER} ON {table} FOR SELECT TO {MEMBER} USING ({own})")
    await tx.run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


async def add_login(tx: Tx, name: str, role: Literal["regulars_app", "regulars_reader"]) -> str:
    """Make a login that is a member of a role, or give it a new password; answer the password.

    The server is told only what checks a password, so that none of its logs can hold one.
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    quoted = '"' + name.replace('"', '""') + '"'
    known = await tx.value("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name)
    verb = "ALTER" if known else "CREATE"
    walls = "BYPASSRLS" if await can_wall(tx) else ""
    await tx.run(f"{verb} ROLE {quoted} LOGIN NOSUPERUSER {walls} PASSWORD '{_scram(password)}'")
    await tx.run(f"GRANT {role} TO {quoted}")
    return password


def _scram(password: str) -> str:
    """Write what PostgreSQL keeps of a password (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = [base64.b64encode(each).decode() for each in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"


async def read_power(read: Read) -> Power:
    """Tell what this session may do with the database."""
    row = await read.row(POWER)
    assert row is not None, "whoever is connected is a role"
    if row["is_super"]:
        return "superuser"
    return "owner" if row["is_owner"] else "app"


async def speak_for_member(read: Read, member: UUID) -> bool:
    """For the rest of the transaction, see one member's own rows and no others, whatever the queries ask for.

    One statement. Tells whether that is so: a database without roles (`regulars db roles`) has no such wall.
    """
    return bool(await read.rows(SPEAK, str(member), MEMBER))

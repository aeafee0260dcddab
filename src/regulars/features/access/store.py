"""The only SQL of the room."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.access.model import Key

__all__ = ["KEYS_MAX", "add", "find", "list_keys", "note_uses", "revoke", "revoke_till"]

KEYS_MAX: Final = 1_000
"""Keys that one listing shows."""

queries = sql.load(__package__ or __name__)


async def add(tx: Tx, key: Key, *, digest: bytes, signing: bytes | None = None) -> None:
    """Write a new key; `signing` is what checks signatures, sealed."""
    await queries.run(
        tx,
        "add_key",
        id=key.id,
        prefix=key.prefix,
        digest=digest,
        called=key.name,
        scopes=list(key.scopes),
        store=key.store,
        till=key.till,
        created_at=key.created_at,
        expires_at=key.expires_at,
        signing=signing,
    )


async def find(read: Read, prefix: str) -> tuple[Key, bytes, bytes | None] | None:
    """Read the key of this prefix with the digest of its token, and what checks its signatures, sealed."""
    row = await queries.row(read, "find_key", prefix=prefix)
    return None if row is None else (_key(row), row["digest"], row["signing"])


async def list_keys(read: Read) -> list[Key]:
    """List keys, oldest first, those that were revoked too; at most KEYS_MAX."""
    return [_key(row) for row in await queries.rows(read, "list_keys", most=KEYS_MAX)]


async def revoke(tx: Tx, prefix: str, *, at: datetime) -> Key | None:
    """Mark a key as revoked and answer it; None when there is none."""
    row = await queries.row(tx, "revoke_key", prefix=prefix, at=at)
    return None if row is None else _key(row)


async def revoke_till(tx: Tx, store: str, till: str, *, at: datetime) -> list[Key]:
    """Mark the keys of a till as revoked and answer them."""
    return [_key(row) for row in await queries.rows(tx, "revoke_till", store=store, till=till, at=at)]


async def note_uses(tx: Tx, uses: Mapping[UUID, datetime]) -> None:
    """Write when keys were last used. A later time that is already there stays."""
    if uses:
        await queries.run(tx, "note_uses", ids=list(uses), ats=list(uses.values()))


def _key(row: Record) -> Key:
    return Key(
        id=row["id"],
        prefix=row["prefix"],
        name=row["name"],
        scopes=tuple(row["scopes"]),
        store=row["store"],
        till=row["till"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
        signed_only=row["signing"] is not None,
    )

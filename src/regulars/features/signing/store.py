"""The only SQL of the room."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Tx

__all__ = ["StoredKey", "add_key", "distrust", "find_shown", "forget_shown", "note_shown", "read_keys"]

queries: Final = sql.load(__package__ or __name__)


class StoredKey(Struct, frozen=True, kw_only=True):
    """A key as it is kept."""

    number: int
    kid: str
    public: bytes
    wrapped: bytes
    since: datetime
    distrusted_at: datetime | None = None

    def __repr__(self) -> str:
        return f"StoredKey(kid={self.kid!r})"


async def read_keys(read: Read) -> list[StoredKey]:
    """Read every key there ever was, by number."""
    return [
        StoredKey(
            number=row["number"],
            kid=row["kid"],
            public=row["public"],
            wrapped=row["wrapped"],
            since=row["since"],
            distrusted_at=row["distrusted_at"],
        )
        for row in await queries.rows(read, "keys")
    ]


async def add_key(tx: Tx, key: StoredKey) -> None:
    """Write a key, unless there is one of its number."""
    await queries.run(
        tx, "add_key", number=key.number, kid=key.kid, public=key.public, wrapped=key.wrapped, since=key.since
    )


async def distrust(tx: Tx, *, below: int, at: datetime) -> None:
    """Mark all keys of lower numbers as not to be trusted."""
    await queries.run(tx, "distrust", below=below, at=at)


async def note_shown(
    tx: Tx,
    code: bytes,
    *,
    source: str,
    id: str,  # noqa: A002 - the glossary's word for it
    issued_at: datetime,
) -> None:
    """Write by which activity a code was shown, unless that is known."""
    await queries.run(tx, "note_shown", code=code, source=source, id=id, issued_at=issued_at)


async def find_shown(read: Read, code: bytes) -> tuple[str, str] | None:
    """Read by which activity (source, id) a code was shown."""
    row = await queries.row(read, "shown", code=code)
    return None if row is None else (row["source"], row["id"])


async def forget_shown(tx: Tx, *, before: datetime) -> None:
    """Delete codes that were issued long ago."""
    await queries.run(tx, "forget_shown", before=before)

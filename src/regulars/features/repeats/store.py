"""The only SQL of the room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Tx

__all__ = ["Stored", "claim", "find", "forget", "forget_old", "keep"]

queries: Final = sql.load(__package__ or __name__)


class Stored(Struct, frozen=True, kw_only=True):
    """An answer as it is kept."""

    digest: bytes
    """Of the request."""
    wrapped: bytes
    """The key that opens it, under the installation's."""
    sealed: bytes
    at: datetime

    def __repr__(self) -> str:
        return f"Stored(at={self.at})"


async def claim(tx: Tx, name: tuple[str, str]) -> bool:
    """Have a name for as long as the transaction lasts; False where another transaction has it."""
    caller, key = name
    row = await queries.row(tx, "claim", caller=caller, key=key)
    return row is not None and bool(row["claimed"])


async def find(read: Read, name: tuple[str, str]) -> Stored | None:
    """Find what was answered under a name."""
    caller, key = name
    row = await queries.row(read, "find", caller=caller, key=key)
    if row is None:
        return None
    return Stored(digest=row["digest"], wrapped=row["wrapped"], sealed=row["sealed"], at=row["at"])


async def keep(tx: Tx, name: tuple[str, str], stored: Stored) -> None:
    """Write what was answered under a name that is not used yet."""
    caller, key = name
    await queries.run(
        tx,
        "keep",
        caller=caller,
        key=key,
        digest=stored.digest,
        wrapped=stored.wrapped,
        sealed=stored.sealed,
        at=stored.at,
    )


async def forget(tx: Tx, *, until: datetime) -> None:
    """Delete what was kept long enough."""
    await queries.run(tx, "forget", until=until)


async def forget_old(tx: Tx, before: datetime, _spared: Sequence[UUID], most: int) -> int:
    """Delete answers from before a moment; gives how many. Of whom they are nobody can see."""
    return len(await queries.rows(tx, "drop_old", before=before, most=most))

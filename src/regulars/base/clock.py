"""Ledger time: the database's clock, which a sandbox may begin in the past, and move ahead to see tomorrow."""

from datetime import datetime
from typing import ClassVar, cast

from regulars.base.db import Read, Tx
from regulars.base.errors import Kind, Refusal
from regulars.base.sql import load

__all__ = ["ClockBackwards", "begin_sandbox", "is_sandbox", "now", "set_now"]

queries = load("regulars.base")


class ClockBackwards(Refusal):
    """A sandbox's clock was to be moved back, which would make what has happened not have happened yet."""

    code: ClassVar[str] = "clock_backwards"
    kind: ClassVar[Kind] = "conflict"


async def now(read: Read) -> datetime:
    """Tell the time that decides expiry and availability (aware, UTC)."""
    return cast("datetime", await queries.value(read, "now"))


async def set_now(tx: Tx, at: datetime) -> None:
    """Move a sandbox's clock forward to `at` (aware); it goes on from there. Raises ClockBackwards."""
    assert at.tzinfo is not None, "a time without a zone is not a time"
    if await queries.value(tx, "move_now", at=at) is None:
        raise ClockBackwards(
            f"The clock already shows a later time than {at.isoformat()}; it only goes forward.", asked=at
        )


async def begin_sandbox(tx: Tx, at: datetime) -> None:
    """Make a database in which nothing has happened yet a sandbox whose time begins at `at`, be it long ago.

    That nothing has happened is for the caller to know. Raises ClockBackwards where the clock was moved before.
    """
    assert at.tzinfo is not None, "a time without a zone is not a time"
    if await queries.value(tx, "begin_sandbox", at=at) is None:
        message = "The clock of this database was moved before; it only goes forward."
        raise ClockBackwards(message, asked=at)


async def is_sandbox(read: Read) -> bool:
    """Tell whether the clock has been moved: such a database holds no real member's points."""
    return bool(await queries.value(read, "is_moved"))

"""The only SQL of what stops points from being used."""

from collections.abc import Collection
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Record, Tx
from regulars.base.sql import parse
from regulars.kernel.members.burning.model import Stop, Stops

__all__ = ["LISTED_MAX", "add_cooling", "list_switches", "read_stops", "turn_off", "turn_on"]

LISTED_MAX: Final = 500
ROOM: Final = "regulars.kernel.members"
FILE_NAME: Final = "burning.sql"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def read_stops(read: Read, members: Collection[UUID], *, at: datetime) -> Stops:
    """Read what stops members at a moment, and what stops everybody. One statement."""
    rows = await QUERIES.rows(read, "stops", ids=sorted(members), at=at)
    return Stops(rows=tuple(_stop(row) for row in rows))


async def list_switches(read: Read, *, most: int = LISTED_MAX) -> list[Stop]:
    """List what somebody turned off and nobody turned on again: for everybody first, then by member."""
    return [_stop(row) for row in await QUERIES.rows(read, "list_switches", most=most)]


async def turn_off(
    tx: Tx,
    member: UUID | None,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    reason: str,
    by: str,
    at: datetime,
) -> bool:
    """Keep points from being used, of one member or (None) of everybody; False where that was so already."""
    row = await QUERIES.row(
        tx, "add_stop", id=id, member_id=member, cause="switch", reason=reason, stopped_by=by, at=at, until=None
    )
    return row is not None


async def turn_on(tx: Tx, member: UUID | None, *, by: str, at: datetime) -> bool:
    """Let points be used again, where somebody had turned that off; False where nobody had."""
    return await QUERIES.row(tx, "end_switch", member_id=member, ended_by=by, at=at) is not None


async def add_cooling(
    tx: Tx,
    member: UUID,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    reason: str,
    at: datetime,
    until: datetime,
) -> None:
    """Keep a member's points from being used for a while."""
    told = {"id": id, "member_id": member, "cause": "cooling", "reason": reason, "stopped_by": "the member"}
    await QUERIES.run(tx, "add_stop", **told, at=at, until=until)


def _stop(row: Record) -> Stop:
    return Stop(
        id=row["id"],
        member=row["member_id"],
        cause=row["cause"],
        reason=row["reason"],
        by=row["stopped_by"],
        since=row["since"],
        until=row["until"],
    )

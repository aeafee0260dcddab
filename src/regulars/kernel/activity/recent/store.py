"""The only SQL of what happened lately; it reads, and never writes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

import msgspec

from regulars.base.db import Read, Record
from regulars.base.sql import parse
from regulars.kernel.activity.store import Past, read_body
from regulars.kernel.nouns import Receipt

__all__ = ["QUERIES", "get", "last_purchases", "list_newest"]

FILE_NAME: Final = "recent.sql"
ROOM: Final = "regulars.kernel.activity"
LAST: Final = UUID(int=2**128 - 1)

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")

read_receipt = msgspec.json.Decoder(Receipt).decode


async def last_purchases(read: Read, members: Collection[UUID]) -> dict[UUID, datetime]:
    """Tell when these members bought what was recorded last; whoever bought nothing is left out. One statement."""
    if not members:
        return {}
    rows = await QUERIES.rows(read, "last_purchases", members=sorted(members))
    return {row["member_id"]: row["occurred_at"] for row in rows}


async def list_newest(
    read: Read, member: UUID, *, kinds: Sequence[str] | None = None, before: UUID | None = None, most: int
) -> list[Past]:
    """List what was recorded of a member, the newest first: all kinds, or some; before an activity, or from the last.

    One statement.
    """
    rows = await QUERIES.rows(
        read,
        "newest",
        member=member,
        kinds=None if kinds is None else list(kinds),
        before=LAST if before is None else before,
        most=most,
    )
    return [_past(member, row) for row in rows]


async def get(read: Read, member: UUID, activity: UUID) -> Past | None:
    """Answer one activity of a member, whole; None where the member has none of this id. One statement."""
    row = await QUERIES.row(read, "one", member=member, activity=activity)
    return None if row is None else _past(member, row)


def _past(member: UUID, row: Record) -> Past:
    return Past(member=member, activity=row["id"], body=read_body(row["body"]), receipt=read_receipt(row["receipt"]))

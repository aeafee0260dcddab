"""The only SQL of what is moved of the journal; it reads, and never writes."""

from collections.abc import Collection
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base.db import Read
from regulars.base.sql import parse

__all__ = ["QUERIES", "ActivityRow", "read_activities"]

FILE_NAME: Final = "moving.sql"
ROOM: Final = "regulars.kernel.activity"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


class ActivityRow(Struct, frozen=True, kw_only=True):
    """An activity: what it said, and what it did."""

    member: UUID
    activity: UUID
    sequence: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    program: str
    origin: UUID | None
    body: msgspec.Raw
    receipt: msgspec.Raw


async def read_activities(read: Read, members: Collection[UUID]) -> list[ActivityRow]:
    """Read everything that was recorded for members, in the order of the journal. One statement."""
    return [
        ActivityRow(
            member=row["member_id"],
            activity=row["id"],
            sequence=row["seq"],
            kind=row["kind"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            program=row["program"],
            origin=row["origin_id"],
            body=msgspec.Raw(row["body"].encode()),
            receipt=msgspec.Raw(row["receipt"].encode()),
        )
        for row in await QUERIES.rows(read, "activities_of", ids=sorted(members))
    ]

"""The only SQL of what lists show; it reads, and never writes."""

from collections.abc import Collection
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.sql import parse

__all__ = ["QUERIES", "read_shown"]

FILE_NAME: Final = "shown.sql"
ROOM: Final = "regulars.kernel.ledger"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def read_shown(read: Read, members: Collection[UUID], *, at: datetime) -> dict[UUID, dict[str, int]]:
    """Tell what members are shown to have at a moment: by member and currency, in minor units of it. One statement."""
    found: dict[UUID, dict[str, int]] = {}
    if members:
        for row in await QUERIES.rows(read, "shown", members=sorted(members), at=at):
            found.setdefault(row["member_id"], {})[row["currency"]] = row["shown"]
    return found

"""The only SQL of freezing."""

from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Tx
from regulars.base.sql import parse

__all__ = ["freeze", "thaw"]

ROOM: Final = "regulars.kernel.members"
FILE_NAME: Final = "freezing.sql"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def freeze(tx: Tx, member: UUID) -> bool:
    """Freeze a member, whom the caller has locked; False where they are not active."""
    return await QUERIES.row(tx, "set_state", id=member, was="active", state="frozen") is not None


async def thaw(tx: Tx, member: UUID) -> bool:
    """Let a member use points again, whom the caller has locked; False where they are not frozen."""
    return await QUERIES.row(tx, "set_state", id=member, was="frozen", state="active") is not None

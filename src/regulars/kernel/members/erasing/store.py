"""The only SQL of forgetting members."""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.base.sql import parse

__all__ = ["QUERIES", "blank_traits", "list_dormant", "shred"]

ROOM: Final = "regulars.kernel.members"
FILE_NAME: Final = "erasing.sql"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def shred(tx: Tx, ids: Sequence[UUID]) -> int:
    """Forget the keys of members whom the caller has locked, and every way to find them; gives how many ways.

    From then on nothing sealed under such a key opens, here or in any copy that is made later.
    """
    dropped = await QUERIES.rows(tx, "drop_identifiers", ids=ids)
    await QUERIES.run(tx, "shred_keys", ids=ids)
    await QUERIES.run(tx, "blank_reasons", ids=ids)
    return len(dropped)


async def blank_traits(tx: Tx, told: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Forget the values of traits, by (member, activity that told it, name): that something was told stays."""
    if told:
        await QUERIES.run(
            tx,
            "blank_traits",
            members=[member for member, _, _ in told],
            activities=[activity for _, activity, _ in told],
            names=[name for _, _, name in told],
        )


async def list_dormant(read: Read, *, before: datetime, after: UUID, most: int) -> list[UUID]:
    """List members who joined before a moment and are neither merged nor gone, in the order of their ids."""
    return [row["id"] for row in await QUERIES.rows(read, "dormant", before=before, after=after, most=most)]

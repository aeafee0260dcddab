"""What people did in the journal: read on by a cursor, so that it is found by the person."""

from uuid import UUID

from regulars.base.db import Tx
from regulars.features.audit.model import Act
from regulars.features.audit.store import add_acts, add_place, find_place, take_turn
from regulars.kernel.activity import Followed
from regulars.kernel.spine import Place, follow

__all__ = ["AUTHOR", "gather_acts"]

AUTHOR = "staff"
"""The fact of an activity that says which person sent it. Doors write it, and nobody else can."""


async def gather_acts(tx: Tx) -> int:
    """Read the journal on by a page; gives how many activities were read. Raises JournalRewound."""
    if not await take_turn(tx, "acts"):
        return 0
    found, place = await follow(tx, await find_place(tx) or Place(low=0, high=0))
    await add_acts(tx, [act for row in found if (act := _find_act(row)) is not None])
    if found:
        # An empty window is read again from where it began: places are only ever appended.
        await add_place(tx, place)
    return len(found)


def _find_act(row: Followed) -> Act | None:
    author = row.body.data.get(AUTHOR)
    if not isinstance(author, str):
        return None
    try:
        actor = UUID(author)
    except ValueError:
        # Told by somebody before doors wrote it.
        return None
    receipt = row.receipt
    return Act(
        actor_id=actor,
        seq=row.seq,
        at=row.at,
        member=receipt.member,
        activity=receipt.activity,
        kind=receipt.kind,
        source=receipt.source,
        name=receipt.id,
    )

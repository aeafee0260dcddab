"""What becomes of places and transactions when a backup is put into another server, which counts transactions anew."""

from regulars.base.db import Tx
from regulars.features.audit.store import add_place, find_place, settle_entries
from regulars.kernel import spine
from regulars.kernel.activity import SETTLED

__all__ = ["settle"]


async def settle(tx: Tx) -> None:
    """Keep the place in the journal. Entries are of a transaction that ended long ago; the chain does not name it."""
    await settle_entries(tx, SETTLED)
    await spine.carry_reader(tx, find_place, add_place)

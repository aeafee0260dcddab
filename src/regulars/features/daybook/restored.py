"""What becomes of the daybook when a backup is put into another server: it is written anew from the journal."""

from regulars.base.db import Tx
from regulars.features.daybook.store import clear

__all__ = ["settle"]


async def settle(tx: Tx) -> None:
    """Begin anew: what was read twice would be counted twice."""
    await clear(tx)

"""What becomes of the place in the journal when a backup is put into another server."""

from regulars.base.db import Tx
from regulars.features.fraud.store import move_reader, take_reader
from regulars.kernel import spine

__all__ = ["settle"]


async def settle(tx: Tx) -> None:
    """Keep the place. Nobody else is there yet."""
    await spine.carry_reader(tx, take_reader, move_reader)

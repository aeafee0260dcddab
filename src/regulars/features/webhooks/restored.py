"""What becomes of places in the journal when a backup is put into another server, which counts transactions anew."""

from regulars.base.db import Tx
from regulars.features.webhooks.store import list_readers, list_wishes, settle_reader, settle_wish
from regulars.kernel import spine

__all__ = ["settle"]


async def settle(tx: Tx) -> None:
    """Keep the places. An event may be sent a second time, under its own id; none is left out."""
    for reader in await list_readers(tx):
        await settle_reader(tx, reader.id, await spine.carry_over(tx, reader.place))
    for endpoint, wishes in (await list_wishes(tx)).items():
        for wish in wishes:
            # Nobody is told of what went on before they asked.
            await settle_wish(tx, endpoint, wish.number, await spine.carry_over(tx, wish.place, again=False))

"""From the journal to what is on its way: each activity once, each member's in their order."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.webhooks.events import derive
from regulars.features.webhooks.model import Webhook, fits
from regulars.features.webhooks.store import (
    LIVE,
    Planned,
    Reader,
    add_deliveries,
    add_events,
    end_reader,
    list_endpoints,
    list_readers,
    lock_reader,
    move_reader,
    open_lanes,
    send_again,
)
from regulars.kernel.spine import follow

__all__ = ["gather"]

PAGE: Final = 500
MOST: Final = 1_000


async def gather(tx: Tx, *, new_id: Callable[[], UUID], at: datetime) -> int:
    """Read the journal on by a page for all endpoints, and for each replay; gives how many activities were read.

    Somebody else who gathers is not waited for. Raises JournalRewound.
    """
    live = await lock_reader(tx, wait=False)
    if live is None:
        return 0
    endpoints = await list_endpoints(tx, most=MOST)
    read = 0
    for reader in [live, *(each for each in await list_readers(tx) if each.id != LIVE)]:
        telling = [each for each in endpoints if reader.endpoint in {None, each.id}]
        read += await _read_on(tx, reader, telling, new_id=new_id, at=at)
    return read


async def _read_on(
    tx: Tx, reader: Reader, endpoints: Sequence[Webhook], *, new_id: Callable[[], UUID], at: datetime
) -> int:
    found, place = await follow(tx, reader.place, most=PAGE)
    if reader.until is not None:
        found = [row for row in found if row.transaction < reader.until]
    planned = [
        Planned(id=new_id(), endpoint=endpoint.id, event=event)
        for row in found
        for event in derive(row)
        for endpoint in endpoints
        if fits(endpoint.kinds, event.kind)
    ]
    if planned:
        await _plan(tx, reader, planned, at=at)
    if reader.until is not None and place.low >= reader.until:
        await end_reader(tx, reader.id)
    else:
        await move_reader(tx, reader.id, place)
    return len(found)


async def _plan(tx: Tx, reader: Reader, planned: Sequence[Planned], *, at: datetime) -> None:
    await add_events(tx, {each.event.id: each.event for each in planned}.values())
    if reader.endpoint is not None:
        await send_again(tx, reader.endpoint, [each.event.id for each in planned])
    await add_deliveries(tx, planned, at=at)
    await open_lanes(tx, [(each.endpoint, each.event.member) for each in planned], at=at)

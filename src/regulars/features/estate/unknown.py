"""Stores and channels that sales name and nobody has registered: they are listed, so that somebody does."""

from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.estate.model import find_zone
from regulars.features.estate.store import find_stores, list_channels
from regulars.kernel.activity.sales import list_places
from regulars.kernel.program import Versions

__all__ = ["Unregistered", "list_unknown", "zone_of"]

PLACES_MAX: Final = 5_000


class Unregistered(Struct, frozen=True, kw_only=True):
    """A place that activities name and nobody has registered."""

    what: Literal["store", "channel"]
    id: str
    activities: int
    last_at: datetime
    """When the last of them happened."""


async def list_unknown(read: Read, *, since: datetime, until: datetime) -> list[Unregistered]:
    """List what activities of a time name and is not registered: stores, then channels, busiest first."""
    stores = await list_places(read, "store", since=since, until=until, most=PLACES_MAX)
    channels = await list_places(read, "channel", since=since, until=until, most=PLACES_MAX)
    known = await find_stores(read, [each.id for each in stores])
    ways = {channel.id for channel in await list_channels(read, most=PLACES_MAX)}
    found = [("store", each) for each in stores if each.id not in known]
    found += [("channel", each) for each in channels if each.id not in ways]
    return [
        Unregistered(
            what="store" if what == "store" else "channel",
            id=each.id,
            activities=each.activities,
            last_at=each.last_at,
        )
        for what, each in found
    ]


async def zone_of(read: Read, versions: Versions, store: str, *, at: datetime) -> ZoneInfo:
    """Answer the time zone by which a store's day ends; of a store that nobody registered, the programme's.

    Raises NoProgram where there is neither.
    """
    known = await find_stores(read, [store])
    if store in known:
        return find_zone(known[store].time_zone)
    return ZoneInfo((await versions.read(read)).plan_at(at).document.time_zone)

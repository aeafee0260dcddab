"""Stores, channels and tills: registered, listed, and retired. A sale from anywhere else is taken all the same."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features import access, estate
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.state import database_of

__all__ = ["StorePath", "router"]

PAGE_MAX: Final = 200
DAYS_MAX: Final = 31
CHANNELS_MAX: Final = 10_000
READ: Final = "estate:read"
WRITE: Final = "estate:write"

router = APIRouter(tags=["Stores"])

PATTERN: Final = r"^[^\x00-\x1f\x7f]+$"
StorePath = Annotated[str, Path(min_length=1, max_length=200, pattern=PATTERN, description="As activities name it.")]
Cursor = Annotated[str | None, Query(max_length=2000, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
Name = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Days = Annotated[int, Query(ge=1, le=DAYS_MAX, description="How many days back.")]
read_name = msgspec.json.Decoder(tuple[str])
read_pair = msgspec.json.Decoder(tuple[str, str])


class StoreIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a store."""

    name_en: Name = ""
    name_zh: Name = ""
    region: Name = ""
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    """As in the IANA database, such as Asia/Shanghai. The store's day ends by it."""
    is_open: bool = True


class ChannelIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a channel."""

    name_en: Name = ""
    name_zh: Name = ""
    is_open: bool = True


class TillIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a till."""

    name: Name = ""
    source: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")] = ""
    """The `source` under which it sends what it sells. Left out: `till/<store>`, as the till's package does."""


class StorePage(Struct, frozen=True, kw_only=True):
    """A part of the stores, by id."""

    stores: tuple[estate.Store, ...]
    next: str | None


class StoreWhole(Struct, frozen=True, kw_only=True):
    """A store with its tills."""

    store: estate.Store
    tills: tuple[estate.Till, ...]


class ChannelList(Struct, frozen=True, kw_only=True):
    """The channels, by id."""

    channels: tuple[estate.Channel, ...]


class TillPage(Struct, frozen=True, kw_only=True):
    """A part of the tills, by store and id."""

    tills: tuple[estate.Till, ...]
    next: str | None


class UnknownPlaces(Struct, frozen=True, kw_only=True):
    """What activities name and nobody registered."""

    places: tuple[estate.Unregistered, ...]


class Retired(Struct, frozen=True, kw_only=True):
    """A till that is out of use, and how many keys ended with it."""

    till: estate.Till
    keys_revoked: int


read_store = msgspec.json.Decoder(StoreIn)
read_channel = msgspec.json.Decoder(ChannelIn)
read_till = msgspec.json.Decoder(TillIn)


@router.get("/v1/stores")
@door(scope=READ, gives={200: StorePage})
async def list_stores(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the stores that are registered."""
    (after,) = read_cursor(cursor, read_name) if cursor else ("",)
    async with database_of(request).snapshot() as read:
        found = await estate.list_stores(read, after=after, most=limit)
    return answer(StorePage(stores=tuple(found), next=write_cursor((found[-1].id,)) if len(found) == limit else None))


@router.get("/v1/stores/{store}")
@door(scope=READ, gives={200: StoreWhole}, refuses=(estate.StoreUnknown,))
async def read_store_of(request: Request, store: StorePath) -> Response:
    """Read a store, with its tills, retired ones too."""
    async with database_of(request).snapshot() as read:
        found = (await estate.find_stores(read, [store])).get(store)
        tills = await estate.list_tills(read, store=store)
    if found is None:
        raise estate.StoreUnknown(f"No store {store!r} is registered.", store=store)
    return answer(StoreWhole(store=found, tills=tuple(tills)))


@router.put("/v1/stores/{store}")
@door(
    scope=WRITE,
    takes=StoreIn,
    gives={200: estate.Store},
    refuses=(estate.ZoneUnknown,),
    examples={"A store": {"name_en": "West Lake", "name_zh": "西湖店", "region": "east", "time_zone": "Asia/Shanghai"}},
)
async def put_store(request: Request, store: StorePath) -> Response:
    """Register a store, or change what is known of it."""
    told = await read_body(request, read_store)

    async def put(tx: Tx) -> estate.Store:
        at = await clock.now(tx)
        await estate.put_stores(tx, [estate.Store(id=store, changed_at=at, **msgspec.structs.asdict(told))], at=at)
        return (await estate.find_stores(tx, [store]))[store]

    return answer(await database_of(request).run(put))


@router.get("/v1/channels")
@door(scope=READ, gives={200: ChannelList})
async def list_channels(request: Request) -> Response:
    """List the channels that are registered; at most 500."""
    async with database_of(request).snapshot() as read:
        found = await estate.list_channels(read)
    return answer(ChannelList(channels=tuple(found)))


@router.put("/v1/channels/{channel}")
@door(
    scope=WRITE,
    takes=ChannelIn,
    gives={200: estate.Channel},
    examples={"Delivery": {"name_en": "Delivery", "name_zh": "外卖"}},
)
async def put_channel(
    request: Request, channel: Annotated[str, Path(min_length=1, max_length=200, pattern=PATTERN)]
) -> Response:
    """Register a channel, or change what is known of it."""
    told = await read_body(request, read_channel)
    return answer(await database_of(request).run(_putting_channel(channel, told)))


@router.get("/v1/tills")
@door(scope=READ, gives={200: TillPage})
async def list_tills(
    request: Request,
    store: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Of this store only.")] = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the tills that are registered, retired ones too."""
    after = read_cursor(cursor, read_pair) if cursor else ("", "")
    async with database_of(request).snapshot() as read:
        found = await estate.list_tills(read, store=store, after=after, most=limit)
    place = write_cursor((found[-1].store, found[-1].id)) if len(found) == limit else None
    return answer(TillPage(tills=tuple(found), next=place))


@router.put("/v1/stores/{store}/tills/{till}")
@door(
    scope=WRITE,
    takes=TillIn,
    gives={200: estate.Till},
    refuses=(estate.StoreUnknown,),
    examples={"A till": {"name": "by the door"}},
)
async def put_till(request: Request, store: StorePath, till: StorePath) -> Response:
    """Register a till, or bring it back into use. A key for it is issued with `regulars keys new --till`."""
    told = await read_body(request, read_till)

    async def put(tx: Tx) -> estate.Till:
        at = await clock.now(tx)
        return await estate.put_till(tx, store=store, till=till, name=told.name, source=told.source, at=at)

    return answer(await database_of(request).run(put))


@router.post("/v1/stores/{store}/tills/{till}/retire")
@door(scope=WRITE, gives={200: Retired}, refuses=(estate.TillUnknown,))
async def retire_till(request: Request, store: StorePath, till: StorePath) -> Response:
    """Take a till out of use. Its keys end with it: a server goes on to admit them for at most half a minute."""

    async def retire(tx: Tx) -> Retired:
        at = await clock.now(tx)
        retired = await estate.retire_till(tx, store=store, till=till, at=at)
        ended = await access.revoke_till_keys(tx, store=store, till=till, at=at)
        return Retired(till=retired, keys_revoked=len(ended))

    return answer(await database_of(request).run(retire))


@router.get("/v1/estate/unknown")
@door(scope=READ, gives={200: UnknownPlaces})
async def list_unknown(request: Request, days: Days = 7) -> Response:
    """List stores and channels that activities of the last days name and nobody has registered, busiest first."""
    async with database_of(request).snapshot() as read:
        now = await clock.now(read)
        found = await estate.list_unknown(read, since=now - timedelta(days=days), until=now + timedelta(days=1))
    return answer(UnknownPlaces(places=tuple(found)))


def _putting_channel(channel: str, told: ChannelIn) -> Callable[[Tx], Awaitable[estate.Channel]]:
    async def put(tx: Tx) -> estate.Channel:
        at = await clock.now(tx)
        await estate.put_channel(tx, estate.Channel(id=channel, changed_at=at, **msgspec.structs.asdict(told)), at=at)
        return next(each for each in await estate.list_channels(tx, most=CHANNELS_MAX) if each.id == channel)

    return put

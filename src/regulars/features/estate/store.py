"""The only SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.estate.model import Channel, Store, Till

__all__ = [
    "LISTED_MAX",
    "end_till",
    "find_stores",
    "find_till",
    "list_channels",
    "list_stores",
    "list_tills",
    "write_channel",
    "write_stores",
    "write_till",
]

LISTED_MAX: Final = 500
"""Rows of one page."""

queries: Final = sql.load(__package__ or __name__)


async def list_stores(read: Read, *, after: str = "", most: int = LISTED_MAX) -> list[Store]:
    """List stores by id, those after one."""
    return [_store(row) for row in await queries.rows(read, "stores", after=after, most=most)]


async def find_stores(read: Read, ids: Collection[str]) -> dict[str, Store]:
    """Find which of these stores are registered."""
    return {row["id"]: _store(row) for row in await queries.rows(read, "find_stores", ids=list(ids))}


async def write_stores(tx: Tx, stores: Sequence[Store], *, at: datetime) -> None:
    """Write stores, each named once. One statement."""
    await queries.run(
        tx,
        "put_stores",
        ids=[each.id for each in stores],
        names_en=[each.name_en for each in stores],
        names_zh=[each.name_zh for each in stores],
        regions=[each.region for each in stores],
        time_zones=[each.time_zone for each in stores],
        opens=[each.is_open for each in stores],
        at=at,
    )


async def list_channels(read: Read, *, after: str = "", most: int = LISTED_MAX) -> list[Channel]:
    """List channels by id, those after one."""
    return [
        Channel(
            id=row["id"],
            name_en=row["name_en"],
            name_zh=row["name_zh"],
            is_open=row["is_open"],
            changed_at=row["changed_at"],
        )
        for row in await queries.rows(read, "channels", after=after, most=most)
    ]


async def write_channel(tx: Tx, channel: Channel, *, at: datetime) -> None:
    """Write a channel."""
    await queries.run(
        tx,
        "put_channel",
        id=channel.id,
        name_en=channel.name_en,
        name_zh=channel.name_zh,
        is_open=channel.is_open,
        at=at,
    )


async def list_tills(
    read: Read, *, store: str = "", after: tuple[str, str] = ("", ""), most: int = LISTED_MAX
) -> list[Till]:
    """List tills, retired ones too: of one store, or of all."""
    rows = await queries.rows(read, "tills", store=store, after_store=after[0], after=after[1], most=most)
    return [_till(row) for row in rows]


async def find_till(read: Read, store: str, till: str) -> Till | None:
    """Find a till."""
    row = await queries.row(read, "find_till", store=store, id=till)
    return None if row is None else _till(row)


async def write_till(tx: Tx, till: Till, *, at: datetime) -> None:
    """Write a till, in use."""
    await queries.run(tx, "put_till", store=till.store, id=till.id, called=till.name, source=till.source, at=at)


async def end_till(tx: Tx, store: str, till: str, *, at: datetime) -> Till | None:
    """Retire a till; None where there is none."""
    row = await queries.row(tx, "retire_till", store=store, id=till, at=at)
    return None if row is None else _till(row)


def _store(row: Record) -> Store:
    return Store(
        id=row["id"],
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        region=row["region"],
        time_zone=row["time_zone"],
        is_open=row["is_open"],
        changed_at=row["changed_at"],
    )


def _till(row: Record) -> Till:
    return Till(
        store=row["store"],
        id=row["id"],
        name=row["name"],
        source=row["source"],
        retired_at=row["retired_at"],
        changed_at=row["changed_at"],
    )

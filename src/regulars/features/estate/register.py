"""Stores, channels and tills are told of, and tills retired."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import msgspec

from regulars.base.db import Read, Tx
from regulars.features.estate.model import (
    Channel,
    ListInvalid,
    Place,
    Store,
    StoreUnknown,
    Till,
    TillRetired,
    TillUnknown,
    ZoneUnknown,
    default_source,
    find_zone,
)
from regulars.features.estate.store import (
    end_till,
    find_stores,
    find_till,
    write_channel,
    write_stores,
    write_till,
)

__all__ = ["STORES_MAX", "check_till", "put_channel", "put_stores", "put_till", "read_list", "retire_till"]

STORES_MAX: Final = 20_000
"""Stores in one list."""
COLUMNS: Final = ("id", "name_en", "name_zh", "region", "time_zone", "open")
SWITCH: Final = {"yes": True, "true": True, "1": True, "": True, "no": False, "false": False, "0": False}
NAME_MAX: Final = 200


async def put_stores(tx: Tx, stores: Sequence[Store], *, at: datetime) -> None:
    """Register stores, or change what is known of them. Raises ZoneUnknown."""
    for zone in {store.time_zone for store in stores}:
        find_zone(zone)
    await write_stores(tx, stores, at=at)


async def put_channel(tx: Tx, channel: Channel, *, at: datetime) -> None:
    """Register a channel, or change what is known of it."""
    await write_channel(tx, channel, at=at)


async def put_till(tx: Tx, *, store: str, till: str, name: str = "", source: str = "", at: datetime) -> Till:
    """Register a till, or bring it back into use. Raises StoreUnknown."""
    if store not in await find_stores(tx, [store]):
        message = f"The store {store!r} is not registered; register it first, and then its tills."
        raise StoreUnknown(message, store=store)
    told = Till(store=store, id=till, name=name, source=source or default_source(store), retired_at=None, changed_at=at)
    await write_till(tx, told, at=at)
    found = await find_till(tx, store, till)
    assert found is not None
    return found


async def retire_till(tx: Tx, *, store: str, till: str, at: datetime) -> Till:
    """Retire a till; once more changes nothing of when. What it still has queued is taken. Raises TillUnknown."""
    retired = await end_till(tx, store, till, at=at)
    if retired is None:
        message = f"The store {store!r} has no till {till!r}."
        raise TillUnknown(message, store=store, till=till)
    return retired


async def check_till(read: Read, *, store: str, till: str) -> Till:
    """Answer a till in use. Raises TillUnknown or TillRetired."""
    found = await find_till(read, store, till)
    if found is None:
        message = f"The store {store!r} has no till {till!r}. Register it with `regulars tills put`."
        raise TillUnknown(message, store=store, till=till)
    if found.retired_at is not None:
        message = f"The till {till!r} of the store {store!r} was retired at {found.retired_at.isoformat()}."
        raise TillRetired(message, store=store, till=till)
    return found


def read_list(lines: Iterable[str], *, time_zone: str, at: datetime) -> list[Store]:
    """Read a list of stores as CSV: id, and as far as known name_en, name_zh, region, time_zone, open.

    `time_zone` is that of stores that name none. Raises ListInvalid with the line.
    """
    rows = csv.DictReader(lines, strict=True)
    try:
        names = rows.fieldnames or ()
        unknown = sorted(set(names) - set(COLUMNS))
        if "id" not in names or unknown:
            wrong = f"there is no column {', '.join(unknown)}" if unknown else "the column id is missing"
            raise ListInvalid(f"Line 1: {wrong}. The columns are {', '.join(COLUMNS)}.", line=1)
        found: dict[str, Store] = {}
        for row in rows:
            store = _read_row(cast("Any", row), rows.line_num, time_zone, at)
            if store.id in found:
                raise ListInvalid(f"Line {rows.line_num}: the store {store.id!r} is there twice.", line=rows.line_num)
            if len(found) == STORES_MAX:
                raise ListInvalid(f"A list has at most {STORES_MAX} stores.", line=rows.line_num)
            found[store.id] = store
    except (csv.Error, UnicodeDecodeError) as error:
        message = f"Line {rows.line_num + 1}: this is not CSV in UTF-8: {error}."
        raise ListInvalid(message, line=rows.line_num + 1) from error
    return list(found.values())


def _read_row(row: Mapping[str | None, str | None], line: int, time_zone: str, at: datetime) -> Store:
    told = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        place = msgspec.convert(told["id"], Place)
        find_zone(told["time_zone"] or time_zone)
    except msgspec.ValidationError as error:
        raise ListInvalid(f"Line {line}: id is {told['id'][:64]!r}: {error}.", line=line) from error
    except ZoneUnknown as error:
        raise ListInvalid(f"Line {line}: {error.detail}", line=line) from error
    if told["open"].lower() not in SWITCH or None in row:
        raise ListInvalid(f"Line {line}: open is yes or no, and no row has more cells than the first.", line=line)
    if any(len(told[name]) > NAME_MAX or "\0" in told[name] for name in ("name_en", "name_zh", "region")):
        raise ListInvalid(f"Line {line}: a name has at most {NAME_MAX} characters.", line=line)
    return Store(
        id=place,
        name_en=told["name_en"],
        name_zh=told["name_zh"],
        region=told["region"],
        time_zone=told["time_zone"] or time_zone,
        is_open=SWITCH[told["open"].lower()],
        changed_at=at,
    )

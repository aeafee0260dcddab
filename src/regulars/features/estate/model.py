"""The values of the room, and what it refuses. Pure."""

from datetime import datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "Channel",
    "ListInvalid",
    "Place",
    "Store",
    "StoreUnknown",
    "Till",
    "TillRetired",
    "TillUnknown",
    "ZoneUnknown",
    "default_source",
    "find_zone",
]

Place = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
"""As activities name it."""
Name = Annotated[str, Meta(max_length=200)]
Source = Annotated[str, Meta(max_length=64)]


class StoreUnknown(Refusal):
    """No such store is registered."""

    code, kind = "store_unknown", "not_found"


class TillUnknown(Refusal):
    """No such till is registered in this store."""

    code, kind = "till_unknown", "not_found"


class TillRetired(Refusal):
    """The till is not in use any more."""

    code, kind = "till_retired", "conflict"


class ZoneUnknown(Refusal):
    """There is no time zone of this name."""

    code, kind = "zone_unknown", "invalid"


class ListInvalid(Refusal):
    """A list of stores cannot be read."""

    code, kind = "store_list_invalid", "invalid"


class Store(Struct, frozen=True, kw_only=True):
    """A store. Its day is that of its own time zone."""

    id: str
    name_en: str
    name_zh: str
    region: str
    time_zone: str
    is_open: bool
    changed_at: datetime


class Channel(Struct, frozen=True, kw_only=True):
    """A way to sell: in stores, on the web, by a partner."""

    id: str
    name_en: str
    name_zh: str
    is_open: bool
    changed_at: datetime


class Till(Struct, frozen=True, kw_only=True):
    """A till of a store."""

    store: str
    id: str
    name: str
    source: str
    """The name under which it sends what it sells."""
    retired_at: datetime | None
    changed_at: datetime


SOURCE_MAX: Final = 64


def default_source(store: str) -> str:
    """The source under which tills send where nobody says another: that of the till's package."""
    return f"till/{store}"[:SOURCE_MAX]


def find_zone(name: str) -> ZoneInfo:
    """Find a time zone. Raises ZoneUnknown."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = f"{name[:64]!r} is no time zone; one is called Asia/Shanghai."
        raise ZoneUnknown(message, time_zone=name[:64]) from error

"""Where the house sells: stores, channels and tills as known things. A sale from anywhere else is taken, and listed."""

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
from regulars.features.estate.register import (
    STORES_MAX,
    check_till,
    put_channel,
    put_stores,
    put_till,
    read_list,
    retire_till,
)
from regulars.features.estate.store import LISTED_MAX, find_stores, find_till, list_channels, list_stores, list_tills
from regulars.features.estate.unknown import Unregistered, list_unknown, zone_of

__all__ = [
    "LISTED_MAX",
    "STORES_MAX",
    "Channel",
    "ListInvalid",
    "Place",
    "Store",
    "StoreUnknown",
    "Till",
    "TillRetired",
    "TillUnknown",
    "Unregistered",
    "ZoneUnknown",
    "check_till",
    "default_source",
    "find_stores",
    "find_till",
    "find_zone",
    "list_channels",
    "list_stores",
    "list_tills",
    "list_unknown",
    "put_channel",
    "put_stores",
    "put_till",
    "read_list",
    "retire_till",
    "zone_of",
]

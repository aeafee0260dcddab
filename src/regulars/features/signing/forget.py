"""What this room keeps: keys that sign, and digests of codes that were shown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "signing.key": "Stays: keys of the installation.",
        "signing.shown": "Stays until such a code could not be used any more: SHA-256 of random codes, of no member.",
    }
)

"""What this room keeps of members who are forgotten: which kinds of messages an id was sent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "messages.message": "Stays: kinds, times, numbers. What waits goes to nobody: there is no address any more.",
        "messages.suppressed": "Stays: keyed digests of addresses that must not be written to, of no member.",
    }
)

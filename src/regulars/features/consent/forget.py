"""What this room keeps of members who are forgotten: that an id allowed something, as proof."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "consent.entry": "Stays: proof of what an id allowed, when, and by which words. No name, no address.",
        "consent.telling": "Stays: which ids are told of what changed.",
    }
)

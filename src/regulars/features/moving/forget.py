"""What this room keeps of members: nothing. How far an import has come is counted, and names nobody."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "moving.move": "Stays: from which system something was brought, and as of when.",
        "moving.part": "Stays: how many lines of a file were brought, and their sums.",
    }
)

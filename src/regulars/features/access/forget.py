"""What this room keeps: keys of programs, and nothing of members."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access.key": "Stays: of programs, and none of members.",
    }
)

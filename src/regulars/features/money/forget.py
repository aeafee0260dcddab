"""What this room keeps of members: amounts that were set aside for their points."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "money.deferral": "Stays: the books. Amounts for lots of somebody whom nobody can name.",
    }
)

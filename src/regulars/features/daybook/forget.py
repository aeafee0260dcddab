"""What this room keeps of members who are forgotten: on which day an id bought where, as the books have it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "daybook.visit": "Stays: how often an id bought on a day and for how much, as the journal has it.",
        "daybook.standing": "Stays: which level an id has, as the rules set it.",
    }
)

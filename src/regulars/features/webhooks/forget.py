"""What this room keeps of members: events by their ids. Receivers are told of an erasure by one of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DECIDED"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "webhooks.attempt": "Stays for 30 days.",
        "webhooks.delivery": "Stays for 30 days: what was sent to whom. The id, and no words.",
        "webhooks.event": "Stays for 30 days: ids, kinds, points.",
        "webhooks.lane": "Stays until the last event is sent: member.erased is the last.",
        "webhooks.secret": "Stays: of receivers.",
    }
)

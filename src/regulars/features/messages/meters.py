"""What is counted of messages, as /metrics finds it by the name of this file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from regulars.base.db import Read
from regulars.features.messages.store import read_figures

__all__ = ["GAUGES", "read_gauges"]

GAUGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "regulars_messages_waiting": "Messages to members that wait to be sent, those of quiet hours too.",
        "regulars_messages_failed": "Messages that were given up, until somebody looks.",
        "regulars_messages_doubtful": "Messages of which nobody can tell whether they arrived, until somebody looks.",
        "regulars_messages_late_seconds": "For how long the message is due that is due longest.",
    }
)
"""Names, and what they mean."""


async def read_gauges(read: Read) -> Mapping[str, int]:
    """Read the gauges."""
    figures = await read_figures(read)
    late = 0 if figures.oldest is None else int((datetime.now(UTC) - figures.oldest).total_seconds())
    return {
        "regulars_messages_waiting": figures.waiting,
        "regulars_messages_failed": figures.failed,
        "regulars_messages_doubtful": figures.doubtful,
        "regulars_messages_late_seconds": max(0, late),
    }

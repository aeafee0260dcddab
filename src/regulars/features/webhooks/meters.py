"""What is counted of webhooks, as /metrics finds it by the name of this file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from regulars.base.db import Read
from regulars.features.webhooks.store import read_figures

__all__ = ["GAUGES", "read_gauges"]

GAUGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "regulars_webhooks_waiting": "Events that wait to be sent to a webhook.",
        "regulars_webhooks_delivered": "Events that were delivered, of those of the last 30 days.",
        "regulars_webhooks_failed": "Events that were given up, of those of the last 30 days.",
        "regulars_webhooks_disabled": "Webhooks that are not enabled.",
        "regulars_webhooks_oldest_seconds": "Age of the event that waits longest.",
    }
)
"""Names, and what they mean."""


async def read_gauges(read: Read) -> Mapping[str, int]:
    """Read the gauges."""
    figures = await read_figures(read, at=datetime.now(UTC))
    return {
        "regulars_webhooks_waiting": figures.waiting,
        "regulars_webhooks_delivered": figures.delivered,
        "regulars_webhooks_failed": figures.failed,
        "regulars_webhooks_disabled": figures.disabled,
        "regulars_webhooks_oldest_seconds": figures.oldest_seconds,
    }

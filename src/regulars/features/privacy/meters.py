"""What is counted of forgetting, as /metrics finds it by the name of this file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.base.db import Read
from regulars.features.privacy.store import count

__all__ = ["GAUGES", "read_gauges"]

GAUGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "regulars_privacy_erased": "Members who were forgotten.",
        "regulars_privacy_unfinished": "Of these, those of whom told traits are still in the journal.",
        "regulars_privacy_legal_holds": "Legal holds that were not lifted.",
        "regulars_privacy_warned": "Members who were told that they will be forgotten for never coming back.",
        "regulars_privacy_last_round_seconds": "When things were last cleared away: seconds since 1970, or 0.",
    }
)
"""Names, and what they mean."""


async def read_gauges(read: Read) -> Mapping[str, int]:
    """Read the gauges."""
    counts = await count(read)
    return {
        "regulars_privacy_erased": counts.erased,
        "regulars_privacy_unfinished": counts.unfinished,
        "regulars_privacy_legal_holds": counts.held,
        "regulars_privacy_warned": counts.warned,
        "regulars_privacy_last_round_seconds": 0 if counts.last_round is None else int(counts.last_round.timestamp()),
    }

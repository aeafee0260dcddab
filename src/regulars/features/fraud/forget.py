"""What this room forgets of members: what they were counted by, and what they said to a case."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.fraud.store import forget_appeals, forget_members
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT", "forget"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fraud.appeal": "Goes.",
        "fraud.evidence": "Stays: which activities a case rests on.",
        "fraud.notice": "Stays: that a member was to be told of a case, and what of.",
        "fraud.referral": "Stays: which id sent which.",
        "fraud.signal": "Goes, with devices and addresses; those of others after 120 days.",
        "fraud.suspicion": "Stays: that there was a case about an id, and how it was decided.",
    }
)
KEPT: Final = (
    Kept(name="fraud.signal", what="What activities are counted by: devices, addresses, tills.", days=120),
    Kept(
        name="fraud.appeal",
        what="What members said to a case, after it was decided.",
        days=730,
        days_min=30,
        purge=forget_appeals,
    ),
)


async def forget(tx: Tx, members: Sequence[UUID]) -> int:
    """Delete signals and appeals."""
    return await forget_members(tx, members)

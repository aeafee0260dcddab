"""What this room forgets of members: whatever they have open, and how they came in."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.entrance.store import forget_members
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT", "forget"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "entrance.attempt": "Goes.",
        "entrance.ceremony": "Goes with the session.",
        "entrance.change": "Goes.",
        "entrance.message": "Names no member. To whom and what is wiped once it is sent, after 72 hours at most.",
        "entrance.pace": "Stays for 7 days at most: keyed digests of addresses that tried too often, of no member.",
        "entrance.passkey": "Goes.",
        "entrance.session": "Goes.",
    }
)
KEPT: Final = (Kept(name="entrance.ended", what="Codes, sessions and messages to members, after they ended.", days=7),)


async def forget(tx: Tx, members: Sequence[UUID]) -> int:
    """Delete all of it."""
    return await forget_members(tx, members)

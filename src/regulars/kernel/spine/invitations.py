"""Invitations: a level that somebody gives by hand. What a level is, the offers know that set them."""

from datetime import date
from typing import Annotated, Final

from msgspec import Meta, Struct

from regulars.kernel.nouns import Posted
from regulars.kernel.spine.model import KindUnknown
from regulars.kernel.spine.scene import Scene

__all__ = ["INVITE", "Invite", "invite"]

INVITE: Final = "invite"

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Note = Annotated[str, Meta(min_length=1, max_length=200)]


class Invite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give a level by hand, or take an invitation back (`level` of null)."""

    trait: Word = "tier"
    """The trait of the set of levels."""
    level: Word | None
    until: date | None = None
    """The last day; None: no end."""
    by: Word
    reason: Note


def invite(scene: Scene, _ask: Invite) -> list[Posted]:
    """Move no points: the offers that set levels hear of it."""
    if not scene.plan.earns(INVITE):
        message = "No offer of the programme has levels to invite to."
        raise KindUnknown(message, kind=INVITE)
    return []

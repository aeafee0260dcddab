"""Whoever has shown that a contact is theirs becomes a member, or turns out to be one."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.entrance.model import Contact
from regulars.kernel import members
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine import House

__all__ = ["Joined", "join"]

SOURCE: Final = "entrance"
"""Who enrolled those who came by themselves."""
OPEN: Final = frozenset({"active", "frozen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Who it is that came in."""

    member: UUID
    is_new: bool


async def join(tx: Tx, house: House, contact: Contact) -> Joined | None:
    """Find whose contact it is, or enrol them; None where the member is none any more.

    Raises IdentifierTaken where somebody else enrols with it in this very moment.
    """
    named = Identifier(kind=contact.kind, value=contact.value)
    try:
        member = await members.lookup(tx, house.keyring, named)
    except members.MemberUnknown:
        at = await clock.now(tx)
        member = await members.enrol(tx, house.keyring, [named], id=house.new_id(), at=at, source=SOURCE)
        return Joined(member=member, is_new=True)
    known = (await members.look_many(tx, [member]))[member]
    return Joined(member=member, is_new=False) if known.state in OPEN else None

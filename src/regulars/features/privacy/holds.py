"""Legal holds: while there is one on a member, nothing of theirs is forgotten, whoever asks and however old it is."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.privacy.model import LegalHold
from regulars.features.privacy.store import add_hold
from regulars.kernel import members

__all__ = ["place_hold"]


async def place_hold(
    tx: Tx, member: UUID, *, matter: str, by: str, at: datetime, new_id: Callable[[], UUID]
) -> LegalHold:
    """Put a hold on a member for a matter, named by its number elsewhere; one that is there is answered.

    Locks the member, so that an erasure is either done before or refused. Raises MemberUnknown, MemberMerged,
    MemberErased.
    """
    who = (await members.lock_many(tx, [(await members.get(tx, member)).id]))[member]
    if who.merged_into is not None:
        message = "This member is part of another: put the hold on that one."
        raise members.MemberMerged(message, member=str(member), kept=str(who.merged_into))
    if who.state == "erased":
        raise members.MemberErased("This member was erased before.", member=str(member))
    return await add_hold(
        tx,
        LegalHold(id=new_id(), member=member, matter=matter, placed_by=by, placed_at=at, ended_by=None, ended_at=None),
    )

"""A contact is changed: points rest for a day, both old and new are told, and one click of the old one undoes it."""

from datetime import datetime

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.entrance.model import (
    CONTACTS,
    COOLING,
    UNDO_LASTS,
    Contact,
    ContactRefused,
    MemberSession,
    Message,
    UndoInvalid,
)
from regulars.features.entrance.store import add_change, add_message, drop_passkeys_since, end_sessions
from regulars.features.entrance.store import undo_change as take_back
from regulars.features.entrance.texts import write_change
from regulars.features.entrance.tokens import UNDO, digest_of, draw
from regulars.kernel import members
from regulars.kernel.members import burning
from regulars.kernel.members.contacts import read_contacts, replace_contact
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine import House

__all__ = ["change_contact", "undo_change"]


async def change_contact(
    tx: Tx, house: House, session: MemberSession, new: Contact, *, address: str, at: datetime
) -> datetime:
    """Put a contact that was shown to be the member's in the place of their last one of that kind.

    `address` is where links of this installation begin. Answers until when points rest. Raises ContactRefused,
    IdentifierTaken and what else the members' room refuses.
    """
    member = session.member
    wanted = Identifier(kind=new.kind, value=new.value)
    known = await read_contacts(tx, house.keyring, member)
    old = next((each for each in known if each.kind == new.kind), None)
    if old is None:
        raise ContactRefused(f"You have no contact of the kind {new.kind!r} to change; the shop can add one.")
    if old == members.normalise(wanted):
        raise ContactRefused("This is the contact that you have.")
    now = await clock.now(tx)
    await replace_contact(tx, house.keyring, member, old=old, new=wanted, at=now)
    until = now + COOLING
    await burning.add_cooling(tx, member, id=house.new_id(), reason="contact changed", at=now, until=until)
    token = draw(UNDO)
    await add_change(
        tx,
        house.keyring,
        ids=(house.new_id(), member),
        digest=digest_of(token),
        contacts=(Contact(kind=new.kind, value=old.value), new),
        at=at,
        undo_until=at + UNDO_LASTS,
    )
    # Told to each way there is, so that a thief who has one of them does not hide it from the others.
    for to in dict.fromkeys((*known, members.normalise(wanted))):
        subject, text = write_change(f"{address}/undo#{token}")
        message = Message(id=house.new_id(), channel=CONTACTS[to.kind], to=to.value, subject=subject, text=text)
        await add_message(tx, house.keyring, message, sent=True, at=at, ends_at=at + UNDO_LASTS)
    return until


async def undo_change(tx: Tx, house: House, token: str, *, at: datetime) -> None:
    """Take a change of contact back: the old one is the member's again, and whoever is signed in is not any more.

    Passkeys that were made since go too. Points rest until the day is over all the same. Raises UndoInvalid.
    """
    taken = await take_back(tx, house.keyring, digest_of(token), at=at)
    if taken is None:
        raise UndoInvalid("There is nothing to be undone by this link: it was used, or its time is over.")
    member, changed_at, old, new = taken
    before, after = (Identifier(kind=each.kind, value=each.value) for each in (old, new))
    now = await clock.now(tx)
    await replace_contact(tx, house.keyring, member, old=after, new=before, at=now)
    await drop_passkeys_since(tx, member, changed_at)
    await end_sessions(tx, member, but=None, at=at)

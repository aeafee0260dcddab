"""One-time codes: asked for, sent by the worker, and tried. Who is known is never told by what is answered.

Where codes are `shown`, as in a demo, whoever asks may be told what was drawn, and nothing is sent.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Record, Tx
from regulars.base.settings import Settings
from regulars.features.entrance.guessing import may_send
from regulars.features.entrance.model import (
    CODE_LASTS,
    CODE_TRIES_MAX,
    CONTACTS,
    Attempt,
    ChannelUnset,
    Contact,
    ContactRefused,
    Message,
    Purpose,
)
from regulars.features.entrance.store import add_attempt, add_message, try_attempt, use_attempt
from regulars.features.entrance.texts import write_code
from regulars.features.entrance.tokens import ATTEMPT, CODE_DIGITS, digest_of, draw, draw_code
from regulars.kernel import members
from regulars.kernel.members.contacts import read_contacts
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine import House

__all__ = [
    "Asked",
    "ask_code",
    "ask_contact_code",
    "ask_join_code",
    "ask_own_code",
    "check_channel",
    "try_code",
    "try_join_code",
]

CODE: Final = "entry code"
NOBODY: Final = UUID(int=0)
ENDED: Final = frozenset({"closed", "erased", "merged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A code that is on its way, if it is to anybody."""

    attempt: str = field(repr=False)
    """Comes back with the code: whoever did not ask cannot try."""
    ends_at: datetime
    code: str = field(repr=False)
    """What was drawn. For whom it is sent to, and for nobody else, but in a demo."""


def check_channel(settings: Settings, kind: str) -> None:
    """Raises ChannelUnset where nothing can be sent to such a contact."""
    channel = CONTACTS[kind]
    if (settings.smtp_url if channel == "email" else settings.sms_url) is None:
        name = "REGULARS_SMTP_URL" if channel == "email" else "REGULARS_SMS_URL"
        raise ChannelUnset(f"Nothing can be sent to a contact of the kind {kind!r} here: {name} is not set.", kind=kind)


async def ask_code(tx: Tx, house: House, contact: Contact, *, at: datetime, shown: bool = False) -> Asked:
    """Send a code to whoever is known by a contact. Raises IdentifierInvalid.

    For a stranger, and for whoever had enough codes, as much is written and nothing is sent.
    """
    named = members.normalise(Identifier(kind=contact.kind, value=contact.value))
    may = shown or await may_send(tx, house.keyring, named, at=at)
    member = await _find(tx, house.keyring, named)
    good = may and member is not None
    ids = member if good else None, None
    return await _ask(tx, house, "sign_in", ids=ids, to=named, contact=None, sent=good and not shown, at=at)


async def ask_join_code(tx: Tx, house: House, contact: Contact, *, at: datetime, shown: bool = False) -> Asked:
    """Send a code to whoever is reached by a contact, be they a member or not. Raises IdentifierInvalid."""
    named = members.normalise(Identifier(kind=contact.kind, value=contact.value))
    may = shown or await may_send(tx, house.keyring, named, at=at)
    kept = Contact(kind=contact.kind, value=named.value)
    return await _ask(tx, house, "join", ids=(None, None), to=named, contact=kept, sent=may and not shown, at=at)


async def ask_own_code(
    tx: Tx, house: House, member: UUID, session: UUID, *, settings: Settings, at: datetime, shown: bool = False
) -> Asked:
    """Send a code to a member who is signed in, to where they were reached last. Raises ContactRefused."""
    for to in await read_contacts(tx, house.keyring, member):
        if shown or (settings.smtp_url if CONTACTS[to.kind] == "email" else settings.sms_url) is not None:
            sent = await may_send(tx, house.keyring, to, at=at) and not shown
            return await _ask(tx, house, "step_up", ids=(member, session), to=to, contact=None, sent=sent, at=at)
    raise ContactRefused("There is no address and no number to which a code could be sent; use a passkey.")


async def ask_contact_code(
    tx: Tx, house: House, ids: tuple[UUID, UUID], contact: Contact, *, at: datetime, shown: bool = False
) -> Asked:
    """Send a code to a contact that a member wants to have, to see that it is theirs. Raises IdentifierInvalid.

    `ids`: the member's and the session's.
    """
    named = members.normalise(Identifier(kind=contact.kind, value=contact.value))
    sent = await may_send(tx, house.keyring, named, at=at) and not shown
    kept = Contact(kind=contact.kind, value=named.value)
    return await _ask(tx, house, "contact", ids=ids, to=named, contact=kept, sent=sent, at=at)


async def try_code(
    tx: Tx, keyring: Keyring, token: str, code: str, *, purpose: Purpose, session: UUID | None, at: datetime
) -> Attempt | None:
    """Try a code, and use it up where it is right; None for any other, so that the try stays counted."""
    row = await _try(tx, keyring, token, code, purpose=purpose, session=session, at=at)
    if row is None or row["member_id"] is None:
        return None
    contact = await use_attempt(tx, row, keyring, at=at)
    return Attempt(id=row["id"], member=row["member_id"], contact=contact)


async def try_join_code(tx: Tx, keyring: Keyring, token: str, code: str, *, at: datetime) -> Contact | None:
    """Try a code that was asked for to join, and use it up where it is right: gives whose contact was proved."""
    row = await _try(tx, keyring, token, code, purpose="join", session=None, at=at)
    return None if row is None else await use_attempt(tx, row, keyring, at=at)


async def _try(
    tx: Tx, keyring: Keyring, token: str, code: str, *, purpose: Purpose, session: UUID | None, at: datetime
) -> Record | None:
    """Find the attempt that a code is right for; None where there is none."""
    row = await try_attempt(tx, digest_of(token), purpose=purpose, session=session, at=at, tries_max=CODE_TRIES_MAX)
    # As much is reckoned for an attempt that nobody made.
    kept = b"" if row is None else row["code_digest"]
    given = "".join(code.split())[: CODE_DIGITS + 1]
    digests = keyring.digest_tokens(CODE, f"{NOBODY if row is None else row['id']}:{given}")
    right = any([hmac.compare_digest(each.value, kept) for each in digests])  # noqa: C419 - each is compared, always
    return row if right else None


async def _find(read: Read, keyring: Keyring, named: Identifier) -> UUID | None:
    """Find whom a contact is of; as many statements for nobody as for somebody."""
    try:
        member = await members.lookup(read, keyring, named)
    except members.MemberUnknown:
        member = NOBODY
        await members.find_members(read, [NOBODY])
    found = (await members.look_many(read, [member])).get(member)
    return None if found is None or found.state in ENDED else found.id


async def _ask(
    tx: Tx,
    house: House,
    purpose: Purpose,
    *,
    ids: tuple[UUID | None, UUID | None],
    to: Identifier,
    contact: Contact | None,
    sent: bool,
    at: datetime,
) -> Asked:
    id_, token, code = house.new_id(), draw(ATTEMPT), draw_code()
    member, session = ids
    ends_at = at + CODE_LASTS
    digest = house.keyring.digest_tokens(CODE, f"{id_}:{code}")[0].value
    await add_attempt(
        tx,
        house.keyring,
        ids=(id_, member, session),
        purpose=purpose,
        digests=(digest_of(token), digest),
        contact=contact,
        at=at,
        ends_at=ends_at,
    )
    subject, text = write_code(code)
    message = Message(id=house.new_id(), channel=CONTACTS[to.kind], to=to.value, subject=subject, text=text)
    await add_message(tx, house.keyring, message, sent=sent, at=at, ends_at=ends_at)
    return Asked(attempt=token, ends_at=ends_at, code=code)

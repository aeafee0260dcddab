"""The values of the room, and what it refuses. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "CODE_LASTS",
    "CODE_TRIES_MAX",
    "CONTACTS",
    "COOLING",
    "IDLE",
    "LASTS",
    "PROOF",
    "ROTATES",
    "UNDO_LASTS",
    "Attempt",
    "Channel",
    "ChannelUnset",
    "Contact",
    "ContactRefused",
    "EntryLimited",
    "EntryRefused",
    "JoiningClosed",
    "MemberNeeded",
    "MemberSession",
    "MemberSessionInvalid",
    "MemberSessionUnknown",
    "Message",
    "Passkey",
    "PasskeyRefused",
    "PasskeyUnknown",
    "PasskeysExceeded",
    "PasskeysUnset",
    "PresenceNeeded",
    "Purpose",
    "UndoInvalid",
]

CODE_LASTS: Final = timedelta(minutes=10)
CODE_TRIES_MAX: Final = 5
LASTS: Final = timedelta(days=30)
IDLE: Final = timedelta(days=14)
ROTATES: Final = timedelta(hours=1)
PROOF: Final = timedelta(minutes=5)
"""For how long a proof that the member is there is fresh."""
COOLING: Final = timedelta(hours=24)
"""How long points are neither used nor given away after a change of contact."""
UNDO_LASTS: Final = timedelta(hours=72)

Channel = Literal["email", "sms"]
Purpose = Literal["sign_in", "step_up", "contact", "join"]
CONTACTS: Final[dict[str, Channel]] = {"email": "email", "phone": "sms"}
"""By kind of identifier: the way to whoever it is of."""


class EntryRefused(Refusal):
    """The code is wrong, was used, or has ended: each is answered alike."""

    code, kind = "entry_refused", "unauthenticated"


class EntryLimited(Refusal):
    """Too much was tried from one address."""

    code, kind, retryable = "entry_limited", "limited", True


class ChannelUnset(Refusal):
    """This installation has no way to send to such a contact."""

    code, kind = "entry_channel_unset", "conflict"


class JoiningClosed(Refusal):
    """Nobody becomes a member by themselves here: the shop enrols."""

    code, kind = "joining_closed", "forbidden"


class ContactRefused(Refusal):
    """The member has no such contact to change, or no way to be reached."""

    code, kind = "contact_refused", "conflict"


class MemberSessionInvalid(Refusal):
    """The member's session is not known, or has ended."""

    code, kind = "member_session_invalid", "unauthenticated"


class MemberSessionUnknown(Refusal):
    """The member has no open session of this id."""

    code, kind = "member_session_unknown", "not_found"


class MemberNeeded(Refusal):
    """Only a member who is signed in may do this, for themselves."""

    code, kind = "member_needed", "forbidden"


class PresenceNeeded(Refusal):
    """The member has to show anew that it is them: by a passkey, or by a code."""

    code, kind = "presence_needed", "forbidden"


class PasskeysUnset(Refusal):
    """This installation does not say for which site passkeys are."""

    code, kind = "passkeys_unset", "conflict"


class PasskeyRefused(Refusal):
    """The passkey did not sign what was asked, is not known, or its counter went back."""

    code, kind = "passkey_refused", "unauthenticated"


class PasskeyUnknown(Refusal):
    """The member has no passkey of this id."""

    code, kind = "passkey_unknown", "not_found"


class PasskeysExceeded(Refusal):
    """The member has as many passkeys as one may have."""

    code, kind = "passkeys_exceeded", "conflict"


class UndoInvalid(Refusal):
    """There is nothing to be undone by this link, or no more."""

    code, kind = "undo_invalid", "not_found"


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a member can be reached, and by what they are found."""

    kind: Literal["email", "phone"]
    value: Annotated[str, Meta(min_length=1, max_length=320, pattern=r"^[^\x00]*$")]

    def __repr__(self) -> str:
        return f"Contact(kind={self.kind})"


class MemberSession(Struct, frozen=True, kw_only=True):
    """What a member has open."""

    id: UUID
    member: UUID
    created_at: datetime
    seen_at: datetime
    proved_at: datetime
    """When the member last showed that they are there."""
    ends_at: datetime
    agent: str
    """What the browser or app says it is."""


class Passkey(Struct, frozen=True, kw_only=True):
    """A passkey of a member."""

    id: UUID
    name: str
    backed_up: bool
    """Whether it is kept elsewhere too, and so outlives its device."""
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A code that was tried, and was right."""

    id: UUID
    member: UUID
    contact: Contact | None = None


class Message(Struct, frozen=True, kw_only=True):
    """Something to be sent."""

    id: UUID
    channel: Channel
    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return f"Message(id={self.id})"

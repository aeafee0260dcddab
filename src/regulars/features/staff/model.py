"""The values of the room: accounts, sessions, what is refused."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.features.staff.roles import Role

__all__ = [
    "LINK_HOURS",
    "OWNER_LINK_HOURS",
    "Account",
    "AccountKnown",
    "AccountState",
    "AccountUnknown",
    "AccountUnusable",
    "CodeWrong",
    "Credentials",
    "LastOwner",
    "LinkInvalid",
    "OwnerExists",
    "PasswordWeak",
    "PersonNeeded",
    "Session",
    "SessionInvalid",
    "SessionUnknown",
    "SignInRefused",
    "StepUpNeeded",
    "Stored",
    "TooManyAttempts",
    "lock_minutes",
]

AccountState = Literal["invited", "active", "disabled"]

LINK_HOURS: Final = 72
OWNER_LINK_HOURS: Final = 24
LOCK_MINUTES: Final = 15
LOCK_MINUTES_MAX: Final = 24 * 60


class Account(Struct, frozen=True, kw_only=True):
    """A person who works here, as others who may see accounts see them."""

    id: UUID
    email: str
    name: str
    roles: tuple[Role, ...]
    store: str | None
    """The one store for which the person may speak; None for any."""
    state: AccountState
    locked_until: datetime | None
    """None: nobody guessed too often."""
    signs_on: bool
    """Whether linked to the identity provider."""
    created_at: datetime
    signed_in_at: datetime | None

    def __repr__(self) -> str:
        return f"Account(id={self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An account with what opens it. It never leaves the room."""

    account: Account
    key: bytes = field(repr=False)
    password: str | None = field(repr=False)
    totp: bytes | None = field(repr=False)
    """Sealed under `key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person signs in with, as it is kept."""

    password: str = field(repr=False)
    totp: str = field(repr=False)
    """The secret, in base 32."""
    step: int
    """The step whose code showed that the person has it."""
    recovery: tuple[bytes, ...] = field(repr=False)
    """Digests of one-time codes."""


class Session(Struct, frozen=True, kw_only=True):
    """A session as its person may see it."""

    id: UUID
    account: UUID
    created_at: datetime
    seen_at: datetime
    """To the minute."""
    proved_at: datetime
    """When the person last showed more than a token."""
    ends_at: datetime
    """At the latest: after half an hour without a request it ends as well."""
    agent: str
    """What the browser said it is."""


class SignInRefused(Refusal):
    """Nobody can sign in with this: it may be unknown, wrong, locked for a while, or disabled."""

    code, kind = "sign_in_refused", "unauthenticated"


class TooManyAttempts(Refusal):
    """Too many attempts to sign in came from this address."""

    code, kind, retryable = "too_many_attempts", "limited", True


class SessionInvalid(Refusal):
    """The session is not known, or has ended."""

    code, kind = "session_invalid", "unauthenticated"


class SessionUnknown(Refusal):
    """The person has no open session of this id."""

    code, kind = "session_unknown", "not_found"


class CodeWrong(Refusal):
    """The code is not right, or was used before."""

    code, kind = "second_factor_wrong", "forbidden"


class StepUpNeeded(Refusal):
    """This needs a fresh proof of who is there."""

    code, kind = "step_up_needed", "forbidden"


class PersonNeeded(Refusal):
    """Only a person who is signed in may do this, and no API key."""

    code, kind = "person_needed", "forbidden"


class LinkInvalid(Refusal):
    """The one-time link is not known, was used, or has ended."""

    code, kind = "link_invalid", "not_found"


class OwnerExists(Refusal):
    """There is an owner already."""

    code, kind = "owner_exists", "conflict"


class LastOwner(Refusal):
    """Somebody has to stay an owner."""

    code, kind = "last_owner", "conflict"


class AccountKnown(Refusal):
    """Somebody has an account with this address already."""

    code, kind = "account_known", "conflict"


class AccountUnknown(Refusal):
    """Nobody has this account."""

    code, kind = "account_unknown", "not_found"


class AccountUnusable(Refusal):
    """An account cannot be made as asked."""

    code, kind = "account_unusable", "invalid"


class PasswordWeak(Refusal):
    """The password is too easy to guess."""

    code, kind = "password_weak", "invalid"


def lock_minutes(lock_outs: int) -> timedelta:
    """How long the next lock is, after so many before it: a quarter of an hour, doubling, a day at most."""
    return timedelta(minutes=min(LOCK_MINUTES << min(lock_outs, 10), LOCK_MINUTES_MAX))

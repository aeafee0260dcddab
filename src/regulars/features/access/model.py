"""The values of the room, how a key is written, and what is refused."""

import hashlib
import re
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "PREFIX_CHARACTERS",
    "SECRET_CHARACTERS",
    "Issued",
    "Key",
    "KeyInvalid",
    "KeyMissing",
    "KeyUnknown",
    "KeyUnusable",
    "ScopeMissing",
    "SignatureInvalid",
    "digest_of",
    "invalid",
    "prefix_of",
    "refuse_unusable",
]

PREFIX_CHARACTERS: Final = 10
SECRET_CHARACTERS: Final = 52
"""Of base 32: 260 bits, a little more than the 256 that are drawn."""
NAME_MAX: Final = 100
SCOPES_MAX: Final = 100
STORE_MAX: Final = 200

TOKEN: Final = re.compile(rf"rk_([a-z2-7]{{{PREFIX_CHARACTERS}}})_[a-z2-7]{{{SECRET_CHARACTERS}}}")
SCOPE: Final = re.compile(r"[a-z][a-z_]{0,30}:[a-z][a-z_]{0,30}")


class Key(Struct, frozen=True, kw_only=True):
    """An API key as it may be shown: what it is called and may do, and nothing that opens a door."""

    id: UUID
    prefix: str
    """The middle part of the key. People recognise it by this."""
    name: str
    scopes: tuple[str, ...]
    store: str | None = None
    """The one store for which it may speak; None for any."""
    till: str | None = None
    """The one till of that store for which it may speak; None for any."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""
    signed_only: bool = False
    """Whether requests are signed with it, and it is never sent."""

    def is_live(self, at: datetime) -> bool:
        """Whether it opens doors at this moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class Issued(Struct, frozen=True, kw_only=True):
    """A new key with the token that is shown this once."""

    key: Key
    token: str

    def __repr__(self) -> str:
        return f"Issued(prefix={self.key.prefix!r})"


class KeyMissing(Refusal):
    """The request carries no API key."""

    code, kind = "key_missing", "unauthenticated"


class KeyInvalid(Refusal):
    """The API key is not known, has expired, or was revoked."""

    code, kind = "key_invalid", "unauthenticated"


class SignatureInvalid(Refusal):
    """The request is not signed by its API key, or was signed at another time."""

    code, kind = "signature_invalid", "unauthenticated"


class ScopeMissing(Refusal):
    """The caller may not do this."""

    code, kind = "scope_missing", "forbidden"


class KeyUnknown(Refusal):
    """No API key has this prefix."""

    code, kind = "key_unknown", "not_found"


class KeyUnusable(Refusal):
    """An API key cannot be issued as asked."""

    code, kind = "key_unusable", "invalid"


def prefix_of(token: str) -> str:
    """Take the shown part out of a token. Raises KeyInvalid for anything that is not written like one."""
    written = TOKEN.fullmatch(token)
    if written is None:
        raise invalid()
    return written[1]


def digest_of(token: str) -> bytes:
    """What is stored instead of the token."""
    return hashlib.sha256(token.encode()).digest()


def invalid() -> KeyInvalid:
    """One answer for every key that opens nothing, so that nobody learns which it was."""
    return KeyInvalid("This API key is not known, has expired, or was revoked. Issue another with `regulars keys new`.")


def refuse_unusable(
    *,
    name: str,
    scopes: tuple[str, ...],
    store: str | None,
    till: str | None = None,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    """Raise KeyUnusable for a key that nobody could use or recognise."""
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or not name.strip():
        raise KeyUnusable(f"A key has a name of 1 to {NAME_MAX} visible characters.")
    if not 1 <= len(scopes) <= SCOPES_MAX:
        raise KeyUnusable(f"A key has 1 to {SCOPES_MAX} scopes, such as activities:write.")
    for scope in scopes:
        if SCOPE.fullmatch(scope) is None:
            raise KeyUnusable(f"{scope[:64]!r} is not a scope; one looks like activities:write.")
    if store is not None and (not 1 <= len(store) <= STORE_MAX or not store.isprintable()):
        raise KeyUnusable(f"A store has a name of 1 to {STORE_MAX} visible characters.")
    if till is not None and (store is None or not 1 <= len(till) <= STORE_MAX or not till.isprintable()):
        raise KeyUnusable(f"A till has a store, and a name of 1 to {STORE_MAX} visible characters.")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= at):
        raise KeyUnusable("A key expires at a time to come, and the time names its zone.")

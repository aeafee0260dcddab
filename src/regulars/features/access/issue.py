"""A new key."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features.access.model import PREFIX_CHARACTERS, Issued, Key, digest_of, refuse_unusable
from regulars.features.access.signed import place_of
from regulars.features.access.store import add

__all__ = ["issue_key"]


async def issue_key(  # noqa: PLR0913 - what a key is, by keyword
    tx: Tx,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    name: str,
    scopes: Iterable[str],
    at: datetime,
    expires_at: datetime | None = None,
    store: str | None = None,
    till: str | None = None,
    signing: Keyring | None = None,
) -> Issued:
    """Make a key that may do what its scopes say, and answer its token, which cannot be shown again.

    `at` and `expires_at` are aware. With `signing`, requests have to be signed with the token, and it is never sent:
    it is then kept sealed, to check signatures. Raises KeyUnusable.
    """
    wanted = tuple(sorted(set(scopes)))
    refuse_unusable(name=name, scopes=wanted, store=store, till=till, at=at, expires_at=expires_at)
    prefix, secret = _draw(8)[:PREFIX_CHARACTERS], _draw(32)
    token = f"rk_{prefix}_{secret}"
    key = Key(
        id=id,
        prefix=prefix,
        name=name,
        scopes=wanted,
        store=store,
        till=till,
        created_at=at,
        expires_at=expires_at,
        signed_only=signing is not None,
    )
    sealed = None if signing is None else signing.wrap(token.encode(), place_of(prefix))
    await add(tx, key, digest=digest_of(token), signing=sealed)
    return Issued(key=key, token=token)


def _draw(count: int) -> str:
    """Draw random bytes, written so that a double click selects the whole key and no letter looks like a digit."""
    return base64.b32encode(secrets.token_bytes(count)).decode().rstrip("=").lower()

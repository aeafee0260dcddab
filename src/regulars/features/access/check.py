"""Whose key this is, and what a process remembers of the answer."""

import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Read, Tx
from regulars.features.access.model import Key, SignatureInvalid, digest_of, invalid, prefix_of
from regulars.features.access.signed import Signed, check_signature, place_of
from regulars.features.access.store import find, note_uses

__all__ = ["Gate", "check_key"]


async def check_key(read: Read, token: str, *, at: datetime) -> Key:
    """Answer the key of this token. Raises KeyInvalid, whatever is wrong with it."""
    found = await find(read, prefix_of(token))
    if found is None:
        raise invalid()
    key, digest, _ = found
    if not hmac.compare_digest(digest, digest_of(token)) or not key.is_live(at):
        raise invalid()
    if key.signed_only:
        raise SignatureInvalid("Requests are signed with this API key, and it is never sent. Revoke it: others saw it.")
    return key


async def open_signing(read: Read, keyring: Keyring, prefix: str, *, at: datetime) -> tuple[Key, bytes]:
    """Answer a key that signs, and what checks its signatures. Raises KeyInvalid."""
    found = await find(read, prefix)
    if found is None or found[2] is None or not found[0].is_live(at):
        raise invalid()
    return found[0], keyring.unwrap(found[2], place_of(prefix))


def tell_time() -> datetime:
    """The world's time: a sandbox whose clock was moved ahead must not lose its keys."""
    return datetime.now(tz=UTC)


class Gate:
    """Checks keys, and remembers for a little while those that were good.

    Tokens are remembered by their digest only. What was not good is asked again each time: to remember it
    would let strangers fill the memory, and keep a key waiting that has just been issued.
    """

    REMEMBERED_SECONDS: Final = 30
    REMEMBERED_MAX: Final = 10_000

    def __init__(
        self,
        database: Database,
        *,
        keyring: Keyring | None = None,
        now: Callable[[], datetime] = tell_time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._now = now
        self._elapsed = elapsed
        self._remembered: dict[bytes, tuple[Key, float]] = {}
        self._used: dict[UUID, datetime] = {}
        self._signing: dict[str, tuple[Key, bytes, float]] = {}

    async def admit(self, token: str) -> Key:
        """Answer the key of this token. Raises KeyInvalid, or DatabaseUnavailable for one not yet known here."""
        now, digest = self._now(), digest_of(token)
        key, until = self._remembered.get(digest, (None, 0.0))
        if key is None or self._elapsed() >= until:
            key = await self._ask(token, digest, now)
        elif not key.is_live(now):
            raise invalid()
        self._used[key.id] = now
        return key

    async def admit_signed(self, signed: Signed) -> Key:
        """Answer the key that signed a request. Raises KeyInvalid or SignatureInvalid."""
        now = self._now()
        key, secret, until = self._signing.get(signed.prefix, (None, b"", 0.0))
        if key is None or self._elapsed() >= until:
            if self._keyring is None:
                raise invalid()
            self._signing.pop(signed.prefix, None)
            until = self._elapsed() + self.REMEMBERED_SECONDS
            async with self._database.snapshot() as read:
                key, secret = await open_signing(read, self._keyring, signed.prefix, at=now)
            while len(self._signing) >= self.REMEMBERED_MAX:
                self._signing.pop(next(iter(self._signing)))
            self._signing[signed.prefix] = (key, secret, until)
        elif not key.is_live(now):
            raise invalid()
        check_signature(signed, secret, at=now)
        self._used[key.id] = now
        return key

    async def _ask(self, token: str, digest: bytes, now: datetime) -> Key:
        self._remembered.pop(digest, None)
        # Counted from before the question: the answer may be old by the time it comes.
        until = self._elapsed() + self.REMEMBERED_SECONDS
        async with self._database.snapshot() as read:
            key = await check_key(read, token, at=now)
        while len(self._remembered) >= self.REMEMBERED_MAX:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[digest] = (key, until)
        return key

    async def note_uses(self) -> int:
        """Write when keys were last used and answer how many were. Call it once a minute, and at the end."""
        used, self._used = self._used, {}

        async def write(tx: Tx) -> None:
            await note_uses(tx, used)

        try:
            if used:
                await self._database.run(write)
        except BaseException:
            # Kept for the next time; what was used since is the later one.
            self._used = used | self._used
            raise
        return len(used)

"""The keys that sign: made at first use, followed by others, and taken out of trust when somebody else may have one."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.features.signing.model import PublicKey, RotationPending, Signer
from regulars.features.signing.store import StoredKey, add_key, distrust, read_keys

__all__ = ["PublicKeys", "find_public", "find_signer", "list_keys", "rotate"]

PublicKeys: TypeAlias = Mapping[str, PublicKey]


async def find_public(read: Read) -> PublicKeys:
    """Answer by id the keys whose signatures count. None, before anything was ever signed."""
    return {key.kid: key for key in _show(await read_keys(read))}


async def list_keys(tx: Tx, keyring: Keyring, *, at: datetime) -> list[PublicKey]:
    """List the keys whose signatures count, oldest first; where there is none, make the first."""
    return _show(await _ensure(tx, keyring, at))


async def find_signer(tx: Tx, keyring: Keyring, *, at: datetime) -> Signer:
    """Answer the key that signs at this moment; where there is none, make the first."""
    stored = await _ensure(tx, keyring, at)
    trusted = [key for key in stored if key.distrusted_at is None]
    # A clock that went back finds the oldest: what it signs is of before its time, and still counts.
    signing = [key for key in trusted if key.since <= at] or trusted[:1]
    private = keyring.unwrap(signing[-1].wrapped, place_of(signing[-1].kid))
    return Signer(kid=signing[-1].kid, key=Ed25519PrivateKey.from_private_bytes(private))


async def rotate(
    tx: Tx, keyring: Keyring, *, at: datetime, since: datetime, distrust_others: bool = False
) -> PublicKey:
    """Make the key that signs from `since` on, and answer it.

    Tills ask for keys now and then, so let it begin when all of them have heard of it. What the others signed
    before counts on, unless they are distrusted: then nothing of theirs does, and the new key signs at once.
    Raises RotationPending where the last key has not begun yet.
    """
    stored = await _ensure(tx, keyring, at)
    since = at if distrust_others else max(since, at)
    if not distrust_others and stored[-1].since > at:
        message = f"The key {stored[-1].kid} begins to sign at {stored[-1].since.isoformat()}; rotate again after that."
        raise RotationPending(message, kid=stored[-1].kid)
    made = await _add(tx, keyring, stored[-1].number + 1, since)
    if distrust_others:
        await distrust(tx, below=made.number, at=at)
    return PublicKey(kid=made.kid, key=made.public, since=made.since, ends=None)


async def _ensure(tx: Tx, keyring: Keyring, at: datetime) -> list[StoredKey]:
    stored = await read_keys(tx)
    if not stored:
        await _add(tx, keyring, 1, at)
        stored = await read_keys(tx)
    return stored


async def _add(tx: Tx, keyring: Keyring, number: int, since: datetime) -> StoredKey:
    """Make a key. Of two processes that do so at once, both get the one that was first."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = sha256(public).digest()[:4].hex()
    wrapped = keyring.wrap(private.private_bytes_raw(), place_of(kid))
    await add_key(tx, StoredKey(number=number, kid=kid, public=public, wrapped=wrapped, since=since))
    return next(key for key in await read_keys(tx) if key.number == number)


def _show(stored: list[StoredKey]) -> list[PublicKey]:
    trusted = [key for key in stored if key.distrusted_at is None]
    ends = [*(key.since for key in trusted[1:]), None]
    return [
        PublicKey(kid=key.kid, key=key.public, since=key.since, ends=end)
        for key, end in zip(trusted, ends, strict=False)
    ]


def place_of(kid: str) -> bytes:
    """What a wrapped key is, so that it opens as nothing else."""
    return b"signing/" + kid.encode()

"""The end of a key."""

from datetime import datetime

from regulars.base.db import Tx
from regulars.features.access.model import Key, KeyUnknown
from regulars.features.access.store import revoke, revoke_till

__all__ = ["revoke_key", "revoke_till_keys"]


async def revoke_key(tx: Tx, prefix: str, *, at: datetime) -> Key:
    """Revoke a key for good; once more changes nothing. Raises KeyUnknown.

    A server that remembers the key goes on to admit it for at most `Gate.REMEMBERED_SECONDS`.
    """
    key = await revoke(tx, prefix, at=at)
    if key is None:
        raise KeyUnknown("No API key has this prefix. It is the part between the two underscores.")
    return key


async def revoke_till_keys(tx: Tx, *, store: str, till: str, at: datetime) -> list[Key]:
    """Revoke every key of a till for good, and answer those that were live or would have been."""
    return await revoke_till(tx, store, till, at=at)

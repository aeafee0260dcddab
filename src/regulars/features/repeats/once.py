"""Doing a write once: in one transaction its name is claimed, it is done, and its answer is kept."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec

from regulars.base.crypto import Keyring, new_member_key, open_sealed, seal
from regulars.base.db import Tx
from regulars.features.repeats.model import KEPT, Answered, RepeatTooEarly
from regulars.features.repeats.store import Stored, claim, find, forget, keep
from regulars.kernel.spine import ActivityDiffers

__all__ = ["do_once"]

write: Final = msgspec.json.Encoder().encode
read: Final = msgspec.json.Decoder(Answered).decode


async def do_once(
    tx: Tx,
    keyring: Keyring,
    work: Callable[[Tx], Awaitable[Answered]],
    *,
    name: tuple[str, str],
    digest: bytes,
    at: datetime,
) -> tuple[Answered, bool]:
    """Do a write of this name (caller, key), or give what it was answered; and whether it is a repetition.

    What is refused leaves nothing: under its name it may be tried again, also with another body. Answers may hold what
    is told only once, or whom it concerns, so they are kept sealed. Raises ActivityDiffers where the name was used for
    another request, RepeatTooEarly while the first is still being worked on.
    """
    if not await claim(tx, name):
        message = f"A request of the name {name[1]!r} is still being worked on. Send it again in a moment."
        raise RepeatTooEarly(message, key=name[1])
    stored = await find(tx, name)
    if stored is not None and stored.at > at - KEPT:
        if stored.digest != digest:
            message = f"The key {name[1]!r} was already used for another request."
            raise ActivityDiffers(message, key=name[1])
        return _open(keyring, name, stored), True
    # Names that are forgotten may be used again; this one, too.
    await forget(tx, until=at - KEPT)
    answered = await work(tx)
    await keep(tx, name, _seal(keyring, name, answered, digest, at))
    return answered, False


def _seal(keyring: Keyring, name: tuple[str, str], answered: Answered, digest: bytes, at: datetime) -> Stored:
    key, place = new_member_key(), place_of(name)
    return Stored(digest=digest, wrapped=keyring.wrap(key, place), sealed=seal(key, write(answered), place), at=at)


def _open(keyring: Keyring, name: tuple[str, str], stored: Stored) -> Answered:
    place = place_of(name)
    return read(open_sealed(keyring.unwrap(stored.wrapped, place), stored.sealed, place))


def place_of(name: tuple[str, str]) -> bytes:
    """Whose answer it is, so that it opens as no other's."""
    caller, key = name
    return b"repeats/" + caller.encode() + b"/" + key.encode()

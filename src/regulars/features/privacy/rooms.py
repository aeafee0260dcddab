"""What rooms say of what they keep, each in its file `forget.py`: what becomes of every table, and how to let go."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Protocol, cast
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.features.privacy.decided import KERNEL
from regulars.kernel.spine import House
from regulars.kernel.spine.forgetting import Loss
from regulars.kernel.spine.keeping import Kept

__all__ = ["forget_in_rooms", "list_decided", "list_kept", "list_losses"]

FILE: Final = "forget"
FLOORS: Final = ("regulars.features", "regulars.intelligence")


class Forgets(Protocol):
    """Let go of what a room keeps of members, whose rows are locked; gives how much it was."""

    def __call__(self, tx: Tx, members: Sequence[UUID]) -> Awaitable[int]:
        """Do it, in the transaction that forgets the members."""
        ...


class Loses(Protocol):
    """Say what else than points a member would lose."""

    def __call__(self, read: Read, house: House, member: UUID, at: datetime) -> Awaitable[Sequence[Loss]]:
        """Say it as of a moment."""
        ...


@cache
def _plugs() -> Mapping[str, object]:
    # Only rooms that have such a file are loaded: others may need what is not installed.
    rooms = [(floor, room.name) for floor in FLOORS for room in files(floor).iterdir() if room.is_dir()]
    found = [each for each in sorted(rooms) if files(each[0]).joinpath(each[1], f"{FILE}.py").is_file()]
    return MappingProxyType({room: import_module(f"{floor}.{room}.{FILE}") for floor, room in found})


async def forget_in_rooms(tx: Tx, members: Sequence[UUID]) -> dict[str, int]:
    """Have every room let go of what it keeps of members; gives how much, by room, where it was something."""
    done: dict[str, int] = {}
    for room, plug in _plugs().items():
        forget = cast("Forgets | None", getattr(plug, "forget", None))
        if forget is not None and (gone := await forget(tx, members)):
            done[room] = gone
    return done


async def list_losses(read: Read, house: House, member: UUID, at: datetime) -> tuple[Loss, ...]:
    """List what else than points a member would lose, in one order."""
    found: list[Loss] = []
    for plug in _plugs().values():
        lose = cast("Loses | None", getattr(plug, "lose", None))
        if lose is not None:
            found += await lose(read, house, member, at)
    return tuple(sorted(found, key=lambda loss: (loss.what, loss.name)))


def list_decided() -> Mapping[str, str]:
    """Say of every table of which a room says so what becomes of it when a member is forgotten."""
    decided = dict(KERNEL)
    for plug in _plugs().values():
        decided.update(cast("Mapping[str, str]", getattr(plug, "DECIDED", {})))
    return dict(sorted(decided.items()))


def list_kept() -> Mapping[str, Kept]:
    """List what is cleared away after a time, by name."""
    found = [each for plug in _plugs().values() for each in cast("Sequence[Kept]", getattr(plug, "KEPT", ()))]
    return {each.name: each for each in sorted(found, key=lambda kept: kept.name)}

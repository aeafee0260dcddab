"""Many members at once: those whose own name of the other system is known are found, all others are enrolled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.base.errors import DatabaseContention
from regulars.kernel.members.model import IDENTIFIERS_MAX
from regulars.kernel.members.moving.store import insert_newcomers, read_keys
from regulars.kernel.members.store import Newcomer, find_identifiers, insert_identifiers, make_newcomer
from regulars.kernel.nouns import Identifier

__all__ = ["Brought", "Newcoming", "bring_members", "find_owners", "look_at_members"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcoming:
    """A member as another system knew them. Identifiers are normalised, and come once in a batch."""

    id: UUID
    """Theirs, if they are new."""
    key: Identifier
    """By which files of the other system name them: it decides who they are."""
    others: tuple[Identifier, ...] = ()
    joined_at: datetime
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of one: who they are, or the kinds of identifiers that are another member's already."""

    what: Literal["enrolled", "there", "completed", "taken", "erased"]
    """`completed`: they were there, and are found by more from now on."""
    member: UUID
    taken: tuple[str, ...] = ()


async def find_owners(read: Read, keyring: Keyring, wanted: Sequence[Identifier]) -> dict[Identifier, UUID]:
    """Answer whose each normalised identifier is. Whoever was merged since is named, not the member who was kept."""
    return await find_identifiers(read, {each: keyring.blinds(each.kind, each.value) for each in wanted})


async def look_at_members(read: Read, keyring: Keyring, arriving: Sequence[Newcoming]) -> list[Brought]:
    """Say in order what would become of members. Two statements; nothing is written."""
    owners = await find_owners(read, keyring, [each for one in arriving for each in (one.key, *one.others)])
    keys = await read_keys(read, keyring, sorted({owners[one.key] for one in arriving if one.key in owners}))
    return [_judge(one, owners, keys) for one in arriving]


async def bring_members(
    tx: Tx, keyring: Keyring, arriving: Sequence[Newcoming], *, at: datetime, source: str
) -> list[Brought]:
    """Enrol those who are not there, and answer in order what became of each. A bounded number of statements.

    Nobody is taken for somebody else: where another identifier belongs to another member, nothing of that one is
    written. Once more, it changes nothing. Raises DatabaseContention where somebody else was faster with one of them.
    """
    if not arriving:
        return []
    owners = await find_owners(tx, keyring, [each for one in arriving for each in (one.key, *one.others)])
    known = sorted({owners[one.key] for one in arriving if one.key in owners})
    keys = await read_keys(tx, keyring, known)
    decided = [_judge(one, owners, keys) for one in arriving]
    newcomers = {
        one.id: make_newcomer(keyring, one.id) for one, to in zip(arriving, decided, strict=True) if _is_new(to)
    }
    wanted = [
        (each, to.member, newcomers[to.member].key if to.member in newcomers else keys[to.member])
        for one, to in zip(arriving, decided, strict=True)
        if to.what in {"enrolled", "completed"}
        for each in (one.key, *one.others)
        if each not in owners
    ]
    free = await insert_identifiers(tx, keyring, wanted, at=at)
    if len(free) < len(wanted):
        message = "Somebody with one of these identifiers was enrolled at this very moment. Try again."
        raise DatabaseContention(message)
    await _insert(tx, arriving, newcomers, source=source)
    return decided


def _is_new(to: Brought) -> bool:
    return to.what == "enrolled"


def _judge(one: Newcoming, owners: Mapping[Identifier, UUID], keys: Mapping[UUID, bytes]) -> Brought:
    owner = owners.get(one.key)
    taken = tuple(each.kind for each in one.others if owners.get(each, owner) != owner)
    if taken:
        return Brought(what="taken", member=owner or one.id, taken=taken)
    if owner is None:
        return Brought(what="enrolled", member=one.id)
    if owner not in keys:
        return Brought(what="erased", member=owner)
    missing = [each for each in one.others if each not in owners]
    return Brought(what="completed" if missing else "there", member=owner)


async def _insert(tx: Tx, arriving: Sequence[Newcoming], newcomers: Mapping[UUID, Newcomer], *, source: str) -> None:
    new = [one for one in arriving if one.id in newcomers]
    assert all(len(one.others) < IDENTIFIERS_MAX for one in new), "a mapping names fewer"
    await insert_newcomers(
        tx,
        [newcomers[one.id] for one in new],
        regions=[one.region for one in new],
        joined_ats=[one.joined_at for one in new],
        source=source,
    )

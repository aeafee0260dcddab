"""The only SQL of the room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from regulars.base import sql
from regulars.base.crypto import Digest, Keyring, new_member_key, open_sealed, seal
from regulars.base.db import Read, Record, Tx
from regulars.kernel.members.households import Home, Homes, Household
from regulars.kernel.members.identifiers import mask
from regulars.kernel.members.model import HouseholdUnknown, Masked, Member, MemberErased, MemberUnknown
from regulars.kernel.members.traits import TraitHistory
from regulars.kernel.nouns import Identifier, Scalar, TraitChange

__all__ = [
    "Newcomer",
    "count",
    "count_identifiers",
    "find_identifiers",
    "find_members",
    "forget",
    "get",
    "get_key",
    "guests",
    "households_of",
    "identifiers",
    "insert_identifiers",
    "insert_members",
    "list_merged",
    "lock_many",
    "look_many",
    "make_newcomer",
    "name_identifier",
    "page",
    "set_merged",
    "set_traits",
    "traits_many",
    "unknown",
]

queries = sql.load(__package__ or __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A member to be written. The key is used to seal what comes with it and is stored wrapped only."""

    id: UUID
    key: bytes
    wrapped_key: bytes

    def __repr__(self) -> str:
        return f"Newcomer(id={self.id})"


def make_newcomer(keyring: Keyring, member: UUID) -> Newcomer:
    """Give a new member a key of its own."""
    key = new_member_key()
    return Newcomer(id=member, key=key, wrapped_key=keyring.wrap(key, member.bytes))


async def get(read: Read, id: UUID) -> Member:  # noqa: A002 - the glossary's word for it
    """Answer a member as it is; one that was merged says into which. Raises MemberUnknown."""
    row = await queries.row(read, "get_member", id=id)
    if row is None:
        raise unknown(id)
    return _member(row)


async def lock_many(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Lock members until the transaction ends, in the order of their ids, and answer them as they are now.

    Ids that do not exist are left out. A member that was merged or erased since it was resolved says so.
    """
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {row["id"]: _member(row) for row in await queries.rows(tx, "lock_members", ids=wanted)}


async def look_many(read: Read, ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Answer members as they are at this moment, without locking them. Ids that do not exist are left out."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {row["id"]: _member(row) for row in await queries.rows(read, "look_at_members", ids=wanted)}


async def page(read: Read, *, after: UUID, most: int) -> list[Member]:
    """List members in the order of their ids, from after one of them on (`UUID(int=0)`: from the first)."""
    return [_member(row) for row in await queries.rows(read, "page", after=after, most=most)]


async def count(read: Read) -> int:
    """Count the members, whatever their state."""
    return int(await queries.value(read, "count"))


async def households_of(read: Read, ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Answer the other members of each member's household today. One statement."""
    found: dict[UUID, list[UUID]] = {}
    for row in await queries.rows(read, "households_of", ids=list(set(ids))):
        found.setdefault(row["member_id"], []).append(row["other_id"])
    return found


async def read_homes(read: Read, locked: Mapping[UUID, Member], asking: Iterable[UUID]) -> Homes:
    """Lay out the households of locked members; with dates and sizes, where some are asking to join or to leave.

    Locks the households of those who ask, and those to which whoever is part of another may come back; in a snapshot
    none. No statement where nobody asks.
    """
    ids = sorted(set(asking) & locked.keys())
    homes = Homes(locked=locked)
    if not ids:
        return homes
    for row in await queries.rows(read, "last_moves", ids=ids):
        homes.changed[row["member_id"]] = row["changed"]
        homes.joins[row["member_id"]] = set(row["joins"])
        if row["since"] is not None:
            homes.since[row["member_id"]] = row["since"]
        if row["left_last"] is not None:
            homes.left[row["member_id"]] = row["left_last"]
    households = sorted(
        {home for member in ids if (home := locked[member].household_id) is not None}
        | {home for member, home in homes.left.items() if locked[member].state == "merged"}
    )
    if isinstance(read, Tx):
        await queries.rows(read, "lock_households", ids=households)
    # Counted after the lock, when whoever was joining has joined.
    sizes = await queries.rows(read, "household_sizes", ids=households)
    homes.sizes |= dict.fromkeys(households, 0) | {row["household_id"]: row["members"] for row in sizes}
    return homes


async def write_homes(tx: Tx, homes: Homes) -> None:
    """Write who joined and who left. No statement for none."""
    if not homes.moved:
        return
    if homes.founded:
        ids, created_ats = list(homes.founded), list(homes.founded.values())
        await queries.run(tx, "add_households", ids=ids, created_ats=created_ats)
    await queries.run(
        tx,
        "put_homes",
        members=[member for member, _, _ in homes.rows],
        households=[household for _, household, _ in homes.rows],
        sinces=[since for _, _, since in homes.rows],
        untils=list(homes.rows.values()),
    )
    await queries.run(tx, "move_members", ids=list(homes.moved), households=list(homes.moved.values()))


async def household(read: Read, id: UUID) -> Household:  # noqa: A002 - the glossary's word for it
    """Answer a household with its members today. Raises HouseholdUnknown."""
    row = await queries.row(read, "household", id=id)
    if row is None:
        raise HouseholdUnknown("No household has this id.", household=str(id))
    homes = await queries.rows(read, "homes", household=id)
    return Household(
        id=row["id"],
        created_at=row["created_at"],
        homes=tuple(Home(member=home["member_id"], state=home["state"], since=home["since"]) for home in homes),
    )


async def guests(read: Read, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Answer which of these are known by receipts only. No statement for none."""
    wanted = list(set(ids))
    if not wanted:
        return frozenset()
    return frozenset(row["id"] for row in await queries.rows(read, "guests", ids=wanted))


async def forget(tx: Tx, ids: Sequence[UUID]) -> None:
    """Take back the enrolment of members to whom nothing has happened. No statement for none."""
    if ids:
        await queries.run(tx, "forget_identifiers", ids=list(ids))
        await queries.run(tx, "forget_members", ids=list(ids))


async def set_merged(tx: Tx, merged: Mapping[UUID, UUID], parted: Sequence[UUID]) -> None:
    """Let members be part of others (gone to kept), or members of their own again. No statement for none."""
    if merged:
        gone = [member for member in merged if member not in parted]
        await queries.run(tx, "set_merged", ids=gone, kept=[merged[member] for member in gone])
    if parted:
        await queries.run(tx, "set_parted", ids=list(parted))


async def find_members(read: Read, ids: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """Answer those that exist, each with the member it was merged into, if it was."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {row["id"]: row["merged_into"] for row in await queries.rows(read, "find_members", ids=wanted)}


async def list_merged(read: Read, ids: Iterable[UUID]) -> list[UUID]:
    """List those who have become part of these members, also through others."""
    return [row["id"] for row in await queries.rows(read, "list_merged", ids=sorted(set(ids)))]


async def find_identifiers(read: Read, sought: Mapping[Identifier, Sequence[Digest]]) -> dict[Identifier, UUID]:
    """Answer to which member each known identifier belongs. Identifiers come normalised, with their blind indexes."""
    if not sought:
        return {}
    blinds = {
        (identifier.kind, digest.value): identifier for identifier, digests in sought.items() for digest in digests
    }
    rows = await queries.rows(
        read, "find_identifiers", kinds=[kind for kind, _ in blinds], blinds=[blind for _, blind in blinds]
    )
    return {blinds[row["kind"], row["blind"]]: row["member_id"] for row in rows}


async def insert_identifiers(
    tx: Tx, keyring: Keyring, owned: Sequence[tuple[Identifier, UUID, bytes]], *, at: datetime
) -> set[Identifier]:
    """Write normalised identifiers, each with its member and that member's key; answer those that were free.

    Waits for a transaction that is writing the same one. An identifier comes once.
    """
    if not owned:
        return set()
    if len(keyring.keys) > 1:
        owned = await _leave_out_known(tx, keyring, owned)
        if not owned:
            return set()
    blinds = {(each.kind, keyring.blind(each.kind, each.value)): each for each, _, _ in owned}
    assert len(blinds) == len(owned), "an identifier comes once"
    rows = await queries.rows(
        tx,
        "insert_identifiers",
        kinds=[kind for kind, _ in blinds],
        blinds=[blind for _, blind in blinds],
        blind_key_id=keyring.blind_key_id,
        member_ids=[member for _, member, _ in owned],
        ciphers=[seal(key, each.value.encode(), place_of(member, each.kind)) for each, member, key in owned],
        added_at=at,
    )
    return {blinds[row["kind"], row["blind"]] for row in rows}


async def _leave_out_known(
    tx: Tx, keyring: Keyring, owned: Sequence[tuple[Identifier, UUID, bytes]]
) -> list[tuple[Identifier, UUID, bytes]]:
    """While keys change, let nobody write the same identifier under another key: the constraint would not see it.

    Whoever knows several keys waits here for whoever writes the same identifier, and then looks again.
    """
    oldest = min(keyring.keys)
    sought = {each: keyring.blinds(each.kind, each.value) for each, _, _ in owned}
    turns = [digest.value for digests in sought.values() for digest in digests if digest.key_id == oldest]
    numbers = [int.from_bytes(value[:8], "big", signed=True) for value in turns]
    await queries.run(tx, "take_turns", numbers=sorted(numbers))
    known = await find_identifiers(tx, sought)
    return [(each, member, key) for each, member, key in owned if each not in known]


async def insert_members(tx: Tx, newcomers: Mapping[Newcomer, datetime], *, source: str, region: str) -> None:
    """Write new members, each with the time of joining; active from the start."""
    if not newcomers:
        return
    await queries.run(
        tx,
        "insert_members",
        ids=[newcomer.id for newcomer in newcomers],
        wrapped_keys=[newcomer.wrapped_key for newcomer in newcomers],
        joined_ats=list(newcomers.values()),
        enrolled_by=source,
        region=region,
    )


async def get_key(read: Read, keyring: Keyring, member: UUID) -> bytes:
    """Open the member's own key. Raises MemberUnknown, MemberErased, or Tampered."""
    row = await queries.row(read, "get_key", id=member)
    if row is None:
        raise unknown(member)
    if row["wrapped_key"] is None:
        raise MemberErased(
            "This member was erased; nothing personal is left, and nothing can be added.", member=str(member)
        )
    return keyring.unwrap(row["wrapped_key"], member.bytes)


async def count_identifiers(read: Read, member: UUID) -> int:
    """Count what a member can be found by."""
    return await queries.value(read, "count_identifiers", member_id=member)


async def identifiers(read: Read, keyring: Keyring, member: UUID) -> list[Masked]:
    """List what a member can be found by, oldest first, masked. Raises MemberUnknown or MemberErased."""
    key = await get_key(read, keyring, member)
    return [
        Masked(
            kind=row["kind"],
            value=mask(open_sealed(key, row["cipher"], place_of(member, row["kind"])).decode()),
            added_at=row["added_at"],
            id=name_identifier(member, row["blind"]),
        )
        for row in await queries.rows(read, "list_identifiers", member_id=member)
    ]


def name_identifier(member: UUID, blind: bytes) -> UUID:
    """Name an identifier of a member by its keyed digest, which is not shown: nobody can look for it elsewhere."""
    return UUID(bytes=sha256(b"identifier/" + member.bytes + blind).digest()[:16])


async def traits_many(read: Read, ids: Iterable[UUID], *, since: datetime) -> TraitHistory:
    """Read the traits of members as far as they matter from `since` on, in one statement."""
    wanted = list(set(ids))
    changes: dict[UUID, list[TraitChange]] = {}
    for row in await queries.rows(read, "find_traits", ids=wanted, since=since) if wanted else ():
        value: Scalar = msgspec.json.decode(row["value"])
        change = TraitChange(name=row["name"], value=value, since=row["since"])
        changes.setdefault(row["member_id"], []).append(change)
    return TraitHistory.build(changes, since=since)


async def set_traits(tx: Tx, rows: Sequence[tuple[UUID, TraitChange, UUID]]) -> None:
    """Write traits, each with its member and the activity that set it, in one statement.

    At one instant a trait has one value: the last one given, here or in a later call, is the one kept.
    """
    latest = {(member, change.name, change.since): (change, activity) for member, change, activity in rows}
    if not latest:
        return
    await queries.run(
        tx,
        "set_traits",
        member_ids=[member for member, _, _ in latest],
        names=[name for _, name, _ in latest],
        sinces=[since for _, _, since in latest],
        contents=[msgspec.json.encode(change.value).decode() for change, _ in latest.values()],
        activity_ids=[activity for _, activity in latest.values()],
    )


def unknown(member: UUID) -> MemberUnknown:
    """Say that an id is nobody's."""
    return MemberUnknown("No member has this id.", member=str(member))


def place_of(member: UUID, kind: str) -> bytes:
    """Where a sealed identifier belongs: moved to another row it does not open."""
    return member.bytes + kind.encode()


def _member(row: Record) -> Member:
    return Member(
        id=row["id"],
        state=row["state"],
        region=row["region"],
        household_id=row["household_id"],
        joined_at=row["joined_at"],
        merged_into=row["merged_into"],
    )

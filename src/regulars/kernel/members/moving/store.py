"""The only SQL of what is moved of members."""

from collections.abc import Collection, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base.crypto import Keyring, open_sealed
from regulars.base.db import Read, Tx
from regulars.base.sql import parse
from regulars.kernel.members.store import Newcomer, place_of
from regulars.kernel.nouns import Scalar

__all__ = [
    "QUERIES",
    "HomeRow",
    "IdentifierRow",
    "MemberRow",
    "TraitRow",
    "insert_newcomers",
    "read_homes",
    "read_identifiers",
    "read_keys",
    "read_members",
    "read_traits",
]

FILE_NAME: Final = "moving.sql"
ROOM: Final = "regulars.kernel.members"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member."""

    member: UUID
    state: str
    region: str
    joined_at: datetime
    enrolled_by: str
    merged_into: UUID | None
    household: UUID | None


class IdentifierRow(Struct, frozen=True, kw_only=True):
    """What a member is found by, as it is."""

    member: UUID
    kind: str
    value: str
    added_at: datetime

    def __repr__(self) -> str:
        """Show what it is, never whose."""
        return f"IdentifierRow(kind={self.kind!r})"


class TraitRow(Struct, frozen=True, kw_only=True):
    """What a trait was from a moment on."""

    member: UUID
    name: str
    since: datetime
    value: Scalar
    activity: UUID


class HomeRow(Struct, frozen=True, kw_only=True):
    """When a member was in which household."""

    member: UUID
    household: UUID
    since: datetime
    until: datetime | None


async def insert_newcomers(
    tx: Tx, newcomers: Sequence[Newcomer], *, regions: Sequence[str], joined_ats: Sequence[datetime], source: str
) -> None:
    """Write members, each with the day on which they joined. No statement for none."""
    if newcomers:
        await QUERIES.run(
            tx,
            "insert_members",
            ids=[each.id for each in newcomers],
            regions=list(regions),
            joined_ats=list(joined_ats),
            wrapped_keys=[each.wrapped_key for each in newcomers],
            enrolled_by=source,
        )


async def read_keys(read: Read, keyring: Keyring, members: Collection[UUID]) -> dict[UUID, bytes]:
    """Open the keys of members; whoever was erased has none. No statement for none."""
    if not members:
        return {}
    rows = await QUERIES.rows(read, "keys_of", ids=sorted(members))
    return {
        row["id"]: keyring.unwrap(row["wrapped_key"], row["id"].bytes) for row in rows if row["wrapped_key"] is not None
    }


async def read_members(read: Read, members: Collection[UUID]) -> list[MemberRow]:
    """Read members by id. One statement."""
    return [
        MemberRow(
            member=row["id"],
            state=row["state"],
            region=row["region"],
            joined_at=row["joined_at"],
            enrolled_by=row["enrolled_by"],
            merged_into=row["merged_into"],
            household=row["household_id"],
        )
        for row in await QUERIES.rows(read, "members_of", ids=sorted(members))
    ]


async def read_identifiers(read: Read, keyring: Keyring, members: Collection[UUID]) -> list[IdentifierRow]:
    """Read, in the clear, what members are found by; of whoever was erased nothing can be read. Two statements."""
    keys = await read_keys(read, keyring, members)
    return [
        IdentifierRow(
            member=row["member_id"],
            kind=row["kind"],
            value=open_sealed(keys[row["member_id"]], row["cipher"], place_of(row["member_id"], row["kind"])).decode(),
            added_at=row["added_at"],
        )
        for row in await QUERIES.rows(read, "identifiers_of", ids=sorted(members))
        if row["member_id"] in keys
    ]


async def read_traits(read: Read, members: Collection[UUID]) -> list[TraitRow]:
    """Read every trait that members ever had. One statement."""
    return [
        TraitRow(
            member=row["member_id"],
            name=row["name"],
            since=row["since"],
            value=msgspec.json.decode(row["value"]),
            activity=row["activity_id"],
        )
        for row in await QUERIES.rows(read, "traits_of", ids=sorted(members))
    ]


async def read_homes(read: Read, members: Collection[UUID]) -> list[HomeRow]:
    """Read which households members were in, and when. One statement."""
    return [
        HomeRow(member=row["member_id"], household=row["household_id"], since=row["since"], until=row["until"])
        for row in await QUERIES.rows(read, "homes_of", ids=sorted(members))
    ]

"""The only SQL of what is moved of members' accounts; it reads, and never writes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.base.sql import parse

__all__ = [
    "QUERIES",
    "AccountRow",
    "EntryRow",
    "HoldRow",
    "LotRow",
    "read_accounts",
    "read_entries",
    "read_holds",
    "read_lots",
    "sum_opened",
]

FILE_NAME: Final = "moving.sql"
ROOM: Final = "regulars.kernel.ledger"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account of a member, their own or the house's side of it."""

    member: UUID
    currency: str
    account: str
    version: int
    balance: int
    at: datetime


class EntryRow(Struct, frozen=True, kw_only=True):
    """One line of an account."""

    member: UUID
    currency: str
    account: str
    version: int
    activity: UUID
    kind: str
    amount: int
    balance: int
    at: datetime


class LotRow(Struct, frozen=True, kw_only=True):
    """Points that were issued together."""

    member: UUID
    currency: str
    number: int
    amount: int
    remaining: int
    expired: int
    issued_at: datetime
    usable_from: datetime
    expires_at: datetime | None
    activity: UUID
    offer: str
    program: str
    funder: str
    value_micro: int


class HoldRow(Struct, frozen=True, kw_only=True):
    """Points that are or were set aside."""

    member: UUID
    id: UUID
    currency: str
    amount: int
    captured: int
    released: int
    state: str
    held_at: datetime
    valid_until: datetime
    ended_at: datetime | None


async def sum_opened(read: Read, entries: Sequence[tuple[UUID, str, int]]) -> Mapping[str, tuple[int, int]]:
    """Add up what the books say of openings: by currency (entries, points).

    Entries are named by member, currency and version of the points account. One statement; none for none.
    """
    if not entries:
        return {}
    rows = await QUERIES.rows(
        read,
        "opened",
        members=[member for member, _, _ in entries],
        currencies=[currency for _, currency, _ in entries],
        versions=[version for _, _, version in entries],
    )
    return {row["currency"]: (row["entries"], row["points"]) for row in rows}


async def read_accounts(read: Read, members: Collection[UUID]) -> list[AccountRow]:
    """Read the accounts of members. One statement."""
    return [
        AccountRow(
            member=row["member_id"],
            currency=row["currency"],
            account=row["account"],
            version=row["version"],
            balance=row["balance"],
            at=row["at"],
        )
        for row in await QUERIES.rows(read, "accounts_of", ids=sorted(members))
    ]


async def read_entries(read: Read, members: Collection[UUID]) -> list[EntryRow]:
    """Read every entry of members. One statement."""
    return [
        EntryRow(
            member=row["member_id"],
            currency=row["currency"],
            account=row["account"],
            version=row["version"],
            activity=row["activity_id"],
            kind=row["kind"],
            amount=row["amount"],
            balance=row["balance"],
            at=row["at"],
        )
        for row in await QUERIES.rows(read, "entries_of", ids=sorted(members))
    ]


async def read_lots(read: Read, members: Collection[UUID]) -> list[LotRow]:
    """Read every lot of members, used up or not. One statement."""
    return [
        LotRow(
            member=row["member_id"],
            currency=row["currency"],
            number=row["number"],
            amount=row["amount"],
            remaining=row["remaining"],
            expired=row["expired"],
            issued_at=row["issued_at"],
            usable_from=row["usable_from"],
            expires_at=row["expires_at"],
            activity=row["activity_id"],
            offer=row["offer"],
            program=row["program"],
            funder=row["funder"],
            value_micro=row["value_micro"],
        )
        for row in await QUERIES.rows(read, "lots_of", ids=sorted(members))
    ]


async def read_holds(read: Read, members: Collection[UUID]) -> list[HoldRow]:
    """Read every hold that members made. One statement."""
    return [
        HoldRow(
            member=row["member_id"],
            id=row["id"],
            currency=row["currency"],
            amount=row["amount"],
            captured=row["captured"],
            released=row["released"],
            state=row["state"],
            held_at=row["held_at"],
            valid_until=row["valid_until"],
            ended_at=row["ended_at"],
        )
        for row in await QUERIES.rows(read, "holds_of", ids=sorted(members))
    ]

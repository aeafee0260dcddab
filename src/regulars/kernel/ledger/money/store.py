"""The only SQL of the money view on the ledger's rows; it reads, and never writes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Record
from regulars.base.sql import parse
from regulars.kernel.ledger.money.model import IssuedLot, LotKey, LotPart

__all__ = [
    "MEMBERS_MAX",
    "QUERIES",
    "list_members",
    "read_balances",
    "read_first_at",
    "read_handed_on",
    "read_lots",
    "read_parts",
    "rewind",
]

FILE_NAME: Final = "money.sql"
ROOM: Final = "regulars.kernel.ledger"
MEMBERS_MAX: Final = 200
"""Members in one window: with thousands of lots each, they still fit into memory."""

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def read_first_at(read: Read) -> datetime | None:
    """Tell when the first points were issued; None when there are none."""
    return await QUERIES.value(read, "first_at")


async def list_members(read: Read, *, after: UUID, most: int = MEMBERS_MAX) -> list[UUID]:
    """List members who ever had points, in the order of their ids, those after one."""
    return [row["member_id"] for row in await QUERIES.rows(read, "members", after=after, most=most)]


async def read_lots(read: Read, members: Collection[UUID], *, until: datetime) -> list[IssuedLot]:
    """Read the lots that these members were issued before a moment, member by member, by number."""
    return [_lot(row) for row in await QUERIES.rows(read, "lots", members=list(members), until=until)]


async def read_parts(read: Read, members: Collection[UUID], *, until: datetime) -> dict[LotKey, list[LotPart]]:
    """Read what moved the lots of these members before a moment, by lot, in the order in which it happened."""
    found: dict[LotKey, list[LotPart]] = {}
    for row in await QUERIES.rows(read, "parts", members=list(members), until=until):
        part = _part(row)
        found.setdefault(part.key, []).append(part)
    return found


async def read_handed_on(
    read: Read, parents: Sequence[LotKey]
) -> tuple[dict[LotKey, int], dict[LotKey, list[LotPart]], dict[LotKey, list[IssuedLot]]]:
    """Read, by lot: with how much it was issued, all that was taken from it in order, and the lots made out of it."""
    members, currencies, numbers = [k[0] for k in parents], [k[1] for k in parents], [k[2] for k in parents]
    wanted = {"members": members, "currencies": currencies, "numbers": numbers}
    # Children first: what is handed on between the two statements was taken from its parent by the second.
    children: dict[LotKey, list[IssuedLot]] = {}
    for row in await QUERIES.rows(read, "children", **wanted):
        child = _lot(row)
        assert child.parent is not None
        children.setdefault(child.parent, []).append(child)
    issued: dict[LotKey, int] = {}
    parts: dict[LotKey, list[LotPart]] = {}
    for row in await QUERIES.rows(read, "parts_of_lots", **wanted):
        part = _part(row)
        issued[part.key] = row["issued"]
        parts.setdefault(part.key, []).append(part)
    return issued, parts, children


async def read_balances(read: Read, *, until: datetime) -> dict[tuple[str, str], int]:
    """Sum how the members' accounts stood before a moment, by (currency, `points` or `arrears`)."""
    rows = await QUERIES.rows(read, "balances", until=until)
    return {(row["currency"], row["account"]): int(row["points"]) for row in rows}


async def rewind(read: Read, *, until: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """Take what lots and open holds hold today back to a moment, by (currency, funder): points, and value in micro."""
    rows = await QUERIES.rows(read, "rewound", until=until)
    return {(row["currency"], row["funder"]): (int(row["points"]), int(row["value"])) for row in rows}


def _lot(row: Record) -> IssuedLot:
    parent = row["parent_member"]
    return IssuedLot(
        member=row["member_id"],
        currency=row["currency"],
        number=row["number"],
        amount=row["amount"],
        issued_at=row["issued_at"],
        activity=row["activity_id"],
        kind=row["kind"],
        funder=row["funder"],
        value_micro=row["value_micro"],
        parent=None if parent is None else (parent, row["currency"], row["parent_number"]),
    )


def _part(row: Record) -> LotPart:
    return LotPart(
        member=row["member_id"],
        currency=row["currency"],
        lot=row["lot"],
        account=row["account"],
        version=row["version"],
        amount=row["amount"],
        kind=row["kind"],
        at=row["at"],
    )

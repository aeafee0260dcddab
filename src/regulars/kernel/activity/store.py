"""The journal's rows: keys, activities with their receipts, and what is due later. The room's only SQL."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base.db import ConstraintBroken, Read, Tx
from regulars.base.sql import load
from regulars.kernel.nouns import Body, Receipt, Scalar

__all__ = [
    "SETTLED",
    "Followed",
    "Known",
    "Past",
    "Recorded",
    "Told",
    "Waiting",
    "add_dues",
    "answers_to",
    "append",
    "begins",
    "count_by_kind",
    "due_members",
    "end",
    "end_dues",
    "find",
    "find_keys",
    "first_since",
    "follow",
    "history",
    "horizon",
    "is_decided_since",
    "last_seq",
    "list_claims",
    "list_unsettled",
    "of_kinds",
    "open_dues",
    "originals",
    "receipts",
    "record",
    "settle_transactions",
    "since",
    "split",
]

SQL = load("regulars.kernel.activity")
KEY: Final = ("source", "id", "member_id", "activity_id", "digest")
JOURNAL: Final = (
    "member_id",
    "id",
    "kind",
    "occurred_at",
    "recorded_at",
    "program",
    "origin_id",
    "parent_id",
    "body",
    "receipt",
    "seal",
)
SETTLED: Final = 3
"""The first transaction that PostgreSQL gives a number to. Every server has long passed it."""
read_receipt = msgspec.json.Decoder(Receipt).decode
read_body = msgspec.json.Decoder(Body).decode
read_data = msgspec.json.Decoder(dict[str, Scalar]).decode
write_json = msgspec.json.Encoder(order="deterministic").encode

NameOf = tuple[str, str]
"""(source, id)"""


class Known(Struct, frozen=True, kw_only=True):
    """An activity that came in under a name before."""

    member: UUID
    activity: UUID
    digest: bytes
    receipt: Receipt


class Past(Struct, frozen=True, kw_only=True):
    """An earlier activity, whole."""

    member: UUID
    activity: UUID
    body: Body
    receipt: Receipt


class Told(Struct, frozen=True, kw_only=True):
    """An activity as it came in: what it says, its number in the journal, and the ledger time of its recording."""

    member: UUID
    seq: int
    at: datetime
    body: Body
    text: bytes
    """The body as it is journalled."""


class Followed(Struct, frozen=True, kw_only=True):
    """An activity as whoever follows the journal reads it, with its number and that of its transaction."""

    seq: int
    transaction: int
    at: datetime
    """Ledger time of its recording."""
    body: Body
    receipt: Receipt


class Waiting(Struct, frozen=True, kw_only=True):
    """Something that the clock will bring. Named by the activity that left it."""

    member: UUID
    parent: UUID
    name: str
    kind: str
    at: datetime
    data: Mapping[str, Scalar]

    @property
    def key(self) -> tuple[UUID, UUID, str]:
        """What names it."""
        return (self.member, self.parent, self.name)


class Recorded(Struct, frozen=True, kw_only=True):
    """One row to append: an activity, how it is named, and what it did."""

    body: Body
    text: bytes
    """The body as it is journalled and digested."""
    digest: bytes
    receipt: Receipt
    origin: UUID | None = None
    parent: UUID | None = None


def record(
    body: Body,
    text: bytes,
    receipt: Receipt,
    *,
    digest: bytes | None = None,
    origin: UUID | None = None,
    parent: UUID | None = None,
) -> Recorded:
    """Make the row of an activity. `text` is the body as it is journalled, `digest` its SHA-256 if already known."""
    known = digest if digest is not None else hashlib.sha256(text).digest()
    return Recorded(body=body, text=text, digest=known, receipt=receipt, origin=origin, parent=parent)


async def find_keys(read: Read, names: Sequence[NameOf]) -> dict[NameOf, Known]:
    """Find which of these names are taken, and by what. One statement."""
    sources, ids = [name[0] for name in names], [name[1] for name in names]
    return {
        names[row[0] - 1]: Known(member=row[1], activity=row[2], digest=row[3], receipt=read_receipt(row[4]))
        for row in await SQL.rows(read, "find_keys", sources=sources, ids=ids)
    }


async def originals(read: Read, names: Sequence[NameOf]) -> dict[NameOf, Past]:
    """Read activities by name. One statement; none for no names."""
    if not names:
        return {}
    sources, ids = [name[0] for name in names], [name[1] for name in names]
    return {
        names[row[0] - 1]: Past(member=row[1], activity=row[2], body=read_body(row[3]), receipt=read_receipt(row[4]))
        for row in await SQL.rows(read, "originals", sources=sources, ids=ids)
    }


async def is_decided_since(read: Read, since: datetime) -> bool:
    """Say whether a programme has decided anything that happened at a moment or later. Looks at the whole journal."""
    return bool(await SQL.value(read, "is_decided_since", since=since))


async def last_seq(read: Read, member: UUID) -> int:
    """Give the place in the journal of a member's last activity; 0 for none."""
    return int(await SQL.value(read, "last_seq", member=member))


async def since(read: Read, member: UUID, activity: UUID, *, most: int) -> list[Past]:
    """Read what was recorded for a member after one of their activities, oldest first."""
    return [
        Past(member=member, activity=row["id"], body=read_body(row["body"]), receipt=read_receipt(row["receipt"]))
        for row in await SQL.rows(read, "since", member=member, activity=activity, most=most)
    ]


async def answers_to(read: Read, activities: Sequence[UUID]) -> dict[UUID, list[Receipt]]:
    """Read what was recorded since about activities, oldest first. One statement; none for none."""
    found: dict[UUID, list[Receipt]] = {}
    if activities:
        for row in await SQL.rows(read, "answers_to", origins=activities):
            found.setdefault(row["origin_id"], []).append(read_receipt(row["receipt"]))
    return found


async def open_dues(read: Read, members: Sequence[UUID]) -> dict[UUID, list[Waiting]]:
    """Read what waits for each member, soonest first. One statement."""
    found: dict[UUID, list[Waiting]] = {}
    for row in await SQL.rows(read, "open_dues", members=members):
        waiting = Waiting(member=row[0], parent=row[1], name=row[2], kind=row[3], at=row[4], data=read_data(row[5]))
        found.setdefault(waiting.member, []).append(waiting)
    return found


async def due_members(read: Read, *, at: datetime, most: int) -> list[UUID]:
    """List members for whom something is due by `at`: of so many things at most, the soonest ones."""
    return [row["member_id"] for row in await SQL.rows(read, "due_members", at=at, most=most)]


async def add_dues(tx: Tx, dues: Sequence[tuple[Waiting, str]]) -> None:
    """Append what will be due, each with its state (it may already be done or replaced). One statement."""
    if dues:
        await SQL.run(
            tx,
            "add_dues",
            members=[due.member for due, _ in dues],
            parents=[due.parent for due, _ in dues],
            names=[due.name for due, _ in dues],
            kinds=[due.kind for due, _ in dues],
            ats=[due.at for due, _ in dues],
            datas=[write_json(due.data).decode() for due, _ in dues],
            states=[state for _, state in dues],
        )


async def end_dues(tx: Tx, ended: Mapping[tuple[UUID, UUID, str], str]) -> None:
    """Mark what was due as done or cancelled. Each was open: another answer is a lost lock."""
    if ended:
        status = await SQL.run(
            tx,
            "end_dues",
            members=[key[0] for key in ended],
            parents=[key[1] for key in ended],
            names=[key[2] for key in ended],
            states=list(ended.values()),
        )
        if status != f"UPDATE {len(ended)}":
            message = f"{len(ended)} dues were to end, but the database says {status}"
            raise ConstraintBroken(message, constraint="due_state", table="due", sqlstate="")


async def append(tx: Tx, rows: Iterable[Recorded]) -> None:
    """Write activities, their names and their receipts: last, once. Two statements."""
    added = list(rows)
    if not added:
        return
    keys: list[tuple[object, ...]] = []
    entries: list[tuple[object, ...]] = []
    for row in added:
        body, receipt = row.body, row.receipt
        text = write_json(receipt)
        keys.append((body.source, body.id, receipt.member, receipt.activity, row.digest))
        entries.append(
            (
                receipt.member,
                receipt.activity,
                body.kind,
                body.occurred_at,
                receipt.recorded_at,
                receipt.program,
                row.origin,
                row.parent,
                row.text.decode(),
                text.decode(),
                hashlib.sha256(row.digest + text).digest(),
            )
        )
    await tx.copy("activity", "key", KEY, keys)
    await tx.copy("activity", "journal", JOURNAL, entries)


async def receipts(read: Read, activities: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Receipt]:
    """Read the receipts of (member, activity) pairs, by activity. One statement; none for none."""
    if not activities:
        return {}
    members, ids = [pair[0] for pair in activities], [pair[1] for pair in activities]
    rows = await SQL.rows(read, "receipts", members=members, ids=ids)
    return {row["id"]: read_receipt(row["receipt"]) for row in rows}


async def begins(read: Read) -> datetime | None:
    """Give the time of the earliest activity; None for none."""
    return await SQL.value(read, "begins")


async def end(read: Read) -> int:
    """Give the number of the journal's last row; 0 for none."""
    return int(await SQL.value(read, "end"))


async def history(read: Read, members: Sequence[UUID], *, until: int) -> list[Told]:
    """Read what came in for members, in the order of their ids and of the journal, up to a number. One statement."""
    return [
        Told(member=row[0], seq=row[1], at=row[2], body=read_body(row[3]), text=row[3].encode())
        for row in await SQL.rows(read, "history", members=members, until=until)
    ]


async def list_unsettled(read: Read, members: Sequence[UUID], *, until: int, at: datetime) -> set[UUID]:
    """List the members whose part of the journal, up to a number, is not the whole story up to a time.

    Something is still due for them, they have more in the journal, or another member's activity led to something.
    """
    return {row["member_id"] for row in await SQL.rows(read, "unsettled", members=members, until=until, at=at)}


async def list_claims(read: Read, members: Sequence[UUID], *, until: int) -> list[tuple[UUID, int, str, int]]:
    """List what activities of members took of ceilings, up to a number: (member, number, ceiling, amount)."""
    return [(row[0], row[1], row[2], row[3]) for row in await SQL.rows(read, "claims", members=members, until=until)]


async def find(read: Read, member: UUID, activity: UUID) -> tuple[int, Receipt] | None:
    """Find an activity of a member: its number in the journal, and its receipt."""
    row = await SQL.row(read, "place", member=member, activity=activity)
    return None if row is None else (row["seq"], read_receipt(row["receipt"]))


async def count_by_kind(read: Read) -> dict[str, int]:
    """Count the journal by kind of activity."""
    return {row["kind"]: row["activities"] for row in await SQL.rows(read, "count_by_kind")}


async def of_kinds(read: Read, kinds: Sequence[str], *, since: datetime, until: datetime) -> list[tuple[UUID, Body]]:
    """Read what came in of some kinds and happened from `since` on, before `until`: members and what came in."""
    rows = await SQL.rows(read, "of_kinds", kinds=kinds, since=since, until=until)
    return [(row["member_id"], read_body(row["body"])) for row in rows]


async def horizon(read: Read) -> int:
    """Give the number below which every transaction has ended: what they recorded is seen from now on."""
    return int(await SQL.value(read, "horizon"))


async def follow(read: Read, *, low: int, high: int, after: int, most: int) -> list[Followed]:
    """Read what the transactions [low, high) recorded, in the order of the journal, after a number of it.

    All of them must have ended: `high` is a `horizon`.
    """
    return [
        Followed(seq=row[0], transaction=row[1], at=row[2], body=read_body(row[3]), receipt=read_receipt(row[4]))
        for row in await SQL.rows(read, "follow", low=low, high=high, after=after, most=most)
    ]


async def first_since(read: Read, since: datetime) -> int | None:
    """Give the number of the first transaction that recorded anything at a ledger time or later; None for none."""
    return await SQL.value(read, "first_since", since=since)


async def split(read: Read, *, low: int, high: int, after: int) -> tuple[int, int]:
    """Give the first number that a reader at a place has yet to read, and the last that is not to be read there.

    Nothing left to read: the one after the last. Nothing read: 0.
    """
    row = await SQL.row(read, "split", low=low, high=high, after=after)
    assert row is not None, "an aggregate always answers"
    return row["first_unread"], row["last_read"]


async def settle_transactions(tx: Tx) -> None:
    """Say of all that is there that it was recorded by the first transaction there can be. Writes the whole journal."""
    await SQL.run(tx, "settle_transactions", settled=SETTLED)

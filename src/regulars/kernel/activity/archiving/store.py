"""The only SQL of the archive."""

from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read, Record, Tx
from regulars.base.sql import parse

__all__ = [
    "QUERIES",
    "ArchivePart",
    "Place",
    "Words",
    "add_part",
    "digest_part",
    "drop_words",
    "find_months",
    "list_parts",
    "list_places",
    "next_number",
    "read_words",
]

FILE_NAME: Final = "archiving.sql"
ROOM: Final = "regulars.kernel.activity"
TOLD: Final = "traits"
"""What somebody told of a member is never in a file: it could not be forgotten there."""

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")

Place = tuple[int, UUID, UUID]
"""(number in the journal, member, activity)"""


class ArchivePart(Struct, frozen=True, kw_only=True):
    """Activities of a month that lie in one file: those from one number of the journal to another."""

    month: date
    part: int
    first_seq: int
    last_seq: int
    activities: int
    digest: bytes
    """SHA-256 over the seals of all of them, in the order of their numbers."""
    file: str
    file_digest: bytes
    archived_at: datetime


class Words(Struct, frozen=True, kw_only=True):
    """An activity as it lies in a file. The seal is the SHA-256 of the body's SHA-256 and the receipt."""

    member: UUID
    activity: UUID
    sequence: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    program: str
    origin: UUID | None
    parent: UUID | None
    body: str
    receipt: str
    seal: str
    """In hexadecimal."""


async def next_number(read: Read) -> tuple[int, int]:
    """Give the number of the last activity that is seen, and the first transaction that may still be to begin.

    Once all before that one have ended, nobody can get the number or a lower one any more.
    """
    row = await QUERIES.row(read, "next_number")
    assert row is not None, "it always answers"
    return row["seq"], row["next_transaction"]


async def find_months(read: Read, before: date, *, until: int) -> list[date]:
    """Find the months before a day that have activities, up to a number, which no file has. Looks at every row."""
    return [row["month"] for row in await QUERIES.rows(read, "find_months", before=before, until=until, but=TOLD)]


async def list_places(read: Read, month: date, *, after: int, until: int, most: int) -> list[Place]:
    """List the activities of a month after a number and up to another, in their order."""
    rows = await QUERIES.rows(read, "list_places", month=month, after=after, until=until, most=most, but=TOLD)
    return [(row["seq"], row["member_id"], row["id"]) for row in rows]


async def read_words(read: Read, places: Sequence[Place]) -> list[Words]:
    """Read activities whole."""
    members, ids = [place[1] for place in places], [place[2] for place in places]
    return [
        Words(
            member=row["member_id"],
            activity=row["id"],
            sequence=row["seq"],
            kind=row["kind"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            program=row["program"],
            origin=row["origin_id"],
            parent=row["parent_id"],
            body=row["body"],
            receipt=row["receipt"],
            seal=bytes(row["seal"]).hex(),
        )
        for row in await QUERIES.rows(read, "read_words", members=members, ids=ids)
    ]


async def digest_part(read: Read, month: date, *, first: int, last: int) -> tuple[int, bytes]:
    """Let the database add up a part of a month: how many activities, and the digest over their seals."""
    row = await QUERIES.row(read, "digest", month=month, first=first, last=last, but=TOLD)
    assert row is not None, "an aggregate always answers"
    return row["activities"], bytes(row["digest"])


async def list_parts(read: Read) -> list[ArchivePart]:
    """List what was archived, the oldest month first."""
    return [_part(row) for row in await QUERIES.rows(read, "list_parts")]


async def add_part(tx: Tx, part: ArchivePart) -> None:
    """Keep that a part was archived."""
    await QUERIES.run(
        tx,
        "add_part",
        month=part.month,
        part=part.part,
        first_seq=part.first_seq,
        last_seq=part.last_seq,
        activities=part.activities,
        digest=part.digest,
        file=part.file,
        file_digest=part.file_digest,
        archived_at=part.archived_at,
    )


async def drop_words(tx: Tx, part: ArchivePart, kinds: Sequence[str]) -> int:
    """Take activities of some kinds, of which nothing else speaks, out of the journal; gives how many.

    Their names stay, and their seals. Only for the owner of the tables.
    """
    status = await QUERIES.run(
        tx,
        "drop_words",
        month=part.month,
        part=part.part,
        first=part.first_seq,
        last=part.last_seq,
        kinds=list(kinds),
    )
    return int(status.rpartition(" ")[2])


def _part(row: Record) -> ArchivePart:
    return ArchivePart(
        month=row["month"],
        part=row["part"],
        first_seq=row["first_seq"],
        last_seq=row["last_seq"],
        activities=row["activities"],
        digest=bytes(row["digest"]),
        file=row["file"],
        file_digest=bytes(row["file_digest"]),
        archived_at=row["archived_at"],
    )

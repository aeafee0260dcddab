"""The only SQL of the room."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.consent.model import Choice, ConsentEntry, ConsentNotice, Purpose

__all__ = [
    "add",
    "add_notice",
    "ask_telling",
    "end_telling",
    "find_notices",
    "find_references",
    "list_notices",
    "list_untold",
    "read_entries",
    "read_in_force",
]

queries: Final = sql.load(__package__ or __name__)


async def add_notice(tx: Tx, purpose: Purpose, *, en: str, zh: str, by: str, at: datetime) -> ConsentNotice:
    """Write the next version of the words of a purpose."""
    await queries.row(tx, "take_turn")
    row = await queries.row(tx, "publish", purpose=purpose, en=en, zh=zh, by=by, at=at)
    assert row is not None, "an aggregate gives a row"
    return _notice(row)


async def list_notices(read: Read, *, history: bool = False) -> list[ConsentNotice]:
    """List the words in use, or all that ever were, by purpose and the newest first."""
    return [_notice(row) for row in await queries.rows(read, "notices", history=history)]


async def find_notices(read: Read, sought: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Find which versions of words there are."""
    wanted = sorted(set(sought))
    rows = await queries.rows(
        read, "known_notices", purposes=[each[0] for each in wanted], versions=[each[1] for each in wanted]
    )
    return {(row["purpose"], row["version"]) for row in rows}


async def add(tx: Tx, choices: Sequence[Choice], *, new_id: Callable[[], UUID], at: datetime) -> list[tuple[UUID, str]]:
    """Write choices whose reference is not known; gives (member, purpose) of those that are new."""
    rows = await queries.rows(
        tx,
        "add",
        members=[each.member for each in choices],
        ids=[new_id() for _ in choices],
        purposes=[each.purpose for each in choices],
        channels=[each.channel for each in choices],
        givens=[each.is_given for each in choices],
        versions=[each.version for each in choices],
        languages=[each.language for each in choices],
        doors=[each.door for each in choices],
        bys=[each.told_by for each in choices],
        refs=[each.reference for each in choices],
        proofs=[each.proof for each in choices],
        ats=[each.occurred_at for each in choices],
        at=at,
    )
    return [(row["member_id"], row["purpose"]) for row in rows]


async def find_references(read: Read, choices: Sequence[Choice]) -> list[ConsentEntry]:
    """Find what is written under the references of choices."""
    rows = await queries.rows(
        read,
        "find_references",
        members=[each.member for each in choices],
        doors=[each.door for each in choices],
        refs=[each.reference for each in choices],
    )
    return [_entry(row) for row in rows]


async def read_entries(read: Read, members: Iterable[UUID]) -> list[ConsentEntry]:
    """Read everything that members chose, in the order in which it holds."""
    return [_entry(row) for row in await queries.rows(read, "entries", members=sorted(set(members)))]


async def read_in_force(read: Read, members: Iterable[UUID], purposes: Iterable[str]) -> list[ConsentEntry]:
    """Read the last choice of each member, purpose and channel, in the order in which they hold."""
    rows = await queries.rows(read, "in_force", members=sorted(set(members)), purposes=sorted(set(purposes)))
    return [_entry(row) for row in sorted(rows, key=lambda row: (row["occurred_at"], row["seq"]))]


async def ask_telling(tx: Tx, members: Iterable[UUID]) -> None:
    """Note members whose rules have still to learn of a choice."""
    await queries.run(tx, "ask_telling", members=sorted(set(members)))


async def list_untold(read: Read, *, most: int) -> list[UUID]:
    """List members whose rules have still to learn of a choice."""
    return [row["member_id"] for row in await queries.rows(read, "untold", most=most)]


async def end_telling(tx: Tx, members: Iterable[UUID]) -> None:
    """Note that the rules of members know."""
    await queries.run(tx, "end_telling", members=sorted(set(members)))


def _notice(row: Record) -> ConsentNotice:
    return ConsentNotice(
        purpose=row["purpose"],
        version=row["version"],
        en=row["words_en"],
        zh=row["words_zh"],
        published_at=row["published_at"],
    )


def _entry(row: Record) -> ConsentEntry:
    return ConsentEntry(
        member=row["member_id"],
        id=row["id"],
        purpose=row["purpose"],
        channel=row["channel"],
        is_given=row["is_given"],
        version=row["version"],
        language=row["language"],
        door=row["door"],
        told_by=row["told_by"],
        reference=row["reference"],
        proof=row["proof"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )

"""The only SQL of the room: versions, their releases, and what offers remember of members."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Tx
from regulars.kernel.program.document import content_hash, decode, encode
from regulars.kernel.program.model import Document, NoProgram, Problem, ProgramInvalid
from regulars.kernel.program.plan import Plan, compile_plan

__all__ = [
    "Published",
    "Release",
    "Releases",
    "Versions",
    "find_damaged",
    "memories",
    "publish",
    "save_memories",
]

DAMAGED_MAX: Final = 100
"""Damaged rows that are named."""

queries = sql.load(__package__ or __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """From `live_from` on this version decides, until a release with a later `live_from`."""

    number: int
    hash: str
    live_from: datetime
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing came to. `is_new` is False where that version already decided from then on: nothing changed."""

    hash: str
    is_new: bool
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Every release, in the order in which they come into force, and the plans of their versions."""

    all: tuple[Release, ...]
    plans: dict[str, Plan]

    def release_at(self, occurred_at: datetime) -> Release | None:
        """The release in force at a time; of two that start together, the one that was published later."""
        count = bisect_right(self.all, occurred_at, key=lambda release: release.live_from)
        return self.all[count - 1] if count else None

    def plan_at(self, occurred_at: datetime) -> Plan:
        """The plan that decides what occurred at a time. Raises NoProgram."""
        release = self.release_at(occurred_at)
        if release is None:
            first = f" The first starts at {self.all[0].live_from.isoformat()}." if self.all else ""
            raise NoProgram(
                f"No programme was live at {occurred_at.isoformat()}.{first} Publish one with an earlier start.",
                occurred_at=occurred_at,
            )
        return self.plans[release.hash]


class Versions:
    """Compiled plans by content hash, kept by one process. A version never changes, so none is ever stale."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}

    async def read(self, read: Read) -> Releases:
        """Read which version decides when: one statement, and one more for versions not seen before."""
        releases = tuple(
            Release(number=row["number"], hash=row["hash"], live_from=row["live_from"], by=row["by"], at=row["at"])
            for row in await queries.rows(read, "list_releases")
        )
        missing = {release.hash for release in releases} - self._plans.keys()
        if missing:
            for row in await queries.rows(read, "get_documents", versions=sorted(missing)):
                self._plans[row["hash"]] = compile_plan(decode(row["document"]))
        return Releases(all=releases, plans=self._plans)


async def publish(tx: Tx, document: Document, *, live_from: datetime, by: str, at: datetime) -> Published:
    """Let a document decide from `live_from` on. What already decides from then on is left as it is, and says so.

    Raises ProgramInvalid when it cannot be compiled, or gives an offer's id to another mechanic than it once had:
    members' memories would not fit.
    """
    assert live_from.tzinfo is not None, "a time without a zone is not a time"
    plan = compile_plan(document)
    await queries.row(tx, "lock_releases")
    await _refuse_taken_ids(tx, document)
    rows = await queries.rows(tx, "list_releases")
    later = [row for row in rows if row["live_from"] > live_from]
    now = [row for row in rows if row["live_from"] <= live_from]
    if now and not later and now[-1]["hash"] == plan.hash:
        row = now[-1]
        kept = Release(number=row["number"], hash=plan.hash, live_from=row["live_from"], by=row["by"], at=row["at"])
        return Published(hash=plan.hash, is_new=False, release=kept)
    await queries.run(tx, "insert_version", hash=plan.hash, document=encode(document).decode(), at=at)
    number = await queries.value(tx, "insert_release", hash=plan.hash, live_from=live_from, by=by, at=at)
    release = Release(number=number, hash=plan.hash, live_from=live_from.astimezone(UTC), by=by, at=at)
    return Published(hash=plan.hash, is_new=True, release=release)


async def _refuse_taken_ids(tx: Tx, document: Document) -> None:
    mechanics = {offer.id: offer.mechanic for offer in document.offers}
    positions = {offer.id: index for index, offer in enumerate(document.offers)}
    rows = await queries.rows(tx, "list_mechanics", ids=list(mechanics))
    problems = [
        Problem(
            path=f"offers[{positions[row['id']]}].id",
            message=f"'{row['id']}' was an offer of the mechanic '{row['mechanic']}'; give this one another id",
        )
        for row in rows
        if row["mechanic"] != mechanics[row["id"]]
    ]
    if problems:
        raise ProgramInvalid(problems)


async def memories(read: Read, member_ids: Collection[UUID]) -> dict[tuple[UUID, str], bytes]:
    """Read what offers remember of members, by (member, offer), as the bytes that were saved."""
    rows = await queries.rows(read, "get_memories", member_ids=list(member_ids))
    return {(row["member_id"], row["offer"]): row["data"].encode() for row in rows}


async def save_memories(tx: Tx, rows: Sequence[tuple[UUID, str, bytes]], at: datetime) -> None:
    """Keep what offers now remember: (member, offer, canonical JSON), each pair once."""
    if not rows:
        return
    await queries.run(
        tx,
        "save_memories",
        member_ids=[member for member, _, _ in rows],
        offers=[offer for _, offer, _ in rows],
        datas=[data.decode() for _, _, data in rows],
        digests=[sha256(data).digest() for _, _, data in rows],
        at=at,
    )


async def find_damaged(read: Read) -> list[str]:
    """Name what is no longer what was written: memories whose digest differs, versions whose content does."""
    rows = await queries.rows(read, "find_damaged_memories", most=DAMAGED_MAX)
    damaged = [f"the memory of offer {row['offer']} of member {row['member_id']}" for row in rows]
    for row in await queries.rows(read, "list_versions"):
        try:
            sound = content_hash(decode(row["document"])) == row["hash"]
        except ProgramInvalid:
            sound = False
        if not sound:
            damaged.append(f"the programme version {row['hash']}")
    return damaged

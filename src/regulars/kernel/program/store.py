"""The only SQL of the room: versions, what was done with them, their releases, and what offers remember of members."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.kernel.program.document import content_hash, decode, encode
from regulars.kernel.program.life import Mark, MarkKind, Policy
from regulars.kernel.program.model import Document, Problem, ProgramInvalid
from regulars.kernel.program.plan import Plan, compile_plan
from regulars.kernel.program.releases import Pilot, Release, ReleaseKind, Releases

__all__ = [
    "NAME_LETTERS_MIN",
    "Story",
    "Versions",
    "add_mark",
    "add_release",
    "add_source",
    "add_version",
    "find_damaged",
    "find_named",
    "lock",
    "memories",
    "read_documents",
    "read_policy",
    "read_source",
    "read_story",
    "refuse_taken_ids",
    "save_memories",
    "set_policy",
]

DAMAGED_MAX: Final = 100
"""Damaged rows that are named."""
NAME_LETTERS_MIN: Final = 6
"""Letters of a hash that may stand for the whole."""

queries = sql.load(__package__ or __name__)
write_json = msgspec.json.Encoder(order="deterministic").encode
read_pilot = msgspec.json.Decoder(Pilot).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that was done with versions, in the order in which it was."""

    marks: tuple[Mark, ...]
    releases: tuple[Release, ...]

    def names(self) -> list[str]:
        """Every version, by when it was first drafted."""
        return list(dict.fromkeys(mark.hash for mark in self.marks if mark.kind == "drafted"))

    def retired(self) -> set[str]:
        """Versions that were retired by hand and not drafted again since."""
        last = {mark.hash: mark.kind for mark in self.marks if mark.kind in {"drafted", "retired"}}
        return {hash_ for hash_, kind in last.items() if kind == "retired"}


class Versions:
    """Compiled plans by content hash, kept by one process. A version never changes, so none is ever stale."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}

    async def read(self, read: Read) -> Releases:
        """Read which version decides when: one statement, and one more for versions not seen before."""
        releases = tuple(_release(row) for row in await queries.rows(read, "list_releases"))
        missing = {release.hash for release in releases} - self._plans.keys()
        if missing:
            for name, document in (await read_documents(read, missing)).items():
                self._plans[name] = compile_plan(document)
        return Releases(all=releases, plans=self._plans)


async def lock(tx: Tx) -> None:
    """Wait for whoever changes versions or releases at this moment."""
    await queries.row(tx, "lock_releases")


async def read_story(read: Read) -> Story:
    """Read what was done with versions. Two statements."""
    marks = tuple(
        Mark(
            number=row["number"],
            hash=row["hash"],
            kind=row["kind"],
            by=row["by"],
            at=row["at"],
            note=row["note"],
            report=row["report"] or "",
        )
        for row in await queries.rows(read, "list_marks")
    )
    releases = [_release(row) for row in await queries.rows(read, "list_releases")]
    return Story(marks=marks, releases=tuple(sorted(releases, key=lambda it: it.number)))


async def read_documents(read: Read, hashes: Collection[str]) -> dict[str, Document]:
    """Read versions by their hashes; those that are not there are left out. Raises ProgramInvalid for a damaged one."""
    rows = await queries.rows(read, "get_documents", versions=sorted(hashes))
    return {row["hash"]: decode(row["document"]) for row in rows}


async def find_named(read: Read, beginning: str, *, most: int) -> list[str]:
    """Find the versions whose hash begins like this, at most so many."""
    return [row["hash"] for row in await queries.rows(read, "find_named", beginning=beginning, most=most)]


async def add_version(tx: Tx, document: Document, *, at: datetime) -> str:
    """Keep a document under its hash, which is given back. One that is there already stays as it is."""
    name = content_hash(document)
    await queries.run(tx, "insert_version", hash=name, document=encode(document).decode(), at=at)
    return name


async def add_mark(tx: Tx, hash_: str, kind: MarkKind, *, by: str, at: datetime, note: str, report: str = "") -> None:
    """Write down what was done with a version."""
    await queries.run(tx, "insert_mark", hash=hash_, kind=kind, by=by, at=at, note=note, report=report or None)


async def add_release(
    tx: Tx,
    hash_: str,
    *,
    kind: ReleaseKind,
    live_from: datetime,
    by: str,
    at: datetime,
    note: str,
    pilot: Pilot | None = None,
) -> Release:
    """Append a release."""
    number = await queries.value(
        tx,
        "insert_release",
        hash=hash_,
        live_from=live_from,
        by=by,
        at=at,
        kind=kind,
        pilot=None if pilot is None else write_json(pilot).decode(),
        note=note,
    )
    start = live_from.astimezone(UTC)
    return Release(number=number, hash=hash_, live_from=start, by=by, at=at, kind=kind, pilot=pilot, note=note)


async def add_source(tx: Tx, hash_: str, text: str, *, at: datetime) -> None:
    """Keep the text that a version was written in, unless it is the last that was kept."""
    if text:
        digest = sha256(text.encode()).digest()
        await queries.run(tx, "insert_source", hash=hash_, text=text, digest=digest, at=at)


async def read_source(read: Read, hash_: str) -> str | None:
    """Read the text that a version was last written in; None where it came without one."""
    return await queries.value(read, "get_source", hash=hash_)


async def set_policy(tx: Tx, policy: Policy, *, by: str, at: datetime) -> None:
    """Say what a version needs before it may decide."""
    await queries.run(tx, "insert_policy", review=policy.review, simulation=policy.simulation, by=by, at=at)


async def read_policy(read: Read) -> Policy:
    """Read what a version needs before it may decide."""
    row = await queries.row(read, "get_policy")
    return Policy() if row is None else Policy(review=row["review"], simulation=row["simulation"])


async def refuse_taken_ids(tx: Tx, document: Document) -> None:
    """Raise ProgramInvalid where an offer has the id of one that was released with another mechanic.

    Members' memories would not fit.
    """
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


async def memories_of(read: Read, member: UUID) -> dict[str, bytes]:
    """Read what offers remember of one member, by offer, as the bytes that were saved."""
    return {offer: data for (_, offer), data in (await memories(read, [member])).items()}


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


def _release(row: Record) -> Release:
    return Release(
        number=row["number"],
        hash=row["hash"],
        live_from=row["live_from"],
        by=row["by"],
        at=row["at"],
        kind=row["kind"],
        pilot=None if row["pilot"] is None else read_pilot(row["pilot"]),
        note=row["note"],
    )

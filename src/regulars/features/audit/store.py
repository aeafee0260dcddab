"""The only SQL of the room. Nothing in it changes a row; what was kept long enough goes, and leaves its link."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.audit.model import Act, Change, Entry, Noted
from regulars.kernel.spine import Place

__all__ = [
    "BACK",
    "Link",
    "Sealed",
    "add_acts",
    "add_place",
    "add_seals",
    "append",
    "count_unsealed",
    "find_cleared",
    "find_inserted",
    "find_place",
    "forget_acts",
    "forget_entries",
    "horizon",
    "last_link",
    "list_acts",
    "list_chain",
    "list_unsealed",
    "search",
    "settle_entries",
    "take_turn",
]

queries: Final = sql.load(__package__ or __name__)
write_json: Final = msgspec.json.Encoder(order="deterministic").encode
read_changes: Final = msgspec.json.Decoder(dict[str, Change]).decode
BACK: Final = 20_000
"""How many ids before the last sealed one are looked through for what is still open."""


class Link(Struct, frozen=True, kw_only=True):
    """One link of the chain."""

    number: int
    entry: int
    digest: bytes
    hash: bytes


class Sealed(Struct, frozen=True, kw_only=True):
    """A link with its entry; None where that is gone."""

    link: Link
    entry: Entry | None


async def append(tx: Tx, noted: Noted) -> None:
    """Write an entry. Nobody waits for anybody."""
    await queries.run(
        tx,
        "append",
        at=noted.at,
        actor_kind=noted.actor_kind,
        actor_id=noted.actor_id,
        actor_name=noted.actor_name,
        agreed_by=noted.agreed_by,
        network=noted.network,
        agent=noted.agent,
        what=noted.what,
        route=noted.route,
        object=noted.object,
        changes=write_json(noted.changes).decode(),
        reason=noted.reason,
        outcome=noted.outcome,
        status=noted.status,
        code=noted.code,
        request_id=noted.request_id,
    )


async def search(  # noqa: PLR0913 - what one may look for
    read: Read,
    *,
    before: int,
    since: datetime,
    until: datetime,
    actor: UUID | None = None,
    object: str = "",  # noqa: A002 - the field's name
    what: str = "",
    outcome: str = "",
    most: int,
) -> list[Entry]:
    """List entries, newest first, those before an id; what is empty is not asked for."""
    rows = await queries.rows(
        read,
        "search",
        before=before,
        since=since,
        until=until,
        actor=actor,
        object=object,
        what=what,
        outcome=outcome,
        most=most,
    )
    return [_entry(row) for row in rows]


async def take_turn(tx: Tx, turn: str) -> bool:
    """Be the only one who does this until the transaction ends; False where somebody else is."""
    return bool(await queries.value(tx, "take_turn", turn=f"regulars audit {turn}"))


async def horizon(read: Read) -> int:
    """Give the number below which every transaction has ended."""
    return int(await queries.value(read, "horizon"))


async def last_link(read: Read) -> tuple[int, bytes]:
    """Give number and hash of the last link; 0 and nothing where there is none."""
    row = await queries.row(read, "last_seal")
    return (0, b"") if row is None else (row["number"], row["hash"])


async def list_unsealed(read: Read, *, ended: int, most: int, back: int = BACK) -> list[Entry]:
    """List entries without a link whose transactions have ended, in the order of their ids.

    Looked for among the last `back` ids before the last sealed one, and all after it.
    """
    after = int(await queries.value(read, "all_sealed_until", back=back))
    return [_entry(row) for row in await queries.rows(read, "unsealed", after=after, horizon=str(ended), most=most)]


async def add_seals(tx: Tx, links: Sequence[Link], *, ended: int) -> None:
    """Append links. One statement."""
    await queries.run(
        tx,
        "add_seals",
        horizon=ended,
        places=[link.number for link in links],
        entry_ids=[link.entry for link in links],
        digests=[link.digest for link in links],
        links=[link.hash for link in links],
    )


async def list_chain(read: Read, *, after: int, most: int) -> list[Sealed]:
    """List links after a number, each with its entry as it is today."""
    return [
        Sealed(
            link=Link(number=row["number"], entry=row["entry_id"], digest=row["digest"], hash=row["hash"]),
            entry=None if row["id"] is None else _entry(row),
        )
        for row in await queries.rows(read, "chain", after=after, most=most)
    ]


async def find_inserted(read: Read, *, most: int) -> list[int]:
    """List entries that were put between others after those were sealed."""
    return [row["id"] for row in await queries.rows(read, "inserted", most=most)]


async def count_unsealed(read: Read) -> int:
    """Count the entries that wait for their link."""
    return int(await queries.value(read, "count_unsealed"))


async def find_place(read: Read) -> Place | None:
    """Give how far the journal was read; None: not yet."""
    row = await queries.row(read, "place")
    return None if row is None else Place(low=row["low"], high=row["high"], seq=row["seq"])


async def settle_entries(tx: Tx, settled: int) -> None:
    """Say of all entries that one transaction of long ago wrote them, and of all links that it was none before it."""
    await queries.run(tx, "settle_entries", settled=settled)
    await queries.run(tx, "settle_seals", settled=settled)


async def add_place(tx: Tx, place: Place) -> None:
    """Note how far the journal was read."""
    await queries.run(tx, "add_place", low=place.low, high=place.high, seq=place.seq)


async def add_acts(tx: Tx, acts: Sequence[Act]) -> None:
    """Append what people did. One statement; none for none."""
    if acts:
        columns: dict[str, list[Any]] = {
            "actors": [act.actor_id for act in acts],
            "seqs": [act.seq for act in acts],
            "ats": [act.at for act in acts],
            "members": [act.member for act in acts],
            "activities": [act.activity for act in acts],
            "kinds": [act.kind for act in acts],
            "sources": [act.source for act in acts],
            "names": [act.name for act in acts],
        }
        await queries.run(tx, "add_acts", **columns)


async def list_acts(read: Read, actor: UUID, *, before: int, most: int) -> list[Act]:
    """List what a person did in the journal, newest first, before a number of it."""
    return [
        Act(
            actor_id=row["actor_id"],
            seq=row["seq"],
            at=row["at"],
            member=row["member_id"],
            activity=row["activity_id"],
            kind=row["kind"],
            source=row["source"],
            name=row["name"],
        )
        for row in await queries.rows(read, "acts", actor=actor, before=before, most=most)
    ]


async def forget_entries(tx: Tx, before: datetime, spared: Sequence[UUID], most: int) -> int:
    """Delete entries from before a moment, but those about or by these; gives how many. Their links stay.

    Only the owner of the tables may.
    """
    gone = [row["id"] for row in await queries.rows(tx, "drop_old_entries", before=before, spared=spared, most=most)]
    if gone:
        await queries.run(tx, "add_clearing", through_id=max(gone), cleared=len(gone), before=before)
    return len(gone)


async def find_cleared(read: Read) -> int:
    """Give the id up to which entries may have been cleared away, because their time was over; 0: none was."""
    return int(await queries.value(read, "cleared_through"))


async def forget_acts(tx: Tx, before: datetime, spared: Sequence[UUID], most: int) -> int:
    """Delete from before a moment what people did in the journal, but to these members; gives how many.

    The journal has it all the same. Only the owner of the tables may.
    """
    return len(await queries.rows(tx, "drop_old_acts", before=before, spared=spared, most=most))


def _entry(row: Record) -> Entry:
    return Entry(
        id=row["id"],
        at=row["at"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        agreed_by=row["agreed_by"],
        network=row["network"],
        agent=row["agent"],
        what=row["what"],
        route=row["route"],
        object=row["object"],
        changes=read_changes(row["changes"]),
        reason=row["reason"],
        outcome=row["outcome"],
        status=row["status"],
        code=row["code"],
        request_id=row["request_id"],
    )

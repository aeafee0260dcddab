"""The only SQL of the room."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.privacy.model import Erasure, ErasureHeld, HoldUnknown, LegalHold, Round
from regulars.kernel.spine.forgetting import WrittenOff

__all__ = [
    "Counts",
    "Warned",
    "add_erasure",
    "add_hold",
    "add_round",
    "add_warnings",
    "count",
    "drop_warnings",
    "end_hold",
    "find_erasure",
    "finish_erasures",
    "list_all_held",
    "list_due_warnings",
    "list_erasures",
    "list_held",
    "list_holds",
    "list_rounds",
    "list_warned",
    "read_periods",
    "refuse_held",
    "set_periods",
    "take_unfinished",
]

queries: Final = sql.load(__package__ or __name__)
write_json: Final = msgspec.json.Encoder(order="deterministic").encode
read_round: Final = msgspec.json.Decoder(Round).decode


class _Told(Struct, frozen=True, kw_only=True):
    written_off: tuple[WrittenOff, ...]
    forgotten: Mapping[str, int]


class Counts(Struct, frozen=True, kw_only=True):
    """How much there is of each."""

    erased: int
    unfinished: int
    held: int
    warned: int
    last_round: datetime | None


class Warned(Struct, frozen=True, kw_only=True):
    """A member who was told that they will be forgotten."""

    member: UUID
    warned_at: datetime
    erase_at: datetime


read_told: Final = msgspec.json.Decoder(_Told).decode


async def add_erasure(tx: Tx, erasure: Erasure) -> None:
    """Write that a member was forgotten."""
    told = _Told(written_off=erasure.written_off, forgotten=erasure.forgotten)
    await queries.run(
        tx,
        "add_erasure",
        member=erasure.member,
        activity=erasure.activity,
        at=erasure.erased_at,
        asked_by=erasure.asked_by,
        done_by=erasure.done_by,
        told=write_json(told).decode(),
        absorbed=list(erasure.absorbed),
        is_whole=erasure.is_whole,
    )


async def list_erasures(read: Read, *, before: tuple[datetime, UUID], most: int) -> list[Erasure]:
    """List who was forgotten, the last first, from before a place."""
    at, member = before
    rows = await queries.rows(read, "list_erasures", before=at, before_member=member, most=most)
    return [_erasure(row) for row in rows]


async def find_erasure(read: Read, member: UUID) -> Erasure | None:
    """Find how a member was forgotten."""
    row = await queries.row(read, "find_erasure", member=member)
    return None if row is None else _erasure(row)


async def take_unfinished(tx: Tx, *, most: int) -> list[tuple[UUID, ...]]:
    """Take members of whom words are still in the journal: each with those who had become part of them."""
    rows = await queries.rows(tx, "take_unfinished", most=most)
    return [(row["member_id"], *row["absorbed"]) for row in rows]


async def finish_erasures(tx: Tx, members: Sequence[UUID]) -> None:
    """Write that nothing is left of what was told of these members."""
    await queries.run(tx, "finish_erasures", members=members)


async def count(read: Read) -> Counts:
    """Count what there is."""
    row = await queries.row(read, "count")
    assert row is not None, "an aggregate has a row"
    return Counts(**dict(row.items()))


async def add_hold(tx: Tx, hold: LegalHold) -> LegalHold:
    """Put a hold on a member; for a matter for which there is one, answer that."""
    await queries.run(
        tx,
        "add_hold",
        id=hold.id,
        member=hold.member,
        matter=hold.matter,
        placed_by=hold.placed_by,
        at=hold.placed_at,
    )
    row = await queries.row(tx, "find_open_hold", member=hold.member, matter=hold.matter)
    assert row is not None, "it is there by now"
    return _hold(row)


async def end_hold(tx: Tx, id: UUID, *, by: str, at: datetime) -> LegalHold:  # noqa: A002 - the glossary's word
    """Lift a hold. Raises HoldUnknown."""
    row = await queries.row(tx, "end_hold", id=id, ended_by=by, at=at)
    if row is None:
        message = "No legal hold has this id, or it was lifted before."
        raise HoldUnknown(message, hold=str(id))
    return _hold(row)


async def list_holds(read: Read, *, member: UUID | None = None, ended: bool = False, most: int) -> list[LegalHold]:
    """List holds, the oldest first: of one member or of all, those that were lifted too if asked."""
    return [_hold(row) for row in await queries.rows(read, "list_holds", member=member, ended=ended, most=most)]


async def list_held(read: Read, members: Iterable[UUID]) -> set[UUID]:
    """Tell which of these members are under a hold."""
    return {row["member_id"] for row in await queries.rows(read, "held", members=list(members))}


async def list_all_held(read: Read) -> list[UUID]:
    """List everybody who is under a hold."""
    return [row["member_id"] for row in await queries.rows(read, "all_held")]


async def refuse_held(read: Read, members: Iterable[UUID]) -> None:
    """Raise ErasureHeld where one of these members is under a hold."""
    if held := await list_held(read, members):
        message = "This member is under a legal hold and cannot be forgotten. Lift the hold first, when the law allows."
        raise ErasureHeld(message, members=sorted(str(each) for each in held))


async def set_periods(tx: Tx, days: Mapping[str, int | None], *, by: str, at: datetime) -> None:
    """Say how long things are kept from now on; None: as their room says."""
    if days:
        await queries.run(tx, "set_periods", names=list(days), days=list(days.values()), changed_by=by, at=at)


async def read_periods(read: Read) -> dict[str, int]:
    """Read how long things are kept where somebody said so."""
    return {row["name"]: row["days"] for row in await queries.rows(read, "periods") if row["days"] is not None}


async def add_warnings(tx: Tx, members: Sequence[UUID], *, at: datetime, erase_at: datetime) -> None:
    """Write that members were told that they will be forgotten."""
    await queries.run(tx, "add_warnings", members=members, at=at, erase_at=erase_at)


async def list_warned(read: Read, members: Sequence[UUID]) -> dict[UUID, Warned]:
    """Tell which of these members were told."""
    rows = await queries.rows(read, "warned", members=members)
    return {row["member_id"]: _warned(row) for row in rows}


async def list_due_warnings(read: Read, *, at: datetime, most: int) -> list[Warned]:
    """List the members whose time to come back is over."""
    return [_warned(row) for row in await queries.rows(read, "due_warnings", at=at, most=most)]


async def drop_warnings(tx: Tx, members: Sequence[UUID]) -> None:
    """Forget that members were told."""
    await queries.run(tx, "drop_warnings", members=members)


async def add_round(tx: Tx, done: Round) -> None:
    """Write what a round of clearing did."""
    await queries.run(tx, "add_round", at=done.at, report=write_json(done).decode())


async def list_rounds(read: Read, *, before: int, most: int) -> list[tuple[int, Round]]:
    """List rounds of clearing with their numbers, the last first."""
    rows = await queries.rows(read, "rounds", before=before, most=most)
    return [(row["id"], read_round(row["report"])) for row in rows]


def _erasure(row: Record) -> Erasure:
    told = read_told(row["told"])
    return Erasure(
        member=row["member_id"],
        activity=row["activity_id"],
        erased_at=row["erased_at"],
        asked_by=row["asked_by"],
        done_by=row["done_by"],
        written_off=told.written_off,
        forgotten=told.forgotten,
        absorbed=tuple(row["absorbed"]),
        is_whole=row["is_whole"],
    )


def _hold(row: Record) -> LegalHold:
    return LegalHold(
        id=row["id"],
        member=row["member_id"],
        matter=row["matter"],
        placed_by=row["placed_by"],
        placed_at=row["placed_at"],
        ended_by=row["ended_by"],
        ended_at=row["ended_at"],
    )


def _warned(row: Record) -> Warned:
    return Warned(member=row["member_id"], warned_at=row["warned_at"], erase_at=row["erase_at"])

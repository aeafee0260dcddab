"""The only SQL of the room."""

from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.sketches.model import PAGES_MAX, SKETCHES_MAX, Page, Sketch, Told

__all__ = [
    "add_sketch",
    "count_sketches",
    "drop_sketch",
    "find_page",
    "find_sketch",
    "list_pages",
    "list_sketches",
    "lock_sketch",
    "mark_drafted",
    "turn_page",
]

queries: Final = sql.load(__package__ or __name__)


async def list_sketches(read: Read) -> list[Sketch]:
    """List every sketch, the one that was changed last first."""
    return [_sketch(row) for row in await queries.rows(read, "sketches", most=SKETCHES_MAX)]


async def find_sketch(read: Read, id_: UUID) -> Sketch | None:
    """Find a sketch."""
    row = await queries.row(read, "find_sketch", id=id_)
    return None if row is None else _sketch(row)


async def lock_sketch(tx: Tx, id_: UUID) -> Sketch | None:
    """Find a sketch and keep others from changing it until the transaction ends."""
    row = await queries.row(tx, "lock_sketch", id=id_)
    return None if row is None else _sketch(row)


async def count_sketches(read: Read) -> int:
    """Count them."""
    row = await queries.row(read, "count_sketches")
    assert row is not None
    return int(row["sketches"])


async def add_sketch(tx: Tx, id_: UUID, name: str, told: Told, *, base: str) -> None:
    """Write a new sketch with its first page."""
    await queries.run(tx, "add_sketch", id=id_, called=name, base=base, by=told.by, at=told.at)
    await _add_page(tx, id_, 1, told)


async def turn_page(tx: Tx, id_: UUID, name: str, number: int, told: Told) -> None:
    """Write the next page, and forget those that are too many."""
    await queries.run(tx, "turn_page", id=id_, called=name, number=number, by=told.by, at=told.at)
    await _add_page(tx, id_, number, told)
    await queries.run(tx, "drop_pages", id=id_, until=number - PAGES_MAX)


async def _add_page(tx: Tx, id_: UUID, number: int, told: Told) -> None:
    await queries.run(tx, "add_page", id=id_, number=number, program=told.text, note=told.note, by=told.by, at=told.at)


async def find_page(read: Read, id_: UUID, number: int) -> Page | None:
    """Find how a sketch was after one change; None where that is not kept."""
    row = await queries.row(read, "find_page", id=id_, number=number)
    return None if row is None else _page(row)


async def list_pages(read: Read, id_: UUID, *, most: int = PAGES_MAX) -> list[Page]:
    """List the pages of a sketch, the last first."""
    return [_page(row) for row in await queries.rows(read, "pages", id=id_, most=most)]


async def mark_drafted(tx: Tx, id_: UUID, hash_: str) -> bool:
    """Write down which version was made of a sketch; False where there is none."""
    return await queries.row(tx, "note_drafted", id=id_, hash=hash_) is not None


async def drop_sketch(tx: Tx, id_: UUID) -> None:
    """Forget a sketch and its pages."""
    await queries.run(tx, "drop_sketch", id=id_)


def _sketch(row: Record) -> Sketch:
    return Sketch(
        id=row["id"],
        name=row["name"],
        page=row["page"],
        base=row["base"],
        drafted=row["drafted"],
        begun_by=row["begun_by"],
        begun_at=row["begun_at"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
    )


def _page(row: Record) -> Page:
    return Page(number=row["number"], text=row["program"], note=row["note"], by=row["by"], at=row["at"])

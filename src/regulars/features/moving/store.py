"""The only SQL of the room: what was brought from where, and how far."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.moving.tally import Tally

__all__ = ["Move", "Place", "begin_move", "end_move", "find_move", "find_place", "list_moves", "put_place"]

queries: Final = sql.load(__package__ or __name__)
read_tally: Final = msgspec.json.Decoder(Tally).decode
write_json: Final = msgspec.json.Encoder(order="deterministic").encode


class Move(Struct, frozen=True, kw_only=True):
    """Another system of which something was brought."""

    source: str
    mapping: str
    as_of: datetime
    began_at: datetime
    ended_at: datetime | None
    """None: it was cut short, or is at work."""


class Place(Struct, frozen=True, kw_only=True):
    """How far a part has come."""

    line: int
    tally: Tally


async def find_move(read: Read, source: str) -> Move | None:
    """Find what was brought from a source."""
    row = await queries.row(read, "find_move", source=source)
    return None if row is None else _move(row)


async def list_moves(read: Read) -> list[Move]:
    """List every source from which something was brought, the first first."""
    return [_move(row) for row in await queries.rows(read, "list_moves")]


async def begin_move(tx: Tx, *, source: str, mapping: str, as_of: datetime, at: datetime) -> None:
    """Say that something is brought from a source; once more, its moment stays."""
    await queries.run(tx, "begin_move", source=source, mapping=mapping, as_of=as_of, at=at)


async def end_move(tx: Tx, source: str, *, at: datetime) -> None:
    """Say that all of it was brought."""
    await queries.run(tx, "end_move", source=source, at=at)


async def find_place(read: Read, source: str, part: str, digest: bytes) -> Place | None:
    """Find how far the same file came before; None for another file."""
    row = await queries.row(read, "find_part", source=source, part=part)
    if row is None or row["digest"] != digest:
        return None
    return Place(line=row["line"], tally=read_tally(row["tally"]))


async def put_place(tx: Tx, source: str, part: str, digest: bytes, place: Place, *, at: datetime) -> None:
    """Keep how far a part has come."""
    await queries.run(
        tx,
        "put_part",
        source=source,
        part=part,
        digest=digest,
        line=place.line,
        tally=write_json(place.tally).decode(),
        at=at,
    )


def _move(row: Record) -> Move:
    return Move(
        source=row["source"],
        mapping=row["mapping"],
        as_of=row["as_of"],
        began_at=row["began_at"],
        ended_at=row["ended_at"],
    )

"""The only SQL of this view of the journal; it reads, and never writes."""

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

import msgspec

from regulars.base.db import Read, Record
from regulars.base.sql import parse
from regulars.kernel.nouns import Discount, Line, Returned

__all__ = ["QUERIES", "Sold", "read_sold", "read_span"]

FILE_NAME: Final = "sold.sql"
ROOM: Final = "regulars.kernel.activity"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """One purchase, or one return of it."""

    member: UUID
    activity: UUID
    occurred_at: datetime
    store: str
    channel: str
    origin: UUID | None
    """Of a return: the purchase. None for a purchase."""
    lines: tuple[Line, ...]
    discounts: tuple[tuple[str, Discount], ...]
    """What offers took off: offer, then line (0: the basket) and amount."""
    returned: tuple[Returned, ...]
    """Of a return: what came back, by the lines of the purchase."""


read_lines = msgspec.json.Decoder(tuple[Line, ...]).decode
read_discounts = msgspec.json.Decoder(tuple[tuple[str, Discount], ...]).decode
read_returned = msgspec.json.Decoder(tuple[Returned, ...]).decode


async def read_span(read: Read) -> tuple[datetime, datetime] | None:
    """Say when the first and the last thing was sold or brought back; None where nothing was. One statement."""
    row = await QUERIES.row(read, "sold_span")
    return None if row is None or row["first"] is None else (row["first"], row["last"])


async def read_sold(read: Read, *, since: datetime, until: datetime) -> list[Sold]:
    """Read what happened from `since` on, before `until`, in the order of recording. One statement."""
    return [_sold(row) for row in await QUERIES.rows(read, "sold_between", since=since, until=until)]


def _sold(row: Record) -> Sold:
    return Sold(
        member=row["member_id"],
        activity=row["activity_id"],
        occurred_at=row["occurred_at"],
        store=row["store"],
        channel=row["channel"],
        origin=row["origin_id"] if row["kind"] == "return" else None,
        lines=read_lines(row["lines"] or b"[]"),
        discounts=read_discounts(row["discounts"] or b"[]"),
        returned=read_returned(row["returned"] or b"[]"),
    )

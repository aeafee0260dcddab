"""The only SQL of the sums; it reads, and never writes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.sql import parse

__all__ = ["QUERIES", "Sums", "list_waiting", "sum_up"]

FILE_NAME: Final = "sums.sql"
ROOM: Final = "regulars.kernel.ledger"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What moved points. Worth is in millionths of a minor unit; returns are taken off what their offers gave."""

    moved: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """By (month such as 2026-03, currency, kind of entry): points, signed as members see them."""
    owed: Counter[str] = field(default_factory=Counter[str])
    """By month: by how much what all outstanding points are worth changed."""
    points: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By (offer, currency), from a time on."""
    times: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    worth: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    values: Counter[UUID] = field(default_factory=Counter[UUID])
    """By member, from a time on."""


async def sum_up(read: Read, members: Sequence[UUID], *, since: datetime, until: datetime, zone: str) -> Sums:
    """Sum up what is of these members and before `until`; offers and members from `since` on. Three statements."""
    span = {"members": members, "until": until, "zone": zone}
    sums = Sums()
    for row in await QUERIES.rows(read, "moved", **span):
        sums.moved[row["month"], row["currency"], row["kind"]] = row["points"]
    for name in ("issued", "taken"):
        for row in await QUERIES.rows(read, name, **span, since=since):
            if row["month"] is not None:
                sums.owed[row["month"]] += row["worth"]
            elif row["member_id"] is not None:
                sums.values[row["member_id"]] += row["worth"]
            elif row["offer"] is not None:
                offer = row["offer"], row["currency"]
                sums.points[offer] += row["points"]
                sums.times[offer] += row["times"] if name == "issued" else 0
                sums.worth[offer] += row["worth"]
    return sums


async def list_waiting(read: Read, members: Sequence[UUID], *, until: datetime) -> set[UUID]:
    """List those of these members who have points of which something becomes due before a time."""
    return {row["member_id"] for row in await QUERIES.rows(read, "waiting", members=members, until=until)}

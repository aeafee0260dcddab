"""The only SQL of the room."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Tx
from regulars.features.daybook.model import Page
from regulars.kernel.spine import Place

__all__ = [
    "Flow",
    "OfferSum",
    "PlaceSum",
    "PointsSum",
    "VisitSum",
    "add_flows",
    "add_page",
    "clear",
    "find_place_read",
    "find_span",
    "find_standings",
    "list_flows",
    "list_newcomers",
    "list_offers",
    "list_points",
    "list_stores",
    "list_tiers",
    "list_visits",
    "move_reader",
    "put_standings",
    "sum_points_before",
    "take_reader",
]

ROWS_MAX: Final = 500
queries: Final = sql.load(__package__ or __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSum:
    """Who came in a period, how often, and what they paid."""

    active: int
    again: int
    """Of these, those who came on two days or more."""
    purchases: int
    sales_minor: int
    """Less what came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsSum:
    """Points of one kind on one day, as members see them."""

    day: date
    kind: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How many members went from one level to another on a day."""

    day: date
    trait: str
    before: str
    after: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSum:
    """What came of one store, or of the members of one level."""

    key: str
    members: int
    purchases: int
    sales_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSum:
    """What one offer gave."""

    key: str
    points: int
    times: int


async def take_reader(tx: Tx) -> Place | None:
    """Lock the place up to which the journal was read; None where somebody else has it."""
    row = await queries.row(tx, "take_reader")
    return None if row is None else Place(low=row["low"], high=row["high"], seq=row["seq"])


async def find_place_read(read: Read) -> Place:
    """Find the place up to which the journal was read."""
    row = await queries.row(read, "find_reader")
    assert row is not None, "it is there from the first migration on"
    return Place(low=row["low"], high=row["high"], seq=row["seq"])


async def move_reader(tx: Tx, place: Place) -> None:
    """Note how far the journal was read."""
    await queries.run(tx, "move_reader", low=place.low, high=place.high, seq=place.seq)


async def add_page(tx: Tx, page: Page) -> None:
    """Add the sums of a page: at most two statements."""
    visits = sorted({*page.purchases, *page.sales, *page.returned})
    if visits:
        await queries.run(
            tx,
            "add_visits",
            days=[day for day, _, _ in visits],
            members=[member for _, member, _ in visits],
            stores=[store for _, _, store in visits],
            purchases=[page.purchases[each] for each in visits],
            sales=[page.sales[each] for each in visits],
            returned=[page.returned[each] for each in visits],
        )
    entries = sorted(page.points)
    if entries:
        await queries.run(
            tx,
            "add_points",
            days=[each[0] for each in entries],
            currencies=[each[1] for each in entries],
            kinds=[each[2] for each in entries],
            offers=[each[3] for each in entries],
            stores=[each[4] for each in entries],
            points=[page.points[each] for each in entries],
            times=[page.times[each] for each in entries],
        )


async def find_standings(read: Read, members: Collection[UUID]) -> dict[tuple[UUID, str], str]:
    """Find the levels that members have: by member and trait."""
    rows = await queries.rows(read, "standings", members=list(members))
    return {(row["member_id"], row["trait"]): row["level"] for row in rows}


async def put_standings(tx: Tx, standings: Mapping[tuple[UUID, str], str]) -> None:
    """Write the levels that members have now."""
    places = sorted(standings)
    await queries.run(
        tx,
        "put_standings",
        members=[member for member, _ in places],
        traits=[trait for _, trait in places],
        levels=[standings[place] for place in places],
    )


async def add_flows(tx: Tx, flows: Mapping[tuple[date, str, str, str], int]) -> None:
    """Add how many members went from one level to another."""
    places = sorted(flows)
    await queries.run(
        tx,
        "add_flows",
        days=[each[0] for each in places],
        traits=[each[1] for each in places],
        befores=[each[2] for each in places],
        afters=[each[3] for each in places],
        members=[flows[each] for each in places],
    )


async def clear(tx: Tx) -> None:
    """Forget all sums, and begin anew at the start of the journal."""
    for name in ("clear_visits", "clear_points", "clear_standings", "clear_flows"):
        await queries.run(tx, name)
    await move_reader(tx, Place(low=0, high=0))


async def find_span(read: Read) -> tuple[date, date] | None:
    """Find the first and the last day on which somebody bought; None where nobody has."""
    row = await queries.row(read, "span")
    return None if row is None or row["first"] is None else (row["first"], row["last"])


async def list_visits(read: Read, periods: Sequence[tuple[date, date]]) -> dict[tuple[date, date], VisitSum]:
    """Sum visits by period (first day, first day after it); nothing where nobody came."""
    # A period that is named twice would be counted twice.
    asked = list(dict.fromkeys(periods))
    rows = await queries.rows(
        read, "sum_visits", firsts=[first for first, _ in asked], untils=[until for _, until in asked]
    )
    return {
        (row["first"], row["until"]): VisitSum(
            active=row["active"],
            again=row["again"],
            purchases=row["purchases"],
            sales_minor=row["paid_minor"],
        )
        for row in rows
    }


async def list_newcomers(read: Read, first: date, until: date) -> dict[date, int]:
    """Count members by the day on which they bought for the first time."""
    rows = await queries.rows(read, "sum_newcomers", first=first, until=until)
    return {row["day"]: row["members"] for row in rows}


async def list_points(read: Read, currency: str, first: date, until: date) -> list[PointsSum]:
    """Sum points of a currency by day and kind."""
    rows = await queries.rows(read, "sum_points", currency=currency, first=first, until=until)
    return [PointsSum(day=row["day"], kind=row["kind"], points=row["points"]) for row in rows]


async def sum_points_before(read: Read, currency: str, until: date) -> int:
    """Sum everything that came and went before a day: what members held when it began."""
    return int(await queries.value(read, "sum_points_before", currency=currency, until=until))


async def list_flows(read: Read, first: date, until: date) -> list[Flow]:
    """List how many members went from one level to another, by day."""
    return [
        Flow(day=row["day"], trait=row["trait"], before=row["before"], after=row["after"], members=row["members"])
        for row in await queries.rows(read, "sum_flows", first=first, until=until)
    ]


async def list_stores(read: Read, first: date, until: date) -> list[PlaceSum]:
    """Sum visits by store, the one that sold most first."""
    rows = await queries.rows(read, "by_store", first=first, until=until, most=ROWS_MAX)
    return [
        PlaceSum(key=row["key"], members=row["members"], purchases=row["purchases"], sales_minor=row["sales_minor"])
        for row in rows
    ]


async def list_tiers(read: Read, trait: str, first: date, until: date) -> list[PlaceSum]:
    """Sum visits by the level that members have now, the one that bought most first; empty for none."""
    rows = await queries.rows(read, "by_tier", trait=trait, first=first, until=until, most=ROWS_MAX)
    return [
        PlaceSum(key=row["key"], members=row["members"], purchases=row["purchases"], sales_minor=row["sales_minor"])
        for row in rows
    ]


async def list_offers(read: Read, currency: str, first: date, until: date) -> list[OfferSum]:
    """Sum what offers gave, the one that gave most first."""
    rows = await queries.rows(read, "by_offer", currency=currency, first=first, until=until, most=ROWS_MAX)
    return [OfferSum(key=row["key"], points=row["points"], times=row["times"]) for row in rows]

"""A shop's own history: what its journal publishes of sales, and its members as they are today."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

from regulars.base import clock
from regulars.base.db import Database, Read
from regulars.intelligence.history.books import read_books
from regulars.intelligence.history.model import LINES, History, build_history
from regulars.intelligence.history.told import read_told
from regulars.kernel import members, program
from regulars.kernel.activity.sold import Sold, read_sold, read_span
from regulars.kernel.nouns import Line

__all__ = ["read_shop"]

WINDOW: Final = timedelta(days=31)
"""Read at once: a year of a shop is too much for one answer."""
PAGE: Final = 10_000
PIECE_MILLI: Final = 1_000
FIRST: Final = UUID(int=0)
CAMPAIGN: Final = timedelta(weeks=4)
"""So long a letter is taken to be in force."""
DISCOUNTS: Final[Mapping[str, pl.DataType]] = {
    "offer": pl.String(),
    "member": pl.String(),
    "day": pl.Date(),
    "discount_minor": pl.Int64(),
    "times": pl.Int64(),
}
"""Columns of what offers took off prices."""
Columns = dict[str, list[Any]]
Taken = tuple[str, str, date]
"""Offer, member and day."""
Before = Mapping[UUID, tuple[Sold, ...]]


async def read_shop(database: Database) -> History:
    """Read everything that was sold, in one snapshot.

    What a merged member bought is that of the member who was kept. Erased members are gone, and so is what they
    bought; the lines are counted in `left_out`. Days are those of the programme's time zone, UTC where there is none.
    """
    async with database.snapshot() as read:
        people = await _list_members(read)
        document = await _read_terms(read)
        zone = "UTC" if document is None else ZoneInfo(document.time_zone).key
        kept = _follow_merges(people)
        sold, returned, gone = _open_columns(), _open_columns(), 0
        purchases: dict[UUID, tuple[Line, ...]] = {}
        taken, times = Counter[Taken](), Counter[Taken]()
        span = await read_span(read)
        since = span[0] if span is not None else datetime.max.replace(tzinfo=UTC)
        while span is not None and since <= span[1]:
            until = since + WINDOW
            for each in await read_sold(read, since=since, until=until):
                member = kept.get(each.member)
                if member is None:
                    gone += len(each.lines)
                elif each.origin is None:
                    purchases[each.activity] = each.lines
                    _add_sale(sold, each, member)
                    _add_discounts(taken, times, each, member, ZoneInfo(zone))
                else:
                    _add_return(returned, each, member, purchases.get(each.origin, ()))
            since = until
        now = await clock.now(read)
        last = (now if span is None else span[1]).astimezone(ZoneInfo(zone)).date()
        books = await read_books(read, kept, zone, last=last, until=now)
        told = await read_told(read, kept, document, zone, now)
    known = [person for person in people if person.state not in {"merged", "erased"}]
    history = build_history(
        _frame(sold, zone),
        pl.DataFrame(
            {"member": [str(person.id) for person in known], "at": [person.joined_at for person in known]},
            schema={"member": pl.String, "at": pl.Datetime("us", "UTC")},
        ).select("member", joined=pl.col("at").dt.convert_time_zone(zone).dt.date()),
        returns=_frame(returned, zone) if returned["member"] else None,
        currency="" if document is None else document.money,
        zone=zone,
        left_out={"erased member": gone} if gone else {},
    )
    campaigns, targets = _gather_letters(told.letters)
    return replace(
        history,
        points=books.points,
        given=books.given,
        levels=books.levels,
        trials=books.trials,
        assigned=books.assigned,
        answers=told.answers,
        rewards=told.rewards,
        campaigns=campaigns,
        targets=targets,
        discounts=pl.DataFrame(
            [(*key, minor, times[key]) for key, minor in taken.items()], schema=dict(DISCOUNTS), orient="row"
        ).sort(pl.all()),
    )


def _gather_letters(letters: pl.DataFrame) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Make campaigns of letters: each lasts four weeks from its last letter. None where nobody was written to."""
    if not letters.height:
        return None, None
    campaigns = letters.group_by("campaign").agg(
        kind=pl.lit(""), start=pl.col("day").min(), end=pl.col("day").max() + CAMPAIGN
    )
    return campaigns.sort("start", "campaign"), letters.select("campaign", "member").unique().sort(pl.all())


def _add_discounts(
    taken: Counter[tuple[str, str, date]],
    times: Counter[tuple[str, str, date]],
    sold: Sold,
    member: str,
    zone: ZoneInfo,
) -> None:
    day = sold.occurred_at.astimezone(zone).date()
    for offer, discount in sold.discounts:
        taken[offer, member, day] += discount.amount_minor
    # What is taken off several lines of one basket was given once.
    for offer in {offer for offer, _ in sold.discounts}:
        times[offer, member, day] += 1


async def _list_members(read: Read) -> list[members.Member]:
    found: list[members.Member] = []
    while page := await members.page(read, after=found[-1].id if found else FIRST, most=PAGE):
        found += page
    return found


async def _read_terms(read: Read) -> program.Document | None:
    """Find the programme that came into force last; None where there is none."""
    versions = await program.Versions().read(read)
    moment = versions.moment_at(datetime.max.replace(tzinfo=UTC))
    if moment is None or moment.main is None:
        return None
    return await program.read_document(read, moment.main.hash)


def _follow_merges(people: Iterable[members.Member]) -> Mapping[UUID, str]:
    """Say whose purchases count as whose; an erased member's are nobody's."""
    by_id = {person.id: person for person in people}
    kept: dict[UUID, str] = {}
    for person in by_id.values():
        last = person
        while last.merged_into is not None:
            last = by_id[last.merged_into]
        if last.state != "erased" and person.state != "erased":
            kept[person.id] = str(last.id)
    return kept


def _open_columns() -> Columns:
    return {name: [] for name in LINES if name != "day"}


def _frame(columns: Columns, zone: str) -> pl.DataFrame:
    schema = {name: kind for name, kind in LINES.items() if name != "day"}
    return pl.DataFrame(columns, schema=schema).with_columns(day=pl.col("at").dt.convert_time_zone(zone).dt.date())


def _add_sale(columns: Columns, sold: Sold, member: str) -> None:
    off: dict[int, int] = {}
    for _, discount in sold.discounts:
        off[discount.line] = off.get(discount.line, 0) + discount.amount_minor
    for number, line in enumerate(sold.lines, 1):
        _add(columns, sold, member, line, off=off.get(number, 0))


def _add_return(columns: Columns, sold: Sold, member: str, lines: tuple[Line, ...]) -> None:
    for back in sold.returned:
        if back.line <= len(lines):
            line = lines[back.line - 1]
            _add(
                columns,
                sold,
                member,
                Line(
                    sku=line.sku,
                    amount_minor=back.amount_minor,
                    quantity_milli=back.quantity_milli,
                    categories=line.categories,
                    brand=line.brand,
                ),
                off=0,
            )


def _add(columns: Columns, sold: Sold, member: str, line: Line, *, off: int) -> None:
    shelves = line.categories
    columns["member"].append(member)
    columns["basket"].append(str(sold.activity))
    columns["at"].append(sold.occurred_at)
    columns["store"].append(sold.store)
    columns["channel"].append(sold.channel)
    columns["sku"].append(line.sku)
    columns["department"].append(shelves[0] if shelves else "")
    # From broad to narrow: with two shelves the second is the category, and the finest of all is the type.
    columns["category"].append(shelves[min(1, len(shelves) - 1)] if shelves else "")
    columns["type"].append(shelves[-1] if shelves else "")
    columns["brand"].append(line.brand)
    # Pieces; what is weighed counts as one.
    is_pieces = line.quantity_milli % PIECE_MILLI == 0
    columns["quantity"].append(line.quantity_milli // PIECE_MILLI if is_pieces else 1)
    columns["paid_minor"].append(max(0, line.amount_minor - off))
    columns["discount_minor"].append(line.shelf_discount_minor + off)
    columns["coupon_minor"].append(line.coupon_discount_minor)

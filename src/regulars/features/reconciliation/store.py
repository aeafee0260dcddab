"""The only SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.reconciliation.model import Count, Day, Difference, FileSale, TillReport

__all__ = [
    "add_sales",
    "find_day",
    "forget_sales",
    "list_days",
    "lock_differences",
    "name_file",
    "note_compared",
    "open_day",
    "read_counts",
    "read_differences",
    "read_reports",
    "read_sales",
    "search_differences",
    "set_state",
    "write_differences",
    "write_report",
]

queries: Final = sql.load(__package__ or __name__)
SALE: Final = ("store", "day", "part", "number", "source", "id", "till", "kind", "occurred_at", "due_minor", "is_shown")


async def open_day(tx: Tx, *, store: str, day: date, since: datetime, until: datetime) -> Day:
    """Lock a day and answer it; make it where nobody told of it before."""
    row = await queries.row(tx, "open_day", store=store, day=day, since=since, until=until)
    assert row is not None
    return _day(row)


async def find_day(read: Read, store: str, day: date) -> Day | None:
    """Find a day."""
    row = await queries.row(read, "find_day", store=store, day=day)
    return None if row is None else _day(row)


async def list_days(
    read: Read, *, first: date, last: date, store: str, after: tuple[date, str], most: int
) -> list[Day]:
    """List days, oldest first: of one store, or of all."""
    rows = await queries.rows(
        read, "days", first=first, last=last, store=store, after_day=after[0], after_store=after[1], most=most
    )
    return [_day(row) for row in rows]


async def name_file(tx: Tx, day: Day, file: str) -> None:
    """Note which list of sales counts."""
    await queries.run(tx, "name_file", store=day.store, day=day.day, file=file)


async def note_compared(tx: Tx, day: Day, *, file_sales: int, ledger_sales: int, at: datetime) -> None:
    """Note when a day was compared, and how much there was."""
    await queries.run(
        tx,
        "note_compared",
        store=day.store,
        day=day.day,
        at=at,
        file_sales=file_sales,
        ledger_sales=ledger_sales,
    )


async def write_report(tx: Tx, day: Day, report: TillReport, *, at: datetime) -> None:
    """Write what a till counted, in the place of what it said before."""
    await queries.run(
        tx,
        "put_report",
        store=day.store,
        day=day.day,
        till=report.till,
        source=report.source,
        first_number=report.first,
        last_number=report.last,
        sales=report.count,
        gross_minor=report.gross_minor,
        due_minor=report.due_minor,
        at=at,
    )


async def read_reports(read: Read, day: Day) -> list[TillReport]:
    """Read what the tills of a day counted."""
    return [
        TillReport(
            till=row["till"],
            source=row["source"],
            first=row["first_number"],
            last=row["last_number"],
            count=row["sales"],
            gross_minor=row["gross_minor"],
            due_minor=row["due_minor"],
        )
        for row in await queries.rows(read, "reports", store=day.store, day=day.day)
    ]


async def forget_sales(tx: Tx, day: Day, *, part: int = 0) -> None:
    """Delete a part of a list of sales; 0: all of it."""
    await queries.run(tx, "forget_sales", store=day.store, day=day.day, part=part)


async def add_sales(tx: Tx, day: Day, part: int, sales: Sequence[FileSale]) -> None:
    """Write a part of a list of sales."""
    rows = [
        (
            day.store,
            day.day,
            part,
            number,
            sale.source,
            sale.id,
            sale.till,
            sale.kind,
            sale.occurred_at,
            sale.due_minor,
            sale.is_shown,
        )
        for number, sale in enumerate(sales, 1)
    ]
    await tx.copy("reconciliation", "sale", SALE, rows)


async def read_sales(read: Read, day: Day) -> list[FileSale]:
    """Read the list of sales of a day."""
    return [
        FileSale(
            source=row["source"],
            id=row["id"],
            till=row["till"],
            kind=row["kind"],
            occurred_at=row["occurred_at"],
            due_minor=row["due_minor"],
            is_shown=row["is_shown"],
        )
        for row in await queries.rows(read, "sales", store=day.store, day=day.day)
    ]


async def read_differences(tx: Tx, day: Day) -> dict[UUID, Difference]:
    """Lock every difference of a day, whatever became of it, in the order of their ids."""
    rows = await queries.rows(tx, "differences", store=day.store, day=day.day)
    return {row["id"]: _difference(row) for row in rows}


async def search_differences(
    read: Read,
    *,
    first: date,
    last: date,
    states: Sequence[str],
    store: str,
    owner: str,
    after: tuple[date, UUID],
    most: int,
) -> list[Difference]:
    """List differences of days, oldest day first."""
    rows = await queries.rows(
        read,
        "list_differences",
        first=first,
        last=last,
        states=list(states),
        store=store,
        owner=owner,
        after_day=after[0],
        after=after[1],
        most=most,
    )
    return [_difference(row) for row in rows]


async def lock_differences(tx: Tx, ids: Collection[UUID]) -> list[Difference]:
    """Lock differences, in the order of their ids, and answer those that there are."""
    return [_difference(row) for row in await queries.rows(tx, "lock_differences", ids=list(ids))]


async def write_differences(tx: Tx, day: Day, differences: Sequence[Difference]) -> None:
    """Write differences of a day, new and changed ones. One statement; none for none."""
    if not differences:
        return
    await queries.run(
        tx,
        "put_differences",
        store=day.store,
        day=day.day,
        ids=[each.id for each in differences],
        kinds=[each.kind for each in differences],
        tills=[each.till for each in differences],
        sources=[each.source for each in differences],
        names=[each.name for each in differences],
        expecteds=[each.expected_minor for each in differences],
        ledgers=[each.ledger_minor for each in differences],
        amounts=[each.amount_minor for each in differences],
        details=[each.detail for each in differences],
        states=[each.state for each in differences],
        owners=[each.owner for each in differences],
        notes=[each.note for each in differences],
        founds=[each.found_at for each in differences],
        changeds=[each.changed_at for each in differences],
    )


async def set_state(tx: Tx, ids: Collection[UUID], *, state: str, owner: str, note: str, at: datetime) -> None:
    """Write what was decided of differences. One statement."""
    await queries.run(tx, "decide", ids=list(ids), state=state, owner=owner, note=note, at=at)


async def read_counts(read: Read, *, first: date, last: date, store: str) -> dict[tuple[str, date], list[Count]]:
    """Count differences by kind and state, by (store, day)."""
    found: dict[tuple[str, date], list[Count]] = {}
    for row in await queries.rows(read, "counts", first=first, last=last, store=store):
        count = Count(
            kind=row["kind"],
            state=row["state"],
            differences=row["differences"],
            amount_minor=row["amount_minor"],
        )
        found.setdefault((row["store"], row["day"]), []).append(count)
    return found


def _day(row: Record) -> Day:
    return Day(
        store=row["store"],
        day=row["day"],
        since=row["since"],
        until=row["until"],
        file=row["file"],
        compared_at=row["compared_at"],
        file_sales=row["file_sales"],
        ledger_sales=row["ledger_sales"],
    )


def _difference(row: Record) -> Difference:
    return Difference(
        id=row["id"],
        store=row["store"],
        day=row["day"],
        kind=row["kind"],
        till=row["till"],
        source=row["source"],
        name=row["name"],
        expected_minor=row["expected_minor"],
        ledger_minor=row["ledger_minor"],
        amount_minor=row["amount_minor"],
        detail=row["detail"],
        state=row["state"],
        owner=row["owner"],
        note=row["note"],
        found_at=row["found_at"],
        changed_at=row["changed_at"],
    )

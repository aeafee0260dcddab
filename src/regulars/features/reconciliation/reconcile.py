"""A day is told of, compared, and looked after until each of its differences has come to an end."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from regulars.base.db import Read, Tx
from regulars.features.reconciliation.compare import Lists, compare, name_wanted
from regulars.features.reconciliation.model import (
    NUMBERS_MAX,
    OPEN_STATES,
    PARTS_MAX,
    ROWS_MAX,
    Count,
    Day,
    DayInvalid,
    DayReport,
    DayUnknown,
    DecisionInvalid,
    Difference,
    DifferenceUnknown,
    FileSale,
    Found,
    ReportInvalid,
    SaleListInvalid,
    State,
    TillReport,
)
from regulars.features.reconciliation.store import (
    add_sales,
    find_day,
    forget_sales,
    lock_differences,
    name_file,
    note_compared,
    open_day,
    read_counts,
    read_differences,
    read_reports,
    read_sales,
    set_state,
    write_differences,
    write_report,
)
from regulars.kernel.activity import sales as journal

__all__ = ["decide", "list_sales", "reconcile", "report_till", "show_day"]

NAMES: Final = UUID("0198a6a2-6f4b-7c11-9a58-4c1d7c0f5a3e")
"""From which differences get their ids."""
YEARS: Final = (2000, 2200)
OWNER_MAX: Final = 200
NOTE_MAX: Final = 1_000


async def report_till(tx: Tx, report: TillReport, *, store: str, day: date, zone: ZoneInfo, at: datetime) -> TillReport:
    """Take down what a till counted on a day. Told again, the later word counts. Raises ReportInvalid."""
    numbers = report.last - report.first + 1 if report.last else 0
    if (report.first == 0) != (report.last == 0) or report.first > report.last or numbers > NUMBERS_MAX:
        message = f"A till counts from its first to its last number, at most {NUMBERS_MAX}; both are 0 for nothing."
        raise ReportInvalid(message, first=report.first, last=report.last)
    if report.count > numbers:
        message = f"From {report.first} to {report.last} there is no room for {report.count} sales."
        raise ReportInvalid(message, count=report.count)
    await write_report(tx, await _open(tx, store, day, zone), report, at=at)
    return report


async def list_sales(
    tx: Tx, sales: Sequence[FileSale], *, store: str, day: date, zone: ZoneInfo, file: str, part: int = 1
) -> None:
    """Take a part of a list of sales. The same part again takes its own place, another `file` that of the whole list.

    Raises SaleListInvalid.
    """
    if not 1 <= part <= PARTS_MAX or len(sales) > ROWS_MAX:
        raise SaleListInvalid(f"A list has at most {PARTS_MAX} parts, each of at most {ROWS_MAX} sales.", part=part)
    if not file:
        raise SaleListInvalid("A list of sales has a name, so that the next one can be told from it.")
    opened = await _open(tx, store, day, zone)
    if opened.file != file:
        await forget_sales(tx, opened)
        await name_file(tx, opened, file)
    await forget_sales(tx, opened, part=part)
    await add_sales(tx, opened, part, sales)


async def reconcile(tx: Tx, *, store: str, day: date, zone: ZoneInfo, at: datetime) -> DayReport:
    """Compare a day, and write what became of its differences. As often as one likes: what was decided stays.

    What is no longer different (a queue was uploaded late) is fixed by itself; what was fixed and differs again, or was
    decided and has other amounts now, is found again.
    """
    opened = await _open(tx, store, day, zone)
    ledger = await journal.read_sales(tx, store, since=opened.since, until=opened.until)
    lists = Lists(
        reports=await read_reports(tx, opened),
        file=await read_sales(tx, opened) if opened.file else None,
        ledger=ledger,
    )
    elsewhere = await journal.name_sales(tx, name_wanted(lists))
    lists = Lists(reports=lists.reports, file=lists.file, ledger=ledger, elsewhere=elsewhere)
    known = await read_differences(tx, opened)
    await write_differences(tx, opened, settle(known, compare(lists), opened, at=at))
    await note_compared(tx, opened, file_sales=len(lists.file or ()), ledger_sales=len(ledger), at=at)
    return await show_day(tx, store, day)


def settle(known: Mapping[UUID, Difference], found: Sequence[Found], day: Day, *, at: datetime) -> list[Difference]:
    """Say what becomes of differences: those to write."""
    told = {each.id: each for each in (_name(one, day, at) for one in found)}
    changed: list[Difference] = []
    for difference in told.values():
        before = known.get(difference.id)
        if before is None:
            changed.append(difference)
            continue
        is_same = _facts(before) == _facts(difference)
        if is_same and before.state != "auto_fixed":
            continue
        is_open = before.state in OPEN_STATES
        state = before.state if is_open else difference.state
        changed.append(replace(difference, state=state, owner=before.owner, note=before.note, found_at=before.found_at))
    changed += [
        replace(before, state="auto_fixed", changed_at=at)
        for before in known.values()
        if before.id not in told and before.state in OPEN_STATES
    ]
    return changed


async def decide(
    tx: Tx, ids: Collection[UUID], *, state: State, owner: str, note: str, at: datetime
) -> list[Difference]:
    """Give differences to somebody, accept them as lost, or call them resolved: all of them, or none.

    Raises DifferenceUnknown, DecisionInvalid.
    """
    if state not in {"assigned", "accepted_loss", "resolved"}:
        raise DecisionInvalid("People assign differences, accept a loss, or resolve them.", state=state)
    if not 1 <= len(owner) <= OWNER_MAX or len(note) > NOTE_MAX or "\0" in owner + note:
        raise DecisionInvalid(f"A difference has an owner of 1 to {OWNER_MAX} characters, and a note up to {NOTE_MAX}.")
    if state != "assigned" and not note.strip():
        raise DecisionInvalid("Whoever ends a difference says why, in a note.", state=state)
    found = await lock_differences(tx, ids)
    if missing := sorted(set(ids) - {each.id for each in found}):
        raise DifferenceUnknown(f"There is no difference {missing[0]}.", difference=str(missing[0]))
    await set_state(tx, ids, state=state, owner=owner, note=note, at=at)
    return [replace(each, state=state, owner=owner, note=note, changed_at=at) for each in found]


async def show_day(read: Read, store: str, day: date) -> DayReport:
    """Tell how a day stands. Raises DayUnknown."""
    found = await find_day(read, store, day)
    if found is None:
        message = f"Nothing was told of {day.isoformat()} in the store {store!r} yet."
        raise DayUnknown(message, store=store, day=day.isoformat())
    counts = await read_counts(read, first=day, last=day, store=store)
    return sum_up(found, await read_reports(read, found), counts.get((store, day), ()))


def sum_up(day: Day, reports: Sequence[TillReport], counts: Sequence[Count]) -> DayReport:
    """Put a day's report together."""
    unowned = sum(each.differences for each in counts if each.state == "found")
    return DayReport(
        day=day,
        reports=tuple(reports),
        counts=tuple(counts),
        unowned=unowned,
        owned=sum(each.differences for each in counts if each.state == "assigned"),
        lost_minor=sum(each.amount_minor for each in counts if each.state == "accepted_loss"),
        is_settled=day.compared_at is not None and unowned == 0,
    )


async def _open(tx: Tx, store: str, day: date, zone: ZoneInfo) -> Day:
    """Lock a day. Raises DayInvalid."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        message = f"{day.isoformat()} is not within the years {YEARS[0]} to {YEARS[1]}."
        raise DayInvalid(message, day=day.isoformat())
    since = datetime.combine(day, time(), tzinfo=zone)
    until = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return await open_day(tx, store=store, day=day, since=since, until=until)


def _name(found: Found, day: Day, at: datetime) -> Difference:
    name = json.dumps([day.store, day.day.isoformat(), found.kind, found.source, found.name])
    return Difference(
        id=uuid5(NAMES, name),
        store=day.store,
        day=day.day,
        kind=found.kind,
        till=found.till,
        source=found.source,
        name=found.name,
        expected_minor=found.expected_minor,
        ledger_minor=found.ledger_minor,
        amount_minor=found.amount_minor,
        detail=found.detail,
        # The house bore it on purpose, so that the sale could go on.
        state="accepted_loss" if found.kind == "loss" else "found",
        owner="",
        note="",
        found_at=at,
        changed_at=at,
    )


def _facts(difference: Difference) -> tuple[object, ...]:
    return (
        difference.expected_minor,
        difference.ledger_minor,
        difference.amount_minor,
        difference.detail,
        difference.till,
    )

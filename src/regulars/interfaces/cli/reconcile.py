"""`regulars reconcile`: whether tills, their files and the ledger tell of a day the same."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Database, Tx
from regulars.features import estate, reconciliation
from regulars.features.reconciliation import DayReport, ListedSale
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Line

__all__ = ["reconcile"]

RECORDED_AT_ONCE: Final = 256
SHOWN_MAX: Final = 40
FIRST: Final = date(1, 1, 1)
SKU: Final = "unlisted"
"""Of a sale whose list tells no lines."""

Store = Annotated[str, typer.Option(help="The store.")]
Date = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The store's business day.")]
Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]


def reconcile(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="The list of sales, as CSV or NDJSON.")
    ] = None,
    *,
    store: Store,
    on: Date,
    source: Annotated[str, typer.Option(help="Of sales that name none. [default: till/STORE]")] = "",
    record_missing: Annotated[
        bool, typer.Option("--record-missing", help="Record what the list has with a member and the ledger has not.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare a day: with a new list of sales, or with the one that is there. As often as you like.

    Columns of the list: id, occurred_at, due_minor, and as far as known till, source, kind (purchase or return) and
    member (`card:123`, an id, or yes). What was decided stays; what has come meanwhile is fixed by itself.

    Example:  `regulars reconcile tlog.csv --store 367 --date 2026-03-01`
    """
    settings = read_settings(context)
    named = source or estate.default_source(store)
    if record_missing and file is None:
        raise typer.BadParameter("Who was shown stands in the list only: name it.", param_hint="--record-missing")

    async def work() -> tuple[DayReport, list[spine.Outcome]]:
        async with open_house(settings) as (database, house):
            if file is not None:
                await _take_list(database, house, file, store=store, on=on.date(), source=named)
            report = await _compare(database, house, store=store, on=on.date())
            if file is None or not record_missing:
                return report, []
            wanted = await _find_missing(database, store=store, on=on.date())
            outcomes = await _record(
                database, house, _name(reconciliation.open_list(file, source=named), wanted, store)
            )
            return await _compare(database, house, store=store, on=on.date()), outcomes

    report, outcomes = run(work())
    if outcomes:
        refused = [each.refusal for each in outcomes if each.refusal is not None]
        say().print(f"{format_count(len(outcomes) - len(refused))} recorded, {format_count(len(refused))} refused.")
        for refusal in refused[:SHOWN_MAX]:
            say().print(f"  {refusal.code}: {refusal.detail}", soft_wrap=True)
    if json:
        print_json(report)
        return
    _show(report)


async def _take_list(database: Database, house: spine.House, file: Path, *, store: str, on: date, source: str) -> None:
    """Take a list part by part: of what is read, no more than a part is ever held. All of it, or none."""
    with file.open("rb") as content:
        digest = sha256()
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    called = f"{file.name[:100]} {digest.hexdigest()[:16]} {source}"

    async def take(tx: Tx) -> None:
        zone = await estate.zone_of(tx, house.versions, store, at=await clock.now(tx))
        rows = (each.sale for each in reconciliation.open_list(file, source=source))
        part = 0
        while sales := list(islice(rows, reconciliation.ROWS_MAX)):
            part += 1
            await reconciliation.list_sales(tx, sales, store=store, day=on, zone=zone, file=called, part=part)

    await database.run(take)


async def _compare(database: Database, house: spine.House, *, store: str, on: date) -> DayReport:
    async def compare(tx: Tx) -> DayReport:
        at = await clock.now(tx)
        zone = await estate.zone_of(tx, house.versions, store, at=at)
        return await reconciliation.reconcile(tx, store=store, day=on, zone=zone, at=at)

    return await database.run(compare)


async def _find_missing(database: Database, *, store: str, on: date) -> set[tuple[str, str]]:
    async with database.snapshot() as read:
        found = await reconciliation.search_differences(
            read,
            first=on,
            last=on,
            states=reconciliation.OPEN_STATES,
            store=store,
            owner="",
            after=(FIRST, UUID(int=0)),
            most=reconciliation.ROWS_MAX * reconciliation.PARTS_MAX,
        )
    return {(each.source, each.name) for each in found if each.kind == "missing_in_ledger"}


def _name(rows: Iterable[ListedSale], wanted: set[tuple[str, str]], store: str) -> Iterator[Activity]:
    """Make activities of sales that are missing and whose member the list names. Returns are for people to judge."""
    for row in rows:
        sale = row.sale
        if (sale.source, sale.id) in wanted and row.member is not None and sale.kind == "purchase":
            wanted.remove((sale.source, sale.id))
            yield Activity(
                id=sale.id,
                source=sale.source,
                kind="purchase",
                occurred_at=sale.occurred_at,
                member=row.member,
                store=store,
                lines=row.lines or (Line(sku=SKU, amount_minor=sale.due_minor),),
            )


async def _record(database: Database, house: spine.House, facts: Iterator[Activity]) -> list[spine.Outcome]:
    outcomes: list[spine.Outcome] = []
    while batch := list(islice(facts, RECORDED_AT_ONCE)):
        outcomes += await spine.record(database, house, batch)
    return outcomes


def _show(report: DayReport) -> None:
    at = report.day
    speak().print(
        f"{at.store}, {at.day.isoformat()}: {format_count(len(report.reports))} tills told,"
        f" {format_count(at.file_sales)} sales listed, {format_count(at.ledger_sales)} in the ledger.",
        soft_wrap=True,
    )
    if report.counts:
        table = Table("What", "State", "Differences", "At stake")
        for each in report.counts:
            row = (format_count(each.differences), format_count(each.amount_minor))
            table.add_row(each.kind, each.state, *row)
        speak().print(table)
    speak().print(
        f"Open differences: {format_count(report.unowned)} without an owner, {format_count(report.owned)} owned."
        f" {'The day is settled.' if report.is_settled else 'The day is not settled.'}",
        soft_wrap=True,
    )

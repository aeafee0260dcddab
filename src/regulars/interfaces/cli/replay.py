"""`regulars replay`: activities from a file, as of their own time."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import format_count, format_duration, print_json, say, watch
from regulars.interfaces.cli.feed import Broken
from regulars.interfaces.cli.files import ActivityFile
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.postgres import gather_statistics
from regulars.interfaces.cli.recording import BATCH_SIZE, Tally
from regulars.interfaces.cli.recording import replay as record_all

__all__ = ["RowsRefused", "replay", "show_tally"]


BULK: Final = 10_000
"""Activities recorded at once after which PostgreSQL's own idea of its tables is out of date."""


class RowsRefused(Refusal):
    """Some rows of a replayed file were refused; all others are recorded."""

    code, kind = "rows_refused", "invalid"


class Refused(Struct, frozen=True, kw_only=True):
    """A refused row, for machines."""

    line: int
    code: str
    detail: str


class Replayed(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    file: str
    recorded: int
    repeated: int
    refused: int
    seconds: float
    per_second: int
    first_refused: list[Refused]


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .parquet, .csv, .ndjson or .jsonl file.", show_default=False)],
    *,
    source: Annotated[str, typer.Option(help="The system that rows come from which name none.")] = "",
    batch: Annotated[int, typer.Option(min=1, max=5000, help="Activities in one transaction.")] = BATCH_SIZE,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version at the end.")] = False,
) -> None:
    """Record the activities of a file, each at its own time.

    An activity is named by its source and id: what is there already changes nothing, so a replay that was cut short
    is simply run again.

    **NDJSON**: an activity per line, as `POST /v1/activities` takes it.

    **CSV, Parquet**: a row for each line of a basket; rows that follow each other with one `id` are one activity.
    Needed: `id`, `occurred_at` (with its zone), `member` (an id, or card:123). Of a line: `sku`, `amount_minor`,
    `quantity_milli`, `categories` (broad > narrow), `brand`, `shelf_discount_minor`, `coupon_discount_minor`. For a
    return: `origin`, `returned_line`, `returned_amount_minor`, `returned_quantity_milli`. And: `source`, `kind` (else
    purchase), `store`, `channel`, `ask`, `data` (JSON).

    Files up to 64 MB are put in time order; larger ones must come in it.

    Example:  `regulars replay purchases.csv --source till`
    """
    settings = read_settings(context)
    feed = ActivityFile.open(file, source=source)
    tally = Tally()

    async def work() -> None:
        async with open_house(settings) as (database, house):
            with watch(file.name, feed.total, feed.unit) as advance:
                await record_all(database, house, feed, tally, advance, size=batch)
            if tally.recorded >= BULK:
                await asyncio.to_thread(gather_statistics, settings)

    try:
        run(work())
    except (Refusal, KeyboardInterrupt, asyncio.CancelledError):
        say().print(f"Stopped after {format_count(tally.total)}; {_describe(tally)} What is recorded stays recorded.")
        raise
    if json:
        print_json(_summarise(file, tally))
    else:
        show_tally(tally)
    if tally.refused:
        raise RowsRefused(f"{format_count(tally.refused)} were refused. Mend those rows and run this again.")


def show_tally(tally: Tally) -> None:
    """Say what became of the activities; the first refused ones with their line."""
    console = say()
    console.print(_describe(tally))
    console.print(f"{format_duration(tally.seconds)}, {format_count(tally.rate)} per second.")
    for broken in tally.first_refused:
        console.print(f"  line {broken.line}: {broken.refusal.detail} [{broken.refusal.code}]", soft_wrap=True)
    if tally.refused > len(tally.first_refused):
        console.print(f"  ... and {format_count(tally.refused - len(tally.first_refused))} more.")


def _describe(tally: Tally) -> str:
    if tally.repeated and not tally.recorded:
        said = f"nothing changed: {format_count(tally.repeated)} were already there"
    else:
        said = f"{format_count(tally.recorded)} recorded, {format_count(tally.repeated)} were already there"
    return f"{said[0].upper()}{said[1:]}, {format_count(tally.refused)} refused."


def _summarise(file: Path, tally: Tally) -> Replayed:
    def tell(broken: Broken) -> Refused:
        return Refused(line=broken.line, code=broken.refusal.code, detail=broken.refusal.detail)

    return Replayed(
        file=file.name,
        recorded=tally.recorded,
        repeated=tally.repeated,
        refused=tally.refused,
        seconds=round(tally.seconds, 3),
        per_second=tally.rate,
        first_refused=[tell(broken) for broken in tally.first_refused],
    )

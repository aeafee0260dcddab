"""`regulars check`: proof that the books are right."""

from collections.abc import Mapping
from types import ModuleType
from typing import Annotated, Final

import typer
from msgspec import Struct
from rich.table import Table

from regulars import features
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.plugs import find_plugs
from regulars.interfaces.cli.console import format_count, format_duration, listen, print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run
from regulars.kernel.spine.check import Proof, Report

__all__ = ["BooksWrong", "check", "check_books", "find_proofs", "show_report"]


LANES: Final = 2
"""Proofs that go on side by side."""
PROOF_SECONDS_MAX: Final = 6 * 3600
"""For one proof, which reads whole tables: what a statement may take elsewhere is not enough for a large shop."""


class BooksWrong(Refusal):
    """The check found rows that contradict each other."""

    code, kind = "books_wrong", "conflict"


class Checked(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    sound: bool
    seconds: float
    seconds_by_step: Mapping[str, float]
    rows: Mapping[str, int]
    faults: list[dict[str, str]]
    left_out: tuple[str, ...]


def check(
    context: typer.Context,
    *,
    most: Annotated[int, typer.Option(min=1, max=1000, help="Faults shown of each kind.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """Prove that the books are right: every entry adds up, every receipt is what was booked.

    Looks at one moment of the database, also while others write. Ends with status 1 when something is wrong.

    Example:  `regulars check --json > check.json`
    """
    settings = read_settings(context)

    async def look() -> Report:
        async with open_database(settings) as database:
            return await check_books(database, most=most)

    report = run(look())
    if json:
        print_json(summarise(report))
    else:
        show_report(report)
    if report.faults:
        raise BooksWrong("The books are not right. Keep a backup of this database before anything else is done.")


async def check_books(database: Database, *, most: int = 20) -> Report:
    """Check on one snapshot, telling a person at a terminal what is looked at."""
    from regulars.kernel.spine.check import check as examine

    console, more = say(), find_proofs(features)
    async with database.snapshots(LANES, statement_seconds_max=PROOF_SECONDS_MAX) as (read, *beside):
        if not listen():
            return await examine(read, most=most, more=more, beside=beside)
        with console.status("Checking the books") as status:
            return await examine(
                read,
                most=most,
                progress=lambda step, share: status.update(f"Checking the books: {step} ({share:.0%})"),
                more=more,
                beside=beside,
            )


def find_proofs(package: ModuleType) -> Mapping[str, Proof]:
    """Find what features prove of themselves: `prove` in a feature's `proofs.py`, by the feature's name."""
    return {room: plug.prove for room, plug in find_plugs(package, "proofs").items()}


def summarise(report: Report) -> Checked:
    """Make the machine's version."""
    return Checked(
        sound=not report.faults,
        seconds=round(report.elapsed, 3),
        seconds_by_step={step: round(taken, 3) for step, taken in report.seconds.items()},
        rows=report.rows,
        faults=[{"code": fault.code, "rule": fault.rule, "sentence": fault.sentence} for fault in report.faults],
        left_out=report.left_out,
    )


def show_report(report: Report) -> None:
    """Print what was found, and how much was looked at."""
    console = speak()
    seconds = format_duration(report.elapsed)
    rows = format_count(sum(report.rows.values()))
    if not report.faults:
        console.print(
            f"The books are right: {len(report.seconds)} proofs over {rows} rows in {seconds}.", style="green"
        )
        return
    table = Table("Rule", "Code", "What is wrong", title=f"{len(report.faults)} faults in {rows} rows")
    for fault in report.faults:
        table.add_row(fault.rule, fault.code, fault.sentence)
    console.print(table)
    for words in report.left_out:
        console.print(f"Not looked at: {words}")

"""`regulars fraud`: look through the journal now, and list what looks like fraud."""

from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Column, Table

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.base.open import open_database
from regulars.features import fraud
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app"]

app = typer.Typer(
    name="fraud",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="What looks like fraud: look through the journal, and list the cases.",
)

LISTED_MAX: Final = 500
FIRST: Final = (101, UUID(int=2**128 - 1))


@app.command()
def look(context: typer.Context) -> None:
    """Look through what was recorded since the last look, however long ago. `regulars worker` does it all the time.

    Example:  `regulars fraud look`
    """
    settings = read_settings(context)

    async def work() -> tuple[int, int]:
        async with open_house(settings) as (database, house):

            async def page(tx: Tx) -> int:
                return await fraud.look(tx, new_id=house.new_id, at=await clock.now(tx))

            read = 0
            while count := await database.run(page):
                read += count
            async with database.snapshot() as view:
                return read, len(await _list(view))

    read, cases = run(work())
    say().print(f"{format_count(read)} activities were read. Cases that wait for somebody: {format_count(cases)}.")


@app.command("cases")
def list_all(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """List the cases that wait for somebody, what weighs most first; at most 500.

    Example:  `regulars fraud cases`
    """
    settings = read_settings(context)

    async def work() -> list[fraud.FraudCase]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await _list(read)

    found = run(work())
    if json:
        print_json(found)
        return
    if not found:
        say().print("Nothing waits.")
        return
    table = Table(
        "Score",
        Column("Rule", no_wrap=True),
        Column("Subject", overflow="fold"),
        "Counted",
        "State",
        Column("Case", no_wrap=True),
    )
    for each in found:
        table.add_row(str(each.score), each.rule, each.subject, format_count(each.measured), each.state, str(each.id))
    speak().print(table)


async def _list(read: Read) -> list[fraud.FraudCase]:
    return await fraud.list_cases(
        read, states=("open", "frozen"), assigned="", member=None, after=FIRST, most=LISTED_MAX
    )

"""`regulars differences`: what differed between tills, their files and the ledger, and what became of it."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features import reconciliation
from regulars.features.reconciliation import Difference
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app"]

FIRST: Final = date(1, 1, 1)
LAST: Final = date(9999, 12, 31)

app = typer.Typer(
    name="differences",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="What reconciliation found: list, assign, accept, export.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Since = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First day.")]
Until = Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day.")]
Some = Annotated[str, typer.Option("--store", help="Of this store only.")]
Everything = Annotated[bool, typer.Option("--all", help="Those that have come to an end, too.")]


@app.command("list")
def list_differences(
    context: typer.Context,
    *,
    store: Some = "",
    since: Since = None,
    until: Until = None,
    owner: Annotated[str, typer.Option(help="Of this owner only.")] = "",
    everything: Everything = False,
    json: Json = False,
) -> None:
    """List differences that are open: found, or assigned to somebody.

    Example:  `regulars differences list --store 367 --owner "Ann Li"`
    """
    found = _search(context, store=store, owner=owner, days=(since, until), everything=everything, most=1000)
    if json:
        print_json(found)
        return
    if not found:
        say().print("There are no such differences.")
        return
    table = Table("Id", "Day", "Store", "What", "Name", "At stake", "State", "Owner")
    for each in found:
        cells = (str(each.id), each.day.isoformat(), each.store, each.kind, each.name)
        table.add_row(*cells, format_count(each.amount_minor), each.state, each.owner)
    speak().print(table)


@app.command()
def decide(
    context: typer.Context,
    differences: Annotated[list[UUID], typer.Argument(help="Ids; `regulars differences list` shows them.")],
    *,
    state: Annotated[str, typer.Option(help="assigned, accepted_loss or resolved.")],
    owner: Annotated[str, typer.Option(help="Who looks after them, or answers for them.")],
    note: Annotated[str, typer.Option(help="Why. Needed unless they are assigned.")] = "",
) -> None:
    """Assign differences, accept them as lost, or call them resolved: all of them, or none.

    Example:  `regulars differences decide 0198a6a2-6f4b-7c11-9a58-4c1d7c0f5a3e --state assigned --owner "Ann Li"`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> int:
        chosen: reconciliation.State = "assigned"
        if state in {"accepted_loss", "resolved"}:
            chosen = "accepted_loss" if state == "accepted_loss" else "resolved"
        elif state != "assigned":
            raise reconciliation.DecisionInvalid(f"{state[:40]!r} is not assigned, accepted_loss or resolved.")
        at = await clock.now(tx)
        return len(await reconciliation.decide(tx, set(differences), state=chosen, owner=owner, note=note, at=at))

    async def work() -> int:
        async with open_house(settings) as (database, _):
            return await database.run(write)

    say().print(f"{format_count(run(work()))} differences are {state.replace('_', ' ')}: {owner}.")


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write to: a CSV file.")],
    *,
    store: Some = "",
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
) -> None:
    """Export differences as CSV. A text that a spreadsheet would run gets an apostrophe before it.

    Example:  `regulars differences export differences.csv --since 2026-03-01 --until 2026-03-31 --all`
    """
    found = _search(context, store=store, owner="", days=(since, until), everything=everything, most=1_000_000)
    file.write_text(reconciliation.write_csv(found), encoding="utf-8", newline="")
    say().print(f"{format_count(len(found))} differences written to {file}.", soft_wrap=True)


def _search(
    context: typer.Context,
    *,
    store: str,
    owner: str,
    days: tuple[datetime | None, datetime | None],
    everything: bool,
    most: int,
) -> list[Difference]:
    settings = read_settings(context)
    since, until = days

    async def work() -> list[Difference]:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await reconciliation.search_differences(
                read,
                first=FIRST if since is None else since.date(),
                last=LAST if until is None else until.date(),
                states=reconciliation.STATES if everything else reconciliation.OPEN_STATES,
                store=store,
                owner=owner,
                after=(FIRST, UUID(int=0)),
                most=most,
            )

    return run(work())

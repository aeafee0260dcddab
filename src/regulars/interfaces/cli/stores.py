"""`regulars stores`: the stores of the house, and those that only sales know of."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.open import open_database
from regulars.features import estate
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["app"]

app = typer.Typer(
    name="stores",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Stores: register, import, list; and those that sales name and nobody registered.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Zone = Annotated[str, typer.Option(help="Time zone, such as Asia/Shanghai: the store's day ends by it.")]


@app.command()
def put(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="As sales name it.")],
    *,
    time_zone: Zone,
    name: Annotated[str, typer.Option(help="Its name in English.")] = "",
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")] = "",
    region: Annotated[str, typer.Option(help="Where it is.")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="It does not sell any more.")] = False,
) -> None:
    """Register a store, or change what is known of it.

    Example:  `regulars stores put 367 --name "West Lake" --name-zh 西湖店 --time-zone Asia/Shanghai`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> None:
        at = await clock.now(tx)
        told = estate.Store(
            id=store,
            name_en=name,
            name_zh=name_zh,
            region=region,
            time_zone=time_zone,
            is_open=not closed,
            changed_at=at,
        )
        await estate.put_stores(tx, [told], at=at)

    async def work() -> None:
        async with open_database(settings) as database:
            await database.run(write)

    run(work())
    say().print(f"The store {store} is registered.")


@app.command("import")
def import_list(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV with the column id, and name_en, name_zh, region, time_zone, open."
        ),
    ],
    *,
    time_zone: Annotated[str, typer.Option(help="Time zone of stores that name none.")] = "UTC",
) -> None:
    """Register the stores of a list, all or none. Stores that it does not name stay as they are.

    Example:  `regulars stores import stores.csv --time-zone Asia/Shanghai`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> int:
        at = await clock.now(tx)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            stores = estate.read_list(lines, time_zone=time_zone, at=at)
        await estate.put_stores(tx, stores, at=at)
        return len(stores)

    async def work() -> int:
        async with open_database(settings) as database:
            return await database.run(write)

    say().print(f"{format_count(run(work()))} stores are registered.")


@app.command("list")
def list_all(context: typer.Context, *, json: Json = False) -> None:
    """List the stores that are registered."""
    settings = read_settings(context)

    async def work() -> list[estate.Store]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await estate.list_stores(read, most=estate.STORES_MAX)

    found = run(work())
    if json:
        print_json(found)
        return
    table = Table("Store", "Name", "中文", "Region", "Time zone", "State")
    for each in found:
        state = "open" if each.is_open else "closed"
        table.add_row(each.id, each.name_en, each.name_zh, each.region, each.time_zone, state)
    speak().print(table)


@app.command()
def unknown(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back.")] = 7,
    json: Json = False,
) -> None:
    """List stores and channels that activities name and nobody registered. Their sales are taken all the same.

    Example:  `regulars stores unknown --days 30`
    """
    settings = read_settings(context)

    async def work() -> list[estate.Unregistered]:
        async with open_database(settings) as database, database.snapshot() as read:
            now = await clock.now(read)
            return await estate.list_unknown(read, since=now - timedelta(days=days), until=now + timedelta(days=1))

    found = run(work())
    if json:
        print_json(found)
        return
    if not found:
        say().print("Every store and channel that activities name is registered.")
        return
    table = Table("What", "Called", "Activities", "Last (UTC)")
    for each in found:
        table.add_row(each.what, each.id, format_count(each.activities), f"{each.last_at:%Y-%m-%d %H:%M}")
    speak().print(table)

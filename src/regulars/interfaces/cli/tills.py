"""`regulars tills`: the tills of the stores."""

from typing import Annotated

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.open import open_database
from regulars.features import access, estate
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["app"]

app = typer.Typer(
    name="tills",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Tills: register, list, retire.",
)

Named = Annotated[str, typer.Argument(help="As it calls itself.")]
Of = Annotated[str, typer.Option("--store", help="The store that it stands in.")]


@app.command()
def put(
    context: typer.Context,
    till: Named,
    *,
    store: Of,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    source: Annotated[str, typer.Option(help="The source under which it sends sales. [default: till/STORE]")] = "",
) -> None:
    """Register a till, or bring it back into use. `regulars keys new --till` makes a key that ends with it.

    Example:  `regulars tills put t17 --store 367`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> estate.Till:
        return await estate.put_till(tx, store=store, till=till, name=name, source=source, at=await clock.now(tx))

    async def work() -> estate.Till:
        async with open_database(settings) as database:
            return await database.run(write)

    made = run(work())
    say().print(f"The till {made.id} of the store {made.store} is registered; it sends as {made.source}.")


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    store: Annotated[str, typer.Option(help="Of this store only.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """List the tills that are registered, retired ones too."""
    settings = read_settings(context)

    async def work() -> list[estate.Till]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await estate.list_tills(read, store=store, most=estate.STORES_MAX)

    found = run(work())
    if json:
        print_json(found)
        return
    table = Table("Store", "Till", "Name", "Sends as", "State")
    for each in found:
        state = "in use" if each.retired_at is None else f"retired {each.retired_at:%Y-%m-%d}"
        table.add_row(each.store, each.id, each.name, each.source, state)
    speak().print(table)


@app.command()
def retire(context: typer.Context, till: Named, *, store: Of) -> None:
    """Take a till out of use. Its keys end with it; a server may go on admitting them for half a minute.

    Example:  `regulars tills retire t17 --store 367`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> int:
        at = await clock.now(tx)
        await estate.retire_till(tx, store=store, till=till, at=at)
        return len(await access.revoke_till_keys(tx, store=store, till=till, at=at))

    async def work() -> int:
        async with open_database(settings) as database:
            return await database.run(write)

    ended = run(work())
    say().print(f"The till {till} of the store {store} is retired, and {ended} of its keys with it.")

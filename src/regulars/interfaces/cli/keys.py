"""`regulars keys`: who may call."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.ids import new_id
from regulars.base.open import open_database
from regulars.features import access, estate, signing
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import make_house, open_house, read_settings, run

__all__ = ["app"]

app = typer.Typer(
    name="keys",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="API keys: issue, list, revoke; and the keys that sign vouchers.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for, such as till-7.")],
    *,
    scope: Annotated[list[str], typer.Option(help="What it may do; may be given several times.")],
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it ends; without: never.")] = None,
    store: Annotated[str | None, typer.Option(help="The one store for which it may speak.")] = None,
    till: Annotated[
        str | None, typer.Option(help="The one till of that store; the key ends when the till is retired.")
    ] = None,
    signed_only: Annotated[
        bool, typer.Option("--signed-only", help="Requests have to be signed with it: it is never sent.")
    ] = False,
    json: Json = False,
) -> None:
    """Issue an API key. It is shown this once: only a digest is kept.

    Example:  `regulars keys new till --scope activities:write --scope members:read`
    """
    settings = read_settings(context)
    at = datetime.now(UTC)

    async def issue(tx: Tx) -> access.Issued:
        signing = make_house(settings).keyring if signed_only else None
        ends = None if days is None else at + timedelta(days=days)
        if till is not None and store is not None:
            await estate.check_till(tx, store=store, till=till)
        return await access.issue_key(
            tx, id=new_id(), name=name, scopes=scope, at=at, expires_at=ends, store=store, till=till, signing=signing
        )

    async def work() -> access.Issued:
        async with open_database(settings) as database:
            return await database.run(issue)

    issued = run(work())
    if json:
        print_json({"token": issued.token, "key": issued.key})
        return
    say().print(f"The key of {issued.key.name}, for {', '.join(issued.key.scopes)}. It is not shown again:")
    speak().print(issued.token, soft_wrap=True)


@app.command("list")
def list_all(context: typer.Context, *, json: Json = False) -> None:
    """List the keys there are, the revoked ones too."""
    settings = read_settings(context)

    async def work() -> list[access.Key]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await access.list_keys(read)

    found = run(work())
    if json:
        print_json(found)
        return
    table = Table("Prefix", "Name", "Scopes", "Store", "Till", "State", "Last used (UTC)")
    now = datetime.now(UTC)
    for key in found:
        state = "live" if key.is_live(now) else "revoked" if key.revoked_at else "ended"
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        table.add_row(key.prefix, key.name, " ".join(key.scopes), key.store or "any", key.till or "any", state, used)
    speak().print(table)


@app.command()
def revoke(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(help="The part between the two underscores; `regulars keys list` shows it.")],
) -> None:
    """Revoke a key for good. A server may go on admitting it for half a minute.

    Example:  `regulars keys revoke k3x7q2m5ab`
    """
    settings = read_settings(context)

    async def work() -> access.Key:
        async with open_database(settings) as database:
            return await database.run(lambda tx: access.revoke_key(tx, prefix, at=datetime.now(UTC)))

    key = run(work())
    say().print(f"The key {key.prefix} of {key.name} opens nothing any more.")


@app.command("rotate-signing")
def rotate_signing(
    context: typer.Context,
    *,
    hours: Annotated[
        int, typer.Option(min=0, max=720, help="Hours until the new key signs: tills should have asked for it by then.")
    ] = 24,
    distrust_others: Annotated[
        bool, typer.Option("--distrust-others", help="Nothing counts that old keys signed, and the new one signs now.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a new key for vouchers and members' codes. What the old one signed counts on, unless it is distrusted.

    Example:  `regulars keys rotate-signing --hours 24`
    """
    settings = read_settings(context)

    async def work() -> signing.PublicKey:
        async with open_house(settings) as (database, house):

            async def rotate(tx: Tx) -> signing.PublicKey:
                at = await clock.now(tx)
                since = at + timedelta(hours=hours)
                return await signing.rotate(tx, house.keyring, at=at, since=since, distrust_others=distrust_others)

            return await database.run(rotate)

    made = run(work())
    if json:
        print_json({"kid": made.kid, "since": made.since})
        return
    say().print(f"The key {made.kid} signs from {made.since:%Y-%m-%d %H:%M} UTC on. Tills get it from /v1/tills/keys.")

"""`regulars staff`: who works here, for whoever has the machine."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.base.settings import Settings
from regulars.features import staff
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app", "greet", "write_address"]

WELCOME = "/welcome#"
LISTED_MAX = 1_000
BY = "command line"

app = typer.Typer(
    name="staff",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="People who work here: the first owner, invitations, who there is, and who may not sign in.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@app.command()
def first(context: typer.Context) -> None:
    """Print a one-time link with which the first owner sets up their account. It is good for a day.

    Example:  `regulars staff first`
    """
    settings = read_settings(context)

    async def work() -> staff.Invited:
        async with open_house(settings) as (database, _):
            return await database.run(lambda tx: staff.invite_first(tx, at=datetime.now(UTC)))

    _print_link(settings, run(work()), "the first owner")


@app.command()
def invite(
    context: typer.Context,
    email: Email,
    *,
    role: Annotated[list[str], typer.Option(help="What they may do; may be given several times.")],
    name: Annotated[str, typer.Option(help="Their name; they can write it themselves.")] = "",
    store: Annotated[str | None, typer.Option(help="The one store for which they may speak.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="They have an account: let them set it up anew, and sign them out.")
    ] = False,
) -> None:
    """Invite somebody, and print the one-time link to give to them. It is good for three days.

    Example:  `regulars staff invite bo@example.com --role marketer`
    """
    settings = read_settings(context)

    async def work() -> staff.Invited:
        async with open_house(settings) as (database, house):

            async def write(tx: Tx) -> staff.Invited:
                at = datetime.now(UTC)
                if again:
                    account = await _find(tx, house.keyring, email)
                    return await staff.invite_again(tx, house.keyring, account, at=at)
                return await staff.invite(
                    tx, house.keyring, email=email, name=name, roles=role, bound=store, by=BY, at=at
                )

            return await database.run(write)

    _print_link(settings, run(work()), email)


@app.command("list")
def list_all(context: typer.Context, *, json: Json = False) -> None:
    """List who works here, with roles and states."""
    settings = read_settings(context)

    async def work() -> list[staff.Account]:
        async with open_house(settings) as (database, house), database.snapshot() as read:
            return await staff.list_accounts(read, house.keyring, after=UUID(int=0), most=LISTED_MAX)

    found, now = run(work()), datetime.now(UTC)
    if json:
        print_json(found)
        return
    table = Table("E-mail", "Name", "Roles", "Store", "State", "Signed in last (UTC)")
    for each in found:
        is_locked = each.locked_until is not None and each.locked_until > now
        state = "locked" if is_locked and each.state == "active" else each.state
        last = f"{each.signed_in_at:%Y-%m-%d %H:%M}" if each.signed_in_at else "never"
        table.add_row(each.email, each.name, " ".join(each.roles), each.store or "any", state, last)
    speak().print(table)


@app.command()
def disable(context: typer.Context, email: Email) -> None:
    """See that somebody cannot sign in any more, and end at once what they have open.

    Example:  `regulars staff disable bo@example.com`
    """
    settings = read_settings(context)

    async def work() -> staff.Account:
        async with open_house(settings) as (database, house):

            async def write(tx: Tx) -> staff.Account:
                account = await _find(tx, house.keyring, email)
                return await staff.disable(tx, house.keyring, account, at=datetime.now(UTC))

            return await database.run(write)

    say().print(f"{run(work()).email} cannot sign in any more.")


@app.command()
def unlock(context: typer.Context, email: Email) -> None:
    """Let somebody try again who was wrong too often, or let in again who was disabled.

    Example:  `regulars staff unlock bo@example.com`
    """
    settings = read_settings(context)

    async def work() -> staff.Account:
        async with open_house(settings) as (database, house):

            async def write(tx: Tx) -> staff.Account:
                account = await _find(tx, house.keyring, email)
                await staff.unlock(tx, house.keyring, account)
                return await staff.enable(tx, house.keyring, account)

            return await database.run(write)

    account = run(work())
    say().print(f"{account.email} may sign in again." if account.state == "active" else f"{account.email} is invited.")


async def greet(database: Database, settings: Settings) -> None:
    """Print the link for the first owner, where there is none: what a server does that begins for the first time."""
    async with database.snapshot() as read:
        if await staff.has_owner(read):
            return
    invited = await database.run(lambda tx: staff.invite_first(tx, at=datetime.now(UTC)))
    say().print("Nobody owns this installation yet. Open this once, within a day, to become its owner:")
    say().print(write_address(settings, invited.token), soft_wrap=True)


def write_address(settings: Settings, token: str) -> str:
    """Write a one-time link as people open it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{(settings.public_url or f'http://{host}:{settings.port}').rstrip('/')}{WELCOME}{token}"


async def _find(tx: Tx, keyring: Keyring, email: str) -> UUID:
    return (await staff.find_person(tx, keyring, email)).id


def _print_link(settings: Settings, invited: staff.Invited, whom: str) -> None:
    say().print(f"The link for {whom}, good once, until {invited.ends_at:%Y-%m-%d %H:%M} UTC. It is not shown again:")
    speak().print(write_address(settings, invited.token), soft_wrap=True)

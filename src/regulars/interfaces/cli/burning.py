"""`regulars burning`: whether points may be used, for everybody or for one member."""

from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Tx
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.files import read_member
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.statement import MemberUnreadable
from regulars.kernel import members
from regulars.kernel.members import burning
from regulars.kernel.spine import House

__all__ = ["app"]

BY: Final = "command line"

app = typer.Typer(
    name="burning",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Whether points may be used: turn it off and on again, for everybody or for one member. Earning goes on.",
)

Why = Annotated[str, typer.Option(help="Why; it is kept.")]
Whose = Annotated[str | None, typer.Option(help="One member, by id or by an identifier such as card:123.")]


@app.command()
def off(context: typer.Context, *, reason: Why, member: Whose = None) -> None:
    """Keep points from being used, by everybody or by one member. They are earned, returned and settled as before.

    Example:  `regulars burning off --reason "points are used that nobody asked for"`
    """
    changed = _turn(context, member, reason, is_off=True)
    whose = "Points" if member is None else "This member's points"
    say().print(f"{whose} {'are' if changed else 'were already'} not to be used. They are earned as always.")


@app.command()
def on(context: typer.Context, *, reason: Why, member: Whose = None) -> None:
    """Let points be used again.

    Example:  `regulars burning on --reason "the leak is closed"`
    """
    changed = _turn(context, member, reason, is_off=False)
    whose = "Points" if member is None else "This member's points"
    say().print(f"{whose} may be used again." if changed else f"{whose} were not turned off.")


@app.command()
def show(
    context: typer.Context, *, json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False
) -> None:
    """Show what is turned off, since when and why.

    Example:  `regulars burning show`
    """
    settings = read_settings(context)

    async def look() -> list[burning.Stop]:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await burning.list_switches(read)

    found = run(look())
    if json:
        print_json(found)
        return
    if not found:
        say().print("Everybody may use their points.")
        return
    table = Table("Whose", "Since (UTC)", "By", "Why")
    for each in found:
        whose = "everybody's" if each.member is None else str(each.member)
        table.add_row(whose, f"{each.since:%Y-%m-%d %H:%M}", each.by, each.reason)
    speak().print(table)


def _turn(context: typer.Context, named: str | None, reason: str, *, is_off: bool) -> bool:
    settings = read_settings(context)

    async def work() -> bool:
        async with open_house(settings) as (database, house):

            async def turn(tx: Tx) -> bool:
                at, member = await clock.now(tx), await _find(tx, house, named)
                if is_off:
                    return await burning.turn_off(tx, member, id=house.new_id(), reason=reason, by=BY, at=at)
                return await burning.turn_on(tx, member, by=f"{BY}: {reason}", at=at)

            return await database.run(turn)

    return run(work())


async def _find(tx: Tx, house: House, named: str | None) -> UUID | None:
    if named is None:
        return None
    try:
        ref = read_member(named)
    except ValueError as error:
        raise MemberUnreadable(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    member = ref if isinstance(ref, UUID) else await members.lookup(tx, house.keyring, ref)
    # Locked: whoever is under way with their points is done before, and nobody begins after.
    await members.lock_many(tx, [(await members.get(tx, member)).id])
    return member

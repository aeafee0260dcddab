"""`regulars tiers`: where one member stands in every set of levels."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from regulars.base import clock
from regulars.features.tiers.standing import Standing, TierSet, read_standing
from regulars.interfaces.cli.console import format_count, print_json, speak
from regulars.interfaces.cli.files import read_member
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.statement import MemberUnreadable
from regulars.kernel import members

__all__ = ["tiers"]


def tiers(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="An id, or an identifier such as card:123.", show_default=False)],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """Show a member's levels: what is counted, what is missing to the next, and how long the level is kept.

    Example:  `regulars tiers card:2463`
    """
    settings = read_settings(context)
    try:
        named = read_member(member)
    except ValueError as error:
        raise MemberUnreadable(f"{str(error)[0].upper()}{str(error)[1:]}.") from error

    async def look() -> Standing:
        async with open_house(settings) as (database, house), database.snapshot() as read:
            found = named if isinstance(named, UUID) else await members.lookup(read, house.keyring, named)
            return await read_standing(read, house.versions, found, await clock.now(read))

    standing = run(look())
    if json:
        print_json(standing)
    else:
        show(standing)


def show(standing: Standing) -> None:
    """Print levels for people."""
    console = speak()
    console.print(f"Member {standing.member} as of {standing.as_of:%Y-%m-%d %H:%M} UTC")
    table = Table("Levels", "Level", "Kept until", "Counted", "Next", "Missing", "At this pace")
    for each in standing.sets:
        table.add_row(
            each.trait,
            (each.level or "") + (" (invited)" if each.invited else ""),
            _say_end(each),
            _say_amounts(each.counted),
            each.next_level or "",
            " or ".join(_say_amounts(way) for way in each.missing),
            each.projected_level or "",
        )
    console.print(table)


def _say_end(each: TierSet) -> str:
    if each.kept_until is None:
        return ""
    return f"{each.kept_until:%Y-%m-%d}" + (" (grace)" if each.in_grace else "")


def _say_amounts(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{format_count(amount)} {name}" for name, amount in amounts.items())

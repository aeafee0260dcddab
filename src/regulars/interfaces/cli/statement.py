"""`regulars statement`: what one member holds, and how it came to be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from msgspec import Struct
from rich.table import Column, Table

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import format_count, print_json, speak
from regulars.interfaces.cli.files import read_member
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.kernel import activity as journal
from regulars.kernel import ledger, members
from regulars.kernel.nouns import Receipt
from regulars.kernel.spine import House

__all__ = ["MemberUnreadable", "statement"]

LINES_MAX = 1_000


class MemberUnreadable(Refusal):
    """What was given does not name a member."""

    code, kind = "member_unreadable", "invalid"


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a statement."""

    at: datetime
    currency: str
    account: str
    kind: str
    points: int
    balance: int
    offers: tuple[str, ...]
    activity: UUID


class Statement(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    member: UUID
    state: str
    joined_at: datetime
    at: datetime
    traits: dict[str, str | int | bool | None]
    standing: Sequence[ledger.Standing]
    entries: Sequence[Entry]


def statement(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="An id, or an identifier such as card:123.", show_default=False)],
    *,
    currency: Annotated[str | None, typer.Option(help="One currency only.")] = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, max=LINES_MAX, help="Lines, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """Show what a member holds and the last entries of their accounts.

    Example:  `regulars statement card:2463 -n 50`
    """
    settings = read_settings(context)

    async def look() -> Statement:
        async with open_house(settings) as (database, house), database.snapshot() as read:
            return await read_statement(read, house, member, currency=currency, most=most)

    found = run(look())
    if json:
        print_json(found)
    else:
        show(found)


async def read_statement(read: Read, house: House, name: str, *, currency: str | None, most: int) -> Statement:
    """Put a statement together. Raises MemberUnreadable or MemberUnknown."""
    try:
        named = read_member(name)
    except ValueError as error:
        raise MemberUnreadable(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    id_ = named if isinstance(named, UUID) else await members.lookup(read, house.keyring, named)
    member = await members.get(read, id_)
    at = await clock.now(read)
    rows = await ledger.statement(read, member.id, currency=currency, most=most)
    receipts = await journal.receipts(read, [(member.id, row["activity_id"]) for row in rows])
    traits = await members.traits_many(read, [member.id], since=at)
    return Statement(
        member=member.id,
        state=member.state,
        joined_at=member.joined_at,
        at=at,
        traits=dict(traits.as_of(member.id, at)),
        standing=await ledger.standing(read, member.id, at=at),
        entries=[
            Entry(
                at=row["at"],
                currency=row["currency"],
                account=row["account"],
                kind=row["kind"],
                points=row["amount"],
                balance=row["balance"],
                offers=_offers(receipts.get(row["activity_id"]), row["currency"], row["version"]),
                activity=row["activity_id"],
            )
            for row in rows
        ],
    )


def _offers(receipt: Receipt | None, currency: str, version: int) -> tuple[str, ...]:
    """Name the offers behind an entry: those whose posting it was."""
    if receipt is None:
        return ()
    names = [
        posted.offer
        for posted in receipt.postings
        if posted.currency == currency and posted.version == version and posted.offer
    ]
    return tuple(dict.fromkeys(names))


def _right(name: str) -> Column:
    return Column(name, justify="right")


def show(found: Statement) -> None:
    """Print a statement for people."""
    console = speak()
    traits = ", ".join(f"{name} {value}" for name, value in found.traits.items())
    console.print(f"Member {found.member}, {found.state}" + (f", {traits}" if traits else ""))
    console.print(f"As of {found.at:%Y-%m-%d %H:%M} UTC; joined {found.joined_at:%Y-%m-%d}\n")
    holding = Table(
        "Currency", *(_right(name) for name in ("Shown", "Usable", "Pending", "Held", "Owed")), "Next to end"
    )
    for each in found.standing:
        ends = f"{format_count(each.next_expiry_points)} on {each.next_expiry:%Y-%m-%d}" if each.next_expiry else ""
        amounts = (each.shown, each.available, each.pending, each.held, each.owed)
        holding.add_row(each.currency, *map(format_count, amounts), ends)
    console.print(holding)
    lines = Table("When (UTC)", "Currency", "What", _right("Points"), _right("Balance"), "Offer")
    for entry in found.entries:
        what = entry.kind if entry.account == "points" else f"{entry.kind} ({entry.account})"
        lines.add_row(
            f"{entry.at:%Y-%m-%d %H:%M}",
            entry.currency,
            what,
            f"{entry.points:+,}",
            format_count(entry.balance),
            ", ".join(entry.offers),
        )
    console.print(lines)

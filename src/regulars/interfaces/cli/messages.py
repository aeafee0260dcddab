"""`regulars messages`: what became of messages to members, what is sent again, and addresses that are left alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import UUID

import typer
from rich.table import Table

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.features import messages
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app"]

AGAIN_MAX: Final = 10_000
BY: Final = "the command line"

app = typer.Typer(
    name="messages",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Messages to members: what became of them; send again; bounces; addresses that nothing is sent to.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
States = Annotated[
    Literal["waiting", "claimed", "sending", "sent", "skipped", "failed", "doubtful"] | None,
    typer.Option(help="Only those in this state."),
]


class MessagesNoneToSend(Refusal):
    """There is nothing to be sent again."""

    code, kind = "messages_none_to_send", "not_found"


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    state: States = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """List messages, what became of each and why; and how many wait, were given up, or are doubtful.

    Example:  `regulars messages list --state failed`
    """
    settings = read_settings(context)

    async def work() -> tuple[list[messages.Message], messages.Figures]:
        async with open_database(settings) as database, database.snapshot() as read:
            found = await messages.list_messages(read, before=messages.FOREVER, state=state or "", most=most)
            return found, await messages.read_figures(read)

    found, figures = run(work())
    if json:
        print_json({"messages": found, "figures": figures})
        return
    table = Table("Id", "Member", "Kind", "By", "State", "Why", "Tries")
    for each in found:
        table.add_row(str(each.id), str(each.member), each.kind, each.channel, each.state, each.reason, str(each.tries))
    speak().print(table)
    speak().print(
        f"{format_count(figures.waiting)} wait, {format_count(figures.in_hand)} are in hand,"
        f" {format_count(figures.failed)} were given up, {format_count(figures.doubtful)} are doubtful."
    )


@app.command()
def again(
    context: typer.Context,
    message: Annotated[list[UUID] | None, typer.Argument(help="Ids of messages; none: all in the state.")] = None,
    *,
    state: Annotated[Literal["failed", "doubtful"], typer.Option(help="Without ids: those in this state.")] = "failed",
) -> None:
    """Send messages that were given up, or that are doubtful. A doubtful one may then arrive a second time.

    Example:  `regulars messages again --state doubtful`
    """
    settings = read_settings(context)

    async def write(tx: Tx) -> int:
        ids = message or await messages.list_dead(tx, state, most=AGAIN_MAX)
        return await messages.send_again(tx, ids, at=datetime.now(UTC))

    async def work() -> int:
        async with open_database(settings) as database:
            return await database.run(write)

    queued = run(work())
    if not queued:
        raise MessagesNoneToSend("No message that ended without being sent is named by this.")
    say().print(f"{format_count(queued)} messages wait to be sent again.")


@app.command()
def bounces(
    context: typer.Context,
    file: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Mails that came back, one a file.")],
) -> None:
    """Take reports of delivery that came back (RFC 3464): addresses that are gone are left alone from now on.

    A file that is no report of one of our messages is named, and the others are taken all the same.

    Example:  `regulars messages bounces Maildir/new/*`
    """
    settings = read_settings(context)

    async def work() -> tuple[int, list[tuple[Path, str]]]:
        gone, strange = 0, list[tuple[Path, str]]()
        async with open_house(settings) as (database, house):
            for path in file:
                try:
                    bounce = messages.read_bounce(path.read_bytes())
                    gone += await database.run(
                        lambda tx, bounce=bounce: messages.take_bounce(
                            tx, house.keyring, bounce, by=BY, at=datetime.now(UTC)
                        )
                    )
                except Refusal as refusal:
                    strange.append((path, refusal.detail))
        return gone, strange

    gone, strange = run(work())
    for path, detail in strange:
        say().print(f"{path.name}: {detail}")
    say().print(f"{format_count(gone)} addresses are left alone from now on.")


@app.command()
def suppress(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Addresses, one a line.")],
    *,
    channel: Annotated[Literal["email", "sms"], typer.Option(help="By which way nothing is sent to them.")] = "email",
    reason: Annotated[Literal["bounced", "complained", "asked"], typer.Option(help="Why.")] = "asked",
) -> None:
    """Send nothing to the addresses of a list any more, all or none of it; they are kept as keyed digests.

    Example:  `regulars messages suppress unsubscribed.txt --reason complained`
    """
    settings = read_settings(context)
    addresses = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]

    async def work() -> int:
        async with open_house(settings) as (database, house):
            return await database.run(
                lambda tx: messages.suppress(tx, house.keyring, channel, addresses, reason, by=BY, at=datetime.now(UTC))
            )

    say().print(f"{format_count(run(work()))} addresses are new on the list.")

"""`regulars webhooks`: whom else to tell what happened."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.base.faults import Fault
from regulars.base.open import open_database
from regulars.features import webhooks
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app"]

LISTED_MAX: Final = 500
LAST: Final = 2**62

app = typer.Typer(
    name="webhooks",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Webhooks: add, list, what became of what was sent; send once more; prove that nothing was left out.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Which = Annotated[UUID, typer.Argument(help="Id of the webhook; `regulars webhooks list` shows it.")]


class WebhooksIncomplete(Refusal):
    """Webhooks were not told all that they asked for."""

    code, kind = "webhooks_incomplete", "conflict"


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where events are sent.")],
    *,
    kind: Annotated[
        list[str] | None, typer.Option(help="Kind of event, with stars for any letters; may be given several times.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    json: Json = False,
) -> None:
    """Add a webhook. Its secret is shown this once: only a sealed one is kept.

    Example:  `regulars webhooks add https://crm.example.com/in --kind 'tier.*' --kind points.expired`
    """
    settings = read_settings(context)

    async def work() -> webhooks.WebhookMade:
        async with open_house(settings) as (database, house):
            at = datetime.now(UTC)
            told = webhooks.Webhook(
                id=house.new_id(),
                url=url,
                description=description,
                kinds=tuple(kind or ["*"]),
                is_enabled=True,
                reason="",
                failing_since=None,
                version=1,
                created_at=at,
                changed_at=at,
            )
            policy = webhooks.Policy.of(settings)
            return await database.run(lambda tx: webhooks.add(tx, policy, house.keyring, told, at=at))

    made = run(work())
    if json:
        print_json(made)
        return
    say().print(f"The webhook {made.webhook.id} is told {', '.join(made.webhook.kinds)}. Its secret, shown this once:")
    speak().print(made.secret, soft_wrap=True)


@app.command("list")
def list_all(context: typer.Context, *, json: Json = False) -> None:
    """List the webhooks, and how much is on its way to all of them."""
    settings = read_settings(context)

    async def work() -> tuple[list[webhooks.Webhook], webhooks.WebhookFigures]:
        async with open_database(settings) as database, database.snapshot() as read:
            found = await webhooks.list_endpoints(read, most=LISTED_MAX)
            return found, await webhooks.read_figures(read, at=datetime.now(UTC))

    found, figures = run(work())
    if json:
        print_json({"webhooks": found, "figures": figures})
        return
    table = Table("Id", "Address", "Kinds", "State")
    for each in found:
        failing = f"fails since {each.failing_since:%Y-%m-%d %H:%M}" if each.failing_since else "enabled"
        state = failing if each.is_enabled else f"disabled: {each.reason}"
        table.add_row(str(each.id), each.url, " ".join(each.kinds), state)
    speak().print(table)
    speak().print(
        f"{format_count(figures.waiting)} wait, {format_count(figures.delivered)} were delivered and"
        f" {format_count(figures.failed)} given up."
    )


@app.command()
def deliver(context: typer.Context) -> None:
    """Read the journal to its end and send what is due, once. `regulars worker` does this all the time.

    Example:  `regulars webhooks deliver`
    """
    from asyncio import Event

    from regulars.features.webhooks.jobs import deliver_due, gather_new
    from regulars.kernel.spine import Workplace

    settings = read_settings(context)

    async def work() -> int:
        async with open_house(settings) as (database, house):
            place = Workplace(database=database, house=house, settings=settings, stopping=Event())
            while await gather_new(place):
                pass
            return await deliver_due(place)

    say().print(f"{format_count(run(work()))} messages were sent.")


@app.command()
def deliveries(
    context: typer.Context,
    webhook: Which,
    *,
    state: Annotated[str, typer.Option(help="Only those that are waiting, delivered or failed.")] = "",
    json: Json = False,
) -> None:
    """List the last deliveries of a webhook, the newest first, each with the answer to its last attempt.

    Example:  `regulars webhooks deliveries 01890a5d-ac96-774b-bcce-b302099a8057 --state failed`
    """
    settings = read_settings(context)

    async def work() -> tuple[list[webhooks.Delivery], list[webhooks.WebhookAttempt]]:
        async with open_database(settings) as database, database.snapshot() as read:
            await webhooks.get(read, webhook)
            found = await webhooks.list_deliveries(read, webhook, before=LAST, state=state, most=LISTED_MAX)
            return found, await webhooks.list_attempts(read, [each.id for each in found])

    found, attempts = run(work())
    if json:
        print_json({"deliveries": found, "attempts": attempts})
        return
    last = {each.delivery: each for each in attempts}
    table = Table("Event", "Kind", "State", "Attempts", "Last answer", "Took")
    for each in found:
        attempt = last.get(each.id)
        answer = "" if attempt is None else attempt.error or str(attempt.status)
        took = "" if attempt is None else f"{attempt.duration_ms} ms"
        shown = f"{each.state}: {each.reason}" if each.reason else each.state
        table.add_row(each.event, each.kind, shown, str(each.attempts), answer, took)
    speak().print(table)


@app.command()
def replay(
    context: typer.Context,
    webhook: Which,
    *,
    event: Annotated[str, typer.Option(help="One event, by its id.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"], help="All recorded at this time or later."),
    ] = None,
) -> None:
    """Send once more: one event, all since a time, or, with neither, all that was given up.

    Example:  `regulars webhooks replay 01890a5d-ac96-774b-bcce-b302099a8057 --since 2026-03-01T00:00+08:00`
    """
    settings = read_settings(context)

    async def work() -> int | None:
        async with open_house(settings) as (database, house):
            at, made = datetime.now(UTC), house.new_id()

            async def write(tx: Tx) -> int | None:
                if event:
                    return await webhooks.replay_event(tx, webhook, event, at=at)
                if since is not None:
                    await webhooks.replay_since(tx, webhook, since, new_id=made)
                    return None
                return await webhooks.replay_failed(tx, webhook, at=at)

            return await database.run(write)

    queued = run(work())
    told = "The journal is read again from there" if queued is None else f"{format_count(queued)} are sent once more"
    say().print(f"{told}, by the worker.")


@app.command()
def check(context: typer.Context, *, json: Json = False) -> None:
    """Prove that every activity has its events for each webhook that asked for them. Ends with status 1 if not.

    Example:  `regulars webhooks check`
    """
    settings = read_settings(context)

    async def work() -> tuple[list[Fault], int]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await webhooks.prove(read)

    faults, looked = run(work())
    if json:
        print_json({"sound": not faults, "activities": looked, "faults": faults})
    for fault in faults if not json else ():
        speak().print(f"{fault.rule} {fault.code}: {fault.sentence}", soft_wrap=True)
    if faults:
        raise WebhooksIncomplete("Webhooks were not told all that they asked for. `regulars webhooks replay` does it.")
    say().print(f"Nobody was left out: {format_count(looked)} activities were looked at.")

"""`regulars audit`: who did what, exported; and whether the chain over it is whole."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import typer

from regulars.base.open import open_database
from regulars.features import audit
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["app"]

app = typer.Typer(
    name="audit",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The audit: export who did what, and prove that nothing of it was changed.",
)

BROKEN: Final = 1
EXPORT_MAX: Final = 50_000
LAST: Final = 2**62
BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 1, 1, tzinfo=UTC)
WORDS: Final = {
    "entry_changed": "was changed after it was sealed",
    "entry_removed": "was removed",
    "entry_inserted": "was put between others after they were sealed",
    "link_changed": "has a link that does not follow from the one before",
    "link_removed": "link is missing",
    "head_differs": "the chain does not have the head that you named",
}


@app.command()
def verify(
    context: typer.Context,
    *,
    head: Annotated[str, typer.Option(help="What an earlier run printed: the chain must still have it.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """Seal what waits, and walk the whole chain: tells which entry was changed, removed or inserted.

    Keep the head that it prints somewhere else. Ends with 1 where something is wrong.

    Example:  `regulars audit verify`
    """
    settings = read_settings(context)

    async def work() -> audit.Verdict:
        async with open_database(settings) as database:
            while await database.run(lambda tx: audit.seal(tx, back=audit.EVER)):
                continue
            async with database.snapshot() as read:
                return await audit.verify(read, head=head)

    found = run(work())
    if json:
        print_json(found)
    else:
        for fault in found.faults:
            place = f"entry {fault.entry}" if fault.entry is not None else f"link {fault.link}"
            say().print(f"{place}: {WORDS[fault.what]}", soft_wrap=True)
        if not found.faults:
            say().print(f"{format_count(found.sealed)} entries are as they were written.")
        speak().print(found.head, soft_wrap=True)
    if found.faults:
        raise typer.Exit(BROKEN)


@app.command()
def export(
    context: typer.Context,
    *,
    actor: Annotated[str, typer.Option(help="Id of a person or a key.")] = "",
    object_: Annotated[str, typer.Option("--object", help="Ids as in the address.")] = "",
    what: Annotated[str, typer.Option(help="Name of a route, such as put_store.")] = "",
    outcome: Annotated[str, typer.Option(help="done, refused, failed or waiting.")] = "",
    format_: Annotated[Literal["csv", "ndjson"], typer.Option("--format", help="csv or ndjson.")] = "csv",
) -> None:
    """Export who did what, newest first, at most 50,000. No text runs in a spreadsheet.

    Example:  `regulars audit export --what put_store --format ndjson`
    """
    settings = read_settings(context)
    try:
        who = UUID(actor) if actor else None
    except ValueError as error:
        raise typer.BadParameter("this is not an id") from error

    async def work() -> list[audit.Entry]:
        async with open_database(settings) as database, database.snapshot() as read:
            return await audit.search(
                read,
                before=LAST,
                since=BEGIN,
                until=END,
                actor=who,
                object=object_,
                what=what,
                outcome=outcome,
                most=EXPORT_MAX,
            )

    found = run(work())
    text = audit.write_csv(found) if format_ == "csv" else audit.write_lines(found).decode()
    typer.echo(text, nl=False)

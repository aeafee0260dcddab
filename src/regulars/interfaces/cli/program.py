"""`regulars program`: the deal, as a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.simulate import simulate
from regulars.kernel import program, spine

__all__ = ["ProgramFileUnreadable", "app", "read_program"]

app = typer.Typer(
    name="program",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The programme: check a file, publish it, its schema.",
)

File = Annotated[Path, typer.Argument(help="The programme, in YAML (or JSON).", show_default=False)]


class ProgramFileUnreadable(Refusal):
    """The file of a programme cannot be read."""

    code, kind = "program_file_unreadable", "invalid"


def read_program(path: Path) -> program.Document:
    """Read a programme. Raises ProgramFileUnreadable, or ProgramInvalid with everything that is wrong."""
    try:
        return program.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        detail = (
            f"{path} cannot be read: {error.strerror}. Name the file of the programme, such as programs/grocer.yaml."
        )
        raise ProgramFileUnreadable(detail, file=str(path)) from error
    except UnicodeDecodeError as error:
        raise ProgramFileUnreadable(f"{path} is not text in UTF-8. Save it as UTF-8.", file=str(path)) from error


app.command()(simulate)


@app.command()
def validate(file: File) -> None:
    """Check a programme without touching a database: every problem, with its line and column.

    Example:  `regulars program validate programs/grocer.yaml`
    """
    document = read_program(file)
    speak().print(
        f"{file.name} is a valid programme: {len(document.offers)} offers, {len(document.currencies)} currencies,"
        f" version {program.content_hash(document)[:12]}."
    )


@app.command()
def publish(
    context: typer.Context,
    file: File,
    *,
    live_from: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"],
            help="From when it decides, with its zone, such as 2026-03-01T00:00+08:00. Without it: from now on.",
        ),
    ] = None,
    by: Annotated[str, typer.Option(help="Who publishes it; kept with the version.")] = "regulars program publish",
) -> None:
    """Let a programme decide from a moment on. A version never changes: publishing an edited file makes a new one.

    Example:  `regulars program publish programs/grocer.yaml --from 2026-03-01T00:00+08:00`
    """
    document = read_program(file)
    settings = read_settings(context)

    async def work() -> tuple[program.Published, datetime]:
        async with open_house(settings) as (database, _):

            async def write(tx: Tx) -> tuple[program.Published, datetime]:
                at = await clock.now(tx)
                start = live_from or at
                return await spine.publish(tx, document, live_from=start, by=by, at=at), start

            return await database.run(write)

    published, start = run(work())
    name = published.hash[:12]
    if published.is_new:
        say().print(f"Version {name} of {document.program} decides from {start.astimezone(UTC):%Y-%m-%d %H:%M} UTC on.")
    else:
        say().print(f"Nothing changed: version {name} of {document.program} already decides.")


@app.command()
def schema(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; without: to stdout.", show_default=False)
    ] = None,
) -> None:
    """Write the JSON Schema of a programme, for editors that complete and check while one types.

    Example:  `regulars program schema program.schema.json`
    """
    import msgspec

    from regulars.kernel.program.schema import schema as describe

    if file is None:
        print_json(describe())
        return
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(describe()), indent=2) + b"\n")
    except OSError as error:
        raise ProgramFileUnreadable(f"{file} cannot be written: {error.strerror}.", file=str(file)) from error

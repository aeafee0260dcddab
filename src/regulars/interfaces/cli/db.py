"""`regulars db`: the database itself."""

from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct

from regulars.base import embedded
from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["DatabaseNotOurs", "app"]

app = typer.Typer(
    name="db",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The database: start, stop, back up, restore.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
MEGABYTE: Final = 1_000_000


class DatabaseNotOurs(Refusal):
    """REGULARS_DATABASE_URL names a server that others run."""

    code, kind = "database_not_ours", "conflict"


class DatabaseStopped(Refusal):
    """The embedded PostgreSQL does not run."""

    code, kind, retryable = "database_stopped", "unavailable", True


class Status(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    running: bool
    data_dir: str
    version: str | None


def _read_own(context: typer.Context) -> Settings:
    settings = read_settings(context)
    if settings.database_url is not None:
        detail = "REGULARS_DATABASE_URL names a server that Regulars does not run. Start and stop it where it lives."
        raise DatabaseNotOurs(detail)
    return settings


@app.command()
def start(context: typer.Context) -> None:
    """Start the embedded PostgreSQL and let it run until `regulars db stop`.

    Commands start it themselves and stop it when the last of them ends; kept running, each begins at once.
    """
    settings = _read_own(context)
    server = embedded.start(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port, keep=True)
    how = "started" if server.started_by_us else "already runs, and is now kept"
    say().print(f"PostgreSQL {server.version} {how} in {server.data_dir}.", soft_wrap=True)


@app.command()
def stop(context: typer.Context) -> None:
    """Stop the embedded PostgreSQL, whoever uses it."""
    settings = _read_own(context)
    stopped = embedded.stop(settings.data_dir)
    say().print("PostgreSQL stopped." if stopped else "PostgreSQL did not run.")


@app.command()
def status(context: typer.Context, *, json: Json = False) -> None:
    """Tell whether the embedded PostgreSQL runs. Ends with status 1 when it does not."""
    settings = _read_own(context)
    server = embedded.status(settings.data_dir)
    if json:
        version = None if server is None else server.version
        print_json(Status(running=server is not None, data_dir=str(settings.data_dir), version=version))
    elif server is not None:
        speak().print(f"PostgreSQL {server.version} runs in {server.data_dir}.", soft_wrap=True)
    if server is None:
        raise DatabaseStopped(f"No PostgreSQL runs in {settings.data_dir}. Start it: regulars db start")


@app.command()
def url(context: typer.Context) -> None:
    """Print the address of the database, password included, for psql and the like.

    Example:  `psql "$(regulars db url)"`
    """
    settings = read_settings(context)
    if settings.database_url is not None:
        speak().print(settings.database_url, soft_wrap=True)
        return
    server = embedded.status(settings.data_dir)
    if server is None:
        raise DatabaseStopped(f"No PostgreSQL runs in {settings.data_dir}. Start it: regulars db start")
    speak().print(server.url, soft_wrap=True)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it; must not exist.", show_default=False)],
) -> None:
    """Write the whole database into one file, as of one moment, while work goes on.

    The secret is not in it: without the secret, members cannot be found by their identifiers. Keep both, apart.

    Example:  `regulars db backup regulars-2026-03-01.dump`
    """
    from regulars.interfaces.cli.postgres import back_up

    settings = read_settings(context)
    size = back_up(settings, file)
    where = "REGULARS_SECRET" if settings.secret is not None else str(settings.data_dir / "secret")
    say().print(f"{size / MEGABYTE:,.1f} MB in {file}. Keep the secret too, in another place: {where}", soft_wrap=True)


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup made by `regulars db backup`.", show_default=False)],
) -> None:
    """Put a backup into an empty database, all or nothing, and check its books.

    The secret of the time must be there: REGULARS_SECRET, or the file `secret` in the data folder.

    Example:  `REGULARS_DATA_DIR=/srv/regulars-new regulars db restore regulars-2026-03-01.dump`
    """
    from regulars.interfaces.cli.check import BooksWrong, check_books, show_report
    from regulars.interfaces.cli.postgres import gather_statistics
    from regulars.interfaces.cli.postgres import restore as put_back
    from regulars.kernel.spine.check import Report

    settings = read_settings(context)
    put_back(settings, file)
    gather_statistics(settings)

    async def look() -> Report:
        async with open_database(settings) as database:
            return await check_books(database)

    report = run(look())
    show_report(report)
    if report.faults:
        raise BooksWrong("What was restored is not right. Use another backup, and keep this one to find out why.")
    say().print(f"{file} is restored.", soft_wrap=True)

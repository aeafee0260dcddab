"""`regulars db`: the database itself."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

import typer
from msgspec import Struct

from regulars import features
from regulars.base import embedded
from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.base.inside import Contents, look_inside
from regulars.base.open import open_database
from regulars.base.plugs import find_plugs
from regulars.base.settings import Settings
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["DatabaseNotOurs", "app", "settle_places"]

app = typer.Typer(
    name="db",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The database: start, stop, back up, restore.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A file with the passphrase that takes the secret's place."),
]
MEGABYTE: Final = 1_000_000
TELL_SECONDS: Final = 10


class DatabaseNotOurs(Refusal):
    """REGULARS_DATABASE_URL names a server that others run."""

    code, kind = "database_not_ours", "conflict"


class DatabaseStopped(Refusal):
    """The embedded PostgreSQL does not run."""

    code, kind, retryable = "database_stopped", "unavailable", True


class PassphraseShort(Refusal):
    """The passphrase is so short that it can be guessed."""

    code, kind = "passphrase_short", "invalid"


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
def roles(
    context: typer.Context,
    *,
    login: Annotated[str | None, typer.Option(help="Make this login for serving, and print its address.")] = None,
    reader: Annotated[bool, typer.Option("--reader", help="The login only reads, and nothing that is sealed.")] = False,
) -> None:
    """Make roles that may no more than they need, and let logins be members of them. Run it as the tables' owner.

    Serving neither changes tables, nor what was written once; reading sees nothing sealed. A login that is there
    already gets a new password.

    Example:  `REGULARS_DATABASE_URL="$(regulars db roles --login shop_1)" regulars serve`
    """
    from regulars.base import roles as rights

    settings = read_settings(context)

    async def work() -> tuple[list[str], bool, str | None]:
        async with open_database(settings) as database, database.transaction() as tx:
            made, walled = await rights.make_roles(tx), await rights.can_wall(tx)
            role = rights.READER if reader else rights.APP
            return made, walled, None if login is None else await rights.add_login(tx, login, role)

    made, walled, password = run(work())
    say().print(f"Made: {', '.join(made)}." if made else "The roles are there, and have what they need.")
    if not walled:
        say().print("Members' own sessions are not walled off: only a superuser can let other logins pass by walls.")
    if login is not None and password is not None:
        speak().print(_address_of(settings, login, password), soft_wrap=True)


def _address_of(settings: Settings, login: str, password: str) -> str:
    """Write the database's address for another login."""
    server = None if settings.database_url is not None else embedded.status(settings.data_dir)
    known = settings.database_url if server is None else server.url
    if known is None:
        raise DatabaseStopped(f"No PostgreSQL runs in {settings.data_dir}. Start it: regulars db start")
    parts = urlsplit(known)
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(login, safe='')}:{quote(password, safe='')}@{place}"
    return f"{parts.scheme}://{netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it; must not exist.", show_default=False)],
    *,
    passphrase_file: PassphraseFile = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Not sealed: PostgreSQL's own format, open to whoever has the file.")
    ] = False,
) -> None:
    """Write the whole database into one file, sealed, as of one moment, while work goes on.

    It is sealed under the secret, or under a passphrase. The secret itself is not in it: without the secret, members
    cannot be found by their identifiers. Keep both, apart.

    Example:  `regulars db backup regulars-2026-03-01.backup`
    """
    from datetime import UTC, datetime
    from importlib.metadata import version

    from regulars.base.backup import make_head
    from regulars.interfaces.cli.postgres import back_up

    settings = read_settings(context)
    passphrase = _read_passphrase(passphrase_file)
    keyring, now = settings.load_secret().derive(), datetime.now(UTC)
    sealing = None if plain else make_head(keyring, passphrase, version=version("regulars"), at=now)
    size = back_up(settings, file, sealing=sealing, tell=_tell_size())
    where = "REGULARS_SECRET" if settings.secret is not None else str(settings.secret_file)
    say().print(f"{size / MEGABYTE:,.1f} MB in {file}. Keep the secret too, in another place: {where}", soft_wrap=True)


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup made by `regulars db backup`.", show_default=False)],
    *,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Prove that a sealed backup is whole and opens with the secret, without restoring it."""
    from regulars.interfaces.cli import postgres

    settings = read_settings(context)
    if not postgres.is_sealed(file):
        say().print(f"{file} is not sealed: only restoring it shows whether it is whole.", soft_wrap=True)
        return
    head = postgres.verify(file, settings.load_secret().derive(), _read_passphrase(passphrase_file)).head
    say().print(f"{file} is whole. It was made at {head.made_at:%Y-%m-%d %H:%M} UTC.", soft_wrap=True)


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup made by `regulars db backup`.", show_default=False)],
    *,
    passphrase_file: PassphraseFile = None,
    replace_empty: Annotated[
        bool, typer.Option("--replace-empty", help="Take the place of a database that has tables and nothing in them.")
    ] = False,
) -> None:
    """Put a backup into an empty database, all or nothing, and check its books.

    A sealed backup is read to its end first: nothing is touched unless every byte is right. The secret of the time
    must be there: REGULARS_SECRET, or the file `secret` in the data folder.

    Example:  `REGULARS_DATA_DIR=/srv/regulars-new regulars db restore regulars-2026-03-01.backup`
    """
    from regulars.interfaces.cli import postgres
    from regulars.interfaces.cli.check import BooksWrong, check_books, show_report
    from regulars.kernel.spine.check import Report

    settings = read_settings(context)
    sealing = None
    if postgres.is_sealed(file):
        sealing = postgres.verify(file, settings.load_secret().derive(), _read_passphrase(passphrase_file))
    there = run(_look_inside(settings))
    if there == "rows" or (there == "tables" and not replace_empty):
        raise postgres.refuse_what_is_there(str(file))
    postgres.restore(settings, file, sealing=sealing, replace=there == "tables")
    postgres.gather_statistics(settings)

    async def look() -> Report:
        async with open_database(settings) as database:
            await database.run(settle_places)
            return await check_books(database)

    report = run(look())
    show_report(report)
    if report.faults:
        raise BooksWrong("What was restored is not right. Use another backup, and keep this one to find out why.")
    say().print(f"{file} is restored.", soft_wrap=True)


async def settle_places(tx: Tx) -> None:
    """Keep the places of those who read the journal: another server counts transactions anew."""
    from regulars.kernel import spine

    for plug in find_plugs(features, "restored").values():
        await plug.settle(tx)
    await spine.settle_journal(tx)


def _read_passphrase(file: Path | None) -> str | None:
    from regulars.base.backup import PASSPHRASE_MIN

    if file is None:
        return None
    passphrase = file.read_text(encoding="utf-8").strip()
    if len(passphrase) < PASSPHRASE_MIN:
        raise PassphraseShort(f"{file} holds less than {PASSPHRASE_MIN} characters. Use a longer passphrase.")
    return passphrase


def _tell_size() -> Callable[[int], None]:
    """Say now and then how much has come."""
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            say().print(f"{done / MEGABYTE:,.0f} MB so far")

    return tell


async def _look_inside(settings: Settings) -> Contents:
    if settings.database_url is not None:
        return await look_inside(settings.database_url)
    with embedded.using(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port) as server:
        return await look_inside(server.url)

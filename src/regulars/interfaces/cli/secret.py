"""`regulars secret`: the keys under which everything personal is sealed, and how one takes another's place."""

import secrets
from typing import Annotated, Final

import typer
from msgspec import Struct
from rich.table import Table

from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.rewrap import Stale
from regulars.base.secret import SECRET_BYTES_MIN, Secret
from regulars.base.settings import Settings
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["KeyInUse", "KeyNotEverywhere", "KeyUnknown", "app"]

app = typer.Typer(
    name="secret",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The secret: put a new key in the place of the old one, while work goes on.",
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
REPORTED: Final = 10_000
"""Rows after which a long piece of work says how far it is."""


class KeyInUse(Refusal):
    """Something is still sealed under a key that was to be dropped."""

    code, kind = "secret_key_in_use", "conflict"


class KeyUnknown(Refusal):
    """There is no such key, or it is the one in use."""

    code, kind = "secret_key_unknown", "invalid"


class KeyNotEverywhere(Refusal):
    """A running process does not know the key in use yet."""

    code, kind, retryable = "secret_key_not_everywhere", "conflict", True


class Left(Struct, frozen=True, kw_only=True):
    """Rows that are made with another key than the one in use."""

    what: str
    key: int
    rows: int


class SecretStatus(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    current: int
    known: tuple[int, ...]
    retired: tuple[int, ...]
    left: tuple[Left, ...]


@app.command()
def status(context: typer.Context, *, json: Json = False) -> None:
    """Tell which keys there are, and how much is still sealed under older ones."""
    settings = read_settings(context)
    secret = settings.load_secret()
    left = run(_count(settings, secret))
    if json:
        rows = tuple(Left(what=each.what, key=each.key_id, rows=each.rows) for each in left)
        known, retired = tuple(secret.masters), tuple(secret.retired)
        print_json(SecretStatus(current=secret.current, known=known, retired=retired, left=rows))
        return
    speak().print(f"Key {secret.current} is in use. Known: {', '.join(map(str, secret.masters))}.")
    if not left:
        speak().print(f"Everything is sealed under key {secret.current}.")
        return
    table = Table("What", "Key", "Rows")
    for each in left:
        table.add_row(each.what, str(each.key_id), format_count(each.rows))
    speak().print(table)


@app.command()
def add(context: typer.Context) -> None:
    """Let a new key be known and not be used yet: the first step where several processes run. Restart them after it."""
    settings = read_settings(context)
    secret = settings.load_secret()
    if secret.spare is not None:
        detail = f"Key {secret.spare} is known and not in use yet. Take it into use: regulars secret rotate"
        raise KeyInUse(detail, key=secret.spare)
    grown = secret.add(secrets.token_bytes(SECRET_BYTES_MIN))
    _keep(settings, grown, f"Key {grown.spare} is known. Restart every process, then: regulars secret rotate")


@app.command()
def rotate(context: typer.Context) -> None:
    """Take the newest key into use; make one where there is none. Restart every process after it, then `rewrap`.

    Example:  `regulars secret rotate`
    """
    settings = read_settings(context)
    secret = settings.load_secret()
    if secret.spare is None:
        secret = secret.add(secrets.token_bytes(SECRET_BYTES_MIN))
    turned = secret.turn()
    _keep(settings, turned, f"Key {turned.current} is in use. Restart every process, then: regulars secret rewrap")


@app.command()
def rewrap(context: typer.Context) -> None:
    """Seal everything under the key in use, while work goes on. Interrupted, it goes on where it was.

    Example:  `regulars secret rewrap && regulars secret status`
    """
    from regulars.base import rewrap as work

    settings = read_settings(context)
    keyring = settings.load_secret().derive()

    def tell(what: str, rows: int) -> None:
        if rows % REPORTED == 0:
            say().print(f"{what}: {format_count(rows)} rows")

    async def go() -> int:
        async with open_database(settings) as database:
            async with database.snapshot() as read:
                strangers = await work.list_strangers(read, keyring)
            if strangers:
                raise KeyNotEverywhere(
                    f"A process is connected that does not know key {keyring.current}, and would not find what is"
                    " found by it. Restart every process first.",
                    key=keyring.current,
                )
            return await work.rewrap(database, keyring, tell=tell)

    done = run(go())
    say().print(f"Sealed anew under key {keyring.current}: {format_count(done)}.")


@app.command()
def drop(
    context: typer.Context, key: Annotated[int, typer.Argument(help="Its id, as `regulars secret status` has it.")]
) -> None:
    """Let go of a key under which nothing is sealed any more. What finds codes that people carry is kept of it.

    Backups of before can only be read with the secret of before: keep that with them for as long as you keep them.
    """
    settings = read_settings(context)
    secret = settings.load_secret()
    if key not in secret.masters or key == secret.current:
        known = ", ".join(str(each) for each in secret.masters if each != secret.current) or "none"
        raise KeyUnknown(f"Key {key} cannot be dropped. Of those that are known, these can: {known}.", key=key)
    rows = sum(each.rows for each in run(_count(settings, secret)) if each.key_id == key)
    if rows and key != secret.spare:
        detail = f"Still sealed under key {key}: {format_count(rows)}. Run: regulars secret rewrap"
        raise KeyInUse(detail, key=key, rows=rows)
    _keep(settings, secret.drop(key), f"Key {key} is dropped. Restart every process.")


async def _count(settings: Settings, secret: Secret) -> list[Stale]:
    from regulars.base.rewrap import count_stale

    async with open_database(settings) as database, database.snapshot() as read:
        return await count_stale(read, secret.derive())


def _keep(settings: Settings, secret: Secret, words: str) -> None:
    """Put the secret where the old one was; where others handed it to us, print what they have to hand us now."""
    if settings.secret is None:
        settings.save_secret(secret)
        say().print(words)
        return
    say().print("REGULARS_SECRET is yours to set. Its new value is printed; put it where the old one is kept.")
    speak().print(secret.write().replace("\n", ","), soft_wrap=True)
    say().print(words)

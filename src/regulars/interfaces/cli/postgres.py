"""What PostgreSQL's own programs do for us: backups, and statistics after much was written at once."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from regulars.base import embedded
from regulars.base.embedded.programs import find
from regulars.base.errors import DatabaseUnavailable, Refusal
from regulars.base.settings import Settings

__all__ = ["BackupFailed", "BackupUnreadable", "DatabaseNotEmpty", "back_up", "gather_statistics", "restore"]

HEAD: Final = b"PGDMP"


class BackupFailed(Refusal):
    """The backup could not be made."""

    code, kind = "backup_failed", "unavailable"


class BackupUnreadable(Refusal):
    """The file is no backup, or cannot be read."""

    code, kind = "backup_unreadable", "invalid"


class StatisticsMissing(Refusal):
    """PostgreSQL could not be brought to look at its tables."""

    code, kind = "statistics_missing", "unavailable"


class DatabaseNotEmpty(Refusal):
    """A backup is only restored into a database with nothing in it."""

    code, kind = "database_not_empty", "conflict"


def back_up(settings: Settings, file: Path) -> int:
    """Write the whole database into a file, all or nothing, and give its size in bytes. Raises BackupFailed."""
    if file.exists():
        raise BackupFailed(f"{file} is there already. A backup never overwrites another: choose a new name.")
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        # Made here first, closed to others: a backup holds everything there is.
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"{file} cannot be written: {error.strerror}.", file=str(file)) from error
    try:
        with _connecting(settings) as connection:
            command = ["--format=custom", "--no-owner", "--no-privileges", "--file", str(draft), "--dbname", connection]
            words = _run(settings, "pg_dump", command)
        if words is not None:
            raise BackupFailed(f"The backup could not be made: {words}.", file=str(file))
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> None:
    """Put a backup into an empty database, all or nothing. Raises BackupUnreadable or DatabaseNotEmpty."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(HEAD))
    except OSError as error:
        raise BackupUnreadable(f"{file} cannot be read: {error.strerror}.", file=str(file)) from error
    if head != HEAD:
        raise BackupUnreadable(f"{file} is no backup made by `regulars db backup`.", file=str(file))
    with _connecting(settings) as connection:
        command = ["--single-transaction", "--no-owner", "--no-privileges", "--dbname", connection, str(file)]
        words = _run(settings, "pg_restore", command)
    if words is None:
        return
    if "already exists" in words:
        detail = (
            "The database is not empty, and was left as it is. Restore into a new one: REGULARS_DATA_DIR=/new/folder"
        )
        raise DatabaseNotEmpty(detail, file=str(file))
    raise BackupUnreadable(f"{file} could not be restored, and nothing was changed: {words}.", file=str(file))


def gather_statistics(settings: Settings) -> None:
    """Let PostgreSQL look at what was written in bulk; else, until it does so by itself, it plans for empty tables.

    Raises StatisticsMissing; everything works without them, only slowly.
    """
    with _connecting(settings) as connection:
        words = _run(settings, "vacuumdb", ["--analyze-only", "--quiet", "--jobs=2", "--dbname", connection])
    if words is not None:
        raise StatisticsMissing(f"PostgreSQL could not gather statistics: {words}. Run ANALYZE in the database.")


def _run(settings: Settings, program: str, arguments: Sequence[str]) -> str | None:
    """Run one of PostgreSQL's programs as ourselves; give the last thing it complained of, None when all went well."""
    bindir = find(settings.pg_bindir, None).bindir
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [bindir / program, *arguments], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if "error:" in line] or done.stderr.splitlines() or ["no word"]
    return lines[0].partition("error: ")[2] or lines[0]


@contextmanager
def _connecting(settings: Settings) -> Generator[str]:
    """Give an address without the password, which stands in a file of its own: command lines are seen by all."""
    if settings.database_url is not None:
        with _without_password(settings.database_url) as connection:
            yield connection
        return
    using = embedded.using(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port)
    with using as server, _without_password(server.url) as connection:
        yield connection


@contextmanager
def _without_password(url: str) -> Generator[str]:
    parts = urlsplit(url)
    if parts.password is None:
        yield url
        return
    query = parts.query + ("&" if parts.query else "")
    name = quote(unquote(parts.username or ""))
    place = parts.netloc.rpartition("@")[2]
    with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
        passfile = Path(folder) / "pass"
        password = unquote(parts.password).replace("\\", "\\\\").replace(":", "\\:")
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:*:{password}\n", encoding="utf-8")
        if "passfile" in parse_qs(parts.query):
            raise DatabaseUnavailable("REGULARS_DATABASE_URL names both a password and a passfile. Leave one out.")
        netloc = f"{name}@{place}"
        yield f"{parts.scheme}://{netloc}{parts.path}?{query}passfile={quote(str(passfile))}"

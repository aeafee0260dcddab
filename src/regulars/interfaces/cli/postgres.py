"""What PostgreSQL's own programs do for us: backups, and statistics after much was written at once."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final, cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from regulars.base import embedded
from regulars.base.backup import FIRST_LINE, BackupUnreadable, Sealing, open_pieces, read_head, seal_pieces, unlock
from regulars.base.crypto import Keyring
from regulars.base.embedded.programs import find
from regulars.base.errors import DatabaseUnavailable, Refusal
from regulars.base.settings import Settings

__all__ = [
    "BackupFailed",
    "DatabaseNotEmpty",
    "back_up",
    "gather_statistics",
    "is_sealed",
    "refuse_what_is_there",
    "restore",
    "verify",
]

HEAD: Final = b"PGDMP"


class BackupFailed(Refusal):
    """The backup could not be made."""

    code, kind = "backup_failed", "unavailable"


class StatisticsMissing(Refusal):
    """PostgreSQL could not be brought to look at its tables."""

    code, kind = "statistics_missing", "unavailable"


class DatabaseNotEmpty(Refusal):
    """A backup is only restored into a database with nothing in it."""

    code, kind = "database_not_empty", "conflict"


def back_up(settings: Settings, file: Path, *, sealing: Sealing | None, tell: Callable[[int], None]) -> int:
    """Write the whole database into a file, all or nothing, and give its size in bytes. Raises BackupFailed.

    Sealed on its way, or, without a `sealing`, open as PostgreSQL writes it. `tell` hears how many bytes have come.
    """
    if file.exists():
        raise BackupFailed(f"{file} is there already. A backup never overwrites another: choose a new name.")
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        # Made here first, closed to others: a backup holds everything there is.
        target = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        try:
            with target:
                words = _dump(settings, target, sealing, tell)
                target.flush()
                os.fsync(target.fileno())
            if words is not None:
                raise BackupFailed(f"The backup could not be made: {words}.", file=str(file))
            draft.rename(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BackupFailed(f"{file} cannot be written: {error.strerror}.", file=str(file)) from error
    return file.stat().st_size


def _dump(settings: Settings, target: BinaryIO, sealing: Sealing | None, tell: Callable[[int], None]) -> str | None:
    """Let PostgreSQL write into a pipe, and seal what comes out of it; give what it complained of, if it did."""
    with _connecting(settings) as connection, tempfile.TemporaryFile() as said:
        program = find(settings.pg_bindir, None).bindir / "pg_dump"
        words = [program, "--format=custom", "--no-owner", "--no-privileges", "--dbname", connection]
        running = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)  # noqa: S603 - PostgreSQL's own program
        with running:
            try:
                assert running.stdout is not None
                if sealing is None:
                    shutil.copyfileobj(running.stdout, target)
                else:
                    seal_pieces(cast("BinaryIO", running.stdout), target, sealing, tell=tell)
            except BaseException:
                running.kill()
                raise
        said.seek(0)
        return None if running.returncode == 0 else _first_complaint(said.read().decode(errors="replace"))


def is_sealed(file: Path) -> bool:
    """Tell whether a backup is sealed; else it is as PostgreSQL writes it. Raises BackupUnreadable for no backup."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(FIRST_LINE))
    except OSError as error:
        raise BackupUnreadable(f"{file} cannot be read: {error.strerror}.", file=str(file)) from error
    if head != FIRST_LINE and not head.startswith(HEAD):
        raise BackupUnreadable(f"{file} is no backup made by `regulars db backup`.", file=str(file))
    return head == FIRST_LINE


def verify(file: Path, keyring: Keyring, passphrase: str | None) -> Sealing:
    """Read a sealed backup to its end, and give what opens it. Raises BackupUnreadable unless every byte is right."""
    with file.open("rb") as source:
        sealing = unlock(read_head(source), keyring, passphrase)
        for _ in open_pieces(source, sealing):
            pass
    return sealing


def restore(settings: Settings, file: Path, *, sealing: Sealing | None, replace: bool = False) -> None:
    """Put a backup into an empty database, all or nothing. Raises BackupUnreadable or DatabaseNotEmpty.

    With `replace`, what is there is dropped first, within the same transaction: that nothing is lost with it is the
    caller's to know.
    """
    with _connecting(settings) as connection, tempfile.TemporaryFile() as said, file.open("rb") as source:
        program = find(settings.pg_bindir, None).bindir / "pg_restore"
        words = [program, "--single-transaction", "--no-owner", "--no-privileges", "--dbname", connection]
        words += ["--clean", "--if-exists"] if replace else []
        running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)  # noqa: S603 - PostgreSQL's own program
        with running:
            try:
                assert running.stdin is not None
                _feed(source, running.stdin, sealing)
            except BrokenPipeError:
                # It has stopped reading, and says why itself.
                running.wait()
            except BaseException:
                running.kill()
                raise
        said.seek(0)
        complaint = None if running.returncode == 0 else _first_complaint(said.read().decode(errors="replace"))
    if complaint is None:
        return
    if "already exists" in complaint:
        raise refuse_what_is_there(str(file))
    raise BackupUnreadable(f"{file} could not be restored, and nothing was changed: {complaint}.", file=str(file))


def refuse_what_is_there(file: str) -> DatabaseNotEmpty:
    """Say that there is something in the database."""
    detail = "The database is not empty, and was left as it is. Restore into a new one: REGULARS_DATA_DIR=/new/folder"
    return DatabaseNotEmpty(detail, file=file)


def _feed(source: BinaryIO, target: IO[bytes], sealing: Sealing | None) -> None:
    if sealing is None:
        shutil.copyfileobj(source, target)
    else:
        read_head(source)
        for piece in open_pieces(source, sealing):
            target.write(piece)
    target.close()


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
    return None if done.returncode == 0 else _first_complaint(done.stderr)


def _first_complaint(text: str) -> str:
    lines = [line for line in text.splitlines() if "error:" in line] or text.splitlines() or ["no word"]
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

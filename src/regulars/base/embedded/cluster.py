"""A new database folder: made aside, then renamed, so that there is a whole one or none."""

import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from regulars.base.embedded.account import Account, spawn_options
from regulars.base.embedded.folder import DRAFT_PREFIX, PWFILE_PREFIX, ROLE, Folder, State, clear_drafts, sync_folder
from regulars.base.embedded.programs import Programs
from regulars.base.embedded.refusals import DataFolderForeign, DataFolderOtherVersion, ServerDied, explain
from regulars.base.errors import PortInUse

__all__ = ["choose_socket", "create", "refuse_foreign", "refuse_other_version", "refuse_port_in_use"]

# The kernel's limit for the path of a socket, the closing zero taken off.
SOCKET_BYTES_MAX = 103 if sys.platform == "darwin" else 107
SOCKET_NAME = ".s.PGSQL.{port}"
BUILTIN_LOCALE_MAJOR_MIN = 17

# For a small machine; the operator may change them in the folder's postgresql.conf.
SETTINGS = """
# Set by Regulars when the database was made; change what you like.
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
password_encryption = 'scram-sha-256'
"""


def create(data: Path, folder: Folder, programs: Programs, account: Account | None) -> None:
    """Make a new database at `data`, with a new password, checksums on, and no way in without the password."""
    # The initdb of a start that was killed may still be at work, and holds this as a server would.
    alive = folder.open_alive(wait=True)
    try:
        clear_drafts(data.parent)
        _create(data, folder, programs, account, alive)
    finally:
        os.close(alive)


def _create(data: Path, folder: Folder, programs: Programs, account: Account | None, alive: int) -> None:
    draft = data.with_name(f"{DRAFT_PREFIX}{secrets.token_hex(8)}")
    try:
        draft.mkdir(mode=0o700)
        _give(draft, account)
        _run_initdb(draft, folder, programs, account, alive)
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS)
            if programs.knows("--with-lz4"):
                file.write("wal_compression = lz4\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync_folder(data.parent)


def _run_initdb(draft: Path, folder: Folder, programs: Programs, account: Account | None, alive: int) -> None:
    # A file, for the command line is for all to see. It goes with the draft's first moments.
    number, name = tempfile.mkstemp(prefix=PWFILE_PREFIX, dir=draft.parent)
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(folder.make_password())
        _give(Path(name), account)
        locale = ["--no-locale"]
        if programs.major >= BUILTIN_LOCALE_MAJOR_MIN:
            # PostgreSQL's own: the same on every machine, so an index never has to be rebuilt for a new libc.
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [programs.bindir / "initdb", "-D", draft, "-U", ROLE, "-k", "-A", "scram-sha-256"]
        done = subprocess.run(  # noqa: S603 - our own programs
            [*command, f"--pwfile={name}", "--encoding=UTF8", *locale],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[alive],
            **spawn_options(account),
        )
    finally:
        Path(name).unlink()
    if done.returncode != 0:
        words = "\n".join(done.stdout.splitlines()[-10:])
        raise explain(done.stdout, folder.path, None) or ServerDied(
            f"PostgreSQL could not make a database in {folder.path}. It said:\n{words}", words=words
        )


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def refuse_foreign(data: Path, folder: Folder) -> None:
    """Refuse a folder that holds something, but no database, or one whose password is not known."""
    if not (data / "PG_VERSION").is_file():
        detail = f"{data} is not empty and holds no database. Move it away, or set REGULARS_DATA_DIR to another folder."
        raise DataFolderForeign(detail, folder=str(data))
    if folder.password() is None:
        detail = f"{folder.path} has a database but no postgres.password. Put that file back from a backup."
        raise DataFolderForeign(detail, folder=str(folder.path))


def refuse_other_version(data: Path, programs: Programs) -> None:
    """Refuse a database that these programs cannot read."""
    major = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if major != str(programs.major):
        raise DataFolderOtherVersion(
            f"{data} was written by PostgreSQL {major}, and this is {programs.major}. Set REGULARS_PG_BINDIR to the"
            f" programs of {major}, or dump with those and restore into a new folder.",
            folder=str(data),
            found=major,
            expected=str(programs.major),
        )


def choose_socket(data: Path, port: int, before: State | None, account: Account | None) -> str:
    """Choose a folder for the socket that only the account can enter and whose path is short enough."""
    # The driver takes a comma for the start of a second address.
    if len(os.fsencode(data / SOCKET_NAME.format(port=port))) <= SOCKET_BYTES_MAX and "," not in str(data):
        return str(data)
    owner = os.geteuid() if account is None else account.uid
    if before is not None and _is_private(Path(before.socket), owner):
        return before.socket
    runtime = Path(f"/run/user/{os.geteuid()}")
    made = tempfile.mkdtemp(prefix="regulars-", dir=runtime if runtime.is_dir() and account is None else "/tmp")  # noqa: S108 - mkdtemp makes it ours alone
    _give(Path(made), account)
    return made


def _is_private(folder: Path, owner: int) -> bool:
    """Tell whether a folder in a public place is still the one that we made."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return found.st_uid == owner and stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077 == 0


def refuse_port_in_use(port: int) -> None:
    """Raise PortInUse when another program listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            detail = f"Port {port} of 127.0.0.1 cannot be had: another program uses it. Choose another one."
            raise PortInUse(detail, port=port) from error

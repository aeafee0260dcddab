"""The data folder: where the database lies, what is known of its server, and the locks that say who is there.

`postgres.lock`   held alone by whoever starts or stops the server
`postgres.users`  held together by every process that uses it; the kernel lets go for those that die
`postgres.alive`  held by PostgreSQL itself, through a file that all its processes inherit: free means that
                  none of them lives, whatever a stale pid file says and whose number that may be by now
"""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from regulars.base.embedded.account import Account, can_enter
from regulars.base.embedded.refusals import DataFolderForeign

__all__ = ["DATABASE", "DRAFT_PREFIX", "PWFILE_PREFIX", "ROLE", "Folder", "State", "clear_drafts", "sync_folder"]

DATABASE = "regulars"
ROLE = "regulars"
AWAY = Path("/var/lib/regulars")
DRAFT_PREFIX = "postgres.new-"
PWFILE_PREFIX = ".postgres.password-"
LOG_BYTES_MAX = 10 * 1024 * 1024
LOG_LINES_SHOWN = 10


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder remembers of its server; the port names the socket, and is a real one if `listens`."""

    # Where the database is when it could not be put into the data folder itself.
    away: str | None
    socket: str
    port: int
    listens: bool
    keep: bool


class Folder:
    """The files of one data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.log = self.path / "postgres.log"
        self._state = self.path / "postgres.json"
        self._password = self.path / "postgres.password"

    def make(self) -> None:
        """Create the folder if it is not there, closed to others; root's may be passed through."""
        if not self.path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not self.path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.path))
        if not os.access(self.path, os.W_OK | os.X_OK):
            # Better found here than by PostgreSQL. Root is told only of a read-only disk: nothing else stops it.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))

    def data(self, state: State | None) -> Path:
        """Tell where the database itself is."""
        return self.path / "postgres" if state is None or state.away is None else Path(state.away)

    def choose_away(self, account: Account | None) -> str | None:
        """Choose another place for a new database when the account cannot pass to this one; else None."""
        if account is None or can_enter(account, self.path):
            return None
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        home = AWAY / f"{digest}-{secrets.token_hex(4)}"
        home.mkdir(parents=True)
        for folder in (AWAY, home):
            folder.chmod(0o755)
        return str(home / "postgres")

    def state(self) -> State | None:
        """Read what is known of the server; None when there never was one."""
        if not self._state.exists():
            return None
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=State)
        except msgspec.DecodeError as error:
            detail = f"{self._state} is damaged. Put it back from a backup; it says where the database is."
            raise DataFolderForeign(detail, file=str(self._state)) from error

    def remember(self, state: State) -> None:
        """Write what is known of the server."""
        self.write_at_once(self._state, msgspec.json.encode(state))

    def password(self) -> str | None:
        """Read the password of the database; None when there is none."""
        return self._password.read_text(encoding="ascii") if self._password.exists() else None

    def make_password(self) -> str:
        """Write a new password, readable by us only."""
        password = secrets.token_urlsafe(24)
        self.write_at_once(self._password, password.encode("ascii"))
        return password

    def url(self, state: State, database: str = DATABASE) -> str:
        """Address the server through its private socket, password included."""
        return f"postgresql://{ROLE}:{self.password()}@/{database}?host={quote(state.socket)}&port={state.port}"

    def write_at_once(self, path: Path, content: bytes) -> Path:
        """Write a file that others see whole or not at all, and that survives a power cut."""
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
        return path

    @contextmanager
    def locked(self) -> Generator[None]:
        """Be the only one who starts or stops the server; waits for the others."""
        number = os.open(self.path / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)

    def join(self) -> int:
        """Become one of the users. The file number is the hold: closing it, or dying, is leaving."""
        number = os.open(self.path / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(number, fcntl.LOCK_SH)
        return number

    def has_users(self) -> bool:
        """Tell whether any process uses the server; only under `locked` is the answer good for long."""
        return not self._is_free("postgres.users")

    def is_alive(self) -> bool:
        """Tell whether any process of the server that we started lives."""
        return not self._is_free("postgres.alive")

    def open_alive(self, *, wait: bool = False) -> int:
        """Open and take the lock that the server is to inherit."""
        number = os.open(self.path / "postgres.alive", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        return number

    def _is_free(self, name: str) -> bool:
        if not (self.path / name).exists():
            return True
        number = os.open(self.path / name, os.O_RDWR)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(number)
        return True

    def open_log(self) -> int:
        """Open the server's log for appending; the last one is kept when it has grown large."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.rename(self.log.with_name("postgres.log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log_size(self) -> int:
        """Tell how far the log has come: while it moves, the server works."""
        return self.log.stat().st_size if self.log.exists() else 0

    def last_words(self, since: int) -> str:
        """Show the end of the log, from a position on."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(since)
            lines = file.read().decode("utf-8", "replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])


def sync_folder(path: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def clear_drafts(parent: Path) -> None:
    """Remove what a start that was killed left half-made."""
    for draft in parent.glob(f"{DRAFT_PREFIX}*"):
        shutil.rmtree(draft)
    for draft in parent.glob(f"{PWFILE_PREFIX}*"):
        draft.unlink()

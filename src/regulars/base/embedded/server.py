"""Start, share and stop one PostgreSQL for all processes that use a data folder."""

import asyncio
import atexit
import os
import signal
import subprocess
import threading
import time
from collections.abc import Coroutine, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

import msgspec

from regulars.base.db import Greeting, create_database, greet
from regulars.base.embedded.account import Account, choose, spawn_options
from regulars.base.embedded.cluster import (
    choose_socket,
    create,
    refuse_foreign,
    refuse_other_version,
    refuse_port_in_use,
)
from regulars.base.embedded.folder import DATABASE, Folder, State
from regulars.base.embedded.programs import Programs, find
from regulars.base.embedded.refusals import DataFolderForeign, ServerDied, ServerStuck, explain, explaining
from regulars.base.errors import DiskFull

__all__ = ["Server", "release", "start", "status", "stop", "using"]

T = TypeVar("T")

# The number in the socket's name when there is no real port.
PORT_OF_SOCKET = 5432
PAUSE_SECONDS_MIN = 0.01
PAUSE_SECONDS_MAX = 0.2
# Recovery may take hours, but it says so in the log every ten seconds, and answers that it is starting.
SILENCE_SECONDS_MAX = 120
STARTING_SECONDS_MAX = 3_600
# A fast stop writes a last checkpoint; cutting it short would only make the next start longer.
STOP_SECONDS_MAX = 300
STOP_HARD_SECONDS_MAX = 60
FREE_BYTES_MIN = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers. The URL holds its password."""

    url: str = field(repr=False)
    data_dir: Path
    version: str
    started_by_us: bool


# What this process holds: the folder, the number of the users file, and who took it (a fork must not let go).
_holds: list[tuple[Path, int, int]] = []


def start(
    data_dir: Path,
    *,
    bindir: Path | None = None,
    port: int | None = None,
    keep: bool = False,
    options: Mapping[str, str] | None = None,
) -> Server:
    """Find the server of this data folder or start it, and use it until `release` or the end of the process.

    `port` makes it listen on 127.0.0.1 too; `keep` makes it outlive its users until `stop`; `options` are
    PostgreSQL's settings for this run. Waits while the server recovers. Raises a refusal that says what to do.
    """
    folder = Folder(data_dir)
    with explaining(folder.path):
        folder.make()
        with folder.locked():
            hold = folder.join()
            try:
                server = _find(folder, port=port, keep=keep)
                if server is None:
                    server = _launch(folder, bindir=bindir, port=port, keep=keep, options=options or {})
            except BaseException:
                os.close(hold)
                raise
    if not _holds:
        atexit.register(_release_all)
    _holds.append((folder.path, hold, os.getpid()))
    return server


def release(server: Server) -> None:
    """Stop using a server; the last to leave stops it, unless it is to be kept. Twice is once."""
    mine = [hold for hold in _holds if hold[0] == server.data_dir and hold[2] == os.getpid()]
    if not mine:
        return
    _holds.remove(mine[0])
    folder = Folder(server.data_dir)
    if not folder.path.exists():
        # The folder was deleted under the server, which notices and ends by itself.
        os.close(mine[0][1])
        return
    with folder.locked():
        os.close(mine[0][1])
        state = folder.state()
        if state is not None and not state.keep and not folder.has_users():
            _stop(folder, state)


def _release_all() -> None:
    for path in [path for path, _, process in _holds if process == os.getpid()]:
        release(Server(url="", data_dir=path, version="", started_by_us=False))


def stop(data_dir: Path) -> bool:
    """Stop the server whoever uses it; False when it did not run."""
    folder = Folder(data_dir)
    if not folder.path.exists():
        return False
    with folder.locked():
        state = folder.state()
        return state is not None and _stop(folder, state)


def status(data_dir: Path) -> Server | None:
    """Tell whether the server of this data folder answers, without starting or using it."""
    folder = Folder(data_dir)
    with explaining(folder.path):
        state = folder.state() if folder.path.exists() else None
        if state is None or folder.password() is None:
            return None
    greeting = _run_aside(greet(folder.url(state)))
    return None if greeting.state != "ready" else _describe(folder, state, greeting, started_by_us=False)


@contextmanager
def using(
    data_dir: Path,
    *,
    bindir: Path | None = None,
    port: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Generator[Server]:
    """Use the server for the length of a block, at the end of a polite kill (SIGTERM) too."""
    with _exiting_on_sigterm():
        server = start(data_dir, bindir=bindir, port=port, options=options)
        try:
            yield server
        finally:
            release(server)


@contextmanager
def _exiting_on_sigterm() -> Generator[None]:
    """Leave through the blocks' ends on SIGTERM, unless somebody already takes care of it."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise SystemExit(128 + number)


def _find(folder: Folder, *, port: int | None, keep: bool) -> Server | None:
    """Find the server alive, waiting for one that another process left while it was starting."""
    state = folder.state()
    if state is None or folder.password() is None:
        return None
    greeting = _wait(folder, state, None)
    if greeting is None:
        return None
    if port is not None and (not state.listens or state.port != port):
        detail = f"The server of {folder.path} runs, but not on port {port}. Stop it first: regulars db stop"
        raise DataFolderForeign(detail, folder=str(folder.path))
    if keep and not state.keep:
        state = msgspec.structs.replace(state, keep=True)
        folder.remember(state)
    return _describe(folder, state, _complete(folder, state, greeting), started_by_us=False)


def _launch(folder: Folder, *, bindir: Path | None, port: int | None, keep: bool, options: Mapping[str, str]) -> Server:
    before = folder.state()
    data = folder.data(before)
    exists = data.exists() and any(data.iterdir())
    if exists:
        refuse_foreign(data, folder)
    who = choose(data)
    tools = find(bindir, who)
    if port is not None:
        refuse_port_in_use(port)
    state = State(
        away=folder.choose_away(who) if before is None and not exists else None if before is None else before.away,
        socket="",
        port=port or PORT_OF_SOCKET,
        listens=port is not None,
        keep=keep,
    )
    data = folder.data(state)
    if exists:
        refuse_other_version(data, tools)
        _clear_pid_file(data)
    else:
        # Remembered first: were we killed in between, the next start would not know where the database is.
        folder.remember(state)
        create(data, folder, tools, who)
    state = msgspec.structs.replace(state, socket=choose_socket(data, state.port, before, who))
    folder.remember(state)
    greeting = _spawn(folder, state, tools, who, options)
    return _describe(folder, state, _complete(folder, state, greeting), started_by_us=True)


def _complete(folder: Folder, state: State, greeting: Greeting) -> Greeting:
    """Create our database in a new server, or in one whose starter died before it could."""
    if greeting.state != "database":
        return greeting
    # A starter that was killed a moment ago may have asked for it, and the server still be about it.
    _run_aside(create_database(folder.url(state, "postgres"), DATABASE, may_be_there=True))
    return _run_aside(greet(folder.url(state)))


def _spawn(folder: Folder, state: State, tools: Programs, who: Account | None, options: Mapping[str, str]) -> Greeting:
    """Start the server and wait until it answers."""
    log = folder.open_log()
    since = folder.log_size()
    alive = folder.open_alive()
    settings = {
        "unix_socket_directories": f'"{state.socket}"',
        "listen_addresses": "127.0.0.1" if state.listens else "",
        "port": str(state.port),
        **options,
    }
    command = [tools.bindir / "postgres", "-D", folder.data(state)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Its own session: Ctrl-C in a terminal is for us, and we stop it in our own time.
            start_new_session=True,
            umask=0o077,
            pass_fds=[alive],
            **spawn_options(who),
        )
    finally:
        os.close(log)
        os.close(alive)
    # Somebody must take note of its end, or it would stay behind as a zombie for as long as we live.
    threading.Thread(target=process.wait, name="postgres-reaper", daemon=True).start()
    try:
        greeting = _wait(folder, state, since)
    except BaseException:
        # Nobody would use what we started, and nobody else stop it.
        process.send_signal(signal.SIGINT)
        _wait_for_end(folder, STOP_HARD_SECONDS_MAX)
        raise
    if greeting is None:
        raise _explain_death(folder, state, since)
    return greeting


def _wait(folder: Folder, state: State, since: int | None) -> Greeting | None:
    """Wait until the server answers; None when it is dead. `since` is where its log began, if we started it."""
    size, moved_at, pause = folder.log_size(), time.monotonic(), PAUSE_SECONDS_MIN
    while True:
        greeting = _run_aside(greet(folder.url(state)))
        if greeting.state in {"ready", "database"}:
            return greeting
        if not folder.is_alive():
            return None
        if greeting.state == "stranger":
            detail = f"The server of {folder.path} does not take the password in postgres.password. Put that file back."
            raise DataFolderForeign(detail, folder=str(folder.path))
        if folder.log_size() != size:
            size, moved_at = folder.log_size(), time.monotonic()
        limit = STARTING_SECONDS_MAX if greeting.state == "starting" else SILENCE_SECONDS_MAX
        if time.monotonic() - moved_at > limit:
            words = folder.last_words(since or 0)
            detail = f"PostgreSQL in {folder.path} does not answer. Its log, {folder.log}, ends with:\n{words}"
            raise ServerStuck(detail, folder=str(folder.path), words=words)
        time.sleep(pause)
        pause = min(PAUSE_SECONDS_MAX, pause * 1.5)


def _explain_death(folder: Folder, state: State, since: int) -> Exception:
    words = folder.last_words(since)
    if (known := explain(words, folder.path, state.port)) is not None:
        return known
    space = os.statvfs(folder.data(state))
    if space.f_bavail * space.f_frsize < FREE_BYTES_MIN:
        # A log on the same full disk cannot say so.
        return DiskFull(f"The disk of {folder.path} is full. Free some space and start again.", folder=str(folder.path))
    detail = f"PostgreSQL could not start. Its log, {folder.log}, ends with:\n{words}"
    return ServerDied(detail, folder=str(folder.path), words=words)


def _clear_pid_file(data: Path) -> None:
    """Remove what a killed server left: by now its number may be somebody else's, and would stop the start."""
    pid = _read_pid(data)
    if pid is None:
        return
    if _is_postmaster(pid, data):
        detail = f"A PostgreSQL that Regulars did not start (process {pid}) uses {data}. Stop it first."
        raise DataFolderForeign(detail, folder=str(data), process=pid)
    (data / "postmaster.pid").unlink()


def _read_pid(data: Path) -> int | None:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return int(lines[0]) if lines and lines[0].isdecimal() else 0


def _is_postmaster(pid: int, data: Path) -> bool:
    """Tell whether this process is a PostgreSQL of this folder, and not one that was given its number later."""
    if pid <= 0:
        return False
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - a number
        return str(data) in shown.stdout
    try:
        if b"postgres" not in (process / "cmdline").read_bytes():
            return False
        # A server works in its data folder.
        return (process / "cwd").readlink() == data.resolve()
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        # In a container even root may not look into another account's process; its command line has to do.
        return os.fsencode(data) in (process / "cmdline").read_bytes()


def _stop(folder: Folder, state: State) -> bool:
    if not folder.is_alive():
        return False
    data = folder.data(state)
    for sent, seconds_max in ((signal.SIGINT, STOP_SECONDS_MAX), (signal.SIGQUIT, STOP_HARD_SECONDS_MAX)):
        _signal(data, sent)
        if _wait_for_end(folder, seconds_max):
            return True
    pid = _read_pid(data)
    detail = f"PostgreSQL in {folder.path} (process {pid}) does not stop. Look at {folder.log}; kill it if you must."
    raise ServerStuck(detail, folder=str(folder.path), process=pid)


def _signal(data: Path, number: signal.Signals) -> None:
    pid = _read_pid(data)
    if pid is not None and _is_postmaster(pid, data):
        os.kill(pid, number)


def _wait_for_end(folder: Folder, seconds_max: int) -> bool:
    end, pause = time.monotonic() + seconds_max, PAUSE_SECONDS_MIN
    while folder.is_alive():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(PAUSE_SECONDS_MAX, pause * 1.5)
    return True


def _describe(folder: Folder, state: State, greeting: Greeting, *, started_by_us: bool) -> Server:
    version = greeting.version or ""
    return Server(url=folder.url(state), data_dir=folder.path, version=version, started_by_us=started_by_us)


def _run_aside(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own: our caller may, or may not, be inside one."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who waits for it
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name="postgres-asker")
    thread.start()
    thread.join()
    return outcome.result()

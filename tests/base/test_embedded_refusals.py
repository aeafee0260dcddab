"""The embedded PostgreSQL, misplaced and starved: a sentence that says what to do, and nothing half-written."""

import errno
import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regulars.base import embedded
from regulars.base.embedded.refusals import DataFolderClosed, DataFolderForeign, DataFolderOtherVersion, ServerDied
from regulars.base.errors import DiskFull, PortInUse
from tests.base.servers import IS_ROOT, ask, needs_root, refused


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

"""The till's folder: whose it is, and writing that outlasts a power cut."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["FolderInUse", "Lock", "append", "replace", "sync_folder"]


class FolderInUse(Exception):
    """Another program has this folder: two tills would have one identity."""


class Lock:
    """A folder that is ours while the lock is open. The system lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        """Take the folder. Raises FolderInUse, or OSError when it cannot be written to."""
        self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file)
        except BlockingIOError as error:
            os.close(self._file)
            raise FolderInUse(f"Another program uses {folder}.") from error

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error

    def sync_folder(folder: Path) -> None:
        """Nothing: this system keeps names with the files."""
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def sync_folder(folder: Path) -> None:
        """Make the names in a folder outlast a power cut."""
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def append(path: Path, data: bytes, *, at: int | None = None, sync: bool = True) -> None:
    """Write behind what a file holds: all of it, on the disk when this returns, or nothing.

    `at` is where the file must end: whatever lies behind is cut off first. Raises OSError; of a half-written line as
    much is taken back as the disk allows, and readers pass over the rest.
    """
    created = not path.exists()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        end = os.fstat(file).st_size if at is None else at
        os.ftruncate(file, end)
        os.lseek(file, end, os.SEEK_SET)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(file, left) :]
            if sync:
                os.fsync(file)
        except OSError:
            os.ftruncate(file, end)
            raise
    finally:
        os.close(file)
    if created:
        sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Write a file anew: afterwards it holds the old or the new, never half of either. Raises OSError."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    append(draft, data)
    draft.replace(path)
    sync_folder(path.parent)

"""Why the embedded PostgreSQL cannot be had. Each sentence says what to do."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from regulars.base.errors import DiskFull, PortInUse, Refusal

__all__ = [
    "DataFolderClosed",
    "DataFolderForeign",
    "DataFolderOtherVersion",
    "ProgramsMissing",
    "ServerDied",
    "ServerStuck",
    "explain",
    "explaining",
]

# The last one is PostgreSQL's own, when a block fits only in part.
SIGNS_OF_FULL_DISK = ("No space left on device", "Disk quota exceeded", "Check free disk space")


class DataFolderClosed(Refusal):
    """The data folder cannot be written to."""

    code, kind = "data_folder_closed", "unavailable"


class DataFolderForeign(Refusal):
    """The data folder holds something that is not ours, or that we cannot open."""

    code, kind = "data_folder_foreign", "unavailable"


class DataFolderOtherVersion(Refusal):
    """The data was written by another major version of PostgreSQL."""

    code, kind = "data_folder_other_version", "unavailable"


class ProgramsMissing(Refusal):
    """PostgreSQL's programs are not there, or cannot be run."""

    code, kind = "postgres_programs_missing", "unavailable"


class ServerDied(Refusal):
    """PostgreSQL ended while it was starting."""

    code, kind = "postgres_died", "unavailable"


class ServerStuck(Refusal):
    """PostgreSQL neither answers nor ends."""

    code, kind = "postgres_stuck", "unavailable"


@contextmanager
def explaining(folder: Path) -> Generator[None]:
    """Turn what the file system says about the data folder into a refusal."""
    try:
        yield
    except OSError as error:
        if (refusal := _explain_errno(error.errno, folder)) is None:
            raise
        raise refusal from error


def _explain_errno(number: int | None, folder: Path) -> Refusal | None:
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"The disk of {folder} is full. Free some space and start again.", folder=str(folder))
    if number in {errno.EROFS, errno.EACCES, errno.EPERM}:
        detail = f"{folder} cannot be written to. Make it writable, or set REGULARS_DATA_DIR to another folder."
        return DataFolderClosed(detail, folder=str(folder))
    if number in {errno.ENOTDIR, errno.EEXIST}:
        detail = f"{folder} is not a folder. Set REGULARS_DATA_DIR to another place."
        return DataFolderForeign(detail, folder=str(folder))
    return None


def explain(words: str, folder: Path, port: int | None) -> Refusal | None:
    """Recognise in the last words of PostgreSQL's programs what the operator can do something about."""
    if any(sign in words for sign in SIGNS_OF_FULL_DISK):
        return _explain_errno(errno.ENOSPC, folder)
    if "Read-only file system" in words or "Permission denied" in words:
        return _explain_errno(errno.EROFS, folder)
    if "Address already in use" in words:
        return PortInUse(f"Port {port} is in use. Choose another one with REGULARS_PG_PORT.", port=port)
    return None

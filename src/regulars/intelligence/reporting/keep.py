"""Runs in files, by day. No file has a member in it: what is said of members is told as traits."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.intelligence.reporting.run import Made

__all__ = ["Kept", "NothingFound", "read_latest", "read_run", "write_run"]

FOLDER: Final = "insight"


class NothingFound(Refusal):
    """No run was made yet, or its file cannot be read."""

    code, kind = "insight_missing", "not_found"


class Kept(Struct, frozen=True, kw_only=True):
    """A run as it is kept."""

    day: date
    digest: str
    """Of the history that was looked at, and of the versions of all steps."""
    data: str
    """`shop` or `journey`."""
    currency: str
    steps: tuple[Made, ...]
    told: Mapping[str, int] = {}
    """By trait: to how many members it was told."""
    left_out: Mapping[str, int] = {}


def write_run(data_dir: Path, kept: Kept) -> Path:
    """Keep a run, in place of an earlier one of the same day."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kept.data}-{kept.day.isoformat()}.json"
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(kept))
    draft.replace(path)
    return path


def read_run(path: Path) -> Kept:
    """Read a run. Raises NothingFound."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError) as error:
        raise NothingFound(f"{path.name} is not the file of a run. Run: regulars insight run") from error


def read_latest(data_dir: Path, data: str) -> Kept:
    """Read the run of the latest day. Raises NothingFound where there is none."""
    found = sorted((data_dir / FOLDER).glob(f"{data}-*.json"))
    if not found:
        raise NothingFound("Nothing was found out yet. Run: regulars insight run")
    return read_run(found[-1])

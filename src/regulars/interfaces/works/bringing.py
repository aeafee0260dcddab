"""Bring along what another system knows, as `regulars import` does: it is looked at first, then brought."""

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.features import moving
from regulars.features.tasks import Bench, File, Work
from regulars.interfaces.beside import join_rooms
from regulars.interfaces.cli.bringing import open_sheets

__all__ = ["KIND", "PROBLEMS", "WORK", "ImportAsked", "Imported", "decode_problems"]

KIND: Final = "import"
PROBLEMS: Final = "problems"
"""The file of all problems: those that a report has are only the first."""


class ImportAsked(Struct, frozen=True, kw_only=True):
    """What an import was asked."""

    mapping: str
    """As YAML."""
    files: tuple[str, ...]
    """The names of the files that were sent."""
    dry_run: bool
    keep_good: bool = False
    as_of: datetime | None = None
    look: UUID | None = None
    """The dry run that it follows."""


class Imported(Struct, frozen=True, kw_only=True):
    """What became of an import. Its problems are read apart: there may be many."""

    source: str
    mapping: str
    as_of: datetime
    """When everything changes hands."""
    is_written: bool
    """False: it was only looked at, or nothing was written for its problems."""
    parts: tuple[moving.Tally, ...]
    currencies: tuple[moving.Balanced, ...]
    """Source against books, where it was written."""
    problems_found: int
    notices: tuple[str, ...]


async def run(bench: Bench) -> Imported:
    """Look at every line, and bring what is asked for. Begun anew, it goes on where it was."""
    asked = msgspec.json.decode(bench.task.asked, type=ImportAsked)
    mapped = moving.read_mapping(asked.mapping, name="mapping")
    problems: list[moving.Problem] = []
    with tempfile.TemporaryDirectory(prefix="regulars-import-") as folder:
        for name in asked.files:
            content = await bench.read_file(name)
            await asyncio.to_thread(Path(folder, name).write_bytes, content)
        sheets = open_sheets(Path(folder), mapped)
        lines = sum(sheet.count() for sheet in sheets.values())
        bench.tell(0, lines)
        report = await moving.move_in(
            bench.database,
            bench.house,
            mapped,
            sheets,
            options=moving.Options(as_of=asked.as_of, dry_run=asked.dry_run, keep_good=asked.keep_good),
            joins=join_rooms(bench.house),
            tell=problems.append,
            notice=lambda done: bench.tell(min(done, lines), lines),
        )
    await bench.keep_file(File(name=PROBLEMS, content=msgspec.json.encode(problems)))
    bench.tell(lines, lines)
    return Imported(
        source=report.source,
        mapping=report.mapping,
        as_of=report.as_of,
        is_written=not report.dry_run,
        parts=report.parts,
        currencies=report.currencies,
        problems_found=report.problems_found,
        notices=report.notices,
    )


def decode_problems(content: bytes) -> list[moving.Problem]:
    """Read the file of problems."""
    return msgspec.json.decode(content, type=list[moving.Problem])


WORK: Final = Work(kind=KIND, run=run)

"""Closed months of the journal, written into files that are held against the books, and only then counted on.

Killed at any line nothing is lost: a file counts once its part is in the database, which is after it was read back; and
what leaves the journal leaves in one statement with its seal, after its file was looked at once more.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from regulars.base.db import Database
from regulars.base.errors import DatabaseContention, Refusal
from regulars.base.roles import RoleTooWeak, read_power
from regulars.features.moving.tables import describe_tables
from regulars.kernel import activity as journal
from regulars.kernel.activity import archiving
from regulars.kernel.activity.archiving import ArchivePart, Place, Words
from regulars.kernel.spine.notices import ENDING, USABLE

__all__ = [
    "DROPPED",
    "PART_MAX",
    "ArchiveDamaged",
    "Archived",
    "Frames",
    "MonthOpen",
    "Shelf",
    "archive",
    "drop_archived",
    "verify_archive",
]

PART_MAX: Final = 200_000
"""Activities in one file: some hundred megabytes before they are pressed together."""
PAGE: Final = 1_000
DROPPED: Final = (ENDING, USABLE)
"""Kinds that nothing reads again: notices moved no points, and the messages that they caused are gone by then."""
DROP_AFTER: Final = timedelta(days=100)
"""How long a month has to be over before anything of it is dropped: longer than messages are kept."""
HURRY_SECONDS: Final = 0.05
HURRIES_MAX: Final = 1_200
DIGEST_BYTES: Final = 1 << 20
write_json: Final = msgspec.json.Encoder(order="deterministic").encode


class ArchiveDamaged(Refusal):
    """A file of the archive is missing, or is not what was written down."""

    code, kind = "archive_damaged", "conflict"


class MonthOpen(Refusal):
    """A month is not over: more may happen in it."""

    code, kind = "month_open", "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """How tables become Parquet, and are read back."""

    write: Callable[[Path, Mapping[str, str]], Path]
    """(rows as NDJSON, types by column): turns the file into one beside it; gives that."""
    read: Callable[[Path], Iterable[Mapping[str, Any]]]


class Archived(Struct, frozen=True, kw_only=True):
    """A file of the archive, for people and for `--json`."""

    month: date
    part: int
    file: str
    activities: int
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where files of the archive lie, and whose they are."""

    database: Database
    folder: Path
    frames: Frames
    now: datetime
    tell: Callable[[Archived], None]
    """Hears of each file that is done."""
    most: int = PART_MAX


async def archive(shelf: Shelf, before: date) -> int:
    """Write what no file has of the months before one; gives how many activities. Done twice, the second does nothing.

    Raises MonthOpen, RoleTooWeak, ArchiveDamaged where what was written cannot be read back.
    """
    if before.day != 1 or before > shelf.now.date():
        raise MonthOpen(f"{before:%Y-%m} is not over yet: archive months before one that has begun.")
    await _check_owner(shelf.database)
    await asyncio.to_thread(shelf.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    until = await _settle_number(shelf.database)
    async with shelf.database.snapshot() as read:
        months = await archiving.find_months(read, before, until=until)
        parts = await archiving.list_parts(read)
    return sum(
        [await _archive_month(shelf, month, [each for each in parts if each.month == month], until) for month in months]
    )


async def verify_archive(shelf: Shelf) -> int:
    """Read every file, and hold each activity against its seal; gives how many. Raises ArchiveDamaged."""
    async with shelf.database.snapshot() as read:
        parts = await archiving.list_parts(read)
    for part in parts:
        await asyncio.to_thread(_verify, shelf.folder, shelf.frames, part)
        shelf.tell(_show(part))
    return sum(part.activities for part in parts)


async def drop_archived(shelf: Shelf) -> int:
    """Take notices of long ago out of the journal, whose files are whole; gives how many.

    Their names and seals stay. Raises ArchiveDamaged, and then leaves that file's activities where they are;
    RoleTooWeak.
    """
    await _check_owner(shelf.database)
    async with shelf.database.snapshot() as read:
        parts = await archiving.list_parts(read)
    dropped = 0
    for part in parts:
        if _end_of(part.month) + DROP_AFTER > shelf.now:
            continue
        # Once more, now: what lay there when it was written may be gone since.
        await asyncio.to_thread(_verify, shelf.folder, shelf.frames, part)
        gone = await shelf.database.run(lambda tx, part=part: archiving.drop_words(tx, part, DROPPED))
        if gone:
            shelf.tell(replace(_show(part), dropped=gone))
        dropped += gone
    return dropped


async def _check_owner(database: Database) -> None:
    async with database.snapshot() as read:
        power = await read_power(read)
    if power == "app":
        raise RoleTooWeak("Only the owner of the tables archives the journal. Connect as the one who migrates.")


async def _settle_number(database: Database) -> int:
    """Give a number of the journal that nobody can get any more, nor a lower one. Raises DatabaseContention."""
    async with database.snapshot() as read:
        number, transaction = await archiving.next_number(read)
    for _ in range(HURRIES_MAX):
        async with database.snapshot() as read:
            if await journal.horizon(read) >= transaction:
                return number
        await asyncio.sleep(HURRY_SECONDS)
    raise DatabaseContention("A transaction on this server has gone on for a minute. See what it is, and try again.")


async def _archive_month(shelf: Shelf, month: date, parts: Sequence[ArchivePart], until: int) -> int:
    after, number, done = max((part.last_seq for part in parts), default=0), len(parts), 0
    while True:
        async with shelf.database.snapshot() as read:
            places = await archiving.list_places(read, month, after=after, until=until, most=shelf.most)
        if not places:
            return done
        number += 1
        part = await _write_part(shelf, month, number, places)
        await shelf.database.run(lambda tx, part=part: archiving.add_part(tx, part))
        shelf.tell(_show(part))
        after, done = part.last_seq, done + part.activities


async def _write_part(shelf: Shelf, month: date, number: int, places: Sequence[Place]) -> ArchivePart:
    """Write one file, read it back, and hold it against what the database adds up itself."""
    name = f"journal-{month:%Y-%m}-{number}.parquet"
    # Under a name that nobody takes for a part: what a run that was killed has left is written over.
    draft = shelf.folder / f".{name}.ndjson"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for start in range(0, len(places), PAGE):
            async with shelf.database.snapshot() as read:
                for words in await archiving.read_words(read, places[start : start + PAGE]):
                    file.write(write_json(words) + b"\n")
    kinds = {column.name: column.type for shape in describe_tables({"words": Words}) for column in shape.columns}
    written = await asyncio.to_thread(shelf.frames.write, draft, kinds)
    _keep(written)
    first, last = places[0][0], places[-1][0]
    async with shelf.database.snapshot() as read:
        count, digest = await archiving.digest_part(read, month, first=first, last=last)
    part = ArchivePart(
        month=month,
        part=number,
        first_seq=first,
        last_seq=last,
        activities=count,
        digest=digest,
        file=name,
        file_digest=_digest(written),
        archived_at=shelf.now,
    )
    written.replace(shelf.folder / name)
    _keep(shelf.folder)
    await asyncio.to_thread(_verify, shelf.folder, shelf.frames, part)
    return part


def _verify(folder: Path, frames: Frames, part: ArchivePart) -> None:
    """See that a file is what was written, and that what is in it is what was sealed. Raises ArchiveDamaged."""
    path = folder / part.file
    if not path.is_file():
        raise ArchiveDamaged(
            f"{part.file} is not in {folder}. Bring it back before anything is dropped.", file=part.file
        )
    if _digest(path) != part.file_digest:
        raise ArchiveDamaged(f"{part.file} was changed since it was written.", file=part.file)
    seals, count = hashlib.sha256(), 0
    for row in frames.read(path):
        body, receipt, seal = (str(row[name]).encode() for name in ("body", "receipt", "seal"))
        if hashlib.sha256(hashlib.sha256(body).digest() + receipt).hexdigest().encode() != seal:
            message = f"{part.file}: activity {row['activity']} is not what was sealed. Run `regulars check`."
            raise ArchiveDamaged(message, file=part.file)
        seals.update(bytes.fromhex(seal.decode()))
        count += 1
    if (count, seals.digest()) != (part.activities, part.digest):
        message = f"{part.file} has {count} activities, or others than the journal's {part.activities}."
        raise ArchiveDamaged(message, file=part.file)


def _digest(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(DIGEST_BYTES):
            found.update(piece)
    return found.digest()


def _keep(path: Path) -> None:
    """See that what was written outlives a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _end_of(month: date) -> datetime:
    following = (month + timedelta(days=31)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def _show(part: ArchivePart) -> Archived:
    return Archived(month=part.month, part=part.part, file=part.file, activities=part.activities)

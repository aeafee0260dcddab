"""What happened at this till and is not known to the server yet: kept on its disk, in order, until it is.

A segment is a file of records, `queue-000000000042.log`, named by the first number that it may hold. Beside it
`.done` says which numbers are settled, and `.damaged` keeps what could not be read. Nothing in a segment is changed;
segments are removed when all of their records are settled and old.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Callable

from regulars_till.clock import read_moment, write_moment
from regulars_till.folder import Lock, append, replace, sync_folder
from regulars_till.records import read_records, write_record

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KEEP_DAYS_MIN", "Entry", "Queue", "Record"]

KEEP_DAYS_MIN = 30
SEGMENT_BYTES_MAX = 1024 * 1024
SEGMENT_AGE_MAX = timedelta(days=1)
SKIPPED_AFTER_DAMAGE = 1_000
"""Numbers left out after damage: a record that cannot be read may have had one of them."""
NAME = re.compile(r"queue-(\d{12})\.log")
ASIDE = "aside.log"


@dataclass(frozen=True)
class Record:
    """One thing that happened: its number at this till, and what was written of it."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A record with what became of it."""

    number: int
    values: dict[str, Any]
    how: str
    """`recorded`, `repeated`, or the code for which it was put aside; empty while the server does not know it."""
    told: Mapping[str, Any]
    """What the server said of it, as far as the day's report needs it."""


@dataclass
class Segment:
    """One file of the queue, as it is known in memory."""

    path: Path
    first: int
    end: int = 0
    """Where its good lines end."""
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each number, where the record begins and ends; an amended one where its last word lies."""
    moments: dict[int, datetime] = field(default_factory=dict)
    settled: dict[int, str] = field(default_factory=dict)
    """How each number was settled."""
    told: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    damaged: bytes = b""
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def done_path(self) -> Path:
        """The file that says what is settled."""
        return self.path.with_suffix(".done")

    @property
    def damaged_path(self) -> Path:
        """The file that keeps what could not be read."""
        return self.path.with_suffix(".damaged")

    @property
    def pending(self) -> list[int]:
        """Numbers that are not settled, in order."""
        return sorted(self.places.keys() - self.settled.keys())

    def note(self, number: int, at: datetime) -> None:
        """Take in when a record was made."""
        self.moments[number] = at
        self.oldest = at if self.oldest is None else min(self.oldest, at)
        self.newest = at if self.newest is None else max(self.newest, at)


class Queue:
    """The records of one till. One program at a time has it; its threads may share it."""

    def __init__(self, folder: Path, *, seen: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Open the folder, or make it, and read what is there. `seen` gets every record, settled or not.

        Raises FolderInUse, or OSError when the folder cannot be read and written.
        """
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            sync_folder(folder.parent)
        self._folder = folder
        self._guard = threading.RLock()
        self._lock = Lock(folder)
        self._segments: list[Segment] = []
        self._busy: set[int] = set()
        self._void: list[int] = []
        self._aside: dict[str, int] = {}
        self.notes: set[str] = set()
        self._last = 0
        try:
            self._read(seen)
        except BaseException:
            self._lock.close()
            raise

    # --- what is there ---

    @property
    def pending_count(self) -> int:
        """How many records are not settled."""
        with self._guard:
            return sum(len(segment.pending) for segment in self._segments)

    @property
    def pending_since(self) -> datetime | None:
        """When the first record was made that is not settled; None when all are."""
        with self._guard:
            return min((s.moments[number] for s in self._segments for number in s.pending), default=None)

    @property
    def last_number(self) -> int:
        """The number given last."""
        return self._last

    @property
    def aside(self) -> dict[str, int]:
        """How many records were put aside, by the code of what became of them."""
        with self._guard:
            return dict(self._aside)

    def list_pending(self, *, after: int, count_max: int, bytes_max: int) -> list[Record]:
        """Read records that are to be sent, in order, but those that a sale has in hand just now. At least one."""
        found: list[Record] = []
        size = 0
        with self._guard:
            for segment in self._segments:
                numbers = [number for number in segment.pending if number > after and number not in self._busy]
                for number, values, length in _read_places(segment, numbers[: count_max - len(found)]):
                    if found and size + length > bytes_max:
                        return found
                    found.append(Record(number=number, values=values))
                    size += length
        return found

    def find(self, number: int) -> Record | None:
        """Read one record, settled or not; None when it is not here any more."""
        with self._guard:
            segment = self._segment_of(number)
            if segment is None:
                return None
            return next((Record(number=number, values=told) for _, told, _ in _read_places(segment, [number])), None)

    def list_entries(self, first: int, last: int) -> list[Entry]:
        """Read the records from a number to another, in order, as far as they are here."""
        found: list[Entry] = []
        with self._guard:
            for segment in self._segments:
                numbers = sorted(number for number in segment.places if first <= number <= last)
                for number, values, _ in _read_places(segment, numbers):
                    how, told = segment.settled.get(number, ""), segment.told.get(number, {})
                    found.append(Entry(number=number, values=values, how=how, told=told))
        return found

    @property
    def last_done(self) -> int:
        """The last number up to which nothing is in hand."""
        with self._guard:
            return min(self._busy, default=self._last + 1) - 1

    def is_pending(self, number: int) -> bool:
        """Tell whether a record is here and not settled."""
        with self._guard:
            segment = self._segment_of(number)
            return segment is not None and number not in segment.settled

    # --- writing ---

    def append(self, at: datetime, make: Callable[[int], dict[str, Any]]) -> Record:
        """Give the next number, and write the record that is made with it: it is on the disk when this returns.

        It is in hand until `release` is called. Raises OSError; the number is then never used.
        """
        with self._guard:
            self._last += 1
            number = self._last
            values = {**make(number), "n": number, "at": write_moment(at)}
            segment = self._current(at)
            voids = b"".join(write_record({"void": each}) for each in self._void)
            data = write_record(values)
            self._write(segment, voids + data, burnt=number)
            self._void.clear()
            segment.places[number] = (segment.end - len(data), segment.end)
            segment.note(number, at)
            self._busy.add(number)
            return Record(number=number, values=values)

    def amend(self, record: Record, **changed: Any) -> Record:  # noqa: ANN401 - parts of a record: JSON
        """Write another word of a record: from now on it is the one that counts. Raises OSError."""
        with self._guard:
            segment = self._segment_of(record.number)
            assert segment is not None, "a record that is not settled is here"
            values = {name: value for name, value in {**record.values, **changed}.items() if value is not None}
            # A number has its words in one file; they may make it longer than others.
            data = write_record({**values, "again": True})
            self._write(segment, data)
            segment.places[record.number] = (segment.end - len(data), segment.end)
            return Record(number=record.number, values=values)

    def release(self, number: int) -> None:
        """Let go of a record that was in hand: it may be sent with others."""
        with self._guard:
            self._busy.discard(number)

    def settle(
        self,
        numbers: Iterable[int],
        how: str,
        *,
        sync: bool = True,
        told: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        """Note that these need not be sent again. Not written to the end (`sync`), the worst is that they are.

        `told` is what the server said of them, for the day's report.
        """
        known = set(numbers)
        with self._guard:
            for segment in self._segments:
                mine = sorted(segment.places.keys() & known)
                if mine:
                    said = {number: (told or {})[number] for number in mine if (told or {}).get(number)}
                    segment.settled.update(dict.fromkeys(mine, how))
                    segment.told.update(said)
                    line = {"done": mine, "how": how, **({"told": said} if said else {})}
                    append(segment.done_path, write_record(line), sync=sync)

    def put_aside(self, record: Record, code: str, problem: dict[str, Any], at: datetime) -> None:
        """Keep a record where somebody has to look at it, and send it no more. Raises OSError."""
        with self._guard:
            told = {"code": code, "put_aside_at": write_moment(at), "problem": problem, "record": record.values}
            append(self._folder / ASIDE, write_record(told))
            self._aside[code] = self._aside.get(code, 0) + 1
            self.settle([record.number], code)

    def clean(self, now: datetime, *, keep_days: int) -> int:
        """Remove segments that are settled and older than that; gives how many. The last one stays."""
        removed = 0
        with self._guard:
            for segment in self._segments[:-1]:
                old = segment.newest is None or segment.newest < now - timedelta(days=max(keep_days, KEEP_DAYS_MIN))
                if old and not segment.pending:
                    # In this order: what is settled must not be forgotten before what it speaks of.
                    segment.path.unlink(missing_ok=True)
                    sync_folder(self._folder)
                    segment.done_path.unlink(missing_ok=True)
                    self._segments.remove(segment)
                    removed += 1
        return removed

    def close(self) -> None:
        """Let others have the folder."""
        self._lock.close()

    # --- inside ---

    def _segment_of(self, number: int) -> Segment | None:
        return next((segment for segment in self._segments if number in segment.places), None)

    def _current(self, at: datetime) -> Segment:
        """Find the segment that is written to; a new one for a new day, or when the last is large."""
        last = self._segments[-1] if self._segments else None
        if last is None or last.end > SEGMENT_BYTES_MAX or (last.oldest and abs(at - last.oldest) > SEGMENT_AGE_MAX):
            last = Segment(path=self._folder / f"queue-{self._last:012d}.log", first=self._last)
            self._segments.append(last)
        return last

    def _write(self, segment: Segment, data: bytes, *, burnt: int | None = None) -> None:
        try:
            append(segment.path, data, at=segment.end)
        except OSError:
            if burnt is not None:
                # Should it have reached the disk after all, it must not count.
                self._void.append(burnt)
            raise
        segment.end += len(data)

    def _read(self, seen: Callable[[dict[str, Any]], None] | None) -> None:
        found = [(NAME.fullmatch(path.name), path) for path in self._folder.iterdir()]
        void: set[int] = set()
        for first, path in sorted((int(name[1]), path) for name, path in found if name is not None):
            void |= self._read_segment(Segment(path=path, first=first), seen)
        for segment in self._segments:
            for number in void & segment.places.keys():
                del segment.places[number]
            self._last = max(self._last, segment.first - 1, *segment.places, *segment.settled)
        self._last = max([self._last, *void])
        self._keep_damaged()
        for span in read_records(_read_file(self._folder / ASIDE)).spans:
            code = str(span.values["code"])
            self._aside[code] = self._aside.get(code, 0) + 1

    def _read_segment(self, segment: Segment, seen: Callable[[dict[str, Any]], None] | None) -> set[int]:
        """Read a segment and what is settled of it; gives the numbers that do not count."""
        data = segment.path.read_bytes()
        reading = read_records(data)
        segment.end = reading.end
        segment.damaged = b"".join(data[start:end] for start, end in reading.damaged)
        void: set[int] = set()
        for span in reading.spans:
            if "void" in span.values:
                void.add(span.values["void"])
                continue
            number = int(span.values["n"])
            segment.places[number] = (span.start, span.end)
            segment.note(number, read_moment(span.values["at"]))
            if seen is not None:
                seen(span.values)
        if reading.end < len(data):
            self.notes.add("records_cut")
            append(segment.path, b"", at=reading.end)
        done = _read_file(segment.done_path)
        settled = read_records(done)
        for span in settled.spans:
            segment.settled.update(dict.fromkeys(span.values["done"], str(span.values.get("how", ""))))
            segment.told.update({int(number): said for number, said in span.values.get("told", {}).items()})
        if settled.end < len(done):
            append(segment.done_path, b"", at=settled.end)
        self._segments.append(segment)
        return void

    def _keep_damaged(self) -> None:
        """Keep what cannot be read, and leave out the numbers that it may have had."""
        hurt = [segment for segment in self._segments if segment.damaged]
        if hurt:
            self.notes.add("records_damaged")
        new = [segment for segment in hurt if _read_file(segment.damaged_path) != segment.damaged]
        if new:
            self._last += SKIPPED_AFTER_DAMAGE
            first = self._last + 1
            # An empty file whose name says where to go on, before the damage counts as known.
            append(self._folder / f"queue-{first:012d}.log", b"")
            self._segments.append(Segment(path=self._folder / f"queue-{first:012d}.log", first=first))
        for segment in new:
            replace(segment.damaged_path, segment.damaged)


def _read_file(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _read_places(segment: Segment, numbers: list[int]) -> Iterable[tuple[int, dict[str, Any], int]]:
    if not numbers:
        return
    with segment.path.open("rb") as file:
        for number in numbers:
            start, end = segment.places[number]
            file.seek(start)
            # What was broken since the folder was opened is told, and kept, when it is opened again.
            for span in read_records(file.read(end - start)).spans:
                yield number, span.values, end - start

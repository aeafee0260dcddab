"""The days that a till has closed: which numbers belong to which, and whether the server was told what was counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_name

from regulars_till.folder import append
from regulars_till.records import read_records, write_record
from regulars_till.server import UNABLE
from regulars_till.wire import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from regulars_till.report import DayReport
    from regulars_till.server import Server

__all__ = ["Closed", "Closings"]

FILE = "days.log"
OK = 200
SECONDS_MAX = 10.0


@dataclass(frozen=True)
class Closed:
    """A day that was closed."""

    number: int
    day: str
    at: str
    first: int
    last: int
    store: str
    path: str
    """Where the server takes what was counted."""
    counted: dict[str, Any]
    """What it is told."""


class Closings:
    """The file of closed days, beside the queue. Whoever has the queue's lock has it."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._closed: dict[int, Closed] = {}
        self._sent: set[int] = set()
        self.refused: dict[int, str] = {}
        """By number: codes with which the server refused to take it down."""

    def open(self, folder: Path) -> None:
        """Read what is there, once. Raises OSError."""
        if self._path is not None:
            return
        path = folder / FILE
        data = path.read_bytes() if path.exists() else b""
        for span in read_records(data).spans:
            told = span.values
            if "sent" in told:
                self._note_sent(int(told["sent"]), str(told.get("code", "")))
            else:
                self._closed[int(told["number"])] = Closed(**told)
        self._path = path

    def find(self, number: int) -> Closed | None:
        """Find a closed day; None for 0, the one that is open. Raises KeyError for one that never was."""
        return self._closed[number] if number else None

    def find_span(self, number: int, last: int) -> tuple[int, int]:
        """Say which numbers belong to a day: of the open one, all since the last up to `last`. Both 0 for none."""
        if number:
            return self._closed[number].first, self._closed[number].last
        first = max((each.last for each in self._closed.values()), default=0) + 1
        return (first, last) if first <= last else (0, 0)

    def close(self, counted: DayReport) -> DayReport:
        """Close a day with its report: it is on the disk when this returns. Raises OSError."""
        assert self._path is not None, "it was counted, and so opened"
        number = max(self._closed, default=0) + 1
        head = replace(counted.head, number=number)
        closed = Closed(
            number=number,
            day=head.day,
            at=head.at,
            first=head.first,
            last=head.last,
            store=head.store,
            path=f"/v1/tills/{quote_name(head.till, safe='')}/days/{head.day}",
            counted={
                "store": head.store,
                "source": head.source,
                "first": head.first,
                "last": head.last,
                "count": counted.sales,
                "gross_minor": counted.told_gross_minor,
                "due_minor": counted.due_minor,
            },
        )
        append(self._path, write_record(asdict(closed)))
        self._closed[number] = closed
        return replace(counted, head=head)

    def send(self, server: Server) -> None:
        """Tell the server what was counted, as far as it was not told. A till without a store has nobody to tell."""
        for number in sorted(self._closed.keys() - self._sent):
            closed = self._closed[number]
            if not closed.store:
                continue
            told = server.ask_behind("POST", closed.path, self._sum_up(closed), seconds=SECONDS_MAX)
            if not isinstance(told, Answer) or told.status in UNABLE:
                return
            self._mark(number, "" if told.status == OK else told.code or str(told.status))

    def _sum_up(self, closed: Closed) -> dict[str, Any]:
        """Put together what was counted on one day, however often it was closed: the server's later word counts."""
        same = [each for each in self._closed.values() if each.day == closed.day and each.number <= closed.number]
        numbers = [each for each in same if each.last]
        sums = {name: sum(each.counted[name] for each in same) for name in ("count", "gross_minor", "due_minor")}
        first = min((each.first for each in numbers), default=0)
        return {**closed.counted, **sums, "first": first, "last": max((each.last for each in numbers), default=0)}

    def _mark(self, number: int, code: str) -> None:
        assert self._path is not None, "only what was read or written is sent"
        append(self._path, write_record({"sent": number, **({"code": code} if code else {})}))
        self._note_sent(number, code)

    def _note_sent(self, number: int, code: str) -> None:
        self._sent.add(number)
        if code:
            self.refused[number] = code

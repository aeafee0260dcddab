"""Where the till notes what it does: its queue while the folder can be written to, and paper while it cannot."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from regulars_till.folder import FolderInUse
from regulars_till.queue import Queue, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from regulars_till.clock import Clock

__all__ = ["Notebook", "Noted"]

UNWRITTEN_MAX = 1_000
"""What is remembered of sales on paper. It is only a second chance: their receipts carry the code."""
OPEN_AGAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Noted:
    """Something that was noted, under the name that it has for ever."""

    id: str
    values: dict[str, Any]
    record: Record | None
    """None: on paper only."""


class Notebook:
    """The queue, or the reason why there is none."""

    def __init__(self, folder: Path, till: str, clock: Clock, seen: Callable[[dict[str, Any]], None]) -> None:
        self.folder = folder
        self.queue: Queue | None = None
        self.trouble = ""
        """Why nothing can be written: `folder_in_use`, `folder_not_writable`; empty when it can."""
        self._till = till
        self._clock = clock
        self._seen = seen
        self._guard = threading.RLock()
        self._open_again_at = 0.0
        self._unwritten: list[Noted] = []
        self.reach()

    @property
    def unwritten_count(self) -> int:
        """How many sales are on paper, and remembered besides."""
        return len(self._unwritten)

    def reach(self) -> Queue | None:
        """Open the folder, if it is not open and was not tried just now."""
        with self._guard:
            if self.queue is None and time.monotonic() >= self._open_again_at:
                self._open_again_at = time.monotonic() + OPEN_AGAIN_SECONDS
                try:
                    self.queue = Queue(self.folder, seen=self._seen)
                except FolderInUse:
                    self.trouble = "folder_in_use"
                except OSError:
                    self.trouble = "folder_not_writable"
                else:
                    self.trouble = ""
            return self.queue

    def note(self, make: Callable[[str], dict[str, Any]]) -> Noted:
        """Note what `make` makes of its name. It is in hand until `finish`."""
        with self._guard:
            queue = self.reach()
            if queue is not None:
                name = ""

                def fill(number: int) -> dict[str, Any]:
                    nonlocal name
                    name = f"{self._till}-{number}"
                    return make(name)

                try:
                    record = queue.append(self._clock.now(), fill)
                except OSError:
                    self.trouble = "folder_not_writable"
                else:
                    self.trouble = ""
                    return Noted(id=name, values=record.values, record=record)
            # Numbers are given by the queue alone; chance keeps this name from being given twice.
            name = f"{self._till}-p{secrets.token_hex(6)}"
            return Noted(id=name, values=make(name), record=None)

    def amend(self, noted: Noted, **changed: Any) -> Noted:  # noqa: ANN401 - parts of a record: JSON
        """Change what was noted, before it is sent again; gives it as it is noted now."""
        record = noted.record
        if record is not None and self.queue is not None:
            try:
                record = self.queue.amend(record, **changed)
            except OSError:
                # It is sent as it was noted first.
                self.trouble = "folder_not_writable"
        return Noted(id=noted.id, values={**noted.values, **changed}, record=record)

    def settle(self, noted: Noted, told: Mapping[str, Any]) -> None:
        """The server has it, and said so much of it: it need not be sent again."""
        if noted.record is None or self.queue is None:
            return
        try:
            self.queue.settle([noted.record.number], "recorded", sync=False, told={noted.record.number: told})
        except OSError:
            # It will be sent again, and be known.
            self.trouble = "folder_not_writable"

    def put_aside(self, noted: Noted, code: str, problem: dict[str, Any]) -> None:
        """Keep it for the service desk, and send it no more."""
        if noted.record is None or self.queue is None:
            return
        try:
            self.queue.put_aside(noted.record, code, problem, self._clock.now())
        except OSError:
            # It will be sent, refused and put aside then.
            self.trouble = "folder_not_writable"

    def finish(self, noted: Noted) -> None:
        """Let go of it: whatever is not settled is sent with the queue."""
        if noted.record is not None and self.queue is not None:
            self.queue.release(noted.record.number)

    def keep(self, noted: Noted) -> None:
        """Remember a sale on paper, to be written when that is possible again."""
        with self._guard:
            if len(self._unwritten) < UNWRITTEN_MAX:
                self._unwritten.append(noted)

    def find(self, number: int) -> Record | None:
        """Read what was noted under a number, as far as it is still here."""
        try:
            return None if self.queue is None else self.queue.find(number)
        except OSError:
            self.trouble = "folder_not_writable"
            return None

    def write_unwritten(self) -> None:
        """Write what was remembered."""
        with self._guard:
            queue = self.reach()
            while queue is not None and self._unwritten:
                values = self._unwritten[0].values
                try:
                    record = queue.append(self._clock.now(), lambda _: values)  # noqa: B023 - called at once
                except OSError:
                    self.trouble = "folder_not_writable"
                    return
                queue.release(record.number)
                del self._unwritten[0]
                self.trouble = ""

    def close(self) -> None:
        """Let others have the folder, for good."""
        with self._guard:
            queue, self.queue = self.queue, None
            self.trouble = "folder_not_writable"
            self._open_again_at = float("inf")
            if queue is not None:
                queue.close()

"""The log: one JSON object a line, for machines. Nothing personal is in it, and nothing that opens a door.

Addresses are logged as the route's pattern, never as they came; bodies, queries and headers are not logged at
all. Of an error its kind and where it happened are told, but not its words, which may quote what was sent.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import msgspec

__all__ = ["LOGGER", "JsonLines", "note", "write_log"]

LOGGER: Final = logging.getLogger("regulars.http")
FRAMES_MAX: Final = 30
write_line: Final = msgspec.json.Encoder(enc_hook=str).encode


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: when, how grave, by whom, what, and the facts given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        facts = getattr(record, "facts", None)
        if isinstance(facts, dict):
            line.update(facts)  # pyright: ignore[reportUnknownArgumentType] - any JSON
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__qualname__
            line["trace"] = _frames(record.exc_info[2])
        return write_line(line).decode()


def write_log(level: int = logging.INFO) -> None:
    """Send everything that this process logs to stderr as JSON lines. Called once, when a server starts."""
    # What no line tells need not be found out for each of them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[lines], force=True)


def note(level: int, event: str, facts: Mapping[str, Any]) -> None:
    """Write a line of which the words and facts are known, and nobody asks where in the program it came from."""
    record = logging.LogRecord(LOGGER.name, level, "", 0, event, None, None)
    record.facts = facts
    LOGGER.handle(record)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES_MAX:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]

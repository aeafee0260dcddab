"""Records in a file: a line each, which tells its length and digest, so that a broken one is seen and passed over.

A line is the SHA-256 of what follows the length, the length in bytes, and JSON with the line's end. JSON keeps line
ends within texts out, so a record can be found again after any damage, and read with nothing but the eye.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Reading", "Span", "read_records", "write_record"]

HEAD = re.compile(rb"(?<![0-9a-f])([0-9a-f]{64}) ([0-9]{1,8}) (?=\{)")
HEAD_BYTES_MAX = 64 + 1 + 8 + 1


@dataclass(frozen=True)
class Span:
    """A good record: where it lies, and what it says."""

    start: int
    end: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a file holds."""

    spans: tuple[Span, ...]
    damaged: tuple[tuple[int, int], ...]
    """Where there is something that is no record any more: (start, end)."""
    end: int
    """Where whole lines end. What lies behind was being written when the power went."""


def write_record(values: dict[str, Any]) -> bytes:
    """Make the line of a record."""
    told = json.dumps(values, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
    return hashlib.sha256(told).hexdigest().encode("ascii") + b" %d " % len(told) + told


def read_records(data: bytes) -> Reading:
    """Find every good record, and say what lies between and behind them."""
    spans: list[Span] = []
    damaged: list[tuple[int, int]] = []
    whole = data.rfind(b"\n") + 1
    place = 0
    while place < whole:
        span = _find(data, place, whole)
        if span is None:
            damaged.append((place, whole))
            break
        if span.start > place:
            damaged.append((place, span.start))
        spans.append(span)
        place = span.end
    return Reading(spans=tuple(spans), damaged=tuple(damaged), end=whole)


def _find(data: bytes, place: int, whole: int) -> Span | None:
    """Find the next good record from a place on."""
    while (head := HEAD.search(data, place, whole)) is not None:
        end = head.end() + int(head[2])
        told = data[head.end() : end]
        if end <= whole and hashlib.sha256(told).hexdigest().encode("ascii") == head[1]:
            return Span(start=head.start(), end=end, values=json.loads(told))
        place = head.start() + 1
    return None

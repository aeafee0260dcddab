"""Entries for other programs: CSV that no spreadsheet runs, and a JSON object a line. Pure."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from regulars.features.audit.model import Entry

__all__ = ["write_csv", "write_lines"]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a text instead of showing it."""
write_json: Final = msgspec.json.Encoder(order="deterministic").encode


def write_csv(entries: Iterable[Entry]) -> str:
    """Write entries as CSV (RFC 4180). A text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(Entry.__struct_fields__)
    for entry in entries:
        rows.writerow(_write_cell(getattr(entry, name)) for name in Entry.__struct_fields__)
    return text.getvalue()


def write_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as JSON, one a line."""
    return b"".join(write_json(entry) + b"\n" for entry in entries)


def _write_cell(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return write_json(value).decode() if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text

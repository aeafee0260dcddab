"""Differences as CSV, for a spreadsheet that must not run what a till wrote into a name. Pure."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Final

from regulars.features.reconciliation.model import Difference

__all__ = ["HEAD", "write_cell", "write_csv"]

HEAD: Final = (
    "store",
    "day",
    "kind",
    "state",
    "till",
    "source",
    "name",
    "expected_minor",
    "ledger_minor",
    "amount_minor",
    "detail",
    "owner",
    "note",
    "found_at",
    "changed_at",
    "id",
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a text instead of showing it."""


def write_csv(differences: Iterable[Difference], *, head: bool = True) -> str:
    """Write differences as CSV (RFC 4180). A text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO()
    rows = csv.writer(text)
    if head:
        rows.writerow(HEAD)
    for each in differences:
        rows.writerow(write_cell(getattr(each, name)) for name in HEAD)
    return text.getvalue()


def write_cell(value: object) -> str:
    """Write one value of a row; a text that a spreadsheet would run gets an apostrophe before it."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text

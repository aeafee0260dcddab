"""Lists of sales as files: CSV with a head, or NDJSON; read row by row, so that the size of a file does not matter.

Columns: id, occurred_at, due_minor; and as far as known till, source, kind (purchase or return), member. A member is
who was shown: `card:123`, an id, or only `yes`. In NDJSON a sale may have its `lines`, as a purchase has.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.features.reconciliation.model import FileSale, SaleListInvalid
from regulars.kernel.nouns import Identifier, Line

__all__ = ["COLUMNS", "ListedSale", "open_list"]

COLUMNS: Final = frozenset({"id", "occurred_at", "due_minor", "till", "source", "kind", "member"})
NEEDED: Final = ("id", "occurred_at", "due_minor")
LINE_BYTES_MAX: Final = 1024 * 1024
SOMEBODY: Final = frozenset({"yes", "true", "1"})
NOBODY: Final = frozenset({"", "no", "false", "0"})


class ListedSale(Struct, frozen=True, kw_only=True):
    """A row of a file: the sale, and who was shown where the file tells."""

    sale: FileSale
    member: UUID | Identifier | None = None
    """None: nobody, or the file only says that somebody was."""
    lines: tuple[Line, ...] = ()


def open_list(path: Path, *, source: str) -> Iterator[ListedSale]:
    """Read a list of sales; `source` is that of rows that name none. Raises SaleListInvalid with the line."""
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".ndjson", ".jsonl"}:
        message = f"{path.name}: lists of sales end in .csv, .ndjson or .jsonl."
        raise SaleListInvalid(message, file=path.name)
    try:
        with path.open("rb") as file:
            rows = _read_csv(file) if suffix == ".csv" else _read_ndjson(file)
            for line, row in rows:
                yield _read_row(row, line, source)
    except OSError as error:
        raise SaleListInvalid(f"{path.name} cannot be read: {error.strerror}.", file=path.name) from error


def _read_csv(file: Iterable[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = (line.decode("utf-8-sig" if place == 0 else "utf-8") for place, line in enumerate(file))
    rows = csv.DictReader(text, strict=True)
    try:
        names = set(rows.fieldnames or ())
        if missing := [name for name in NEEDED if name not in names]:
            raise _refuse(1, f"there is no column {', '.join(missing)}")
        if unknown := sorted(names - COLUMNS):
            raise _refuse(1, f"columns that mean nothing here: {', '.join(unknown)}")
        for row in rows:
            cells = cast("dict[str | None, Any]", row)
            if None in cells:
                raise _refuse(rows.line_num, "there are more cells than columns")
            told = {name: (cell or "").strip() for name, cell in row.items()}
            yield rows.line_num, {name: cell for name, cell in told.items() if cell}
    except (csv.Error, UnicodeDecodeError) as error:
        raise _refuse(rows.line_num + 1, f"this is not CSV in UTF-8: {error}") from error


def _read_ndjson(file: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:  # noqa: ANN401 - an open file
    number = 0
    while text := cast("bytes", file.readline(LINE_BYTES_MAX + 1)):
        number += 1
        if len(text) > LINE_BYTES_MAX:
            raise _refuse(number, f"a line has at most {LINE_BYTES_MAX} bytes")
        if not text.strip():
            continue
        try:
            value: Any = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _refuse(number, f"this is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise _refuse(number, "a sale is a JSON object")
        yield number, cast("dict[str, Any]", value)


def _read_row(row: Mapping[str, Any], line: int, source: str) -> ListedSale:
    if unknown := sorted(set(row) - COLUMNS - {"lines"}):
        raise _refuse(line, f"a sale has no field {', '.join(unknown)}")
    told = {name: value for name, value in row.items() if name not in {"member", "lines"}}
    member = row.get("member")
    try:
        who, is_shown = _read_member(member)
        sale = msgspec.convert({"source": source, **told, "is_shown": is_shown}, FileSale, strict=False)
        lines = msgspec.convert(row.get("lines", ()), tuple[Line, ...])
    except ValueError as error:
        raise _refuse(line, str(error)) from error
    if "\0" in sale.id + sale.source + sale.till:
        raise _refuse(line, "the character U+0000 cannot be kept")
    return ListedSale(sale=sale, member=who, lines=lines)


def _read_member(told: Any) -> tuple[UUID | Identifier | None, bool]:  # noqa: ANN401 - any JSON
    """Read who was shown, and whether somebody was."""
    if told is None or isinstance(told, bool):
        return None, bool(told)
    if isinstance(told, dict):
        value = cast("dict[str, Any]", told)
        return msgspec.convert(value.get("identifier", value.get("id")), UUID | Identifier), True
    text = str(told).strip()
    if text.lower() in NOBODY | SOMEBODY:
        return None, text.lower() in SOMEBODY
    try:
        return UUID(text), True
    except ValueError:
        kind, _, value = text.partition(":")
    return msgspec.convert({"kind": kind.strip(), "value": value.strip()}, Identifier), True


def _refuse(line: int, what: str) -> SaleListInvalid:
    return SaleListInvalid(f"Line {line}: {what.rstrip('.')}.", line=line)

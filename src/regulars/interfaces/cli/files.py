"""Activities read from files: Parquet and CSV with a row for each line of a basket, NDJSON with an activity per line.

Parquet and CSV have these columns; rows that follow each other with one `id` are the lines of one activity, and what
belongs to the activity stands in the first of them:

  id, occurred_at, member   needed. A time has its zone (2026-03-01T09:30:00+08:00); a member is its id, or kind:value
  source, kind              `kind` is `purchase` where nothing else is said; `source` may be given by --source
  store, channel, origin    text
  ask, data                 JSON objects
  sku, amount_minor         a line of a basket; without them the activity has no lines
  quantity_milli, brand, shelf_discount_minor, coupon_discount_minor
  categories                from broad to narrow, with ` > ` between them (in Parquet a list will do)
  returned_line, returned_amount_minor, returned_quantity_milli    a line that comes back
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from regulars.base.errors import Refusal
from regulars.interfaces.cli.feed import Batch, Broken, RowInvalid
from regulars.kernel.nouns import Activity, Identifier

__all__ = ["COLUMNS", "SORT_BYTES_MAX", "ActivityFile", "FileUnreadable", "FileUnsorted", "read_member"]

SORT_BYTES_MAX: Final = 64 * 1024 * 1024
"""Up to this size a file is sorted in memory; a larger one must come sorted."""
LINE_BYTES_MAX: Final = 10 * 1024 * 1024
ROWS_AT_ONCE: Final = 20_000

LINE_TEXTS: Final = ("sku", "brand")
LINE_NUMBERS: Final = ("amount_minor", "quantity_milli", "shelf_discount_minor", "coupon_discount_minor")
RETURNED: Final = ("returned_line", "returned_amount_minor", "returned_quantity_milli")
HEADS: Final = ("id", "source", "kind", "occurred_at", "store", "channel", "origin")
NEEDED: Final = ("id", "occurred_at", "member")
COLUMNS: Final = frozenset((*HEADS, "member", "ask", "data", "categories", *LINE_TEXTS, *LINE_NUMBERS, *RETURNED))

Row = Mapping[str, Any]
Placed = tuple[int, int, Activity | Refusal]
"""Line (or row) from 1, how much of the file has been read by then, and what stands there."""


class FileUnreadable(Refusal):
    """The file cannot be read as what its name says it is."""

    code, kind = "file_unreadable", "invalid"


class FileUnsorted(Refusal):
    """A file too large to be sorted in memory is not in time order."""

    code, kind = "file_unsorted", "invalid"


def read_member(text: str) -> UUID | Identifier:
    """Read a member as people write it: an id, or `card:123`. Raises ValueError with what is expected."""
    try:
        return UUID(text)
    except ValueError:
        kind, colon, value = text.partition(":")
    try:
        # Without a colon the value is empty, which no identifier may be.
        return msgspec.convert({"kind": kind.strip(), "value": value.strip() if colon else ""}, Identifier)
    except msgspec.ValidationError as error:
        raise ValueError(f"{text!r} is no member: give an id, or a kind and a value such as card:123") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFile:
    """A file of activities: a feed."""

    path: Path
    source: str
    """For activities that name none."""
    total: int
    unit: str

    @classmethod
    def open(cls, path: Path, *, source: str = "") -> "ActivityFile":
        """Look at a file. Raises FileUnreadable, also for columns that are missing or unknown."""
        suffix = path.suffix.lower()
        if suffix not in READERS:
            known = ", ".join(READERS)
            raise FileUnreadable(f"{path.name}: activities are read from files that end in {known}.", file=str(path))
        if not path.is_file():
            raise FileUnreadable(f"There is no file {path}.", file=str(path))
        if suffix == ".parquet":
            return cls(path=path, source=source, total=_look_into_parquet(path), unit="rows")
        if suffix == ".csv":
            _look_into_csv(path)
        return cls(path=path, source=source, total=path.stat().st_size, unit="bytes")

    def batches(self, size: int) -> Iterator[Batch]:
        """Read in time order, at most `size` activities at a time. Raises FileUnsorted or FileUnreadable."""
        placed = READERS[self.path.suffix.lower()](self)
        small = self.path.stat().st_size <= SORT_BYTES_MAX
        return _gather(_sort(placed) if small else _refuse_unsorted(placed, self.path), size)


def _gather(placed: Iterable[Placed], size: int) -> Iterator[Batch]:
    facts: list[Activity] = []
    lines: list[int] = []
    broken: list[Broken] = []
    read = 0
    for line, upto, found in placed:
        read = max(read, upto)
        if isinstance(found, Refusal):
            broken.append(Broken(line=line, refusal=found))
        else:
            facts.append(found)
            lines.append(line)
        if len(facts) + len(broken) >= size:
            yield Batch(facts=facts, lines=lines, broken=broken, read=read)
            facts, lines, broken = [], [], []
    if facts or broken:
        yield Batch(facts=facts, lines=lines, broken=broken, read=read)


def _sort(placed: Iterable[Placed]) -> Iterator[Placed]:
    """Put activities in time order, those of one moment as they stood. What is broken comes first."""
    held = list(placed)
    for each in held:
        if isinstance(each[2], Refusal):
            yield each
    facts = [(line, upto, found) for line, upto, found in held if not isinstance(found, Refusal)]
    yield from sorted(facts, key=lambda each: each[2].occurred_at)


def _refuse_unsorted(placed: Iterable[Placed], path: Path) -> Iterator[Placed]:
    latest: datetime | None = None
    latest_line = 0
    for line, upto, found in placed:
        if not isinstance(found, Refusal):
            if latest is not None and found.occurred_at < latest:
                detail = (
                    f"{path.name} is too large to be sorted here, and not in time order: row {line}"
                    f" ({found.occurred_at.isoformat()}) comes after row {latest_line} ({latest.isoformat()})."
                    " Sort it by occurred_at and run this again; nothing is recorded twice."
                )
                raise FileUnsorted(detail, file=str(path), line=line)
            latest, latest_line = found.occurred_at, line
        yield line, upto, found


# --- NDJSON ----------------------------------------------------------------------------------------------------------


def _read_ndjson(file: ActivityFile) -> Iterator[Placed]:
    upto = 0
    with file.path.open("rb") as lines:
        number = 0
        while text := lines.readline(LINE_BYTES_MAX):
            number += 1
            upto += len(text)
            if text.strip():
                yield number, upto, _read_wire(text, file.source)


def _read_wire(text: bytes, source: str) -> Activity | Refusal:
    """Read the wire shape: as `POST /v1/activities` takes it."""
    try:
        value: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return RowInvalid(f"This is not JSON: {error}.")
    if not isinstance(value, dict):
        return RowInvalid("An activity is a JSON object.")
    fact = cast("dict[str, Any]", value)
    if isinstance(fact.get("member"), dict):
        member = cast("dict[str, Any]", fact["member"])
        fact["member"] = member.get("id", member.get("identifier", member))
    return _convert(fact, source)


# --- rows ------------------------------------------------------------------------------------------------------------


def _read_csv(file: ActivityFile) -> Iterator[Placed]:
    with file.path.open("rb") as binary:
        text = (line.decode("utf-8-sig" if place == 0 else "utf-8") for place, line in enumerate(binary))
        rows = csv.DictReader(text, strict=True)
        try:
            yield from _join(((rows.line_num, binary.tell(), row) for row in rows), file.source)
        except (csv.Error, UnicodeDecodeError) as error:
            detail = f"{file.path.name}, line {rows.line_num + 1}: this is not CSV in UTF-8: {error}."
            raise FileUnreadable(detail, file=str(file.path), line=rows.line_num + 1) from error


def _look_into_csv(path: Path) -> None:
    with path.open("rb") as file:
        head = file.readline(LINE_BYTES_MAX)
    try:
        names = next(csv.reader([head.decode("utf-8-sig")], strict=True), None) or []
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileUnreadable(f"{path.name}, line 1: this is not CSV in UTF-8: {error}.", file=str(path)) from error
    _check_columns(path, names)


def _read_parquet(file: ActivityFile) -> Iterator[Placed]:
    import polars as pl

    def rows() -> Iterator[tuple[int, int, Row]]:
        number = 0
        for part in pl.scan_parquet(file.path).collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            for row in part.iter_rows(named=True):
                number += 1
                yield number, number, row

    yield from _join(rows(), file.source)


def _look_into_parquet(path: Path) -> int:
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        detail = "Parquet is read with polars, which is not installed. Run: pip install 'regulars[demo]'"
        raise FileUnreadable(detail, file=str(path)) from error
    try:
        scan = pl.scan_parquet(path)
        _check_columns(path, scan.collect_schema().names())
        return int(scan.select(pl.len()).collect().item())
    except pl.exceptions.PolarsError as error:
        raise FileUnreadable(f"{path.name} is not a Parquet file: {error}.", file=str(path)) from error


def _check_columns(path: Path, names: Iterable[str]) -> None:
    found = set(names)
    if missing := [name for name in NEEDED if name not in found]:
        detail = f"{path.name} has no column {', '.join(missing)}. `regulars replay --help` lists the columns."
        raise FileUnreadable(detail, file=str(path), missing=missing)
    if unknown := sorted(name for name in found if name not in COLUMNS):
        detail = f"{path.name} has columns that mean nothing here: {', '.join(unknown)}. Leave them out."
        raise FileUnreadable(detail, file=str(path), unknown=unknown)


def _join(rows: Iterable[tuple[int, int, Row]], source: str) -> Iterator[Placed]:
    """Make one activity of the rows that follow each other with one id."""
    first: tuple[int, Row] | None = None
    parts: list[Row] = []
    upto = 0
    for line, read, row in rows:
        if first is not None and (row["id"], row.get("source")) != (first[1]["id"], first[1].get("source")):
            yield first[0], upto, _build(parts, source)
            first, parts = None, []
        first = first or (line, row)
        parts.append(row)
        upto = read
    if first is not None:
        yield first[0], upto, _build(parts, source)


def _build(rows: list[Row], source: str) -> Activity | Refusal:
    head = rows[0]
    try:
        value: dict[str, Any] = {name: _text(head[name]) for name in HEADS if head.get(name) not in {None, ""}}
        value.setdefault("kind", "purchase")
        value["member"] = _plain(read_member(_text(head.get("member"))))
        for name in ("ask", "data"):
            if head.get(name):
                value[name] = json.loads(head[name])
        value["lines"] = [_line(row) for row in rows if row.get("sku") not in {None, ""}]
        value["returned"] = [_returned(row) for row in rows if row.get("returned_line") not in {None, ""}]
    except ValueError as error:
        return RowInvalid(f"{str(error).removesuffix('.')}.")
    return _convert(value, source)


def _line(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {name: _text(row[name]) for name in LINE_TEXTS if row.get(name) not in {None, ""}}
    line |= {name: _whole(name, row[name]) for name in LINE_NUMBERS if row.get(name) not in {None, ""}}
    categories = row.get("categories")
    if isinstance(categories, str):
        line["categories"] = [name.strip() for name in categories.split(">") if name.strip()]
    elif categories is not None:
        line["categories"] = [name for name in categories if name]
    return line


def _returned(row: Row) -> dict[str, Any]:
    names = [name for name in RETURNED if row.get(name) not in {None, ""}]
    return {name.removeprefix("returned_"): _whole(name, row[name]) for name in names}


def _text(value: Any) -> str:  # noqa: ANN401 - a cell is what the file has
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def _whole(name: str, value: Any) -> int:  # noqa: ANN401 - a cell is what the file has
    try:
        if isinstance(value, str):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise ValueError(f"{name} is {value!r}, and must be a whole number")


def _plain(member: UUID | Identifier) -> Any:  # noqa: ANN401 - whatever msgspec makes of it
    return msgspec.to_builtins(member)


def _convert(value: dict[str, Any], source: str) -> Activity | Refusal:
    if unknown := [name for name in value if name not in Activity.__struct_fields__]:
        return RowInvalid(f"An activity has no field {', '.join(map(repr, unknown))}.")
    if source:
        value.setdefault("source", source)
    try:
        return msgspec.convert(value, Activity)
    except msgspec.ValidationError as error:
        return RowInvalid(_explain(str(error), value))


def _explain(message: str, value: Mapping[str, Any]) -> str:
    """Say what is wrong with a row, and what would be right."""
    what, _, path = message.partition(" - at `$.")
    if "missing required field `source`" in message:
        return "Nothing says from which system this comes. Add a column source, or --source NAME."
    if path.startswith("occurred_at"):
        return f"occurred_at is {value.get('occurred_at')!r}; a time has its zone, such as 2026-03-01T09:30:00+08:00."
    where = f"{path.rstrip('`')}: " if path else ""
    return f"{where}{what[0].lower()}{what[1:]}."


READERS: Final = {".parquet": _read_parquet, ".csv": _read_csv, ".ndjson": _read_ndjson, ".jsonl": _read_ndjson}

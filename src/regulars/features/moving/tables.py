"""What is taken along, table by table: the shape of each follows from its rows, and so does its description. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.kernel.activity.moving import ActivityRow
from regulars.kernel.ledger.moving import AccountRow, EntryRow, HoldRow, LotRow
from regulars.kernel.members.moving import HomeRow, IdentifierRow, MemberRow, TraitRow

__all__ = [
    "TABLES",
    "ColumnShape",
    "TableShape",
    "Value",
    "describe_tables",
    "flatten",
    "write_csv",
    "write_down",
    "write_head",
]

TABLES: Final[Mapping[str, type[Struct]]] = MappingProxyType(
    {
        "members": MemberRow,
        "identifiers": IdentifierRow,
        "traits": TraitRow,
        "households": HomeRow,
        "accounts": AccountRow,
        "lots": LotRow,
        "entries": EntryRow,
        "holds": HoldRow,
        "activities": ActivityRow,
    }
)
"""By name: what a row is. Other rooms' tables come beside them."""
FORMULA: Final = ("=", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a text instead of showing it. Numbers begin with + and - here, and may."""
WORDS: Final[Mapping[object, str]] = MappingProxyType(
    {str: "text", int: "integer", bool: "boolean", datetime: "timestamp", UUID: "uuid"}
)
write_json: Final = msgspec.json.Encoder(order="deterministic").encode

Value = str | int | bool | datetime | None


class ColumnShape(Struct, frozen=True, kw_only=True):
    """A column."""

    name: str
    type: str
    """text, integer, boolean, timestamp (UTC, ISO 8601), uuid or json"""
    nullable: bool


class TableShape(Struct, frozen=True, kw_only=True):
    """A table: what a row of it is, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[ColumnShape, ...]


def describe_tables(tables: Mapping[str, type[Struct]] = TABLES) -> tuple[TableShape, ...]:
    """Describe tables by the types of their rows."""
    return tuple(
        TableShape(
            name=name,
            meaning=(row.__doc__ or "").split("\n", maxsplit=1)[0],
            columns=tuple(_describe(column, hint) for column, hint in get_type_hints(row).items()),
        )
        for name, row in tables.items()
    )


def _describe(name: str, hint: object) -> ColumnShape:
    options = [each for each in get_args(hint) if each is not NoneType] if _is_union(hint) else [hint]
    nullable = _is_union(hint) and NoneType in get_args(hint)
    # Literals are texts; several kinds of value, and what is JSON already, are JSON.
    word = WORDS.get(options[0], "json" if options[0] is msgspec.Raw else "text") if len(options) == 1 else "json"
    return ColumnShape(name=name, type=word, nullable=nullable and word != "json")


def _is_union(hint: object) -> bool:
    return get_origin(hint) in {Union, UnionType}


def flatten(row: Struct, shape: TableShape) -> dict[str, Value]:
    """Turn a row into values that any table can hold: what is JSON becomes its text."""
    return {column.name: _flatten(getattr(row, column.name), column.type) for column in shape.columns}


def _flatten(value: object, kind: str) -> Value:
    if kind == "json":
        return bytes(value).decode() if isinstance(value, msgspec.Raw) else write_json(value).decode()
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    return str(value)


def write_head(shape: TableShape) -> str:
    """Write the first line of a table's CSV."""
    return _write([[column.name for column in shape.columns]])


def write_csv(rows: Iterable[Iterable[Value]]) -> str:
    """Write rows as CSV (RFC 4180). No text can run as a formula."""
    return _write([_tell(value) for value in row] for row in rows)


def write_down(tables: Mapping[str, Sequence[Struct]]) -> str:
    """Write rows of every table one below the other as CSV: the table, the number of the row, the field, its value."""
    shapes = describe_tables({name: rows[0].__class__ for name, rows in tables.items() if rows})
    return "".join(line for shape in shapes for line in _write_down(shape, tables[shape.name]))


def _write_down(shape: TableShape, rows: Sequence[Struct]) -> Iterator[str]:
    # Half a million of these are a member's file: what a column holds is asked once, and only texts can need quotes.
    columns = [(f",{column.name},", attrgetter(column.name), TELLERS[column.type]) for column in shape.columns]
    for number, row in enumerate(rows, start=1):
        begin = f"{shape.name},{number}"
        for name, get, tell in columns:
            value = get(row)
            yield f"{begin}{name}{'' if value is None else tell(value)}\r\n"


def _write(rows: Iterable[Sequence[str | int]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _tell(value: Value) -> str | int:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _quote(text: str) -> str:
    told = f"'{text}" if text.startswith(FORMULA) else text
    if "," in told or '"' in told or "\n" in told or "\r" in told:
        return '"' + told.replace('"', '""') + '"'
    return told


def _tell_moment(value: datetime) -> str:
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()


def _tell_json(value: object) -> str:
    return _quote(bytes(value).decode() if isinstance(value, msgspec.Raw) else write_json(value).decode())


TELLERS: Final[Mapping[str, Callable[[Any], str | int]]] = MappingProxyType(
    {
        "text": _quote,
        "integer": int,
        "boolean": _tell,
        "timestamp": _tell_moment,
        "uuid": str,
        "json": _tell_json,
    }
)
"""By the type of a column: what writes a value that is there, as a cell of CSV."""

"""Conditions as rows that people fill in: all or any of a field, an operator and a value; to text and back. Pure.

What a row cannot say stays text, written by hand. Nothing is compiled here: a text is read by our own grammar alone.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Final, Literal, cast

from msgspec import Meta, Struct

from regulars.kernel.program.conditions.parse import DEPTH_MAX, RESERVED, parse
from regulars.kernel.program.conditions.tree import (
    Binary,
    Call,
    Chain,
    Has,
    Index,
    Listing,
    Loop,
    Name,
    Node,
    Select,
    Unary,
)
from regulars.kernel.program.conditions.tree import Literal as Written
from regulars.kernel.program.conditions.typed import write_text
from regulars.kernel.program.conditions.words import ConditionInvalid, Misread, place
from regulars.kernel.program.model import Problem

__all__ = [
    "OPERATORS",
    "AllRows",
    "AnyRows",
    "FieldRow",
    "LinesRow",
    "Operator",
    "Row",
    "Value",
    "read_rows",
    "write_rows",
]

ROWS_MAX: Final = 50
"""Rows of one group."""
LINES: Final = "basket.lines"
PLACES: Final = frozenset({"start", "end", "at"})
"""What a tree knows of its text, and what it means does not."""

Operator = Literal[
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not_in",
    "has",
    "has_not",
    "contains",
    "starts_with",
    "ends_with",
    "known",
    "unknown",
    "holds",
    "holds_not",
]
COMPARES: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
METHODS: Final[Mapping[str, Operator]] = {
    "contains": "contains",
    "startsWith": "starts_with",
    "endsWith": "ends_with",
}
CALLED: Final = {operator: method for method, operator in METHODS.items()}
OPERATORS: Final[Mapping[str, tuple[Operator, ...]]] = {
    "whole": ("==", "!=", "<", "<=", ">", ">=", "in", "not_in"),
    "text": ("==", "!=", "in", "not_in", "contains", "starts_with", "ends_with", "<", "<=", ">", ">="),
    "truth": ("holds", "holds_not", "==", "!="),
    "any": ("==", "!=", "<", "<=", ">", ">=", "in", "not_in", "contains", "starts_with", "ends_with"),
    "list": ("has", "has_not"),
    "time": (),
}
"""By the sort of a field: what rows may ask of it. Of a field that may be missing also whether it is known."""

Single = int | str | bool
Value = Single | tuple[Single, ...] | None


class FieldRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="field"):
    """One field, and what it has to be."""

    field: Annotated[str, Meta(min_length=1, max_length=200)]
    """As it stands in the text: `basket.total`, `member["badge.tea"]`, or of a line `line.amount`."""
    operator: Operator
    """`has`: a list has this value. `known`: there is a value at all. `holds`: it is true."""
    value: Value = None
    """A whole number, text, true or false; with `in` and `not_in` a list of them; with `known` and `holds` nothing."""


class LinesRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="lines"):
    """What lines of the basket have to be."""

    which: Literal["exists", "all", "exists_one"]
    """At least one line, every line, or exactly one."""
    rows: "AllRows | AnyRows"
    """Their fields begin with the word of `name`."""
    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,29}$")] = "line"
    """What a line is called in the text."""


class AllRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="all"):
    """Every one of these."""

    rows: Annotated[tuple["AllRows | AnyRows | FieldRow | LinesRow", ...], Meta(max_length=ROWS_MAX)] = ()


class AnyRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="any"):
    """At least one of these."""

    rows: Annotated[tuple["AllRows | AnyRows | FieldRow | LinesRow", ...], Meta(max_length=ROWS_MAX)] = ()


Row = AllRows | AnyRows | FieldRow | LinesRow


class ByHand(Exception):
    """A part of a condition that rows cannot say."""


def read_rows(text: str) -> AllRows | AnyRows | None:
    """Read a condition as rows; None where only text can say it. Empty text is a group without rows: always.

    Written again, the rows mean the very same. Raises ConditionInvalid where the text cannot be read at all.
    """
    if not text.strip():
        return AllRows()
    tree = _parse(text)
    try:
        group = _as_group(_read(tree))
        is_same = _strip(parse(_write(group, outer=True))) == _strip(tree)
    except (ByHand, Misread):
        return None
    return group if is_same else None


def write_rows(row: Row) -> str:
    """Write rows as a condition. Groups of one row, and without any, are written as what they come to.

    Raises ConditionInvalid for a field or a value that cannot be written.
    """
    group = _tidy_group(row)
    if not group.rows:
        return ""
    text = _write(group, outer=True)
    if read_rows(text) != group:
        message = "a field is not the name of one, or a value does not go with its operator"
        raise ConditionInvalid([Problem(message=message, line=1, column=1)])
    return text


# --- reading ---------------------------------------------------------------------------------------------------------


def _parse(text: str) -> Node:
    try:
        return parse(text)
    except Misread as problem:
        raise ConditionInvalid([place(problem.message, text, problem.at)]) from problem


def _read(node: Node) -> Row:  # noqa: C901, PLR0911 - each kind of part its own line
    match node:
        case Chain(operator="&&", parts=parts):
            return AllRows(rows=tuple(_read(part) for part in parts))
        case Chain(parts=parts):
            return AnyRows(rows=tuple(_read(part) for part in parts))
        case Loop():
            return _read_loop(node)
        case Binary():
            return _read_binary(node)
        case Unary(operator="!", of=Binary(operator="in") as of):
            inner = _read_binary(of)
            opposite: Operator = "not_in" if inner.operator == "in" else "has_not"
            return FieldRow(field=inner.field, operator=opposite, value=inner.value)
        case Unary(operator="!", of=Has(of=of)):
            return FieldRow(field=_read_field(of), operator="unknown")
        case Unary(operator="!", of=of):
            return FieldRow(field=_read_field(of), operator="holds_not")
        case Has(of=of):
            return FieldRow(field=_read_field(of), operator="known")
        case Call(name=name, target=Select() | Index() as target, arguments=(Written(value=str(word)),)):
            if name in METHODS:
                return FieldRow(field=_read_field(target), operator=METHODS[name], value=word)
            raise ByHand
        case Select() | Index():
            return FieldRow(field=_read_field(node), operator="holds")
        case _:
            raise ByHand


def _read_loop(node: Loop) -> LinesRow:
    if node.kind not in {"exists", "all", "exists_one"} or _strip(node.over) != _strip(parse(LINES)):
        raise ByHand
    inner = _as_group(_read(node.body))
    return LinesRow(which=cast("Any", node.kind), rows=inner, name=node.name)


def _read_binary(node: Binary) -> FieldRow:
    if node.operator == "in":
        match node.right:
            case Listing(items=items):
                return FieldRow(
                    field=_read_field(node.left), operator="in", value=tuple(_read_value(it) for it in items)
                )
            case _:
                return FieldRow(field=_read_field(node.right), operator="has", value=_read_value(node.left))
    if node.operator not in COMPARES:
        raise ByHand
    operator = cast("Operator", node.operator)
    return FieldRow(field=_read_field(node.left), operator=operator, value=_read_value(node.right))


def _read_value(node: Node) -> Single:
    match node:
        case Written(fraction=False, value=bool() | int() | str() as value):
            return value
        case Unary(operator="-", of=Written(fraction=False, value=int(value))) if not isinstance(value, bool):
            return -value
        case _:
            raise ByHand


def _read_field(node: Node) -> str:
    """Write a field as it stands in a text: a name of a root, or of what stands below one."""
    match node:
        case Select(of=of, name=name):
            return f"{_read_owner(of)}.{name}"
        case Index(of=of, index=Written(value=str(name))) if not _is_word(name):
            return f"{_read_owner(of)}[{write_text(name)}]"
        case _:
            raise ByHand


def _read_owner(node: Node) -> str:
    return node.name if isinstance(node, Name) else _read_field(node)


def _is_word(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name not in RESERVED


def _strip(node: object) -> object:
    """Leave out of a tree where its parts stand, so that what means the same is the same."""
    if is_dataclass(node) and not isinstance(node, type):
        parts = tuple(_strip(getattr(node, it.name)) for it in fields(node) if it.name not in PLACES)
        return type(node).__name__, *parts
    if isinstance(node, tuple):
        return tuple(_strip(part) for part in cast("tuple[object, ...]", node))
    # True is 1, and means something else.
    return (type(node).__name__, node)


# --- writing ---------------------------------------------------------------------------------------------------------


def _as_group(row: Row) -> "AllRows | AnyRows":
    return row if isinstance(row, AllRows | AnyRows) else AllRows(rows=(row,))


def _tidy_group(row: Row, depth: int = 0) -> "AllRows | AnyRows":
    """Leave out groups that hold nothing, and what is around a single row."""
    tidied = _tidy(row, depth)
    return AllRows() if tidied is None else _as_group(tidied)


def _tidy(row: Row, depth: int) -> Row | None:
    if depth > DEPTH_MAX:
        message = f"groups are nested more than {DEPTH_MAX} deep"
        raise ConditionInvalid([Problem(message=message, line=1, column=1)])
    match row:
        case AllRows(rows=rows) | AnyRows(rows=rows):
            kept = tuple(it for each in rows if (it := _tidy(each, depth + 1)) is not None)
            if len(kept) <= 1:
                return kept[0] if kept else None
            return AllRows(rows=kept) if isinstance(row, AllRows) else AnyRows(rows=kept)
        case LinesRow():
            inner = _tidy_group(row.rows, depth + 1)
            return LinesRow(which=row.which, rows=inner, name=row.name) if inner.rows else None
        case FieldRow():
            return row


def _write(row: Row, *, outer: bool = False) -> str:
    match row:
        case AllRows(rows=rows) | AnyRows(rows=rows):
            text = (" && " if isinstance(row, AllRows) else " || ").join(_write(it) for it in rows)
            return text if outer or len(rows) == 1 else f"({text})"
        case LinesRow():
            return f"{LINES}.{row.which}({row.name}, {_write(row.rows, outer=True)})"
        case FieldRow():
            return _write_field(row)


def _write_field(row: FieldRow) -> str:  # noqa: PLR0911 - each operator its own line
    field, value = row.field, row.value
    match row.operator:
        case "in" | "not_in":
            if not isinstance(value, tuple):
                raise _refuse(row, "a list of values")
            listed = f"{field} in [{', '.join(_write_value(row, it) for it in value)}]"
            return listed if row.operator == "in" else f"!({listed})"
        case "known" | "unknown":
            return f"{'!' if row.operator == 'unknown' else ''}has({field})"
        case "holds" | "holds_not":
            return f"{'!' if row.operator == 'holds_not' else ''}{field}"
        case "has":
            return f"{_write_value(row, value)} in {field}"
        case "has_not":
            return f"!({_write_value(row, value)} in {field})"
        case "contains" | "starts_with" | "ends_with":
            if not isinstance(value, str):
                raise _refuse(row, "text")
            return f"{field}.{CALLED[row.operator]}({write_text(value)})"
        case _:
            return f"{field} {row.operator} {_write_value(row, value)}"


def _write_value(row: FieldRow, value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return write_text(value)
    raise _refuse(row, "one value")


def _refuse(row: FieldRow, wanted: str) -> ConditionInvalid:
    message = f"{row.field[:40]}: '{row.operator}' needs {wanted}"
    return ConditionInvalid([Problem(message=message, line=1, column=1)])

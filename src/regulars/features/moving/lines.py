"""Lines of a part, read by the mapping: what each says, or everything that is wrong with it. Pure but for reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from regulars.features.moving.cells import (
    CellInvalid,
    check_written_out,
    read_amount,
    read_day,
    read_flag,
    read_moment,
)
from regulars.features.moving.model import Cell, Field, Mapped, Part, Problem
from regulars.features.moving.sheets import Sheet
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

__all__ = ["Cells", "find_columns", "list_fields"]

MEND: Final = "Mend it in the source, or leave the line out."
ANY: Final = "*"
KNOWN_MAX: Final = 100_000
"""Moments whose words are remembered."""


def list_fields(part: Part) -> Iterator[tuple[str, Cell]]:
    """List the fields of a part that the mapping names: (path, where its value comes from)."""
    for name in part.__struct_fields__:
        value: object = getattr(part, name)
        if name in {"identifiers", "traits"}:
            assert isinstance(value, dict)
            each: Field
            for key, each in value.items():  # pyright: ignore[reportUnknownVariableType] - checked when it was read
                yield f"{name}.{key}", _cell(each)  # pyright: ignore[reportUnknownArgumentType]
        elif name not in {"file", "where", "leave", "no_end", "trait"} and isinstance(value, str | Cell):
            yield name, _cell(value)


def _cell(value: Field) -> Cell:
    return value if isinstance(value, Cell) else Cell(column=value)


def find_columns(mapped: Mapped, part: Part, sheet: Sheet) -> list[Problem]:
    """Find the columns that a part names and the file lacks, and those that no part would take from it."""
    named = _list_columns(part)
    found: list[Problem] = []
    for column in sorted(named - set(sheet.header)):
        near = get_close_matches(column, sheet.header, n=1)
        meant = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(sheet.header)}."
        what = f"The mapping names a column {column!r} that the file does not have."
        found.append(Problem(file=sheet.name, line=1, column=column, code="column_missing", what=what, cure=meant))
    readers = [each for _, each in mapped.list_parts() if each.file == part.file]
    kept = {column for each in readers for column in (*_list_columns(each), *each.leave)}
    if ANY not in kept and part is readers[0]:
        for column in [each for each in sheet.header if each and each not in kept]:
            what = "The mapping says nothing of this column: it would be lost."
            cure = f"Map it, or list it under `leave` (`leave: [{column}]`) to leave it behind."
            found.append(Problem(file=sheet.name, line=1, column=column, code="column_lost", what=what, cure=cure))
    return found


def _list_columns(part: Part) -> set[str]:
    return {cell.column for _, cell in list_fields(part) if cell.column is not None} | set(part.where)


@dataclass(slots=True, kw_only=True)
class Cells:
    """The cells of one line after the other, read by the names that a mapping gives them.

    What cannot be read becomes a problem of the line, and the answer is a value of the right kind that nobody uses.
    """

    mapped: Mapped
    part: Part
    sheet: Sheet
    zone: ZoneInfo = field(init=False)
    problems: list[Problem] = field(default_factory=list[Problem])
    line: int = 0
    _row: Sequence[str] = ()
    _fields: dict[str, tuple[int, Cell]] = field(init=False)
    _where: list[tuple[int, frozenset[str]]] = field(init=False)
    _moments: dict[tuple[str, bool], datetime] = field(default_factory=dict[tuple[str, bool], datetime])

    def __post_init__(self) -> None:
        """Find the place of each column once."""
        places = {name: place for place, name in enumerate(self.sheet.header)}
        self.zone = ZoneInfo(self.mapped.time_zone)
        self._fields = {
            name: (-1 if cell.column is None else places[cell.column], cell) for name, cell in list_fields(self.part)
        }
        self._where = [(places[column], frozenset(words)) for column, words in self.part.where.items()]

    def turn_to(self, line: int, row: Sequence[str]) -> bool:
        """Go to a line; False where the mapping leaves it out."""
        self.line, self._row = line, row
        self.problems = []
        if len(row) != len(self.sheet.header):
            what = f"The line has {len(row)} cells, and the first has {len(self.sheet.header)}."
            self.say("", "line_ragged", what, "A cell with the delimiter in it stands in quotes.")
            return True
        return all(self._row[place].strip() in words for place, words in self._where)

    def say(self, name: str, code: str, what: str, cure: str = MEND) -> None:
        """Note a problem of this line."""
        column = self._fields[name][1].column if name in self._fields else None
        self.problems.append(
            Problem(file=self.sheet.name, line=self.line, column=column or name, code=code, what=what, cure=cure)
        )

    def has(self, name: str) -> bool:
        """Say whether the mapping names a field."""
        return name in self._fields

    def text(self, name: str, *, needed: bool = False) -> str:
        """Read a word; empty where there is none."""
        if name not in self._fields:
            return ""
        place, cell = self._fields[name]
        text = cell.value or "" if place < 0 else self._row[place].strip() or cell.default
        if cell.values and text:
            if text not in cell.values:
                known = ", ".join(sorted(cell.values))
                cure = "Add it to `values` of the mapping."
                self.say(name, "word_unknown", f"{text[:40]!r} is none of the words that are known ({known}).", cure)
            return cell.values.get(text, "")
        if needed and not text:
            self.say(name, "cell_empty", "There is nothing in this cell, and it is needed.")
        return text

    def word(self, name: str, *, needed: bool = False, most: int = 64) -> str:
        """Read a name of something: as it is written, and not as a spreadsheet has mangled it."""
        text = self.text(name, needed=needed)
        try:
            check_written_out(text)
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
        if len(text) > most:
            self.say(name, "word_too_long", f"It has more than {most} characters.")
        return text[:most]

    def identifier(self, name: str, kind: str, *, needed: bool = False) -> Identifier | None:
        """Read what a member is found by, in the one way in which it is spelled; None where there is none."""
        text = self.text(name, needed=needed)
        if not text:
            return None
        try:
            return members.normalise(Identifier(kind=kind, value=check_written_out(text)))
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
        except members.IdentifierInvalid as refusal:
            self.say(name, refusal.code, refusal.detail, "Mend it, or map the column to another kind of identifier.")
        return None

    def amount(self, name: str) -> int | None:
        """Read a whole amount; None where there is none, or it cannot be read."""
        text = self.text(name, needed=True)
        if not text:
            return None
        try:
            return read_amount(text, decimals=self._fields[name][1].decimals)
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
        return None

    def flag(self, name: str) -> bool:
        """Read yes or no."""
        try:
            return read_flag(self.text(name, needed=True))
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
        return False

    def moment(self, name: str, *, closing: bool = False, needed: bool = False) -> datetime | None:
        """Read a moment; None where there is none. The same words are read once: days come again and again."""
        text = self.text(name, needed=needed)
        if not text:
            return None
        known = self._moments.get((text, closing))
        if known is not None:
            return known
        try:
            found = read_moment(text, zone=self.zone, dates=self.mapped.dates, closing=closing)
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
            return None
        if len(self._moments) < KNOWN_MAX:
            self._moments[text, closing] = found
        return found

    def day(self, name: str) -> date | None:
        """Read a day; None where there is none."""
        text = self.text(name)
        if not text:
            return None
        try:
            return read_day(text, dates=self.mapped.dates)
        except CellInvalid as error:
            self.say(name, error.code, error.what, error.cure)
        return None

    def is_month_day(self, name: str) -> bool:
        """Say whether only the month and the day of a date are to be kept."""
        return self._fields[name][1].month_day

"""A file as lines of cells, with the number of the line: CSV in any of the encodings that a mapping may name."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from regulars.features.moving.model import SheetUnreadable

__all__ = ["Line", "Sheet", "open_csv"]

CELL_CHARACTERS_MAX: Final = 1_000_000
DIGEST_BYTES: Final = 1 << 20
GUESSES: Final = ("gb18030", "big5", "cp1252")
MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

Line = tuple[int, Sequence[str]]
"""The number of the line, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file whose lines can be read more than once."""

    name: str
    path: Path
    header: tuple[str, ...]
    read: Callable[[], Iterator[Line]]
    """Every line after the names of columns. Raises SheetUnreadable."""
    count: Callable[[], int]
    """How many there are, about."""

    def digest(self) -> bytes:
        """Digest what is in the file: the same file is known again."""
        found = hashlib.sha256()
        with self.path.open("rb") as file:
            while part := file.read(DIGEST_BYTES):
                found.update(part)
        return found.digest()


def open_csv(path: Path, *, encoding: str, delimiter: str) -> Sheet:
    """Look at a CSV file; a mark of the byte order at its start is nothing. Raises SheetUnreadable."""
    if not path.is_file():
        raise SheetUnreadable(f"There is no file {path.name}. The mapping names it; is it in another folder?")
    for name, read in MARKS:
        with path.open("rb") as file:
            if encoding != read and file.read(len(name)) == name:
                detail = f"{path.name} is {read}. Say `encoding: {read}` in the mapping, or save it as UTF-8."
                raise SheetUnreadable(detail, file=path.name, line=1)
    lines = _read_lines(path, encoding, delimiter)
    _, first = next(lines, (1, ()))
    header = tuple(name.strip() for name in first)
    doubled = sorted({name for name in header if header.count(name) > 1 and name})
    if not any(header):
        raise SheetUnreadable(f"{path.name}, line 1: there are no names of columns.", file=path.name, line=1)
    if doubled:
        detail = f"{path.name}, line 1: two columns are called {doubled[0]}. Give one of them another name."
        raise SheetUnreadable(detail, file=path.name, line=1)

    def read_on() -> Iterator[Line]:
        again = _read_lines(path, encoding, delimiter)
        next(again, None)
        return again

    return Sheet(name=path.name, path=path, header=header, read=read_on, count=partial(_count_lines, path))


def _read_lines(path: Path, encoding: str, delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        before = 0
        try:
            for row in rows:
                if row:
                    yield before + 1, row
                before = rows.line_num
        except UnicodeDecodeError as error:
            raise _refuse_bytes(path, encoding) from error
        except csv.Error as error:
            line = rows.line_num
            detail = f"{path.name}, line {line}: this is not CSV with {delimiter!r} between cells: {error}."
            raise SheetUnreadable(f"{detail} Mend its quotes, or say another `delimiter`.", line=line) from error


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _refuse_bytes(path: Path, encoding: str) -> SheetUnreadable:
    """Say in which line the bytes are something else, and as what they can be read."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not _reads(line, encoding):
                better = next((each for each in GUESSES if each != encoding and _reads(line, each)), None)
                cure = f"It can be read as {better}: say `encoding: {better}` in the mapping" if better else "Mend it"
                detail = f"{path.name}, line {number}: this is not {encoding}. {cure}, or save the file as UTF-8."
                return SheetUnreadable(detail, file=path.name, line=number)
    return SheetUnreadable(f"{path.name}: this is not {encoding}. Save the file as UTF-8.", file=path.name)


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        return False
    return True

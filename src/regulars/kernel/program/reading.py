"""YAML read with the place of everything, and with none of YAML's surprises.

Only plain data passes: no aliases (they can make a small text grow without end), no tags, no second document, no key
twice, no fractions. A bare `on`, `no` or `1:30` is text, as in YAML 1.2; a bare date is text too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Integral, Real
from typing import Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program.model import Problem, ProgramInvalid

__all__ = [
    "DEPTH_MAX",
    "TEXT_BYTES_MAX",
    "Found",
    "Path",
    "Place",
    "Source",
    "is_fraction",
    "read",
    "read_yaml",
    "refuse_fraction",
]

TEXT_BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 32
FRACTION_DIGITS_MAX: Final = 12

Path = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, from 1."""

FAST: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The reader of libyaml where it is there: ten times as fast."""
INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FRACTION: Final = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
WORDS: Final = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A problem by its path in the data; the text says at which line that is."""

    path: Path
    message: str
    at_key: bool = False
    """The key is what is wrong, not what stands behind it."""

    def locate(self, places: "dict[tuple[Path, bool], Place]") -> Problem:
        """Give it the line and column of the nearest thing that the text has."""
        line = column = 0
        for length in range(len(self.path), -1, -1):
            whole = length == len(self.path)
            place = places.get((self.path[:length], whole and self.at_key)) or places.get((self.path[:length], False))
            if place is not None:
                line, column = place
                break
        return Problem(message=self.message, path=write_path(self.path), line=line, column=column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a text says, and where it says it."""

    value: object
    places: "dict[tuple[Path, bool], Place]"
    """By (path, of the key?)."""


def write_path(path: Path) -> str:
    """Write a path as people do: `offers[2].settings.currency`."""
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return written.removeprefix(".")


def is_fraction(value: object) -> bool:
    """Say whether a decoded value is a number with decimals."""
    return isinstance(value, Real) and not isinstance(value, Integral)


def refuse_fraction(text: str) -> str:
    """Say why a fraction is refused, and how to write it."""
    ratio = ""
    if len(text) <= FRACTION_DIGITS_MAX and re.fullmatch(r"[0-9.]+", text):
        exact = Fraction(text)
        ratio = f": {text} is {exact.numerator} per {exact.denominator}"
    return (
        f"{text} is not a whole number. Write a ratio of two whole numbers{ratio}"
        " (for example {points: 3, per_minor: 200}, or {times: 3, over: 2})"
    )


def read(text: str) -> Source:
    """Read YAML into plain data. Raises ProgramInvalid with the place of what is broken."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as problem:
        raise ProgramInvalid([Problem(message="the text is not valid Unicode")]) from problem
    if size > TEXT_BYTES_MAX:
        raise ProgramInvalid([Problem(message=f"the text has {size} bytes; {TEXT_BYTES_MAX} are allowed")])
    try:
        return _Builder(events=yaml.parse(text, Loader=FAST)).build()
    except yaml.YAMLError:
        # What is broken is said by the reader that is written in Python: in the same words on every machine.
        return _read_slowly(text)


def read_yaml(text: str) -> object:
    """Read YAML into plain data, as programmes are read. Raises ProgramInvalid with the place of what is broken."""
    return read(text).value


def _read_slowly(text: str) -> Source:
    builder = _Builder(events=yaml.parse(text, Loader=yaml.SafeLoader))
    try:
        return builder.build()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        said = ", ".join(part for part in (problem.context, problem.problem) if part)
        line, column = (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
        raise ProgramInvalid([Problem(message=f"this is not YAML: {said}", line=line, column=column)]) from problem
    except yaml.reader.ReaderError as problem:
        before = text[: problem.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = "there is a character here that YAML does not allow"
        raise ProgramInvalid([Problem(message=message, line=line, column=column)]) from problem


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Turns the parser's events into data, noting places. Not a value: it is used up by one text."""

    events: Iterator[Event]
    places: dict[tuple[Path, bool], Place] = field(default_factory=dict[tuple[Path, bool], Place])
    problems: list[Problem] = field(default_factory=list[Problem])

    def build(self) -> Source:
        documents = 0
        value: object = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "only one YAML document can stand here; remove this `---`")
            elif isinstance(event, NodeEvent) and documents <= 1:
                value = self._node(event, ())
        if self.problems:
            raise ProgramInvalid(self.problems)
        return Source(value=value, places=self.places)

    def _refuse(self, event: Event, message: str, path: Path = ()) -> None:
        line, column = _place(event)
        self.problems.append(Problem(message=message, path=write_path(path), line=line, column=column))

    def _node(self, event: Event, path: Path) -> object:
        self.places[path, False] = _place(event)
        if isinstance(event, AliasEvent):
            self._refuse(event, "aliases (*name) cannot be used; write it out", path)
            return None
        self._refuse_marks(event, path)
        if len(path) > DEPTH_MAX:
            self._refuse(event, f"this is nested more than {DEPTH_MAX} deep", path)
            raise ProgramInvalid(self.problems)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, ScalarEvent), "a node is an alias, a mapping, a sequence or a scalar"
        return self._scalar(event, path)

    def _refuse_marks(self, event: Event, path: Path) -> None:
        if getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors (&name) cannot be used; write it out where it is needed", path)
        if getattr(event, "tag", None) not in {None, "!"}:
            self._refuse(event, "tags (!name) cannot be used", path)

    def _sequence(self, path: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, object]:
        members: dict[str, object] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            name = self._key(event, path)
            if name in members:
                self._refuse(event, f"the key '{name}' stands here a second time", (*path, name))
            self.places[(*path, name), True] = _place(event)
            members[name] = self._node(next(self.events), (*path, name))
        return members

    def _key(self, event: Event, path: Path) -> str:
        if not isinstance(event, ScalarEvent):
            self._refuse(event, "a key must be a plain word", path)
            self._skip(event)
            return ""
        self._refuse_marks(event, path)
        key = self._scalar(event, path)
        if not isinstance(key, str):
            self._refuse(event, f"a key must be text: write it in quotes, '{event.value}'", path)
            return event.value
        return key

    def _skip(self, event: Event) -> None:
        """Leave out a node that was refused; what is nested too deep is not followed, which would take minutes."""
        depth = 1 if isinstance(event, MappingStartEvent | SequenceStartEvent) else 0
        while depth:
            following = next(self.events)
            depth += isinstance(following, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(following, CollectionEndEvent)
            if depth > DEPTH_MAX:
                raise ProgramInvalid(self.problems)

    def _scalar(self, event: ScalarEvent, path: Path) -> object:
        text = event.value
        if not event.style and text in WORDS:
            return WORDS[text]
        if not event.style and FRACTION.fullmatch(text):
            self._refuse(event, refuse_fraction(text), path)
            return 0
        if not event.style and INTEGER.fullmatch(text):
            return self._integer(event, path)
        text = _join_halves(text)
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            self._refuse(event, "this text holds a character that cannot be kept", path)
        return text

    def _integer(self, event: ScalarEvent, path: Path) -> int:
        digits = event.value
        if len(digits) > len(str(AMOUNT_MAX)) + 1 or abs(int(digits)) > AMOUNT_MAX:
            self._refuse(event, f"{digits[:24]} is too large a number; the largest is {AMOUNT_MAX}", path)
            return 0
        return int(digits)


def _join_halves(text: str) -> str:
    """Join what JSON escapes as two halves: letters beyond the first 65,536. A half that is alone stays one."""
    return HALVES.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


def _place(event: Event) -> Place:
    mark = event.start_mark
    assert mark is not None, "the parser marks every event"
    return mark.line + 1, mark.column + 1

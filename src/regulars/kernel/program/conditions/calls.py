"""The functions that an expression may call. What is not here does not exist."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from regulars.kernel.program.conditions.engine import Dialect
from regulars.kernel.program.conditions.shapes import (
    SPAN,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    ListOf,
    MapOf,
    Scalar,
    Shape,
    Text,
    Whole,
    call_shape,
)
from regulars.kernel.program.conditions.tree import Call, Node
from regulars.kernel.program.conditions.typed import Typed, write_text
from regulars.kernel.program.shape import suggest

__all__ = ["NAMES", "Checker", "Scope", "read_call"]

METHODS: Final = ("contains", "endsWith", "matches", "size", "startsWith")
"""Written behind a dot."""
FUNCTIONS: Final = ("duration", "has", "max", "min", "size", "sum", "timestamp")
NAMES: Final = frozenset((*METHODS, *FUNCTIONS, "all", "exists", "exists_one", "filter", "map"))
PATTERN_LETTERS_MAX: Final = 100
REPEATS_MAX: Final = 100
REPEAT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
SPAN_TEXT: Final = re.compile(r"(?:\d{1,7}[hms])+")
MEANT: Final = {
    "getFullYear": "activity.year",
    "getMonth": "activity.month",
    "getDate": "activity.day",
    "getDayOfMonth": "activity.day",
    "getDayOfWeek": "activity.weekday",
    "getHours": "activity.hour",
    "getMinutes": "activity.minute",
}

Scope = Mapping[str, tuple[str, Shape | None]]
"""By the author's word for each turn of a loop: the engine's word, and what it is."""


class Checker(Protocol):
    """The part of the check that calls ask for."""

    dialect: Dialect

    def read(self, node: Node, scope: Scope) -> Typed:
        """Check one part."""
        ...

    def expect(self, node: Node, scope: Scope, wanted: Shape) -> Typed:
        """Check one part that must be of one shape."""
        ...

    def note_pattern(self, code: str, at: int) -> None:
        """Note a pattern, for the engine to say whether it can be read."""
        ...

    def refuse(self, message: str, at: int) -> Typed:
        """Note what is wrong and where."""
        ...


def read_call(check: Checker, node: Call, scope: Scope) -> Typed:  # noqa: PLR0911 - each kind of call its own line
    """Check a call, and write it for the engine."""
    known = METHODS if node.target is not None else FUNCTIONS
    if node.name not in known:
        return _refuse_name(check, node)
    if node.name == "size":
        return _read_size(check, node, scope)
    if node.target is not None:
        return _read_test_of_text(check, node, node.target, scope)
    wanted = {"max": 2, "min": 2}.get(node.name, 1)
    if len(node.arguments) != wanted:
        what = "one value" if wanted == 1 else "two values"
        return check.refuse(f"{node.name}(…) takes {what}, and here are {len(node.arguments)}", node.at)
    if node.name in {"max", "min"}:
        return _read_extreme(check, node, scope)
    if node.name == "sum":
        return _read_sum(check, node, scope)
    if node.name == "has":  # has(x) is a word of its own; this is has(x, y), which was counted above.
        return check.refuse("has(…) takes one field", node.at)
    return _read_moment(check, node, scope)


def _refuse_name(check: Checker, node: Call) -> Typed:
    if node.name in MEANT:
        return check.refuse(f"there is no {node.name}(); the local time is in {MEANT[node.name]}", node.at)
    if node.target is None and node.name in METHODS:
        return check.refuse(f"{node.name} is written behind a dot: x.{node.name}(…)", node.at)
    if node.target is not None and node.name in FUNCTIONS:
        return check.refuse(f"{node.name} is written in front: {node.name}(…)", node.at)
    return check.refuse(f"there is no {node.name}(…){suggest(node.name, NAMES)}", node.at)


def _read_size(check: Checker, node: Call, scope: Scope) -> Typed:
    given = (*(() if node.target is None else (node.target,)), *node.arguments)
    if len(given) != 1:
        return check.refuse("size(…) takes one value", node.at)
    of = check.read(given[0], scope)
    if of.shape is None:
        return of
    if not isinstance(of.shape, Text | ListOf | MapOf):
        return check.refuse(f"size(…) is for text, lists and maps, and this is {call_shape(of.shape)}", given[0].start)
    name = "length" if isinstance(of.shape, Text) and check.dialect.counts_bytes else "size"
    return Typed(shape=WHOLE, code=f"{name}({of.code})", height=of.height + 1)


def _read_test_of_text(check: Checker, node: Call, target: Node, scope: Scope) -> Typed:
    of = check.read(target, scope)
    if len(node.arguments) != 1:
        return check.refuse(f"{node.name}(…) takes one text", node.at)
    argument = check.expect(node.arguments[0], scope, TEXT)
    if of.shape is None or argument.shape is None:
        return Typed(shape=None)
    if not isinstance(of.shape, Text | Scalar):
        return check.refuse(f"{node.name}(…) is for text, and this is {call_shape(of.shape)}", target.start)
    if node.name == "matches":
        wrong = _refuse_pattern(argument.word)
        if wrong:
            return check.refuse(wrong, node.arguments[0].start)
        check.note_pattern(argument.code, node.arguments[0].start)
    height = max(of.height, argument.height) + 1
    return Typed(shape=TRUTH, code=f"{of.within(8)}.{node.name}({argument.code})", height=height)


def _refuse_pattern(pattern: str | None) -> str:
    """Say what is wrong with a pattern. Whether it can be read at all is asked of the engine."""
    if pattern is None:
        return "a pattern is written out in quotes"
    if len(pattern) > PATTERN_LETTERS_MAX:
        return f"a pattern has at most {PATTERN_LETTERS_MAX} characters"
    counts = [int(count) for found in REPEAT.findall(pattern) for count in found if count]
    if any(count > REPEATS_MAX for count in counts) or len(REPEAT.findall(pattern)) > 1:
        return f"a pattern repeats at most {REPEATS_MAX} times, and at one place"
    return ""


def _read_extreme(check: Checker, node: Call, scope: Scope) -> Typed:
    parts = [check.expect(argument, scope, WHOLE) for argument in node.arguments]
    if any(part.shape is None for part in parts):
        return Typed(shape=None)
    code = f"{node.name}({', '.join(part.code for part in parts)})"
    return Typed(shape=WHOLE, code=code, height=max(part.height for part in parts) + 1)


def _read_sum(check: Checker, node: Call, scope: Scope) -> Typed:
    of = check.read(node.arguments[0], scope)
    match of.shape:
        case None:
            return of
        case ListOf(of=Whole()):
            return Typed(shape=WHOLE, code=f"sum({of.code})", height=of.height + 1)
        case _:
            said = "sum(…) adds a list of whole numbers, such as basket.lines.map(l, l.amount)"
            return check.refuse(said, node.arguments[0].start)


def _read_moment(check: Checker, node: Call, scope: Scope) -> Typed:
    argument = check.expect(node.arguments[0], scope, TEXT)
    at = node.arguments[0].start
    if argument.shape is None:
        return argument
    if argument.word is None:
        return check.refuse(f"{node.name}(…) takes text that is written out", at)
    if node.name == "duration":
        if SPAN_TEXT.fullmatch(argument.word) is None:
            return check.refuse("a length of time is written like '36h', '90m' or '1h30m'", at)
        return Typed(shape=SPAN, code=f"duration({argument.code})", height=2)
    try:
        moment = datetime.fromisoformat(argument.word)
        written = None if moment.tzinfo is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        written = None
    if written is None or len(written) != len("2026-10-01T00:00:00Z"):
        return check.refuse("a time is written like '2026-10-01T08:00:00+08:00'", at)
    return Typed(shape=TIME, code=f"timestamp({write_text(written)})", height=2)

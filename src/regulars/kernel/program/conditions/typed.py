"""What the check knows of each part of an expression: its shape, and how an engine is told of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from regulars.kernel.program.conditions.shapes import (
    ListOf,
    MapOf,
    Nothing,
    Record,
    Scalar,
    Shape,
    Span,
    Text,
    Time,
    Truth,
    Whole,
)

__all__ = ["RANKS", "Typed", "can_compare", "can_order", "is_single", "list_words", "write_text"]

RANKS: Final = {
    "?": 1,
    "||": 2,
    "&&": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
}
"""How tightly each operator binds. A sign is 7, everything else 8."""
SIGN: Final = 7
TIGHT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One part that was checked."""

    shape: Shape | None
    """None: it is wrong, and that was said."""
    code: str = ""
    """As engines read it."""
    rank: int = TIGHT
    height: int = 1
    """Parts within it, at the deepest."""
    word: str | None = None
    """What a literal text says."""
    most: str = ""
    """For a list: code that says how many entries it has at most, without working it out."""
    path: str = ""
    """The field that it is, if it is one."""

    def within(self, rank: int) -> str:
        """The code, in brackets where something tighter is needed."""
        return self.code if self.rank >= rank else f"({self.code})"


def is_single(shape: Shape) -> bool:
    """Tell what is one value from what has parts."""
    return not isinstance(shape, ListOf | MapOf | Record)


def can_compare(left: Shape, right: Shape) -> bool:
    """Say whether these may be equal at all."""
    if not (is_single(left) and is_single(right)):
        return False
    if isinstance(left, Scalar) or isinstance(right, Scalar):
        other = right if isinstance(left, Scalar) else left
        return isinstance(other, Scalar | Whole | Text | Truth | Nothing)
    return type(left) is type(right) and not isinstance(left, Nothing)


def can_order(left: Shape, right: Shape) -> bool:
    """Say whether one of these may be less than the other."""
    ordered = Whole | Text | Time | Span
    if isinstance(left, Scalar) or isinstance(right, Scalar):
        other = right if isinstance(left, Scalar) else left
        return isinstance(other, Whole | Text)
    return isinstance(left, ordered) and type(left) is type(right)


def list_words(shape: Shape | None) -> Collection[str]:
    """The only words that a text may be; nothing where it may be any."""
    return shape.values if isinstance(shape, Text) else ()


def write_text(text: str) -> str:
    """Write text as a literal that every engine reads alike: letters as they are, the rest escaped."""
    return '"' + "".join(_write_letter(letter) for letter in text) + '"'


def _write_letter(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    return f"\\U{ord(letter):08x}"

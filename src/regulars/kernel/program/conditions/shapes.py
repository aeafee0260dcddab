"""What an expression may speak of: fields with their types, from which every engine is configured.

There are no fractions: money and points are whole numbers, and 1.5 fits nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

__all__ = [
    "NOTHING",
    "SCALAR",
    "SPAN",
    "TEXT",
    "TIME",
    "TRUTH",
    "WHOLE",
    "Field",
    "ListOf",
    "MapOf",
    "Record",
    "Scalar",
    "Shape",
    "Span",
    "Text",
    "Time",
    "Truth",
    "Whole",
    "call_shape",
    "list_fields",
]


class Whole(Struct, frozen=True, kw_only=True, tag="int"):
    """A whole number."""


class Text(Struct, frozen=True, kw_only=True, tag="string"):
    """Text. Where `values` are named it is never anything else, and a comparison with another word is refused."""

    values: tuple[str, ...] = ()


class Truth(Struct, frozen=True, kw_only=True, tag="bool"):
    """True or false."""


class Time(Struct, frozen=True, kw_only=True, tag="timestamp"):
    """An instant."""


class Span(Struct, frozen=True, kw_only=True, tag="duration"):
    """A length of time."""


class Nothing(Struct, frozen=True, kw_only=True, tag="null"):
    """The word null."""


class Scalar(Struct, frozen=True, kw_only=True, tag="scalar"):
    """A whole number, text, truth or nothing: which of them is known only when a basket comes."""


class ListOf(Struct, frozen=True, kw_only=True, tag="list"):
    """Any number of things of one shape."""

    of: "Shape"


class MapOf(Struct, frozen=True, kw_only=True, tag="map"):
    """Things of one shape by names that the environment does not know. A name that is not there fails."""

    of: "Shape"


class Record(Struct, frozen=True, kw_only=True, tag="record"):
    """Named fields. One that has no value reads as 0, '' or false."""

    what: str
    """For people: `a line`."""
    fields: Mapping[str, "Shape"]
    optional: tuple[str, ...] = ()
    """Fields of which `has(...)` may be asked."""


Shape = Whole | Text | Truth | Time | Span | Nothing | Scalar | ListOf | MapOf | Record

WHOLE: Final = Whole()
TEXT: Final = Text()
TRUTH: Final = Truth()
TIME: Final = Time()
SPAN: Final = Span()
NOTHING: Final = Nothing()
SCALAR: Final = Scalar()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an environment, as engines know it."""

    path: str
    """What the author writes: `basket.total`."""
    name: str
    """What engines are given in its place, so that no name of ours can clash with a word of theirs."""
    asked: str
    """The same for whether it has a value."""
    shape: Shape
    optional: bool


def list_fields(roots: Mapping[str, Shape]) -> dict[str, Field]:
    """List every field of these roots, by path. A root is a record, or a map that is a field itself."""
    assert all(root.isidentifier() for root in roots), "a root is written bare"
    found: dict[str, Field] = {}
    for root, shape in roots.items():
        if isinstance(shape, Record):
            members = [(f"{root}.{name}", it, name in shape.optional) for name, it in shape.fields.items()]
        else:
            members = [(root, shape, False)]
        for path, it, optional in members:
            assert not isinstance(it, Record), "records stand at the roots and in lists"
            number = len(found)
            found[path] = Field(path=path, name=f"v{number}_", asked=f"h{number}_", shape=it, optional=optional)
    return found


CALLED: Final[Mapping[type[Shape], str]] = {
    Whole: "a whole number",
    Text: "text",
    Truth: "true or false",
    Time: "a time",
    Span: "a length of time",
    Nothing: "null",
    Scalar: "a value that is not known beforehand",
    ListOf: "a list",
    MapOf: "a map",
}


def call_shape(shape: Shape) -> str:
    """What people call it."""
    return shape.what if isinstance(shape, Record) else CALLED[type(shape)]

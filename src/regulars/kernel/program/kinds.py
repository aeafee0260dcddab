"""Kinds of activity that a programme declares: what people call them, and what is told with them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.base.errors import Refusal
from regulars.kernel.nouns import AMOUNT_MAX, Scalar
from regulars.kernel.program.words import Id, Names

__all__ = ["KINDS_MAX", "DataInvalid", "Datum", "Kind", "find_faults"]

KINDS_MAX: Final = 100
FACTS_MAX: Final = 50
CHOICES_MAX: Final = 200
TEXT_MAX: Final = 500

Amount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]


class DataInvalid(Refusal):
    """What is told with an activity is not what the programme declares of its kind."""

    code, kind = "data_invalid", "invalid"


class Datum(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that is told with an activity of a kind, in its `data`."""

    type: Literal["text", "number", "flag"]
    """A number is a whole one; a flag is true or false."""
    required: bool = False
    min: Amount | None = None
    """Of a number the least, of a text the fewest letters."""
    max: Amount | None = None
    """Of a number the most, of a text the most letters."""
    one_of: Annotated[tuple[str, ...], Meta(max_length=CHOICES_MAX)] = ()
    """The texts that it may be; without any, all."""

    def __post_init__(self) -> None:
        """Refuse what nothing could be."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("'min' is more than 'max'")
        if self.one_of and self.type != "text":
            raise ValueError("only a text is 'one_of' a list")

    def find_fault(self, value: Scalar) -> str | None:
        """Say what is wrong with a value; None where nothing is."""
        if self.type == "flag":
            return None if isinstance(value, bool) else "true or false is expected"
        if self.type == "number":
            if not isinstance(value, int) or isinstance(value, bool):
                return "a whole number is expected"
            return self._find_excess(value, "")
        if not isinstance(value, str):
            return "a text is expected"
        if self.one_of and value not in self.one_of:
            return f"one of {', '.join(self.one_of)} is expected"
        return self._find_excess(len(value), " letters") or (
            f"at most {TEXT_MAX} letters are expected" if len(value) > TEXT_MAX else None
        )

    def _find_excess(self, amount: int, unit: str) -> str | None:
        if self.min is not None and amount < self.min:
            return f"at least {self.min}{unit} is expected"
        if self.max is not None and amount > self.max:
            return f"at most {self.max}{unit} is expected"
        return None


class Kind(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A kind of activity: a review, a check-in, a survey."""

    name: Names
    data: Annotated[Mapping[Id, Datum], Meta(max_length=FACTS_MAX)] = field(default_factory=dict[str, Datum])
    """What is told with it. Anything else is refused, so a typing error never passes."""


def find_faults(kind: Kind, data: Mapping[str, Scalar]) -> Iterator[tuple[str, str]]:
    """Find what is wrong with what is told: (name, what is wrong)."""
    for name, fact in kind.data.items():
        if name not in data or data[name] is None:
            if fact.required:
                yield name, "this is required"
        elif (fault := fact.find_fault(data[name])) is not None:
            yield name, fault
    for name in data.keys() - kind.data.keys():
        known = ", ".join(kind.data) or "nothing"
        yield name, f"the programme declares no such thing; it declares {known}"

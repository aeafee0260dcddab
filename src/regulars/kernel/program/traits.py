"""The traits of a programme: which its own offers set, and which are told from outside, as what."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from regulars.kernel.nouns import Scalar
from regulars.kernel.program.envelope import SEGMENT
from regulars.kernel.program.mechanics import Mechanic, find_mechanics
from regulars.kernel.program.model import Document
from regulars.kernel.program.occasions import BIRTHDAY, Occasion, read_month_day

__all__ = ["Outside", "describe_outside", "list_set_traits"]

WORDS = {str: "text", int: "a whole number", bool: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What may be told of a trait that comes from outside."""

    kinds: frozenset[type] = frozenset()
    """The kinds of value that the programme compares it with; empty: any."""
    is_birthday: bool = False
    """It holds a month and a day, and no year: nobody is asked for their age."""

    def find_fault(self, value: Scalar) -> str:
        """Say what is expected instead of a value; empty where it can be told. Never quotes the value."""
        if value is None:
            return ""
        if self.is_birthday:
            expected = "a month and a day without a year, such as 05-17"
            return "" if read_month_day(value) is not None else expected
        if self.kinds and type(value) not in self.kinds:
            return " or ".join(sorted(WORDS[kind] for kind in self.kinds))
        return ""


def list_set_traits(document: Document) -> frozenset[str]:
    """List the traits that offers of a document set; all others come from outside."""
    return frozenset(trait for mechanic, settings in _read_offers(document) for trait in mechanic.sets(settings))


def describe_outside(document: Document) -> dict[str, Outside]:
    """Describe the traits of a document's catalogue that no offer sets: what is told of them from outside."""
    kinds: dict[str, set[type]] = {}
    birthdays = {BIRTHDAY}
    for offer in document.offers:
        if offer.audience is not None:
            for trait, values in offer.audience.traits.items():
                kinds.setdefault(trait, set()).update(type(value) for value in values)
    for mechanic, settings in _read_offers(document):
        for trait, words in mechanic.references(settings).traits.items():
            kinds.setdefault(trait, set()).update(type(word) for word in words)
        birthdays.update(it.trait for it in _list_occasions(settings) if it.of == BIRTHDAY)
    own = list_set_traits(document)
    told = {
        trait: Outside(kinds=frozenset(kinds.get(trait, ())), is_birthday=trait in birthdays)
        for trait in document.catalog.traits
    }
    told |= {SEGMENT + segment: Outside(kinds=frozenset({bool})) for segment in document.catalog.segments}
    return {trait: outside for trait, outside in told.items() if trait not in own}


def _read_offers(document: Document) -> Iterator[tuple[Mechanic, Struct]]:
    mechanics = find_mechanics()
    for offer in document.offers:
        mechanic = mechanics[offer.mechanic]
        yield mechanic, msgspec.convert(offer.settings, mechanic.settings)


def _list_occasions(settings: Struct) -> Iterator[Occasion]:
    for name in settings.__struct_fields__:
        value: Scalar | object = getattr(settings, name)
        if isinstance(value, Occasion):
            yield value

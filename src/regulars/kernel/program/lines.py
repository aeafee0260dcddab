"""Which lines of a basket an offer speaks of: one way to say it, shared by all mechanics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import Activity, Line, Reason
from regulars.kernel.program.mechanics import References
from regulars.kernel.program.words import Count, Word

__all__ = ["Choice", "Exclusion", "Picker", "Selection", "Words", "miss_minimum", "refer"]

WORDS_MAX: Final = 20_000
"""Names in one list."""
KINDS_OF_LINE_MAX: Final = 50_000
"""Kinds of lines that one selection remembers."""

Words = Annotated[tuple[Word, ...], Meta(max_length=WORDS_MAX)]


class Exclusion(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lines that count for nothing: any of these is enough."""

    categories: Words = ()
    """One of the line's categories, broad or narrow."""
    brands: Words = ()
    """The line's brand."""
    skus: Words = ()
    """The line's article number."""

    def fits(self, line: Line) -> bool:
        """Say whether a line is left out."""
        return (
            any(it in self.categories for it in line.categories) or line.brand in self.brands or line.sku in self.skus
        )


class Selection(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lines of a basket. A line must fit each list that is given, by any name in it; without lists every line fits."""

    categories: Words = ()
    """One of the line's categories must be among these, broad or narrow."""
    brands: Words = ()
    """The line's brand must be among these."""
    skus: Words = ()
    """The line's article number must be among these."""
    stores: Words = ()
    """The store must be among these."""
    exclude: Exclusion = field(default_factory=Exclusion)
    """Lines that are left out, whatever else they fit."""
    minimum_minor: Count = 0
    """The lines that fit must come to so much money together, in minor units, or none is taken."""
    minimum_milli: Count = 0
    """The lines that fit must come to so much quantity together, in thousandths (2000 is two), or none is taken."""


class Choice(Struct, frozen=True, kw_only=True, gc=False):
    """The lines of one basket that a selection takes."""

    numbers: tuple[int, ...] = ()
    """Ascending."""
    amount_minor: int = 0
    quantity_milli: int = 0
    missing: Reason | None = None
    """Why nothing is taken; None where the activity fits, though it may have no lines at all."""


read_amount: Final = attrgetter("amount_minor")
read_quantity: Final = attrgetter("quantity_milli")

OTHER_STORE: Final = Choice(missing=Reason(offer="", code="other_store"))
NO_LINE: Final = Choice(missing=Reason(offer="", code="no_line_fits"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """A selection made ready to look at many baskets."""

    selection: Selection
    takes_all: bool
    """No list tells lines apart."""
    categories: frozenset[str]
    brands: frozenset[str]
    skus: frozenset[str]
    stores: frozenset[str]
    out_categories: frozenset[str]
    out_brands: frozenset[str]
    out_skus: frozenset[str]
    read_key: Callable[[Line], Any]
    """What tells lines apart: only what some list speaks of."""
    known: dict[Any, bool]
    """By key: whether lines seen before fit (a memo, bounded; it never changes an answer)."""

    @classmethod
    def build(cls, selection: Selection) -> "Picker":
        """Look everything up once."""
        out = selection.exclude
        asked = {
            "categories": bool(selection.categories or out.categories),
            "brand": bool(selection.brands or out.brands),
            "sku": bool(selection.skus or out.skus),
        }
        names = [name for name, is_asked in asked.items() if is_asked]
        return cls(
            selection=selection,
            takes_all=not names,
            read_key=attrgetter(*(names or ["brand"])),
            known={},
            categories=frozenset(selection.categories),
            brands=frozenset(selection.brands),
            skus=frozenset(selection.skus),
            stores=frozenset(selection.stores),
            out_categories=frozenset(out.categories),
            out_brands=frozenset(out.brands),
            out_skus=frozenset(out.skus),
        )

    def pick(self, activity: Activity) -> Choice:
        """Take the lines that fit, or say why there are none."""
        if self.stores and activity.store not in self.stores:
            return OTHER_STORE
        lines = activity.lines
        if self.takes_all:
            numbers, taken = tuple(range(1, len(lines) + 1)), lines
        else:
            fits = self._look_up(lines)
            if True not in fits:
                return NO_LINE
            numbers, taken = tuple(compress(count(1), fits)), list(compress(lines, fits))
        amount = sum(map(read_amount, taken))
        quantity = sum(map(read_quantity, taken))
        wanted = self.selection
        if amount < wanted.minimum_minor:
            return Choice(missing=miss_minimum(amount, wanted.minimum_minor))
        if quantity < wanted.minimum_milli:
            return Choice(missing=miss_minimum(quantity, wanted.minimum_milli, unit="milli"))
        return Choice(numbers=numbers, amount_minor=amount, quantity_milli=quantity)

    def _look_up(self, lines: Sequence[Line]) -> list[bool]:
        known, read_key = self.known, self.read_key
        found: list[Any] = list(map(known.get, map(read_key, lines)))
        if None in found:
            if len(known) > KINDS_OF_LINE_MAX:
                known.clear()
            for place, line in enumerate(lines):
                if found[place] is None:
                    found[place] = known[read_key(line)] = self.fits(line)
        return found

    def fits(self, line: Line) -> bool:
        """Say whether one line fits, wherever it was sold."""
        if self.categories and self.categories.isdisjoint(line.categories):
            return False
        if self.brands and line.brand not in self.brands:
            return False
        if self.skus and line.sku not in self.skus:
            return False
        return (
            self.out_categories.isdisjoint(line.categories)
            and line.brand not in self.out_brands
            and line.sku not in self.out_skus
        )


def refer(
    *selections: Selection,
    currencies: tuple[str, ...] = (),
    spent: tuple[str, ...] = (),
    traits: Mapping[str, tuple[str, ...]] | None = None,
) -> References:
    """Name what selections speak of, and what else a mechanic's settings do."""
    categories = [it for each in selections for it in (*each.categories, *each.exclude.categories)]
    brands = [it for each in selections for it in (*each.brands, *each.exclude.brands)]
    return References(
        currencies=currencies,
        spent=spent,
        categories=tuple(dict.fromkeys(categories)),
        brands=tuple(dict.fromkeys(brands)),
        stores=tuple(dict.fromkeys(it for each in selections for it in each.stores)),
        traits=dict(traits or {}),
    )


def miss_minimum(amount: int, least: int, *, unit: Literal["minor", "milli"] = "minor") -> Reason:
    """Say what lines come to in money (or, in thousandths, in quantity), what they should come to, what is missing.

    What a reason calls `missing_…` is shown to whoever asks what would have to change.
    """
    what = "amount" if unit == "minor" else "quantity"
    values = {f"{what}_{unit}": amount, f"minimum_{unit}": least, f"missing_{unit}": least - amount}
    return Reason(offer="", code="below_minimum", values=values)

"""So many points for so much money, reckoned exactly and rounded once.

Every rate and every multiplier of a tier is a ratio of whole numbers. All are brought to one denominator when a
version is compiled, so a basket is whole-number sums and one division per line.

Where rates do not say it, a `formula` does: an expression in CEL that comes to whole points for the basket or for each
line. What comes out below zero is nothing; one that cannot be worked out for a basket gives nothing and says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX, Award, Earned, Line, Reason, Scalar, Step
from regulars.kernel.program import (
    Calendar,
    ConditionFailed,
    Exclusion,
    Formula,
    References,
    Word,
    Words,
    Written,
    miss_minimum,
    spread,
)

__all__ = ["PHASE", "Exclusion", "Prepared", "Rate", "Settings", "Times", "earn", "formulas", "prepare", "references"]

PHASE: Final = "base"
RATES_MAX: Final = 100
KINDS_OF_LINE_MAX: Final = 50_000
"""Kinds of line of which it is remembered which rate they get."""
STORES_MAX: Final = 1_000
FORMULA_LETTERS_MAX: Final = 2_000

Points = Annotated[int, Meta(ge=0, le=10**6)]
Minor = Annotated[int, Meta(ge=1, le=10**9)]
Factor = Annotated[int, Meta(ge=1, le=1000)]

NOTHING: Final = Earned()
UNCOUNTED: Final = -1


class Rate(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A rate for some lines. Where it names several things (categories and brands), a line must fit them all."""

    categories: Words = ()
    """One of the line's categories must be among these, broad or narrow."""
    brands: Words = ()
    """The line's brand must be among these."""
    skus: Words = ()
    """The line's article number must be among these."""
    stores: Words = ()
    """The store must be among these."""
    points: Points
    """What `per_minor` brings."""
    per_minor: Minor
    """The money that brings `points`, in minor units."""

    def __post_init__(self) -> None:
        if not (self.categories or self.brands or self.skus or self.stores):
            raise ValueError("a rate here needs categories, brands, skus or stores; the rate for all else stands above")

    def fits(self, line: Line, store: str) -> bool:
        """Say whether a line gets this rate."""
        return (
            (not self.categories or any(it in self.categories for it in line.categories))
            and (not self.brands or line.brand in self.brands)
            and (not self.skus or line.sku in self.skus)
            and (not self.stores or store in self.stores)
        )


class Times(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A multiplier as a ratio: {times: 3, over: 2} is half as much again."""

    times: Factor
    """How many times as many points there are in the end, with `over` as a ratio of whole numbers."""
    over: Factor = 1
    """What `times` is divided by."""


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about an offer on money spent."""

    currency: Word
    """The currency that is given."""
    points: Points | None = None
    """With `per_minor`: the rate of lines that no other rate fits. None: such lines do not count."""
    per_minor: Minor | None = None
    """The money that brings `points`, in minor units."""
    rates: Annotated[tuple[Rate, ...], Meta(max_length=RATES_MAX)] = ()
    """The first that fits a line is the line's rate."""
    formula: Annotated[str, Meta(min_length=1, max_length=FORMULA_LETTERS_MAX)] | None = None
    """Instead of rates: an expression in CEL that comes to whole points, such as `line.amount / 100 * 2`."""
    formula_per: Literal["basket", "line"] = "line"
    """What the formula is worked out for: each line that counts, as `line`, or the basket as a whole."""
    exclude: Exclusion = field(default_factory=Exclusion)
    """Lines that bring nothing."""
    times: Mapping[Word, Times] = field(default_factory=dict[Word, Times])
    """By the value of the trait `times_by`; other members get the rates as they stand."""
    times_by: Word = "tier"
    """The trait that `times` speaks of, such as the level."""
    step_minor: Minor | None = None
    """Only full steps of so much money count, for each rate by itself."""
    minimum_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    """Lines that count must come to so much together, or nothing is earned."""
    round: Literal["down", "nearest", "up"] = "down"
    """A half goes up in `nearest`."""
    round_per: Literal["basket", "line"] = "basket"
    """Whether fractions end once for the basket, or once for each line."""

    def __post_init__(self) -> None:
        if (self.points is None) != (self.per_minor is None):
            raise ValueError("'points' and 'per_minor' belong together")
        rated = self.points is not None or bool(self.rates)
        if self.formula is None:
            if not rated:
                raise ValueError("there is no rate: give 'points' and 'per_minor', 'rates', or a 'formula'")
            if self.formula_per != "line":
                raise ValueError("'formula_per' belongs to a 'formula'")
        elif rated or self.times or self.step_minor is not None or self.round != "down" or self.round_per != "basket":
            raise ValueError(
                "a formula says everything: leave out 'points', 'per_minor', 'rates', 'times', 'step_minor', 'round'"
                " and 'round_per'"
            )
        elif self.formula_per == "basket" and self.exclude != Exclusion():
            raise ValueError(
                "a formula for the basket sees all lines: leave out 'exclude', or work it out for each line"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    read_key: Callable[[Line], Any]
    """What tells lines apart: only what some rate or exclusion speaks of."""
    known: dict[str, dict[Any, int]]
    """By store and key: the rate of lines seen before (a memo, bounded; it never changes an answer)."""
    by_store: bool
    denominator: int
    offset: int
    """Added before dividing: this is the rounding."""
    weights: tuple[int, ...]
    """By rate: points of one minor unit of money, times the denominator."""
    weights_by: Mapping[Scalar, tuple[int, ...]]
    """The same for each value of the trait."""
    formula: Formula | None


def prepare(settings: Settings, _calendar: Calendar, bound: Mapping[str, Formula] | None = None) -> Prepared:
    """Bring all ratios to one denominator, and say once how lines are told apart. `bound` are the formulas."""
    rates, exclude = settings.rates, settings.exclude
    ratios = [(rate.points, rate.per_minor) for rate in rates]
    if settings.points is not None and settings.per_minor is not None:
        ratios.append((settings.points, settings.per_minor))
    factors = {value: (it.times, it.over) for value, it in settings.times.items()}
    denominator = lcm(*(per * over for _, per in ratios for _, over in [(1, 1), *factors.values()]))
    offsets = {"down": 0, "nearest": denominator // 2, "up": denominator - 1}

    def weigh(times: int, over: int) -> tuple[int, ...]:
        return tuple(points * times * (denominator // (per * over)) for points, per in ratios)

    asked = {
        "categories": bool(exclude.categories) or any(rate.categories for rate in rates),
        "brand": bool(exclude.brands) or any(rate.brands for rate in rates),
        "sku": bool(exclude.skus) or any(rate.skus for rate in rates),
    }
    return Prepared(
        settings=settings,
        read_key=attrgetter(*([name for name, is_asked in asked.items() if is_asked] or ["brand"])),
        known={},
        by_store=any(rate.stores for rate in rates),
        denominator=denominator,
        offset=offsets[settings.round],
        weights=weigh(1, 1),
        weights_by={value: weigh(times, over) for value, (times, over) in factors.items()},
        formula=(bound or {}).get("formula"),
    )


def earn(prepared: Prepared, _memory: None, step: Step) -> Earned:
    """Give points for what the basket's lines come to."""
    if prepared.formula is not None:
        return _earn_by_formula(prepared, prepared.formula, step)
    settings, lines = prepared.settings, step.activity.lines
    tier = step.traits.get(settings.times_by)
    weights = prepared.weights_by.get(tier, prepared.weights)
    rates = find_rates(prepared, step.activity.store if prepared.by_store else "", lines)
    if settings.minimum_minor:
        # Most baskets miss what only large ones get: nothing is shared among lines for them.
        counted = sum([line.amount_minor for rate, line in zip(rates, lines, strict=True) if rate >= 0])
        if counted < settings.minimum_minor:
            return Earned(reasons=(miss_minimum(counted, settings.minimum_minor),))
    if settings.step_minor is None and settings.round_per == "basket":
        counted, parts = _sum_basket(prepared, weights, rates, lines)
    else:
        counted, parts = _sum_steps(prepared, weights, rates, lines)
    if not parts:
        return NOTHING
    points = sum([part for _, part in parts])
    values: dict[str, Scalar] = {"amount_minor": counted}
    if tier in prepared.weights_by:
        values[settings.times_by] = tier
    return Earned(
        awards=(Award(currency=settings.currency, points=points, lines=tuple(parts)),),
        reasons=(Reason(offer="", code="earned", values=values),),
    )


def _earn_by_formula(prepared: Prepared, formula: Formula, step: Step) -> Earned:
    settings, lines = prepared.settings, step.activity.lines
    numbers = [number for number, line in enumerate(lines, start=1) if not settings.exclude.fits(line)]
    amounts = [lines[number - 1].amount_minor for number in numbers]
    if sum(amounts) < settings.minimum_minor:
        return Earned(reasons=(miss_minimum(sum(amounts), settings.minimum_minor),))
    try:
        if settings.formula_per == "line":
            parts = [max(points, 0) for points in formula.reckon_lines(step, numbers)]
            points = sum(parts)
        else:
            points = max(formula.reckon(step), 0)
            parts = spread(points, amounts)
    except ConditionFailed as failed:
        return Earned(reasons=(Reason(offer="", code="formula_failed", values={"why": failed.why}),))
    if points > AMOUNT_MAX:
        return Earned(reasons=(Reason(offer="", code="formula_failed", values={"why": "out_of_range"}),))
    if not points:
        return NOTHING
    shares = tuple((number, part) for number, part in zip(numbers, parts, strict=True) if part)
    values: dict[str, Scalar] = {"amount_minor": sum(amounts)}
    return Earned(
        awards=(Award(currency=settings.currency, points=points, lines=shares),),
        reasons=(Reason(offer="", code="earned", values=values),),
    )


def find_rates(prepared: Prepared, store: str, lines: Sequence[Line]) -> list[int]:
    """The place of each line's rate among the weights; UNCOUNTED for lines that bring nothing."""
    known = prepared.known.get(store)
    if known is None:
        if len(prepared.known) >= STORES_MAX:
            prepared.known.clear()
        known = prepared.known[store] = {}
    read_key = prepared.read_key
    rates: list[Any] = list(map(known.get, map(read_key, lines)))
    if None in rates:
        if len(known) > KINDS_OF_LINE_MAX:
            known.clear()
        for place, line in enumerate(lines):
            if rates[place] is None:
                rates[place] = known[read_key(line)] = find_rate(prepared.settings, store, line)
    return rates


def find_rate(settings: Settings, store: str, line: Line) -> int:
    """Which rate one line gets: the first that fits, then the one for all else."""
    if settings.exclude.fits(line):
        return UNCOUNTED
    for index, rate in enumerate(settings.rates):
        if rate.fits(line, store):
            return index
    return UNCOUNTED if settings.points is None else len(settings.rates)


def _sum_basket(
    prepared: Prepared, weights: Sequence[int], rates: Sequence[int], lines: Sequence[Line]
) -> tuple[int, list[tuple[int, int]]]:
    """Round once over the basket; each line gets what the running sum grew by. Also answers the money that counted."""
    denominator, running = prepared.denominator, prepared.offset
    counted = before = 0
    parts: list[tuple[int, int]] = []
    for number, (rate, line) in enumerate(zip(rates, lines, strict=True), start=1):
        if rate >= 0:
            amount = line.amount_minor
            counted += amount
            running += amount * weights[rate]
            reached = running // denominator
            if reached != before:
                parts.append((number, reached - before))
                before = reached
    return counted, parts


def _sum_steps(
    prepared: Prepared, weights: Sequence[int], rates: Sequence[int], lines: Sequence[Line]
) -> tuple[int, list[tuple[int, int]]]:
    """As `_sum_basket`, with full steps of money (of each rate by itself), or with each line by itself."""
    denominator, offset = prepared.denominator, prepared.offset
    size, per_line = prepared.settings.step_minor or 1, prepared.settings.round_per == "line"
    spent = [0] * len(weights)
    running = counted = 0
    parts: list[tuple[int, int]] = []
    for number, rate in enumerate(rates):
        if rate < 0:
            continue
        amount = lines[number].amount_minor
        counted += amount
        before = 0 if per_line else spent[rate]
        spent[rate] = before + amount
        start = 0 if per_line else running
        running = start + (spent[rate] // size - before // size) * size * weights[rate]
        points = (running + offset) // denominator - (start + offset) // denominator
        if points:
            parts.append((number + 1, points))
    return counted, parts


def formulas(settings: Settings) -> Mapping[str, Written]:
    """Show the formula, if there is one, to be checked and bound."""
    if settings.formula is None:
        return {}
    return {"formula": Written(text=settings.formula, by_line=settings.formula_per == "line")}


def references(settings: Settings) -> References:
    """Name the currency, the catalogue's names and the trait that the settings speak of."""
    rates, exclude = settings.rates, settings.exclude
    return References(
        currencies=(settings.currency,),
        categories=tuple(dict.fromkeys((*(it for rate in rates for it in rate.categories), *exclude.categories))),
        brands=tuple(dict.fromkeys((*(it for rate in rates for it in rate.brands), *exclude.brands))),
        stores=tuple(dict.fromkeys(it for rate in rates for it in rate.stores)),
        traits={settings.times_by: tuple(settings.times)} if settings.times else {},
    )

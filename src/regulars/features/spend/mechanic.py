"""So many points for so much money, reckoned exactly and rounded once.

Every rate and every multiplier of a tier is a ratio of whole numbers. All are brought to one denominator when a
version is compiled, so a basket is whole-number sums and one division per line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import Award, Earned, Reason, Scalar, Step
from regulars.kernel.program import Calendar, References

__all__ = ["PHASE", "Exclusion", "Prepared", "Rate", "Settings", "Times", "earn", "prepare", "references"]

PHASE: Final = "base"
RATES_MAX: Final = 100
REMEMBERED_MAX: Final = 65_536
"""Kinds of line of which it is remembered which rate they get."""

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Words = tuple[Word, ...]
Points = Annotated[int, Meta(ge=0, le=10**6)]
Minor = Annotated[int, Meta(ge=1, le=10**9)]
Factor = Annotated[int, Meta(ge=1, le=1000)]

NOTHING: Final = Earned()
UNCOUNTED: Final = -1


class Rate(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A rate for some lines. Where it names several things (categories and brands), a line must fit them all."""

    categories: Words = ()
    brands: Words = ()
    skus: Words = ()
    stores: Words = ()
    points: Points
    per_minor: Minor

    def __post_init__(self) -> None:
        if not (self.categories or self.brands or self.skus or self.stores):
            raise ValueError("a rate here needs categories, brands, skus or stores; the rate for all else stands above")

    def fits(self, categories: Words, brand: str, sku: str, store: str) -> bool:
        """Say whether a line gets this rate."""
        return (
            (not self.categories or any(it in self.categories for it in categories))
            and (not self.brands or brand in self.brands)
            and (not self.skus or sku in self.skus)
            and (not self.stores or store in self.stores)
        )


class Exclusion(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lines that count for nothing: any of these is enough."""

    categories: Words = ()
    brands: Words = ()
    skus: Words = ()


class Times(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A multiplier as a ratio: {times: 3, over: 2} is half as much again."""

    times: Factor
    over: Factor = 1


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about an offer on money spent."""

    currency: Word
    points: Points | None = None
    """With `per_minor`: the rate of lines that no other rate fits. None: such lines do not count."""
    per_minor: Minor | None = None
    rates: Annotated[tuple[Rate, ...], Meta(max_length=RATES_MAX)] = ()
    """The first that fits a line is the line's rate."""
    exclude: Exclusion = field(default_factory=Exclusion)
    times: Mapping[Word, Times] = field(default_factory=dict[Word, Times])
    """By the value of the trait `times_by`; other members get the rates as they stand."""
    times_by: Word = "tier"
    step_minor: Minor | None = None
    """Only full steps of so much money count, for each rate by itself."""
    minimum_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    """Lines that count must come to so much together, or nothing is earned."""
    round: Literal["down", "nearest", "up"] = "down"
    """A half goes up in `nearest`."""
    round_per: Literal["basket", "line"] = "basket"

    def __post_init__(self) -> None:
        if (self.points is None) != (self.per_minor is None):
            raise ValueError("'points' and 'per_minor' belong together")
        if self.points is None and not self.rates:
            raise ValueError("there is no rate: give 'points' and 'per_minor', or 'rates'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    find_rate: Callable[[Words, str, str, str], int]
    """Which rate a line gets; `UNCOUNTED` for none."""
    by_sku: bool
    by_store: bool
    denominator: int
    offset: int
    """Added before dividing: this is the rounding."""
    weights: tuple[int, ...]
    """By rate: points of one minor unit of money, times the denominator."""
    weights_by: Mapping[Scalar, tuple[int, ...]]
    """The same for each value of the trait."""


def prepare(settings: Settings, _calendar: Calendar) -> Prepared:
    """Bring all ratios to one denominator, and say once how lines are told apart."""
    ratios = [(rate.points, rate.per_minor) for rate in settings.rates]
    if settings.points is not None and settings.per_minor is not None:
        ratios.append((settings.points, settings.per_minor))
    factors = {value: (it.times, it.over) for value, it in settings.times.items()}
    denominator = lcm(*(per * over for _, per in ratios for _, over in [(1, 1), *factors.values()]))
    offsets = {"down": 0, "nearest": denominator // 2, "up": denominator - 1}

    def weigh(times: int, over: int) -> tuple[int, ...]:
        return tuple(points * times * (denominator // (per * over)) for points, per in ratios)

    return Prepared(
        settings=settings,
        find_rate=lru_cache(maxsize=REMEMBERED_MAX)(_sort_lines(settings)),
        by_sku=bool(settings.exclude.skus) or any(rate.skus for rate in settings.rates),
        by_store=any(rate.stores for rate in settings.rates),
        denominator=denominator,
        offset=offsets[settings.round],
        weights=weigh(1, 1),
        weights_by={value: weigh(times, over) for value, (times, over) in factors.items()},
    )


def _sort_lines(settings: Settings) -> Callable[[Words, str, str, str], int]:
    exclude = settings.exclude
    default = UNCOUNTED if settings.points is None else len(settings.rates)

    def find_rate(categories: Words, brand: str, sku: str, store: str) -> int:
        if brand in exclude.brands or sku in exclude.skus or any(it in exclude.categories for it in categories):
            return UNCOUNTED
        for index, rate in enumerate(settings.rates):
            if rate.fits(categories, brand, sku, store):
                return index
        return default

    return find_rate


def earn(prepared: Prepared, _memory: None, step: Step) -> Earned:
    """Give points for what the basket's lines come to."""
    settings = prepared.settings
    tier = step.traits.get(settings.times_by)
    weights = prepared.weights_by.get(tier, prepared.weights)
    if settings.step_minor is None and settings.round_per == "basket":
        counted, parts = _sum_basket(prepared, weights, step)
    else:
        counted, parts = _sum_by_rules(prepared, weights, step)
    if counted < settings.minimum_minor and counted:
        values: dict[str, Scalar] = {"amount_minor": counted, "minimum_minor": settings.minimum_minor}
        return Earned(reasons=(Reason(offer="", code="below_minimum", values=values),))
    if not parts:
        return NOTHING
    points = sum([part for _, part in parts])
    values = {"amount_minor": counted}
    if tier in prepared.weights_by:
        values[settings.times_by] = tier
    return Earned(
        awards=(Award(currency=settings.currency, points=points, lines=tuple(parts)),),
        reasons=(Reason(offer="", code="earned", values=values),),
    )


def _sum_basket(prepared: Prepared, weights: tuple[int, ...], step: Step) -> tuple[int, list[tuple[int, int]]]:
    """Round once over the basket; each line gets what the running sum grew by."""
    find_rate, denominator = prepared.find_rate, prepared.denominator
    store = step.activity.store if prepared.by_store else ""
    by_sku = prepared.by_sku
    counted = before = number = 0
    running = prepared.offset
    parts: list[tuple[int, int]] = []
    for line in step.activity.lines:
        number += 1
        rate = find_rate(line.categories, line.brand, line.sku if by_sku else "", store)
        if rate < 0:
            continue
        amount = line.amount_minor
        counted += amount
        running += amount * weights[rate]
        reached = running // denominator
        if reached != before:
            parts.append((number, reached - before))
            before = reached
    return counted, parts


def _sum_by_rules(prepared: Prepared, weights: tuple[int, ...], step: Step) -> tuple[int, list[tuple[int, int]]]:
    """As `_sum_basket`, with full steps of money, or with each line by itself."""
    settings, denominator = prepared.settings, prepared.denominator
    size, per_line = settings.step_minor or 1, settings.round_per == "line"
    running = [0] * len(weights)
    total = counted = 0
    parts: list[tuple[int, int]] = []
    for number, line in enumerate(step.activity.lines, start=1):
        rate = prepared.find_rate(line.categories, line.brand, line.sku, step.activity.store)
        if rate < 0:
            continue
        counted += line.amount_minor
        before = 0 if per_line else running[rate]
        running[rate] = before + line.amount_minor
        weight = (running[rate] // size - before // size) * size * weights[rate]
        if per_line:
            total = 0
        points = (total + weight + prepared.offset) // denominator - (total + prepared.offset) // denominator
        total += weight
        if points:
            parts.append((number, points))
    return counted, parts


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

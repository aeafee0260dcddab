"""Points that were given, given again by a ratio: double points, half as much again.

It multiplies what offers of the base phase gave in one currency for the same activity, after their budgets. What other
bonuses gave is left alone: several multipliers add up, and it does not matter which is asked first. Only what comes on
top is given here. That is reckoned over all lines that count, rounded once, and shared among these lines in proportion
to what each had; each line's share is the growth of the running share, so the shares add up exactly, and what a return
takes back adds up to the whole.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX, Award, Earned, Reason, Scalar, Step
from regulars.kernel.program import (
    Calendar,
    Exclusion,
    Occasion,
    Picker,
    References,
    Selection,
    Word,
    find_occasion,
    miss_minimum,
    refer,
    spread,
)

__all__ = ["PHASE", "Exclusion", "Occasion", "Prepared", "Selection", "Settings", "earn", "prepare", "references"]

PHASE: Final = "bonus"
BASE: Final = "base"

Factor = Annotated[int, Meta(ge=1, le=1000)]
Count = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Points = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]

NO_POINTS: Final = Earned(reasons=(Reason(offer="", code="nothing_to_multiply"),))


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a multiplier. {times: 2} doubles, {times: 3, over: 2} gives half as much again."""

    currency: Word
    """The currency whose points are multiplied; what comes on top is given in it too."""
    times: Factor
    """How many times as many points there are in the end, with `over` as a ratio of whole numbers."""
    over: Factor = 1
    """What `times` is divided by. It must be less than `times`."""
    lines: Selection = field(default_factory=Selection)
    """The lines whose points are multiplied; without it, the whole basket."""
    basket_minimum_minor: Count = 0
    """The whole basket must come to so much money, in minor units."""
    occasion: Occasion | None = None
    """Only around a birthday or an anniversary of joining."""
    points_max: Points | None = None
    """The most that one activity gets on top."""
    round: Literal["down", "nearest", "up"] = "down"
    """How a fraction of a point ends, once for the basket. A half goes up in `nearest`."""

    def __post_init__(self) -> None:
        if self.times <= self.over:
            raise ValueError("a multiplier gives more than there was: 'times' must be greater than 'over'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    calendar: Calendar
    picker: Picker
    more: int
    """What comes on top, over `settings.over`."""
    offset: int
    """Added before dividing: this is the rounding."""


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Say once what comes on top, and how it is rounded."""
    offsets = {"down": 0, "nearest": settings.over // 2, "up": settings.over - 1}
    return Prepared(
        settings=settings,
        calendar=calendar,
        picker=Picker.build(settings.lines),
        more=settings.times - settings.over,
        offset=offsets[settings.round],
    )


def earn(prepared: Prepared, _memory: None, step: Step) -> Earned:
    """Give what comes on top of the base points of the lines that count."""
    settings = prepared.settings
    choice = prepared.picker.pick(step.activity)
    missing = choice.missing or _miss(prepared, step)
    if missing is not None:
        return Earned(reasons=(missing,))
    base, parts = _sum_base(prepared, choice.numbers, step)
    asked = (base * prepared.more + prepared.offset) // settings.over
    if not asked:
        return NO_POINTS
    points = asked if settings.points_max is None else min(asked, settings.points_max)
    lines = tuple(
        (number, part) for number, part in zip(parts, spread(points, list(parts.values())), strict=True) if part
    )
    values: dict[str, Scalar] = {"base": base, "times": settings.times, "over": settings.over}
    if points < asked:
        values["asked"] = asked
    return Earned(
        awards=(Award(currency=settings.currency, points=points, lines=lines),),
        reasons=(Reason(offer="", code="earned", values=values),),
    )


def references(settings: Settings) -> References:
    """Name the currency, the catalogue's names and the trait that the settings speak of."""
    occasion = settings.occasion
    return refer(settings.lines, currencies=(settings.currency,), traits=None if occasion is None else occasion.traits)


def _miss(prepared: Prepared, step: Step) -> Reason | None:
    """What the basket as a whole, or the day, lacks."""
    settings = prepared.settings
    if settings.basket_minimum_minor:
        amount = sum([line.amount_minor for line in step.activity.lines])
        if amount < settings.basket_minimum_minor:
            return miss_minimum(amount, settings.basket_minimum_minor)
    if settings.occasion is not None:
        return find_occasion(settings.occasion, prepared.calendar, step).missing
    return None


def _sum_base(prepared: Prepared, numbers: tuple[int, ...], step: Step) -> tuple[int, dict[int, int]]:
    """The base points of the lines that count, and of each of them in the order of lines."""
    wanted = set(numbers)
    total = 0
    parts: dict[int, int] = {}
    for it in step.given:
        award = it.award
        if it.phase != BASE or award.currency != prepared.settings.currency:
            continue
        for number, points in award.lines:
            if number in wanted:
                total += points
                parts[number] = parts.get(number, 0) + points
        if not award.lines and not step.activity.lines:
            # A visit, say: it has points and no lines.
            total += award.points
    return total, dict(sorted(parts.items()))

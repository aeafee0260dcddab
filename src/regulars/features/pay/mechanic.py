"""A purchase is paid partly with points: as many as the member wishes, has, and the offer allows.

They are taken in full where they take money off, and nothing is lost in rounding: what is taken off is a whole number
of minor units, and no more points are taken than are needed for it. Each line has its share of both, so a return of a
line gives back what was paid for it, in money and in points.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX, Cost, Discount, Earned, Reason, Scalar, Step
from regulars.kernel.program import (
    Calendar,
    Choice,
    Picker,
    References,
    Selection,
    Word,
    refer,
    spread,
)

__all__ = ["PHASE", "Prepared", "Settings", "earn", "heeds", "prepare", "references"]

PHASE: Final = "pay"
PERMILLE: Final = 1000
Positive = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
NOTHING: Final = Earned()


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about paying with points."""

    currency: Word
    """The currency whose points pay."""
    points: Positive
    """So many points ..."""
    minor: Positive
    """... take so much money off, in minor units."""
    step: Positive = 1
    """Points are used in multiples of this."""
    minimum: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    """Fewer points than this are not used for one purchase."""
    maximum: Positive | None = None
    """More points than this are not used for one purchase."""
    share_permille: Annotated[int, Meta(ge=1, le=PERMILLE)] = PERMILLE
    """The part of what the lines come to, after every other discount, that points may pay: 500 is one half."""
    lines: Selection = field(default_factory=Selection)
    """The lines that points can pay for; without it, the whole basket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    picker: Picker


def prepare(settings: Settings, _calendar: Calendar) -> Prepared:
    """Make the selection ready."""
    return Prepared(settings=settings, picker=Picker.build(settings.lines))


def references(settings: Settings) -> References:
    """Name the catalogue's names, and the currency that is spent."""
    return refer(settings.lines, currencies=(settings.currency,), spent=(settings.currency,))


def heeds(_prepared: Prepared, step: Step) -> bool:
    """Whether somebody wishes to pay with points, or asks how many could be used."""
    return step.activity.pay is not None or bool(step.usable)


def earn(prepared: Prepared, _memory: None, step: Step) -> Earned:
    """Take points and money off, as far as the member wishes and all bounds allow."""
    wish, settings = step.activity.pay, prepared.settings
    usable = step.usable.get(settings.currency, 0)
    if wish is None and usable:
        return _tell_payable(prepared, step, usable)
    if wish is None or wish.currency != settings.currency:
        return NOTHING
    choice = prepared.picker.pick(step.activity)
    if choice.missing is not None:
        return Earned(reasons=(choice.missing,))
    points, minor = _reckon(settings, min(wish.points, usable), choice)
    values: dict[str, Scalar] = {"currency": settings.currency, "points": points, "amount_minor": minor}
    values |= {"wished": wish.points, "usable": usable}
    if not minor or points < settings.minimum:
        return Earned(reasons=(Reason(offer="", code="too_few_points", values=values | {"minimum": settings.minimum}),))
    weights = [step.activity.lines[number - 1].amount_minor for number in choice.numbers]
    off = spread(minor, weights)
    paid = spread(points, off)
    return Earned(
        discounts=tuple(
            Discount(line=number, amount_minor=part) for number, part in zip(choice.numbers, off, strict=True) if part
        ),
        costs=(
            Cost(
                currency=settings.currency,
                points=points,
                lines=tuple((number, part) for number, part in zip(choice.numbers, paid, strict=True) if part),
            ),
        ),
        reasons=(Reason(offer="", code="paid_with_points", values=values),),
    )


def _tell_payable(prepared: Prepared, step: Step, usable: int) -> Earned:
    """Say how much could be paid with points, to whoever asks for the price."""
    choice = prepared.picker.pick(step.activity)
    points, minor = (0, 0) if choice.missing is not None else _reckon(prepared.settings, usable, choice)
    if not minor or points < prepared.settings.minimum:
        return NOTHING
    values: dict[str, Scalar] = {"currency": prepared.settings.currency, "points": points, "amount_minor": minor}
    return Earned(reasons=(Reason(offer="", code="payable_with_points", values=values | {"usable": usable}),))


def _reckon(settings: Settings, wished: int, choice: Choice) -> tuple[int, int]:
    """Say how many points are used of those wished for, and what they take off."""
    most_minor = choice.amount_minor * settings.share_permille // PERMILLE
    points = min(wished, most_minor * settings.points // settings.minor)
    if settings.maximum is not None:
        points = min(points, settings.maximum)
    points -= points % settings.step
    minor = points * settings.minor // settings.points
    # Of the points that make no whole minor unit any more, none is taken.
    needed = -(-minor * settings.points // settings.minor)
    return -(-needed // settings.step) * settings.step, minor

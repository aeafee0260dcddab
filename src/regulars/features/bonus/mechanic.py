"""A gift of points: for what a basket holds, for how often somebody comes, for a day of theirs.

Fixed points for an activity, or so many for each line that fits, each whole unit, each full step of money. Lines share
them in proportion to what they brought, and a return takes the same shares back.

With `counting` only some activities are rewarded: the first, each fifth, the first of a month, the first in each store.
Which of them comes first may be learnt late, so these gifts are the same for each. An activity counts until every line
that fitted is back. What is counted begins with the offer; `joined_within_days` keeps a welcome for those who are new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from regulars.features.bonus.counting import LATE_DAYS, Counting, Memory, add_up, count, find_period, forget
from regulars.kernel.nouns import AMOUNT_MAX, Award, Due, Earned, Given, Line, Original, Reason, Returned, Scalar, Step
from regulars.kernel.program import (
    Calendar,
    Choice,
    Exclusion,
    Occasion,
    Picker,
    References,
    Selection,
    Word,
    find_next,
    find_occasion,
    miss_minimum,
    refer,
    rescale,
    spread,
)

__all__ = [
    "GIFT",
    "KINDS",
    "PHASE",
    "Counting",
    "Exclusion",
    "Memory",
    "Occasion",
    "Prepared",
    "Selection",
    "Settings",
    "earn",
    "merge",
    "prepare",
    "references",
    "undo",
]

PHASE: Final = "bonus"
GIFT: Final = "bonus.gift"
"""What the clock brings on an occasion."""
KINDS: Final = (GIFT,)
UNIT_MILLI: Final = 1000
WHOLE: Final = ""
"""The label of a count that tells nothing apart."""

Points = Annotated[int, Meta(ge=1, le=10**9)]
Count = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Minor = Annotated[int, Meta(ge=1, le=10**12)]
Days = Annotated[int, Meta(ge=0, le=36_500)]
Shares = tuple[tuple[int, int], ...]

NOTHING: Final = Earned()
NO_PERIOD: Final = 0


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a gift."""

    currency: Word
    """The currency that is given."""
    points: Points
    """How many, for each of what `each` says."""
    each: Literal["activity", "line", "unit", "money"] = "activity"
    """What brings the points: the activity as a whole, each line that fits, each whole unit of quantity of these lines
    together, or each full `step_minor` of their money together."""
    step_minor: Minor | None = None
    """With `each: money`: so much money, in minor units, brings the points once."""
    points_max: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)] | None = None
    """The most that one activity gets."""
    lines: Selection = field(default_factory=Selection)
    """The lines that bring the points; without it, all. An activity of which no line fits gets nothing."""
    basket_minimum_minor: Count = 0
    """The whole basket must come to so much money, in minor units."""
    joined_within_days: Days | None = None
    """Only for members who joined on the day of the activity or so many days before."""
    occasion: Occasion | None = None
    """Only around a birthday or an anniversary of joining."""
    by_clock: bool = False
    """Given at the start of the first day of the occasion, without any activity, once for each. What the offer hears of
    before only lets it know the member, and brings nothing itself."""
    counting: Counting | None = None
    """Which of the activities that fit are rewarded. None: all."""

    def __post_init__(self) -> None:
        if (self.each == "money") != (self.step_minor is not None):
            raise ValueError("'each: money' and 'step_minor' belong together")
        if self.counting is not None and (self.each != "activity" or self.points_max is not None):
            raise ValueError(
                "with 'counting' every reward is the same: leave out 'each', 'step_minor' and 'points_max'. Which"
                " activity is the first may be learnt late, so it cannot matter how large it was"
            )
        if self.counting is not None and self.counting.per == "occasion" and self.occasion is None:
            raise ValueError("'per: occasion' needs an 'occasion'")
        if self.by_clock:
            if self.occasion is None:
                raise ValueError("'by_clock' needs an 'occasion'")
            plain = self.each == "activity" and self.counting is None and not self.basket_minimum_minor
            if not plain or self.lines != Selection():
                raise ValueError(
                    "what the clock brings has no basket: leave out 'each', 'lines', 'basket_minimum_minor', 'counting'"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    calendar: Calendar
    picker: Picker
    counting: Counting | None


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Say once how lines are chosen and what is counted."""
    return Prepared(
        settings=settings,
        calendar=calendar,
        picker=Picker.build(settings.lines),
        counting=Counting(most=1, per="occasion") if settings.by_clock else settings.counting,
    )


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give what the activity brings, or say what keeps it from bringing anything."""
    if prepared.settings.by_clock:
        return _wait(prepared, memory, step)
    if step.activity.kind == GIFT:
        # Left behind by an earlier version of this offer, which the clock brought then.
        return NOTHING
    return _answer(prepared, memory, step)


def undo(prepared: Prepared, memory: Memory, step: Step, given: tuple[Given, ...]) -> Earned:
    """Stop counting a purchase of which everything that fitted is back. Its points go back as `on_return` says."""
    counting, original = prepared.counting, step.original
    assert original is not None, "only a return with its purchase is undone"
    if counting is None or prepared.settings.by_clock:
        return NOTHING
    choice = prepared.picker.pick(original.activity)
    if choice.missing is not None or not _is_back(original, step.activity.returned, choice.numbers):
        return NOTHING
    points = sum(it.award.points for it in given if it.award.currency == prepared.settings.currency)
    rewards = -(-points // prepared.settings.points)
    day = prepared.calendar.day_of(original.activity.occurred_at)
    labels = _label(prepared, counting, original, choice)
    fresh = forget(counting, memory, day, labels, rewards)
    return NOTHING if fresh == memory else Earned(memory=fresh)


def merge(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: what both did counts together, and so does what both were given for it."""
    if prepared.counting is None:
        return kept
    merged = add_up(prepared.counting, kept, joined)
    # Both wait for a gift; the first to come finds out that there is one for each occasion.
    waiting = [memory.waiting for memory in (kept, joined) if memory.waiting]
    return replace(merged, waiting=min(waiting, default=0))


def references(settings: Settings) -> References:
    """Name the currency, the catalogue's names and the trait that the settings speak of."""
    occasion = settings.occasion
    return refer(settings.lines, currencies=(settings.currency,), traits=None if occasion is None else occasion.traits)


def _answer(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    choice = prepared.picker.pick(step.activity)
    missing = choice.missing or _miss(prepared, step)
    if missing is not None:
        return Earned(reasons=(missing,))
    period, values = NO_PERIOD, dict[str, Scalar]()
    if prepared.settings.occasion is not None:
        seen = find_occasion(prepared.settings.occasion, prepared.calendar, step)
        if seen.missing is not None:
            return Earned(reasons=(seen.missing,))
        period = seen.year
        values[prepared.settings.occasion.of] = seen.year
    if prepared.counting is not None:
        return _reward(prepared, memory, step, choice, period)
    points, lines = _measure(prepared, step, choice)
    if not points:
        return Earned(reasons=(_tell_step(prepared.settings, choice),))
    if choice.numbers:
        values["amount_minor"] = choice.amount_minor
    return _give(prepared, points, lines, values)


def _tell_step(settings: Settings, choice: Choice) -> Reason:
    """Say what is missing to the first full step of money, or the first whole unit."""
    values: dict[str, Scalar] = {}
    if settings.step_minor is not None:
        values = {"amount_minor": choice.amount_minor, "missing_minor": settings.step_minor - choice.amount_minor}
    elif settings.each == "unit":
        values = {"quantity_milli": choice.quantity_milli, "missing_milli": UNIT_MILLI - choice.quantity_milli}
    return Reason(offer="", code="too_little", values=values)


def _miss(prepared: Prepared, step: Step) -> Reason | None:
    """What the basket as a whole, or the member, lacks."""
    settings = prepared.settings
    if settings.basket_minimum_minor:
        amount = sum([line.amount_minor for line in step.activity.lines])
        if amount < settings.basket_minimum_minor:
            return miss_minimum(amount, settings.basket_minimum_minor)
    if settings.joined_within_days is not None:
        if step.joined_at is None:
            return Reason(offer="", code="joining_unknown")
        days = step.day - prepared.calendar.day_of(step.joined_at)
        # Enrolled by the very activity, a member may have joined hours after it.
        if days > settings.joined_within_days:
            values = {"days": days, "days_max": settings.joined_within_days}
            return Reason(offer="", code="joined_before", values=values)
    return None


def _measure(prepared: Prepared, step: Step, choice: Choice) -> tuple[int, Shares]:
    """The points that one activity brings, and each line's share in them."""
    settings, numbers = prepared.settings, choice.numbers
    lines = [step.activity.lines[number - 1] for number in numbers]
    if settings.each == "activity":
        parts = spread(settings.points, [line.amount_minor for line in lines])
    elif settings.each == "line":
        parts = tuple(settings.points for _ in lines)
    elif settings.each == "unit":
        parts = _step([line.quantity_milli for line in lines], UNIT_MILLI, settings.points)
    else:
        assert settings.step_minor is not None, "settings say so"
        parts = _step([line.amount_minor for line in lines], settings.step_minor, settings.points)
    shares = tuple((number, part) for number, part in zip(numbers, parts, strict=True) if part)
    points = settings.points if settings.each == "activity" else sum(parts)
    if settings.points_max is not None and points > settings.points_max:
        return settings.points_max, rescale(shares, settings.points_max)
    return points, shares


def _step(amounts: Sequence[int], size: int, points: int) -> tuple[int, ...]:
    """Points for each full step of a running sum, with the line that filled it."""
    parts: list[int] = []
    running = 0
    for amount in amounts:
        before = running // size
        running += amount
        parts.append((running // size - before) * points)
    return tuple(parts)


def _reward(prepared: Prepared, memory: Memory, step: Step, choice: Choice, occasion: int) -> Earned:
    """Count the activity, and give what it or the count makes due."""
    counting = prepared.counting
    assert counting is not None, "only what is counted is rewarded"
    if step.day < memory.latest - LATE_DAYS:
        return Earned(reasons=(Reason(offer="", code="too_late", values={"days_max": LATE_DAYS}),))
    period = occasion if counting.per == "occasion" else find_period(counting.per, step.day)
    labels = _label(prepared, counting, step, choice)
    fresh, brought = count(counting, memory, step.day, period, labels)
    rewards = sum(brought.values())
    if not rewards:
        reason = Reason(offer="", code="counted", values={"every": counting.every})
        return Earned(memory=fresh, reasons=(reason,))
    points = prepared.settings.points
    shares = dict[int, int]()
    for label, number in brought.items():
        for line, part in _share(step, labels[label], number * points):
            shares[line] = shares.get(line, 0) + part
    values: dict[str, Scalar] = {"rewards": rewards, "every": counting.every}
    return _give(prepared, points * rewards, tuple(sorted(shares.items())), values, fresh)


def _share(step: Step, numbers: Sequence[int], points: int) -> Shares:
    parts = spread(points, [step.activity.lines[number - 1].amount_minor for number in numbers])
    return tuple((number, part) for number, part in zip(numbers, parts, strict=True) if part)


def _label(
    prepared: Prepared, counting: Counting, step: Step | Original, choice: Choice
) -> Mapping[str, tuple[int, ...]]:
    """What is counted by itself in an activity, with the lines that belong to it. Labels stand in their order."""
    activity, numbers = step.activity, choice.numbers
    if counting.in_each is None:
        return {WHOLE: numbers}
    if counting.in_each == "store":
        return {activity.store: numbers} if activity.store else {}
    asked = prepared.settings.lines.categories
    labels: dict[str, tuple[int, ...]] = {}
    for number in numbers:
        line = activity.lines[number - 1]
        if counting.in_each == "brand":
            found = [line.brand] if line.brand else []
        else:
            found = [it for it in line.categories if it in asked] if asked else [*line.categories[:1]]
        for label in dict.fromkeys(found):
            labels[label] = (*labels.get(label, ()), number)
    return dict(sorted(labels.items()))


def _is_back(original: Original, returned: Sequence[Returned], numbers: Sequence[int]) -> bool:
    """Whether this return brings back the last of these lines."""
    lines = original.activity.lines
    minor, milli = dict(original.returned_minor), dict(original.returned_milli)
    before = all(_is_whole(lines[number - 1], minor.get(number, 0), milli.get(number, 0)) for number in numbers)
    if not returned:
        return not before
    for part in returned:
        minor[part.line] = minor.get(part.line, 0) + part.amount_minor
        milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
    after = all(_is_whole(lines[number - 1], minor.get(number, 0), milli.get(number, 0)) for number in numbers)
    return after and not before


def _is_whole(line: Line, minor: int, milli: int) -> bool:
    return minor >= line.amount_minor if line.amount_minor else milli >= line.quantity_milli


def _wait(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give what the clock brings, and let it bring the next one. Whatever else happens only starts the clock."""
    occasion = prepared.settings.occasion
    assert occasion is not None, "only an occasion is brought by the clock"
    is_gift = step.activity.kind == GIFT
    day = find_next(occasion, prepared.calendar, step, max(memory.latest, step.day))
    if not is_gift and day == memory.waiting:
        return NOTHING
    fresh, earned = memory, NOTHING
    if is_gift:
        seen = find_occasion(occasion, prepared.calendar, step)
        missing = seen.missing or _miss(prepared, step)
        if missing is not None:
            earned = Earned(reasons=(missing,))
        else:
            earned = _reward(prepared, memory, step, Choice(), seen.year)
            fresh = memory if earned.memory is None else earned.memory
    fresh = replace(fresh, latest=max(fresh.latest, step.day), waiting=day)
    at = prepared.calendar.start_of(day) if day else None
    later = () if at is None else (Due(name="gift", kind=GIFT, at=at, replaces="gift"),)
    return Earned(awards=earned.awards, memory=fresh, later=later, reasons=earned.reasons)


def _give(
    prepared: Prepared, points: int, lines: Shares, values: Mapping[str, Scalar], memory: Memory | None = None
) -> Earned:
    return Earned(
        awards=(Award(currency=prepared.settings.currency, points=points, lines=lines),),
        memory=memory,
        reasons=(Reason(offer="", code="earned", values=values),),
    )

"""Each week some categories are a member's own: those bought most in the whole weeks before. They bring more points.

What comes on top is reckoned from what offers of the base phase gave for lines of these categories, and shared among
the lines. The week that runs changes nothing in its own picks, so they are the same from Monday to Sunday, unless
something older is told late or comes back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta, Struct

from regulars.features.picks.memory import LATE_WEEKS, Memory, add, find_top, find_week, join
from regulars.kernel.nouns import Award, Earned, Given, Line, Reason, Step
from regulars.kernel.program import Calendar, Names, References, Word, spread

__all__ = ["PHASE", "Memory", "Prepared", "Settings", "earn", "find_picks", "merge", "prepare", "references", "undo"]

PHASE: Final = "bonus"
BASE: Final = "base"

Factor = Annotated[int, Meta(ge=1, le=1000)]


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about weekly picks. {times: 2} doubles the points of a member's own categories."""

    title: Names
    currency: Word
    """The currency whose points are multiplied; what comes on top is given in it too."""
    categories: Annotated[tuple[Word, ...], Meta(min_length=2, max_length=100)]
    """Those among which a member's own are found. A line may be of several."""
    times: Factor
    """How many times as many points there are in the end, with `over` as a ratio of whole numbers."""
    over: Factor = 1
    """What `times` is divided by. It must be less than `times`."""
    picks: Annotated[int, Meta(ge=1, le=20)] = 3
    """How many categories are a member's own, if so many were bought."""
    weeks: Annotated[int, Meta(ge=1, le=13)] = 4
    """How many weeks before this one are looked at. Weeks begin on Monday."""

    def __post_init__(self) -> None:
        if self.times <= self.over:
            raise ValueError("picks give more than there was: 'times' must be greater than 'over'")
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("'categories' names one of them twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    calendar: Calendar
    categories: frozenset[str]
    kept_weeks: int
    """How many weeks before the latest are remembered."""


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Look everything up once."""
    return Prepared(
        settings=settings,
        calendar=calendar,
        categories=frozenset(settings.categories),
        kept_weeks=settings.weeks + LATE_WEEKS,
    )


def references(settings: Settings) -> References:
    """Name the currency and the categories."""
    return References(currencies=(settings.currency,), categories=settings.categories)


def find_picks(prepared: Prepared, memory: Memory, week: int) -> tuple[str, ...]:
    """Find the categories that are a member's own in a week, the one bought most first."""
    settings = prepared.settings
    return find_top(memory, week - settings.weeks, week - 1, settings.picks, prepared.categories)


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give what comes on top for lines of the member's own categories; and remember what was bought."""
    week, lines = find_week(step.day), step.activity.lines
    amounts = _sum_up(prepared, ((line, line.amount_minor) for line in lines))
    fresh = add(memory, week, amounts, prepared.kept_weeks)
    changed = None if fresh == memory else fresh
    picks = find_picks(prepared, memory, week)
    if not picks:
        return Earned(memory=changed, reasons=(Reason(offer="", code="no_picks_yet"),) if lines else ())
    said = ", ".join(picks)
    own = frozenset(picks)
    numbers = {number for number, line in enumerate(lines, start=1) if not own.isdisjoint(line.categories)}
    award = _multiply(prepared.settings, step, numbers)
    if award is None:
        return Earned(memory=changed, reasons=(Reason(offer="", code="none_of_picks", values={"picks": said}),))
    return Earned(awards=(award,), memory=changed, reasons=(Reason(offer="", code="earned", values={"picks": said}),))


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Forget what comes back. The points go back with their lines, as the offer says."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    lines = original.activity.lines
    back = ((lines[part.line - 1], -part.amount_minor) for part in step.activity.returned)
    week = find_week(prepared.calendar.day_of(original.activity.occurred_at))
    fresh = add(memory, week, _sum_up(prepared, back), prepared.kept_weeks)
    return Earned(memory=None if fresh == memory else fresh)


def merge(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member bought what both did."""
    return join(kept, joined, prepared.kept_weeks)


def _sum_up(prepared: Prepared, lines: Iterable[tuple[Line, int]]) -> Mapping[str, int]:
    """By category: what lines come to. One that is of several counts in each."""
    sums: dict[str, int] = {}
    for line, minor in lines:
        for category in prepared.categories.intersection(line.categories):
            sums[category] = sums.get(category, 0) + minor
    return sums


def _multiply(settings: Settings, step: Step, numbers: set[int]) -> Award | None:
    """What comes on top of the base points of some lines, rounded down once; None for nothing."""
    parts: dict[int, int] = {}
    for given in step.given:
        if given.phase == BASE and given.award.currency == settings.currency:
            for number, points in given.award.lines:
                if number in numbers:
                    parts[number] = parts.get(number, 0) + points
    points = sum(parts.values()) * (settings.times - settings.over) // settings.over
    if not points:
        return None
    own = sorted(parts)
    shares = zip(own, spread(points, [parts[number] for number in own]), strict=True)
    return Award(currency=settings.currency, points=points, lines=tuple(share for share in shares if share[1]))

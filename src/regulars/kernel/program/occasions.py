"""Days that come once a year for each member: a birthday, the anniversary of joining, and the days around them."""

from calendar import isleap, monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from regulars.kernel.nouns import Reason, Scalar, Step
from regulars.kernel.program.days import Calendar
from regulars.kernel.program.words import Word

__all__ = ["BIRTHDAY", "Occasion", "Seen", "find_next", "find_occasion", "read_month_day"]

BIRTHDAY: Final = "birthday"
"""The sort of occasion, and the trait that holds it where an offer names no other."""
LEAP_YEAR: Final = 2000
FEBRUARY: Final = 2
LAST_OF_FEBRUARY: Final = 29

Days = Annotated[int, Meta(ge=0, le=90)]
Years = Annotated[int, Meta(ge=1, le=150)]


class Occasion(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A day of the member's own, and how far around it an activity counts as made for it."""

    of: Literal["birthday", "anniversary"]
    """The birthday as a trait says it, or the day of joining in each later year."""
    within: Literal["day", "week", "month"] = "day"
    """That very day, its week from Monday to Sunday, or its calendar month."""
    days_before: Days = 0
    """So many days more before it."""
    days_after: Days = 0
    """So many days more after it."""
    trait: Word = BIRTHDAY
    """The trait that holds the birthday as month and day, such as 05-17."""
    leap_day: Literal["02-28", "03-01"] = "02-28"
    """Where the 29th of February is in a year that has none."""
    years: tuple[Years, ...] = ()
    """Which anniversaries count, such as [1, 5, 10]; empty: each."""

    def __post_init__(self) -> None:
        if self.years and self.of == "birthday":
            raise ValueError("'years' belong to anniversaries: nobody is asked for their age")

    @property
    def traits(self) -> Mapping[str, tuple[str, ...]]:
        """The traits that it reads."""
        return {self.trait: ()} if self.of == "birthday" else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An occasion that an activity falls on, or why there is none."""

    year: int = 0
    """Of the occasion itself, which in a window around New Year may not be the activity's; 0: there is none."""
    missing: Reason | None = None


NO_BIRTHDAY: Final = Seen(missing=Reason(offer="", code="birthday_unknown"))
NO_JOINING: Final = Seen(missing=Reason(offer="", code="joining_unknown"))
OTHER_DAY: Final = Seen(missing=Reason(offer="", code="other_day"))


def find_occasion(occasion: Occasion, calendar: Calendar, step: Step) -> Seen:
    """Say on which occasion of the member the step's day falls."""
    whose = _find_day(occasion, calendar, step)
    return whose if isinstance(whose, Seen) else find_year(occasion, *whose, step.day)


def find_next(occasion: Occasion, calendar: Calendar, step: Step, day: int) -> int:
    """The first day (ordinal) of the next occasion that begins after a day; 0 where none is known."""
    whose = _find_day(occasion, calendar, step)
    if isinstance(whose, Seen):
        return 0
    today = date.fromordinal(day)
    month_day, since = whose
    # An anniversary that is waited for may be the last of a few, years ahead.
    ahead = max(occasion.years, default=0) + since - today.year
    for year in range(today.year, min(today.year + max(ahead, 1) + 2, date.max.year)):
        first, _ = stretch(occasion, month_day, year)
        if first > today and _counts(occasion, year - since):
            return first.toordinal()
    return 0


def _find_day(occasion: Occasion, calendar: Calendar, step: Step) -> tuple[tuple[int, int], int] | Seen:
    """The month and day of the occasion, and the year since which it is counted; or why it is not known."""
    if occasion.of == "birthday":
        month_day = read_month_day(step.traits.get(occasion.trait))
        return NO_BIRTHDAY if month_day is None else (month_day, 0)
    if step.joined_at is None:
        return NO_JOINING
    joined = date.fromordinal(calendar.day_of(step.joined_at))
    return (joined.month, joined.day), joined.year


def _counts(occasion: Occasion, years: int) -> bool:
    return years > 0 and (not occasion.years or years in occasion.years)


def read_month_day(value: Scalar) -> tuple[int, int] | None:
    """Read 05-17 as (5, 17). None for everything else, and for days that no year has."""
    if not isinstance(value, str):
        return None
    try:
        # Strictly so: another notation (17-05, 5-17, with a year) may mean another day.
        day = date.fromisoformat(f"{LEAP_YEAR}-{value}")
    except ValueError:
        return None
    return (day.month, day.day) if f"{day:%m-%d}" == value else None


@lru_cache(maxsize=4096)
def find_year(occasion: Occasion, month_day: tuple[int, int], since: int, day: int) -> Seen:
    """Find the year of the occasion in whose window a day falls."""
    today = date.fromordinal(day)
    for year in (today.year, today.year + 1, today.year - 1):
        if date.min.year < year < date.max.year and _counts(occasion, year - since):
            first, last = stretch(occasion, month_day, year)
            if first <= today <= last:
                return Seen(year=year)
    return OTHER_DAY


def stretch(occasion: Occasion, month_day: tuple[int, int], year: int) -> tuple[date, date]:
    """The first and the last day that count for the occasion of a year."""
    month, day = month_day
    if (month, day) == (FEBRUARY, LAST_OF_FEBRUARY) and not isleap(year):
        middle = date(year, 2, 28) if occasion.leap_day == "02-28" else date(year, 3, 1)
    else:
        middle = date(year, month, day)
    first = last = middle
    if occasion.within == "week":
        first = middle - timedelta(middle.weekday())
        last = first + timedelta(6)
    elif occasion.within == "month":
        first, last = middle.replace(day=1), middle.replace(day=monthrange(year, middle.month)[1])
    return first - timedelta(occasion.days_before), last + timedelta(occasion.days_after)

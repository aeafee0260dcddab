"""The days that a window holds, and the last day for which a level is kept. Days are ordinals of local dates."""

from datetime import date
from typing import Final

from regulars.features.tiers.model import CalendarYear, Keep, KeepDays, RollingDays, Window

__all__ = ["find_first", "find_last", "keep_until"]

LEAP_DAY: Final = (2, 29)


def find_first(window: Window, day: int, since: int) -> int:
    """The first day of the window to which a day belongs. `since` is the member's first day."""
    if isinstance(window, RollingDays):
        return day - window.days + 1
    if isinstance(window, CalendarYear):
        return date(date.fromordinal(day).year, 1, 1).toordinal()
    year = date.fromordinal(day).year
    start = _find_return(since, year)
    return start if start <= day else _find_return(since, year - 1)


def find_last(window: Window, day: int, since: int) -> int:
    """The last day of the window to which a day belongs: a rolling one always ends today, while one is new it is open.

    A rolling window of a member who is not known for so many days yet ends when it is full.
    """
    if isinstance(window, RollingDays):
        return max(day, since + window.days - 1) if since else day
    return _end_year(window, day, since, 0)


def keep_until(keep: Keep, window: Window, day: int, since: int) -> int:
    """The last day on which a level is safe that was reached, or kept anew, on a day."""
    if isinstance(keep, KeepDays):
        return day + keep.days
    return _end_year(window, day, since, keep.years)


def _end_year(window: Window, day: int, since: int, more: int) -> int:
    if isinstance(window, RollingDays | CalendarYear):
        return date(date.fromordinal(day).year + more, 12, 31).toordinal()
    start = date.fromordinal(find_first(window, day, since)).year
    return _find_return(since, start + 1 + more) - 1


def _find_return(since: int, year: int) -> int:
    """The day of a year on which another year of membership begins."""
    first = date.fromordinal(since)
    day = 28 if (first.month, first.day) == LEAP_DAY else first.day
    return date(year, first.month, day).toordinal()

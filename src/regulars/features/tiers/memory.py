"""What is remembered of one member: amounts by day, and the levels of the last days that may still change.

Amounts are kept by the day on which they were earned, so it does not matter in which order facts arrive.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

__all__ = [
    "LATE_DAYS",
    "NONE",
    "Change",
    "Invitation",
    "Memory",
    "Series",
    "add_amount",
    "drop_before",
    "join_series",
    "sum_days",
]

LATE_DAYS: Final = 30
"""Facts that are no later than this give the same memory in any order."""

Series = tuple[tuple[int, ...], tuple[int, ...]]
"""(days, ascending; the amount of each, above zero)."""
NONE: Final[Series] = ((), ())


class Change(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What is counted took, kept or lost a level on a day."""

    day: int
    level: str
    """Empty: none."""
    until: int
    """The last day on which it is safe; 0: it needs no review."""
    grace: bool = False
    """Whether it was reviewed and not reached, and `until` is the last day of grace."""


class Invitation(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A level that was given by hand from a day on; one for another level, or for none, takes its place."""

    day: int
    moment: int
    """Microseconds since 1970: which of two on one day came later."""
    level: str
    """Empty: the invitation before it is taken back."""
    until: int
    """The last day; 0: no end."""


class Memory(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    latest: int = 0
    """The last day that was heard of."""
    since: int = 0
    """The first one."""
    series: Mapping[str, Series] = {}
    """By measure (and category): as far back as a window that may still be asked for."""
    totals: Mapping[str, int] = {}
    """By measure, where some level is for life: what the days before these came to."""
    changes: tuple[Change, ...] = ()
    """Those of the last LATE_DAYS, and the one before them."""
    invitations: tuple[Invitation, ...] = ()
    """Likewise, as long as one holds."""


def add_amount(series: Series, day: int, amount: int) -> Series:
    """Add to a day, or take off it: never below nothing."""
    days, amounts = series
    if not days or day > days[-1]:
        return ((*days, day), (*amounts, amount)) if amount > 0 else series
    place = bisect_left(days, day)
    if days[place] != day:
        if amount <= 0:
            return series
        return (*days[:place], day, *days[place:]), (*amounts[:place], amount, *amounts[place:])
    left = amounts[place] + amount
    if left > 0:
        return days, (*amounts[:place], left, *amounts[place + 1 :])
    return days[:place] + days[place + 1 :], amounts[:place] + amounts[place + 1 :]


def drop_before(series: Series, day: int) -> tuple[Series, Series]:
    """Part a series into what is before a day and what is not."""
    days, amounts = series
    if not days or days[0] >= day:
        return NONE, series
    place = bisect_left(days, day)
    return (days[:place], amounts[:place]), (days[place:], amounts[place:])


def sum_days(series: Series, first: int, last: int) -> int:
    """What the days from `first` to `last` come to."""
    days, amounts = series
    start = bisect_left(days, first)
    return sum(amounts[start:]) if not days or days[-1] <= last else sum(amounts[start : bisect_right(days, last)])


def join_series(kept: Series, joined: Series) -> Series:
    """What two members had on a day counts together."""
    by_day = dict(zip(*kept, strict=True))
    pairs: Iterable[tuple[int, int]] = zip(*joined, strict=True)
    for day, amount in pairs:
        by_day[day] = by_day.get(day, 0) + amount
    days = tuple(sorted(by_day))
    return days, tuple(by_day[day] for day in days)

"""What a count comes to: how often it reaches a size, and how much is missing to the next time.

Most counts are amounts that add up. A streak is another thing: units of time in a row. Of it, each time that a size is
reached is a stretch of its own, so more facts never reach less, and it does not matter in which order they are told.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

__all__ = ["InRow", "Reach", "Sum", "Tally", "find_unit", "join_runs", "list_runs", "list_units"]

DAYS_OF_WEEK: Final = 7
MONTHS: Final = 12

Unit = Literal["day", "week", "month"]
Runs = tuple[tuple[str, int], ...]
"""(first unit, units in a row)."""


class Sum(Struct, frozen=True, kw_only=True, gc=False):
    """An amount that adds up."""

    amount: int

    def reach(self, size: int) -> int:
        """How often it reaches a size."""
        return self.amount // size

    def miss(self, size: int) -> int:
        """How much more reaches the size once more."""
        return size - self.amount % size


class InRow(Struct, frozen=True, kw_only=True, gc=False):
    """Units of time that were kept, ascending, as seen in one of them."""

    units: tuple[int, ...]
    freeze: int
    """How many missed units a stretch may have between those that were kept."""
    now: int
    """The unit of the day on which one looks. It is not missed before it is over."""

    @property
    def amount(self) -> int:
        """The units in a row up to now."""
        return _count_back(self.units, 0, self.now, self.freeze)

    def reach(self, size: int) -> int:
        """How many stretches of so many kept units there are, each without a unit of another."""
        return _cut(self.units, size, self.freeze)[0]

    def miss(self, size: int) -> int:
        """How many more units in a row complete the next stretch."""
        begun = _cut(self.units, size, self.freeze)[1] + 1
        return size - _count_back(self.units, begun, self.now, self.freeze)


Tally = Sum | InRow


class Reach(Struct, frozen=True, kw_only=True, gc=False):
    """What a tally comes to beside goals."""

    times: tuple[int, ...]
    """How often each goal is reached, as this version has it."""
    missing: int
    """How much more reaches the nearest (again); 0 where there is nothing to reach any more."""


# Goals ask the same again and again, and most activities add nothing to what was there.
@lru_cache(maxsize=8192)
def _cut(units: tuple[int, ...], size: int, freeze: int) -> tuple[int, int]:
    """Cut stretches off as soon as each is complete: how many, and the last unit of the last one.

    No other way of cutting gives more, and what is cut off does not change by what is kept after it.
    """
    times, end = 0, 0
    # The stretch that is growing begins at this place among the units.
    first = 0
    for place, unit in enumerate(units):
        while unit - units[first] - (place - first) > freeze:
            first += 1
        if place - first + 1 == size:
            times, end, first = times + 1, unit, place + 1
    return times, end


@lru_cache(maxsize=8192)
def _count_back(units: tuple[int, ...], first: int, now: int, freeze: int) -> int:
    """The units in a row up to now, none before the first."""
    counted, missed, before = 0, 0, now
    for unit in reversed(units):
        if unit < first:
            break
        if unit > now:
            continue
        # The unit that is not over yet is no miss.
        missed += max(before - unit - 1, 0)
        if missed > freeze:
            break
        counted, before = counted + 1, unit
    return counted


def find_unit(unit: Unit, day: int) -> int:
    """The number of the unit that holds a day. Weeks start on Monday."""
    if unit == "day":
        return day
    if unit == "week":
        return (day - 1) // DAYS_OF_WEEK
    on = date.fromordinal(day)
    return on.year * MONTHS + on.month - 1


def list_units(runs: Runs) -> list[int]:
    """Write out units that were remembered as runs."""
    return [unit for first, length in runs for unit in range(int(first), int(first) + length)]


def list_runs(units: Iterable[int]) -> Runs:
    """Remember units as runs."""
    runs: list[tuple[int, int]] = []
    for unit in sorted(set(units)):
        if runs and unit == sum(runs[-1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((unit, 1))
    return tuple((str(first), length) for first, length in runs)


def join_runs(one: Runs, other: Runs) -> Runs:
    """What two members kept is kept."""
    return list_runs((*list_units(one), *list_units(other)))

"""What a count comes to: how often it reaches a size, and how much is missing to the next time.

Most counts are amounts that add up. A streak is another thing: units of time in a row. Of it, each time that a size is
reached is a stretch of its own, so more facts never reach less, and it does not matter in which order they are told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

__all__ = ["InRow", "Sum", "Tally", "find_unit", "join_runs", "list_runs", "list_units"]

DAYS_OF_WEEK: Final = 7
MONTHS: Final = 12

Unit = Literal["day", "week", "month"]
Runs = tuple[tuple[str, int], ...]
"""(first unit, units in a row)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """An amount that adds up."""

    amount: int

    def reach(self, size: int) -> int:
        """How often it reaches a size."""
        return self.amount // size

    def miss(self, size: int) -> int:
        """How much more reaches the size once more."""
        return size - self.amount % size


@dataclass(frozen=True, slots=True, kw_only=True)
class InRow:
    """Units of time that were kept, ascending, as seen in one of them."""

    units: Sequence[int]
    freeze: int
    """How many missed units a stretch may have between those that were kept."""
    now: int
    """The unit of the day on which one looks. It is not missed before it is over."""

    @property
    def amount(self) -> int:
        """The units in a row up to now."""
        return self._count_back(0)

    def reach(self, size: int) -> int:
        """How many stretches of so many kept units there are, each without a unit of another."""
        return self._cut(size)[0]

    def miss(self, size: int) -> int:
        """How many more units in a row complete the next stretch."""
        return size - self._count_back(self._cut(size)[1] + 1)

    def _cut(self, size: int) -> tuple[int, int]:
        """Cut stretches off as soon as each is complete: how many, and the last unit of the last one.

        No other way of cutting gives more, and what is cut off does not change by what is kept after it.
        """
        times, end = 0, 0
        stretch: list[int] = []
        for unit in self.units:
            stretch.append(unit)
            while unit - stretch[0] + 1 - len(stretch) > self.freeze:
                del stretch[0]
            if len(stretch) == size:
                times, end = times + 1, unit
                stretch.clear()
        return times, end

    def _count_back(self, first: int) -> int:
        counted, missed, before = 0, 0, self.now
        for unit in reversed(self.units):
            if unit < first:
                break
            if unit > self.now:
                continue
            # The unit that is not over yet is no miss.
            missed += max(before - unit - 1, 0)
            if missed > self.freeze:
                break
            counted, before = counted + 1, unit
        return counted


Tally = Sum | InRow


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

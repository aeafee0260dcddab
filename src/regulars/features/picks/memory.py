"""What a member bought of which category in which week. Sums only: it does not matter in which order facts arrive."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

__all__ = ["DAYS_OF_WEEK", "LATE_WEEKS", "Memory", "add", "find_top", "find_week", "join"]

LATE_WEEKS: Final = 5
"""Facts that are no later than this (30 days lie in at most six weeks) give the same memory in any order."""
DAYS_OF_WEEK: Final = 7

Part = tuple[int, str]
"""(week, category)."""


class Memory(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    latest: int = 0
    """The last week that was heard of."""
    bought: tuple[tuple[int, str, int], ...] = ()
    """(week, category, minor units of money above zero), ascending, as far back as may be asked for."""


def find_week(day: int) -> int:
    """The number of the week that holds a day. It begins on Monday."""
    return (day - 1) // DAYS_OF_WEEK


def add(memory: Memory, week: int, amounts: Mapping[str, int], kept_weeks: int) -> Memory:
    """Add to what was bought in a week, or take off it: never below nothing. Weeks before those kept are let go."""
    return _sum(max(memory.latest, week), (*memory.bought, *((week, *each) for each in amounts.items())), kept_weeks)


def join(one: Memory, other: Memory, kept_weeks: int) -> Memory:
    """What two members bought counts together."""
    return _sum(max(one.latest, other.latest), (*one.bought, *other.bought), kept_weeks)


def find_top(memory: Memory, first: int, last: int, most: int, known: frozenset[str]) -> tuple[str, ...]:
    """The categories bought most from one week to another, the first first; of equals in the order of their names."""
    sums: dict[str, int] = {}
    for week, category, minor in memory.bought:
        if first <= week <= last and category in known:
            sums[category] = sums.get(category, 0) + minor
    return tuple(sorted(sums, key=lambda it: (-sums[it], it))[:most])


def _sum(latest: int, bought: Iterable[tuple[int, str, int]], kept_weeks: int) -> Memory:
    sums: dict[Part, int] = {}
    for week, category, minor in bought:
        if week >= latest - kept_weeks:
            sums[week, category] = sums.get((week, category), 0) + minor
    return Memory(latest=latest, bought=tuple(sorted((*part, minor) for part, minor in sums.items() if minor > 0)))

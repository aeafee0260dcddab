"""How often somebody came: counted so that it does not matter in which order facts arrive.

What is counted stays with its day for LATE_DAYS and belongs to its period afterwards. How many rewards a period owes
follows from what was counted in it, so a fact that comes late brings the count, and what it owes, to the same end.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

__all__ = [
    "LABELS_MAX",
    "LATE_DAYS",
    "Counting",
    "Memory",
    "add_up",
    "count",
    "find_period",
    "forget",
]

LATE_DAYS: Final = 30
"""Facts that are no later than this give the same memory, and the same rewards together, in any order."""
LABELS_MAX: Final = 500
"""Stores, categories or brands that are told apart for one member."""
MONTHS: Final = 12
MONTHS_OF_QUARTER: Final = 3
DAYS_OF_WEEK: Final = 7

Number = Annotated[int, Meta(ge=1, le=10_000)]
Part = tuple[int, str]
"""(period, label): what is counted by itself."""


class Counting(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which of the activities that fit are rewarded. {most: 1} is the first, {every: 5} each fifth."""

    every: Number = 1
    """Each so-many-th is rewarded."""
    most: Number | None = None
    """Rewards in one period. None: any number."""
    per: Literal["day", "week", "month", "quarter", "year", "occasion", "ever"] = "ever"
    """The period, in which the count starts anew. A week starts on Monday; `ever` is since the offer began."""
    of: Literal["activities", "days"] = "activities"
    """What is counted: activities, or days with at least one."""
    in_each: Literal["store", "category", "brand"] | None = None
    """Counted for each of these by itself: {most: 1, in_each: store} rewards the first time in each store."""


class Memory(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    latest: int = 0
    """The last day that was heard of."""
    days: tuple[tuple[int, int, str, int], ...] = ()
    """(day, period, label, activities) of the last LATE_DAYS, ascending."""
    past: tuple[tuple[int, str, int], ...] = ()
    """(period, label, count) of the days before, ascending, as long as the period may be asked for."""
    given: tuple[tuple[int, str, int], ...] = ()
    """(period, label, rewards), ascending."""
    waiting: int = 0
    """The day on which the clock is to bring the next gift; 0: none."""


def find_period(per: str, day: int) -> int:
    """The number of the period that holds a day. Periods of one kind are numbered upwards."""
    if per == "ever":
        return 0
    if per == "day":
        return day
    if per == "week":
        return (day - 1) // DAYS_OF_WEEK
    on = date.fromordinal(day)
    if per in {"year", "occasion"}:
        return on.year
    month = on.year * MONTHS + on.month - 1
    return month if per == "month" else month // MONTHS_OF_QUARTER


def count(
    counting: Counting, memory: Memory, day: int, period: int, labels: Iterable[str]
) -> tuple[Memory, Mapping[str, int]]:
    """Count one activity, for each label; gives the memory after it, and the rewards that it brings, by label.

    `day` is no more than LATE_DAYS before the latest.
    """
    days = {entry[:3]: entry[3] for entry in memory.days}
    known = {label for _, label, _ in (*memory.past, *memory.given)} | {label for _, _, label in days}
    for label in labels:
        if label in known or len(known) < LABELS_MAX:
            known.add(label)
            days[day, period, label] = days.get((day, period, label), 0) + 1
    past, given = _read(memory.past), _read(memory.given)
    brought: dict[str, int] = {}
    for label in labels:
        owed = _owe(counting, days, past, (period, label))
        more = owed - given.get((period, label), 0)
        if more > 0:
            brought[label] = more
            given[period, label] = owed
    return _settle(counting, max(memory.latest, day), days, past, given), brought


def forget(counting: Counting, memory: Memory, day: int, labels: Iterable[str], rewards: int) -> Memory:
    """Take one activity of a day out of the count, with so many rewards that were taken back for it.

    A day that is settled stays as it was counted. What others were rewarded for meanwhile is not touched: a period
    that was rewarded too much owes nothing until the count has caught up.
    """
    days = {entry[:3]: entry[3] for entry in memory.days}
    past, given = _read(memory.past), _read(memory.given)
    wanted = set(labels)
    parts = [key for key in days if key[0] == day and key[2] in wanted]
    for key in parts:
        days[key] -= 1
        if not days[key]:
            del days[key]
    # First where more was given than the rest owes: that is what this activity was rewarded for.
    for spare in (True, False):
        for _, period, label in parts:
            rewarded = given.get((period, label), 0)
            excess = rewarded - _owe(counting, days, past, (period, label)) if spare else rewarded
            back = min(max(excess, 0), rewards)
            rewards -= back
            given[period, label] = rewarded - back
    return _settle(counting, memory.latest, days, past, given)


def add_up(counting: Counting, one: Memory, other: Memory) -> Memory:
    """Make one memory of two members': what both did counts together, and so do their rewards."""
    days: dict[tuple[int, int, str], int] = {}
    past, given = _read(one.past), _read(one.given)
    for memory in (one, other):
        for day, period, label, number in memory.days:
            days[day, period, label] = days.get((day, period, label), 0) + number
    for part, number in _read(other.past).items():
        past[part] = past.get(part, 0) + number
    for part, number in _read(other.given).items():
        given[part] = given.get(part, 0) + number
    return _settle(counting, max(one.latest, other.latest), days, past, given)


def _owe(counting: Counting, days: Mapping[tuple[int, int, str], int], past: Mapping[Part, int], part: Part) -> int:
    """The rewards that a period owes for what was counted in it."""
    by_day = counting.of == "days"
    seen = past.get(part, 0) + sum([1 if by_day else number for key, number in days.items() if key[1:] == part])
    owed = seen // counting.every
    return owed if counting.most is None else min(owed, counting.most)


def _settle(
    counting: Counting,
    latest: int,
    days: Mapping[tuple[int, int, str], int],
    past: dict[Part, int],
    given: Mapping[Part, int],
) -> Memory:
    """Move what is old from its day to its period, and let go of periods that nothing can reach any more."""
    settled = max(latest - LATE_DAYS, 1)
    oldest = find_period(counting.per, settled)
    if counting.per == "occasion":
        # The window of an occasion may reach into the next year.
        oldest -= 1
    for (day, period, label), number in days.items():
        if day < settled:
            past[period, label] = past.get((period, label), 0) + (1 if counting.of == "days" else number)
    return Memory(
        latest=latest,
        days=tuple(sorted((*key, number) for key, number in days.items() if key[0] >= settled)),
        past=tuple(sorted((*part, number) for part, number in past.items() if part[0] >= oldest)),
        given=tuple(sorted((*part, number) for part, number in given.items() if number and part[0] >= oldest)),
    )


def _read(parts: Iterable[tuple[int, str, int]]) -> dict[Part, int]:
    return {(period, label): number for period, label, number in parts}

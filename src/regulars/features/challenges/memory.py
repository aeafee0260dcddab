"""What is remembered of one member in one challenge: amounts by day, and what the goals gave.

Amounts stay with the day on which they happened, so it does not matter in which order facts arrive.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from regulars.features.challenges.model import LABELS_MAX

__all__ = ["LATE_DAYS", "Memory", "Paid", "add_amounts", "count_got", "join_amounts", "join_got", "sum_labels"]

LATE_DAYS: Final = 30
"""Facts that are no later than this give the same memory, and the same rewards together, in any order."""

Amounts = tuple[tuple[int, str, int], ...]
"""(day, label, amount above zero), ascending."""


class Paid(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What one goal gave in one period."""

    period: int
    """The last day of the period; 0 for a challenge without periods."""
    goal: str
    times: int
    size: int
    """How much had to be counted to reach it once, when it was reached last. Later versions do not change that."""
    points: int
    """For all these times together."""
    back: int = 0
    """Of them taken back for now: they are given again when the goal is reached again."""
    held: int = 0
    """For how many times what is not points is with the member."""
    by: tuple[tuple[str, int], ...] = ()
    """(activity, times): what gave that, as far back as it is told apart. Which one it was may depend on the order."""


Got = tuple[int, str, int, int]
"""(period, goal, first time, last time)."""


class Memory(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    latest: int = 0
    """The last day that was heard of."""
    joined: int = 0
    """The day on which the member's own time began; 0: not, or no matter."""
    days: Amounts = ()
    past: tuple[tuple[str, int], ...] = ()
    """(label, amount) of days so long ago that nothing is told apart any more, in a challenge without periods. Of a
    streak: (first unit, units in a row)."""
    paid: tuple[Paid, ...] = ()
    """By period and goal, ascending. Of a team: with its founder, what was paid to everybody who was in it then."""
    team: str = ""
    """Id of the founder of the member's team, as it was when the member joined."""
    mate: str = ""
    """Id under which the member is known there."""
    mates: tuple[str, ...] = ()
    """With the founder: who is in the team, in the order of joining, the founder first. `days` are those of all."""
    waits: tuple[int, ...] = ()
    """With the founder: days on which it will be looked whether goals stand."""
    got: tuple[Got, ...] = ()
    """What teams paid the member, by period and goal, ascending."""


def add_amounts(days: Amounts, day: int, adds: Mapping[str, int]) -> Amounts:
    """Add to a day, or take off it: never below nothing."""
    if len(adds) == 1 and len(days) < LABELS_MAX and (not days or days[-1][0] <= day):
        [(label, more)] = adds.items()
        if not days or days[-1][0] < day or days[-1][:2] == (day, label):
            # What most activities do: one thing more, on the last day.
            before = days[-1][2] if days and days[-1][0] == day else 0
            rest = days[:-1] if before else days
            return (*rest, (day, label, before + more)) if before + more > 0 else rest
    amounts = {(on, label): amount for on, label, amount in days}
    known = {label for _, label in amounts}
    for label, amount in adds.items():
        if label in known or len(known) < LABELS_MAX:
            known.add(label)
            amounts[day, label] = max(amounts.get((day, label), 0) + amount, 0)
    return _sort(amounts)


def join_amounts(one: Amounts, other: Amounts) -> Amounts:
    """What two members had on a day counts together."""
    amounts: dict[tuple[int, str], int] = {}
    for day, label, amount in (*one, *other):
        amounts[day, label] = amounts.get((day, label), 0) + amount
    return _sort(amounts)


def join_got(*got: Got) -> tuple[Got, ...]:
    """Whoever was paid twice for the same, as two members, was paid once as one."""
    joined = list[Got]()
    for period, goal, first, last in sorted(got):
        if joined and joined[-1][:2] == (period, goal) and first <= joined[-1][3] + 1:
            joined[-1] = (period, goal, joined[-1][2], max(joined[-1][3], last))
        else:
            joined.append((period, goal, first, last))
    return tuple(joined)


def count_got(got: Iterable[Got]) -> int:
    """How many times were paid; of what `join_got` answered."""
    return sum(last - first + 1 for _, _, first, last in got)


def sum_labels(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up amounts by label."""
    sums: dict[str, int] = {}
    for label, amount in pairs:
        sums[label] = sums.get(label, 0) + amount
    return sums


def _sort(amounts: Mapping[tuple[int, str], int]) -> Amounts:
    return tuple(sorted((*key, amount) for key, amount in amounts.items() if amount))

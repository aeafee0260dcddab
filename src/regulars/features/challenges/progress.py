"""Where a member stands in a challenge on a day: what is counted, what is missing to each goal, and until when."""

from dataclasses import dataclass

from regulars.features.challenges.counting import FOREVER, Prepared, count, find_period
from regulars.features.challenges.memory import Memory
from regulars.features.challenges.rewards import find_missing
from regulars.features.challenges.tally import Sum, Tally

__all__ = ["Ahead", "Progress", "progress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One goal, as a member sees it."""

    goal: str
    times: int
    """How often it gave something in this period."""
    missing: int
    """How much more must be counted to reach it (again); 0 where there is nothing to reach any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a member stands on a day. Days are ordinals of local dates."""

    is_in: bool
    """Whether what is done on that day counts; else the member has not joined, or has no days left."""
    first_day: int
    last_day: int
    """Of the days that count together; 0: no such day, the offer's schedule decides."""
    unit: str
    """What is counted: minor (units of money), items, times, days, categories, brands; of a streak, weeks or months."""
    counted: int
    """So far; of a streak, what is in a row up to this day."""
    goals: tuple[Ahead, ...]


def progress(prepared: Prepared, memory: Memory, day: int) -> Progress:
    """Say where a member stands on a local day, and what is missing."""
    period = find_period(prepared, memory.joined, day)
    tally: Tally = Sum(amount=0) if period is None else count(prepared, memory, period, day)
    times = {it.goal: it.times for it in memory.paid if period is not None and it.period == period.key}
    return Progress(
        is_in=period is not None,
        first_day=0 if period is None or period.first == 1 else period.first,
        last_day=0 if period is None or period.last == FOREVER else period.last,
        unit=prepared.unit,
        counted=tally.amount,
        goals=tuple(
            Ahead(
                goal=goal.id,
                times=times.get(goal.id, 0),
                missing=0 if goal.every is None and times.get(goal.id) else find_missing(goal, tally),
            )
            for goal in prepared.settings.goals
        ),
    )

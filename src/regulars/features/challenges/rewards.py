"""What goals give for what is counted, and what a return takes back of it.

A return can take only what its own purchase gave. So each goal remembers what it gave in all and how much of that is
back, and what another purchase gave is taken when that one comes back. Bring back everything, in any order, and nothing
that a purchase gave is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from regulars.features.challenges.counting import Period
from regulars.features.challenges.memory import Paid
from regulars.features.challenges.model import Goal, Settings
from regulars.kernel.nouns import Grant

__all__ = ["Rewards", "find_missing", "give", "take_back"]

Key = tuple[int, str]
"""(period, goal)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewards:
    """What becomes of a period's goals."""

    paid: tuple[Paid, ...]
    """Of all periods, afterwards."""
    points: int
    """Given; below zero: taken back."""
    grants: tuple[Grant, ...]
    goals: tuple[str, ...]
    """Those that gave something, or lost it."""


def give(settings: Settings, paid: tuple[Paid, ...], period: Period, counted: int) -> Rewards:
    """Give what a count has reached and was not given yet, or was taken back meanwhile."""
    known = _index(paid)
    points, grants, goals = 0, list[Grant](), list[str]()
    for goal in settings.goals:
        key = (period.key, goal.id)
        was = known.get(key) or Paid(period=period.key, goal=goal.id, times=0, size=goal.size, points=0)
        more = max(_reach(goal, counted) - was.times, 0)
        if not more and _keep(goal, was, counted) < was.times:
            continue
        times = was.times + more
        gain = more * goal.points + was.back
        gifts = _grant(goal, times - was.held)
        now = Paid(
            period=period.key,
            goal=goal.id,
            times=times,
            size=goal.size if more else was.size,
            points=was.points + more * goal.points,
            held=times,
        )
        known[key] = now
        if gain or gifts:
            points += gain
            grants += gifts
            goals.append(goal.id)
    return Rewards(paid=_close(known), points=points, grants=tuple(grants), goals=tuple(goals))


def take_back(
    settings: Settings, paid: tuple[Paid, ...], key: int | None, counted: int, left: int, *, is_gone: bool
) -> Rewards:
    """Take back what a count no longer reaches, as far as the purchase gave it: `left` is what it still stands for.

    Of a purchase that no longer counts at all (`is_gone`) everything is taken; what the rest still reaches comes again
    with the next activity that counts.
    """
    known = _index(paid)
    asked, grants, goals = left, list[Grant](), list[str]()
    for goal in reversed(settings.goals):
        was = None if key is None else known.get((key, goal.id))
        if was is None:
            continue
        keep = _keep(goal, was, counted)
        lost = was.points * (was.times - keep) // was.times
        part = min(max(lost - was.back, 0), left)
        left -= part
        gifts = _grant(goal, keep - was.held) if was.held > keep else []
        now = msgspec.structs.replace(was, back=was.back + part, held=min(was.held, keep))
        if keep < was.times and now.back >= lost:
            now = msgspec.structs.replace(now, times=keep, points=was.points - lost, back=now.back - lost)
        known[was.period, was.goal] = now
        if part or gifts:
            grants += gifts
            goals.append(goal.id)
    if is_gone:
        for goal in reversed(settings.goals):
            was = None if key is None else known.get((key, goal.id))
            if was is not None and left:
                part = min(was.points - was.back, left)
                left -= part
                known[was.period, was.goal] = msgspec.structs.replace(was, back=was.back + part)
        # What no goal of this version or period remembers goes as well: the purchase is undone.
        left = 0
    return Rewards(paid=_close(known), points=left - asked, grants=tuple(grants), goals=tuple(goals))


def find_missing(goal: Goal, counted: int) -> int:
    """How much more must be counted to reach a goal (again); 0 where there is nothing to reach any more."""
    if goal.every is None:
        return max(goal.size - counted, 0)
    times = counted // goal.every
    return 0 if goal.most is not None and times >= goal.most else (times + 1) * goal.every - counted


def _reach(goal: Goal, counted: int) -> int:
    """How often a count reaches a goal, as this version has it."""
    if goal.every is None:
        return int(counted >= goal.size)
    times = counted // goal.every
    return times if goal.most is None else min(times, goal.most)


def _keep(goal: Goal, was: Paid, counted: int) -> int:
    """Of the times that a goal gave, those that a count still reaches, as the goal was then."""
    if goal.every is None:
        return was.times if counted >= was.size else 0
    return min(counted // was.size, was.times)


def _grant(goal: Goal, times: int) -> list[Grant]:
    return [Grant(kind=gift.kind, what=gift.what, count=gift.count * times) for gift in goal.grants if times]


def _index(paid: tuple[Paid, ...]) -> dict[Key, Paid]:
    return {(each.period, each.goal): each for each in paid}


def _close(known: Mapping[Key, Paid]) -> tuple[Paid, ...]:
    return tuple(known[key] for key in sorted(known) if known[key].times)

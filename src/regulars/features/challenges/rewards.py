"""What goals give for what is counted, and what a return takes back of it.

A return can take only what its own purchase gave. So each goal remembers what it gave in all and how much of that is
back, and what another purchase gave is taken when that one comes back. Bring back everything, in any order, and nothing
that a purchase gave is left.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from regulars.features.challenges.counting import Prepared
from regulars.features.challenges.memory import Paid
from regulars.features.challenges.model import Goal
from regulars.features.challenges.tally import Reach, Tally
from regulars.kernel.nouns import Activity, Grant

__all__ = ["Purchase", "Rewards", "find_missing", "find_reach", "give", "name_activity", "take_back"]

BY_MAX: Final = 50
"""Activities that gave something which is not points, told apart for one goal: the newest."""
LETTERS: Final = 12
TALLIES_MAX: Final = 20_000
"""Tallies of one challenge of which it is remembered what they come to."""

Key = tuple[int, str]
"""(period, goal)."""


class Rewards(Struct, frozen=True, kw_only=True):
    """What becomes of goals."""

    paid: tuple[Paid, ...]
    """Of all periods, afterwards."""
    points: int
    """Given; below zero: taken back."""
    grants: tuple[Grant, ...]
    goals: tuple[str, ...]
    """Those that gave something, or lost it."""


class Purchase(Struct, frozen=True, kw_only=True):
    """A purchase that comes back, or a part of it."""

    name: str
    left: int
    """The points that it gave and that are not back yet."""
    is_gone: bool
    """Whether nothing of it counts any more."""


def name_activity(activity: Activity) -> str:
    """Name an activity, shortly, for as long as what it gave may be taken back."""
    return sha256(f"{activity.source}\0{activity.id}".encode()).hexdigest()[:LETTERS]


def find_reach(prepared: Prepared, tally: Tally) -> Reach:
    """Say what a tally comes to beside the goals: most activities bring one that was seen before."""
    found = prepared.reaches.get(tally)
    if found is None:
        if len(prepared.reaches) >= TALLIES_MAX:
            prepared.reaches.clear()
        goals = prepared.settings.goals
        missing = [ahead for goal in goals if (ahead := find_missing(goal, tally))]
        found = Reach(times=tuple([_reach(goal, tally) for goal in goals]), missing=min(missing, default=0))
        prepared.reaches[tally] = found
    return found


def give(prepared: Prepared, paid: tuple[Paid, ...], period: int, tally: Tally, by: Activity) -> Rewards:
    """Give what is reached in a period `by` an activity and was not given yet, or was taken back meanwhile."""
    known = {it.goal: it for it in paid if it.period == period} if paid else {}
    points = 0
    changed: dict[Key, Paid] = {}
    grants: list[Grant] = []
    gave: list[str] = []
    for goal, reached in zip(prepared.settings.goals, find_reach(prepared, tally).times, strict=True):
        was = known.get(goal.id)
        if was is None:
            if not reached:
                continue
            was = Paid(period=period, goal=goal.id, times=0, size=goal.size, points=0)
        more = max(reached - was.times, 0)
        times = was.times + more
        gain, gifts = more * goal.points + was.back, times - was.held if goal.grants else 0
        if not (more or gain or gifts) or (not more and _keep(goal, was, tally) < was.times):
            continue
        changed[period, goal.id] = Paid(
            period=period,
            goal=goal.id,
            times=times,
            size=goal.size if more else was.size,
            points=was.points + more * goal.points,
            held=was.held + gifts,
            by=(*was.by, (name_activity(by), gifts))[-BY_MAX:] if gifts else was.by,
        )
        if gain or gifts:
            points += gain
            grants += _grant(goal, gifts)
            gave.append(goal.id)
    paid = _close(_index(paid) | changed) if changed else paid
    return Rewards(paid=paid, points=points, grants=tuple(grants), goals=tuple(gave))


def take_back(
    goals: Sequence[Goal], paid: tuple[Paid, ...], period: int | None, tally: Tally, purchase: Purchase
) -> Rewards:
    """Take back what is no longer reached, as far as the purchase gave it; of one that is gone, all that it gave.

    What the rest still reaches then comes again with the next activity that counts. A period of None is one that is
    long over: only what the purchase itself stands for is taken.
    """
    known = _index(paid)
    left, grants, lost = purchase.left, list[Grant](), list[str]()
    for goal in reversed(goals):
        was = None if period is None else known.get((period, goal.id))
        if was is None:
            continue
        keep = _keep(goal, was, tally)
        worth = was.points * (was.times - keep) // was.times
        part = min(max(worth - was.back, 0), left)
        left -= part
        gifts = sum(times for name, times in was.by if name == purchase.name)
        gifts = gifts if purchase.is_gone else min(gifts, max(was.held - keep, 0))
        now = replace(was, back=was.back + part, held=was.held - gifts, by=_drop(was.by, purchase.name, gifts))
        known[was.period, was.goal] = _lower(now, keep)
        if part or gifts:
            grants += _grant(goal, -gifts)
            lost.append(goal.id)
    if purchase.is_gone:
        _mark_back(known, [(period or 0, goal.id) for goal in reversed(goals)], left)
        # What no goal of this version or period remembers goes as well: the purchase is undone.
        left = 0
    return Rewards(paid=_close(known), points=left - purchase.left, grants=tuple(grants), goals=tuple(lost))


def find_missing(goal: Goal, tally: Tally) -> int:
    """How much more reaches a goal (again); 0 where there is nothing to reach any more."""
    most = 1 if goal.every is None else goal.most
    return 0 if most is not None and tally.reach(goal.size) >= most else tally.miss(goal.size)


def _reach(goal: Goal, tally: Tally) -> int:
    """How often a goal is reached, as this version has it."""
    times, most = tally.reach(goal.size), 1 if goal.every is None else goal.most
    return times if most is None else min(times, most)


def _keep(goal: Goal, was: Paid, tally: Tally) -> int:
    """Of the times that a goal gave, those that are still reached, as the goal was then."""
    times = tally.reach(was.size)
    if goal.every is None:
        # Two members who were one reward each may be one member now.
        return was.times if times else 0
    return min(times, was.times)


def _lower(now: Paid, keep: int) -> Paid:
    """Forget the times of which everything is taken, down to those that are still reached: they are given anew."""
    least = max(keep, now.held)
    if now.points:
        least = max(least, now.times - ((now.back + 1) * now.times - 1) // now.points)
    if least >= now.times:
        return now
    worth = now.points * (now.times - least) // now.times
    return replace(now, times=least, points=now.points - worth, back=now.back - worth)


def _mark_back(known: dict[Key, Paid], keys: Sequence[Key], points: int) -> None:
    """Remember points as taken back, though the goals are reached."""
    for key in keys:
        was = known.get(key)
        if was is not None:
            part = min(was.points - was.back, points)
            points -= part
            known[key] = replace(was, back=was.back + part)


def _drop(by: tuple[tuple[str, int], ...], name: str, gone: int) -> tuple[tuple[str, int], ...]:
    rest: list[tuple[str, int]] = []
    for each, times in by:
        part = min(times, gone) if each == name else 0
        gone -= part
        if times > part:
            rest.append((each, times - part))
    return tuple(rest)


def _grant(goal: Goal, times: int) -> list[Grant]:
    return [Grant(kind=gift.kind, what=gift.what, count=gift.count * times) for gift in goal.grants if times]


def _index(paid: tuple[Paid, ...]) -> dict[Key, Paid]:
    return {(each.period, each.goal): each for each in paid}


def _close(known: Mapping[Key, Paid]) -> tuple[Paid, ...]:
    return tuple(known[key] for key in sorted(known) if known[key].times)

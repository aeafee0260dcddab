"""A level is reached on the day when the points of the last `window_days` suffice, and is kept for `keep_days`.

Points are remembered by the day on which they were earned, so it does not matter in which order facts arrive: one that
is up to LATE_DAYS late changes its own day, and the days after it are walked again. What is older is settled.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

from msgspec import Meta, Struct

from regulars.kernel.nouns import Due, Earned, Given, Reason, Scalar, Step, TraitChange
from regulars.kernel.program import LANGUAGES, Calendar, Names, References

__all__ = [
    "KINDS",
    "LATE_DAYS",
    "PHASE",
    "Level",
    "Memory",
    "Prepared",
    "Progress",
    "Settings",
    "earn",
    "merge",
    "prepare",
    "progress",
    "references",
    "sets",
    "undo",
]

PHASE: Final = "state"
REVIEW: Final = "tier.review"
JOINS: Final = ("merge", "claim", "unmerge")
"""Two members become one, or two again: the memory is another all at once."""
KINDS: Final = (REVIEW, *JOINS)
LATE_DAYS: Final = 30
"""Facts that are no later than this give the same memory in any order."""
LEVELS_MAX: Final = 20

NOTHING: Final = Earned()
NO_LEVEL: Final = -1
NO_CHANGE: Final = (0, "", 0)

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Days = Annotated[int, Meta(ge=1, le=3660)]
Change = tuple[int, str, int]
"""(day, level from that day on, last day on which it is kept; 0: needs no review)."""


class Level(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One level. That which is reached with nothing (`at: 0`) is never reviewed."""

    id: Word
    name: Names
    at: Annotated[int, Meta(ge=0, le=10**12)]
    """Points of the window that reach it."""

    def __post_init__(self) -> None:
        missing = [language for language in LANGUAGES if language not in self.name]
        if missing:
            raise ValueError(f"the level '{self.id}' needs its name in {', '.join(missing)}")


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a set of levels."""

    counts: Word
    """The currency whose points reach levels."""
    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=LEVELS_MAX)]
    """From the lowest to the highest."""
    trait: Word = "tier"
    """The trait that other offers read."""
    window_days: Days = 365
    keep_days: Days = 365

    def __post_init__(self) -> None:
        ids = [level.id for level in self.levels]
        if len(set(ids)) < len(ids):
            raise ValueError("two levels have the same id")
        needs = [level.at for level in self.levels]
        if any(lower >= higher for lower, higher in pairwise(needs)):
            raise ValueError("levels stand from the lowest to the highest, each needing more than the one before")


class Memory(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    days: tuple[int, ...] = ()
    """Days with points, ascending; as far back as a window that may still be asked for."""
    points: tuple[int, ...] = ()
    """Of each of these days."""
    latest: int = 0
    """The last day that was heard of."""
    changes: tuple[Change, ...] = ()
    """Levels taken, kept or lost in the last LATE_DAYS, and the one before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings as a ladder."""

    settings: Settings
    calendar: Calendar
    ids: tuple[str, ...]
    needs: tuple[int, ...]
    """Points that each level needs, ascending."""
    ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a member stands on a day."""

    level: str
    """Empty: none."""
    points: int
    """What counts in the window that ends on this day."""
    next_level: str
    """Empty: there is none above."""
    missing: int
    """Points that reach the next level if they come on this day."""
    kept_until: int
    """The last day (ordinal) on which the level is safe; 0: it needs no review."""


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Turn the levels into a ladder."""
    ids = tuple(level.id for level in settings.levels)
    return Prepared(
        settings=settings,
        calendar=calendar,
        ids=ids,
        needs=tuple(level.at for level in settings.levels),
        ranks={level: rank for rank, level in enumerate(ids)},
    )


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Count what this activity gave, and see which level that reaches. A review only looks at the level."""
    counts = prepared.settings.counts
    points = sum([it.award.points for it in step.given if it.award.currency == counts])
    fresh = _count(prepared, memory, step.day, points, step.day)
    if step.activity.kind in JOINS:
        return _rejoin(prepared, fresh, step)
    return _answer(prepared, memory, fresh, step)


def _rejoin(prepared: Prepared, fresh: Memory, step: Step) -> Earned:
    """Let the level be what the joined memory says, from now on, and be reviewed when that says."""
    trait = prepared.settings.trait
    _, level, until = fresh.changes[-1] if fresh.changes else NO_CHANGE
    later: tuple[Due, ...] = ()
    if until:
        at = prepared.calendar.start_of(until + 1)
        later = (Due(name="review", kind=REVIEW, at=at, replaces="review"),)
    if (level or None) == step.traits.get(trait):
        return Earned(memory=fresh, later=later)
    change = TraitChange(name=trait, value=level or None, since=max(step.at, step.activity.occurred_at))
    reason = Reason(offer="", code="level_changed", values={"level": level, "until": until})
    return Earned(memory=fresh, traits=(change,), later=later, reasons=(reason,))


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Take what a return took back off the day of the purchase. A level reached with it falls, unless it is settled."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    counts = prepared.settings.counts
    points = sum([it.award.points for it in step.given if it.award.currency == counts])
    if not points:
        return NOTHING
    day = prepared.calendar.day_of(original.activity.occurred_at)
    return _answer(prepared, memory, _count(prepared, memory, day, points, step.day), step)


def merge(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: what both earned on a day counts together, and the better level holds."""
    buckets = dict(zip(kept.days, kept.points, strict=True))
    for day, points in zip(joined.days, joined.points, strict=True):
        buckets[day] = buckets.get(day, 0) + points
    latest = max(kept.latest, joined.latest)
    if not latest:
        return kept
    settled = latest - LATE_DAYS - 1
    days = tuple(sorted(buckets))
    points = tuple(buckets[day] for day in days)
    states = [[change for change in memory.changes if change[0] <= settled][-1:] for memory in (kept, joined)]
    best = max((state[0] for state in states if state), key=lambda it: _order(prepared, it), default=None)
    changes = [] if best is None else [best]
    first = min((day for day in days if day > settled), default=latest)
    heard = [change[0] for memory in (kept, joined) for change in memory.changes if change[0] > settled]
    _walk(prepared, (days, points), changes, min([first, *heard]), latest)
    stale = bisect_right(days, settled - prepared.settings.window_days)
    old = sum(1 for change in changes if change[0] <= settled) - 1
    return Memory(days=days[stale:], points=points[stale:], latest=latest, changes=tuple(changes[max(old, 0) :]))


def _order(prepared: Prepared, change: Change) -> tuple[int, int, int]:
    day, level, until = change
    return prepared.ranks.get(level, NO_LEVEL), until, -day


def progress(settings: Settings, memory: Memory, day: int) -> Progress:
    """Say where a member stands on a local day, what is missing, and how long the level is safe."""
    ids = tuple(level.id for level in settings.levels)
    needs = tuple(level.at for level in settings.levels)
    ranks = {level: rank for rank, level in enumerate(ids)}
    changes = [change for change in memory.changes if change[0] <= day]
    buckets = memory.days, memory.points
    rank, until = _stand(ranks, changes)
    while until and until < day:
        rank = min(rank, bisect_right(needs, _sum_window(buckets, until, settings.window_days)) - 1)
        until = until + settings.keep_days if rank >= 0 and needs[rank] else 0
    points = _sum_window(buckets, day, settings.window_days)
    above = rank + 1
    return Progress(
        level=ids[rank] if rank >= 0 else "",
        points=points,
        next_level=ids[above] if above < len(ids) else "",
        missing=max(needs[above] - points, 0) if above < len(ids) else 0,
        kept_until=until,
    )


def references(settings: Settings) -> References:
    """Name the currency that is counted."""
    return References(currencies=(settings.counts,))


def sets(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Name the trait, and the levels that it may be."""
    return {settings.trait: tuple(level.id for level in settings.levels)}


Buckets = tuple[Sequence[int], Sequence[int]]
"""(days, the points of each), ascending."""


def _count(prepared: Prepared, memory: Memory, day: int, points: int, heard: int) -> Memory:
    """Add points to a day (or take them off), and walk the days that this changes."""
    window = prepared.settings.window_days
    latest = max(memory.latest, heard)
    settled = latest - LATE_DAYS - 1
    days, sums = list(memory.days), list(memory.points)
    place = bisect_left(days, day)
    if place < len(days) and days[place] == day:
        sums[place] = max(sums[place] + points, 0)
        if not sums[place]:
            del days[place], sums[place]
    elif points > 0:
        days.insert(place, day)
        sums.insert(place, points)
    first = max(day, settled + 1)
    changes = [change for change in memory.changes if change[0] < first]
    _walk(prepared, (days, sums), changes, first, latest)
    # Only now: a review that was due long ago looked further back.
    stale = bisect_right(days, settled - window)
    if stale:
        del days[:stale], sums[:stale]
    old = sum(1 for change in changes if change[0] <= settled) - 1
    return Memory(days=tuple(days), points=tuple(sums), latest=latest, changes=tuple(changes[max(old, 0) :]))


def _stand(ranks: Mapping[str, int], changes: Sequence[Change]) -> tuple[int, int]:
    """The rank after these changes, and until when it is kept."""
    if not changes:
        return NO_LEVEL, 0
    return ranks.get(changes[-1][1], NO_LEVEL), changes[-1][2]


def _sum_window(buckets: Buckets, last: int, window_days: int) -> int:
    days, points = buckets
    return sum(points[bisect_right(days, last - window_days) : bisect_right(days, last)])


def _walk(prepared: Prepared, buckets: Buckets, changes: list[Change], first: int, latest: int) -> None:
    """Go from `first` to `latest` over the days on which something can change, and append what does."""
    window, keep = prepared.settings.window_days, prepared.settings.keep_days
    ids, needs = prepared.ids, prepared.needs
    rank, until = _stand(prepared.ranks, changes)
    days = buckets[0]
    visited = [first, *days[bisect_right(days, first) : bisect_right(days, latest)]]
    if visited[-1] < latest:
        visited.append(latest)
    for day in visited:
        while until and until < day:
            # The review of the day after the last that was kept: it looks back from that last day.
            start = until + 1
            rank = min(rank, bisect_right(needs, _sum_window(buckets, until, window)) - 1)
            until = until + keep if rank >= 0 and needs[rank] else 0
            changes.append((start, ids[rank] if rank >= 0 else "", until))
        reached = bisect_right(needs, _sum_window(buckets, day, window)) - 1
        if reached > rank:
            rank, until = reached, day + keep if needs[reached] else 0
            changes.append((day, ids[rank], until))


def _answer(prepared: Prepared, memory: Memory, fresh: Memory, step: Step) -> Earned:
    """Say what changed between two memories: the trait, the next review, and why."""
    if fresh == memory:
        return NOTHING
    if fresh.changes == memory.changes or fresh.changes == memory.changes[-len(fresh.changes) :]:
        return Earned(memory=fresh)
    _, before, waiting = memory.changes[-1] if memory.changes else NO_CHANGE
    _, level, until = fresh.changes[-1] if fresh.changes else NO_CHANGE
    traits = _tell(prepared, memory, fresh, step)
    later: tuple[Due, ...] = ()
    if until and until != waiting:
        at = prepared.calendar.start_of(until + 1)
        later = (Due(name="review", kind=REVIEW, at=at, replaces="review" if waiting else ""),)
    points = _sum_window((fresh.days, fresh.points), fresh.latest, prepared.settings.window_days)
    values: dict[str, Scalar] = {"level": level, "points": points, "until": until}
    reason = Reason(offer="", code="level_kept" if level == before else "level_changed", values=values)
    return Earned(memory=fresh, traits=traits, later=later, reasons=(reason,))


def _tell(prepared: Prepared, memory: Memory, fresh: Memory, step: Step) -> tuple[TraitChange, ...]:
    """The changes of the trait.

    Each holds from its own day on where facts come in order. What a late fact or a return changes about the past holds
    from now on; and so does the last one, always, or a change that was told later, of an earlier time, would hide it.
    """
    trait, told = prepared.settings.trait, list[TraitChange]()
    level = fresh.changes[-1][1] if fresh.changes else ""
    before = memory.changes[-1][1] if memory.changes else ""
    if step.original is None and step.day >= memory.latest:
        said = {change[:2] for change in memory.changes}
        previous = ""
        for day, taken, _ in fresh.changes:
            if taken != previous and (day, taken) not in said:
                since = step.activity.occurred_at if day == step.day else prepared.calendar.start_of(day)
                told.append(TraitChange(name=trait, value=taken or None, since=since))
            previous = taken
    now = max(step.at, step.activity.occurred_at)
    if level != before and (not told or told[-1].since < now):
        told.append(TraitChange(name=trait, value=level or None, since=now))
    return tuple(told)

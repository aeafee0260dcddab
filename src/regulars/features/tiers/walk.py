"""The walk over the days on which a level can change: it rises at once, and is reviewed when it is no longer safe."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.features.tiers.ladder import NO_LEVEL, Prepared, count_window, find_rank
from regulars.features.tiers.memory import Change, Series
from regulars.features.tiers.windows import find_first, keep_until

__all__ = ["Counted", "Stand", "find_lasting", "find_reached", "find_stand", "review", "walk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What there is to count of one member."""

    series: Mapping[str, Series]
    totals: Mapping[str, int]
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a member stands on the ladder."""

    rank: int
    until: int
    grace: bool


def find_stand(prepared: Prepared, changes: Sequence[Change]) -> Stand:
    """Where the changes so far left a member. A level that is gone from the programme is none."""
    if not changes:
        return Stand(rank=NO_LEVEL, until=0, grace=False)
    last = changes[-1]
    return Stand(rank=prepared.ranks.get(last.level, NO_LEVEL), until=last.until, grace=last.grace)


def find_reached(prepared: Prepared, counted: Counted, day: int, *, opened: int | None = None) -> int:
    """The highest rung that is reached on a day. A window held open by grace begins where it was `opened`."""
    first = find_first(prepared.window, day, counted.since) if opened is None else opened
    amounts = count_window(prepared, counted.series, first, day)
    if prepared.needs is not None:
        reached = bisect_right(prepared.needs, amounts[0]) - 1
    else:
        reached = find_rank(prepared.ways, amounts)
    return max(reached, find_lasting(prepared, counted, day)) if prepared.lifetime else reached


def find_lasting(prepared: Prepared, counted: Counted, day: int) -> int:
    """The highest rung that is reached for life."""
    amounts = [
        counted.totals.get(name, 0) + reading(counted.series, 1, day) if name in prepared.lasting else 0
        for name, reading in zip(prepared.names, prepared.readings, strict=True)
    ]
    return find_rank(prepared.lifetime, amounts)


def walk(prepared: Prepared, counted: Counted, changes: list[Change], first: int, latest: int) -> None:
    """Go from `first` to `latest` over the days on which something can change, and append what does."""
    stand = find_stand(prepared, changes)
    for day in _visit(counted.series, first, latest):
        stand = review(prepared, counted, changes, stand, day)
        if stand.grace:
            stand = _renew(prepared, counted, changes, stand, day)
        reached = find_reached(prepared, counted, day)
        if reached > stand.rank:
            until = 0 if prepared.free[reached] else _keep(prepared, counted, day)
            stand = _note(prepared, changes, day, Stand(rank=reached, until=until, grace=False))


def _visit(series: Mapping[str, Series], first: int, latest: int) -> list[int]:
    """The days on which something is counted, and both ends."""
    days = {first, latest}
    for each, _ in series.values():
        days.update(each[bisect_right(each, first) : bisect_right(each, latest)])
    return sorted(days)


def review(prepared: Prepared, counted: Counted, changes: list[Change], stand: Stand, day: int) -> Stand:
    """Do every review that was due before a day. Each looks back from the last day on which the level was safe."""
    while stand.until and stand.until < day:
        start, end = stand.until + 1, stand.until - prepared.grace_days if stand.grace else stand.until
        opened = find_first(prepared.window, end, counted.since)
        reached = find_reached(prepared, counted, stand.until, opened=opened)
        if reached < stand.rank and prepared.grace_days and not stand.grace:
            rank, until, grace = stand.rank, end + prepared.grace_days, True
        else:
            # Grace is no gain: what follows it counts from the end that it put off.
            rank, grace = _fall(prepared, stand.rank, reached), False
            until = 0 if rank == NO_LEVEL or prepared.free[rank] else _keep(prepared, counted, end)
        stand = _note(prepared, changes, start, Stand(rank=rank, until=until, grace=grace))
    return stand


def _renew(prepared: Prepared, counted: Counted, changes: list[Change], stand: Stand, day: int) -> Stand:
    """Let a member who reaches the level within the days of grace keep it, as if it had been in time."""
    end = stand.until - prepared.grace_days
    opened = find_first(prepared.window, end, counted.since)
    if find_reached(prepared, counted, day, opened=opened) < stand.rank:
        return stand
    kept = Stand(rank=stand.rank, until=_keep(prepared, counted, end), grace=False)
    return _note(prepared, changes, day, kept)


def _fall(prepared: Prepared, rank: int, reached: int) -> int:
    """The rung after a review: what is reached, and no more than one lower where the landing is soft."""
    if reached >= rank:
        return rank
    return max(reached, rank - 1) if prepared.soft else reached


def _keep(prepared: Prepared, counted: Counted, day: int) -> int:
    return keep_until(prepared.keep, prepared.window, day, counted.since)


def _note(prepared: Prepared, changes: list[Change], day: int, stand: Stand) -> Stand:
    level = "" if stand.rank == NO_LEVEL else prepared.ids[stand.rank]
    changes.append(Change(day=day, level=level, until=stand.until, grace=stand.grace))
    return stand

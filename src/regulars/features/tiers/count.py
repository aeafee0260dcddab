"""What is remembered after one more activity: a day changes, and the days after it are walked again."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from regulars.features.tiers.ladder import NO_LEVEL, Prepared
from regulars.features.tiers.memory import (
    LATE_DAYS,
    NONE,
    Change,
    Invitation,
    Memory,
    Series,
    add_amount,
    drop_before,
    join_series,
)
from regulars.features.tiers.walk import Counted, find_reached, walk
from regulars.features.tiers.windows import find_first

__all__ = ["add", "add_on", "invite", "join"]


def add_on(prepared: Prepared, memory: Memory, day: int, adds: Mapping[str, int]) -> Memory | None:
    """As `add`, for the ordinary case: an activity that is no later than the last one and changes no level. Else None.

    This is what most baskets take; it answers the same as `add`, and looks at less.
    """
    changes, rank = memory.changes, NO_LEVEL
    if day < memory.latest or not memory.latest or memory.invitations:
        return None
    if changes:
        last = changes[-1]
        if last.grace or 0 < last.until < day:
            return None
        rank = prepared.ranks.get(last.level, NO_LEVEL)
    if not adds and day == memory.latest:
        return memory
    series = _append(prepared, memory.series, day, adds)
    if series is None or (rank != prepared.top and _rises(prepared, memory, series, day, rank)):
        return None
    if not _trim(prepared, series, day, memory.since):
        return None
    settled = day - LATE_DAYS - 1
    if len(changes) > 1 and changes[1].day <= settled:
        changes = _forget_changes(changes, settled)
    return Memory(latest=day, since=memory.since, series=series, totals=memory.totals, changes=changes)


def _trim(prepared: Prepared, series: dict[str, Series], day: int, since: int) -> bool:
    """Forget days that no window will ask for again. False where that is more than leaving some out."""
    settled = day - LATE_DAYS - 1
    if prepared.rolling_days:
        stale = settled - prepared.reach_back
    else:
        stale = find_first(prepared.window, settled - prepared.grace_days, since)
    for name, (days, amounts) in series.items():
        if days[0] < stale:
            if prepared.lasting or days[-1] < stale:
                return False
            place = bisect_left(days, stale)
            series[name] = days[place:], amounts[place:]
    return True


def _append(
    prepared: Prepared, series: Mapping[str, Series], day: int, adds: Mapping[str, int]
) -> dict[str, Series] | None:
    """Add to the last day. None where something is to be taken off it."""
    fresh = dict(series)
    for name, amount in adds.items():
        if amount <= 0:
            return None
        known = fresh.get(name)
        if known is None:
            fresh[name] = (day,), (amount,)
            continue
        days, amounts = known
        if days[-1] == day:
            fresh[name] = days, (*amounts[:-1], amounts[-1] + amount)
        else:
            fresh[name] = (*days, day), (*amounts, amount)
    if prepared.once:
        settled = day - LATE_DAYS - 1
        for name in prepared.once:
            if name in fresh and len(fresh[name][0]) > 1 and fresh[name][0][1] <= settled:
                fresh[name] = _keep_last(fresh[name], settled)
    return fresh


def _rises(prepared: Prepared, memory: Memory, series: Mapping[str, Series], day: int, rank: int) -> bool:
    """Whether a day reaches more than a rank."""
    if prepared.rolling_days and prepared.needs is not None and not prepared.lifetime:
        amount = prepared.readings[0](series, day - prepared.rolling_days + 1, day)
        return amount >= prepared.needs[rank + 1]
    return find_reached(prepared, Counted(series=series, totals=memory.totals, since=memory.since), day) > rank


def _keep_last(series: Series, settled: int) -> Series:
    """Of the settled days keep the last: it decides for any window that may still be asked for."""
    days = series[0]
    return drop_before(series, days[max(bisect_right(days, settled) - 1, 0)])[1] if days else series


def add(prepared: Prepared, memory: Memory, day: int, adds: Mapping[str, int], heard: int) -> Memory:
    """Add to a day what an activity counts (or take it off), and walk the days that this changes."""
    latest = max(memory.latest, heard)
    settled = latest - LATE_DAYS - 1
    since = min(memory.since or day, day)
    series, totals = dict(memory.series), dict(memory.totals)
    for name, amount in adds.items():
        if amount < 0 and _is_forgotten(prepared, memory, day, name):
            if name in totals:
                totals[name] = max(totals[name] + amount, 0)
        else:
            series[name] = add_amount(series.get(name, NONE), day, amount)
    return _settle(
        prepared,
        Memory(
            latest=latest,
            since=since,
            series=series,
            totals=totals,
            changes=memory.changes,
            invitations=memory.invitations,
        ),
        max(day, settled + 1),
    )


def _is_forgotten(prepared: Prepared, memory: Memory, day: int, name: str) -> bool:
    """Whether a day is so old that its amount is not remembered by itself any more."""
    settled = memory.latest - LATE_DAYS - 1
    if name in prepared.once:
        # Only the last of the settled days is known. What is settled stays, in the member's favour.
        return day <= settled
    return day < find_first(prepared.window, settled - prepared.grace_days, memory.since)


def invite(prepared: Prepared, memory: Memory, invitation: Invitation) -> Memory:
    """Remember an invitation. It stands beside what is counted, and changes nothing there."""
    known = add(prepared, memory, invitation.day, {}, invitation.day)
    invitations = _forget_invitations((*known.invitations, invitation), known.latest - LATE_DAYS - 1)
    return Memory(
        latest=known.latest,
        since=known.since,
        series=known.series,
        totals=known.totals,
        changes=known.changes,
        invitations=invitations,
    )


def join(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: what both had on a day counts together, and the better level holds."""
    latest = max(kept.latest, joined.latest)
    if not latest:
        return kept
    settled = latest - LATE_DAYS - 1
    series = {
        name: join_series(kept.series.get(name, NONE), joined.series.get(name, NONE))
        for name in {**kept.series, **joined.series}
    }
    totals = {name: kept.totals.get(name, 0) + joined.totals.get(name, 0) for name in {**kept.totals, **joined.totals}}
    states = [[change for change in memory.changes if change.day <= settled][-1:] for memory in (kept, joined)]
    best = max((state[0] for state in states if state), key=lambda it: _order(prepared, it), default=None)
    heard = [change.day for memory in (kept, joined) for change in memory.changes if change.day > settled]
    heard += [day for days, _ in series.values() for day in days[bisect_right(days, settled) :][:1]]
    return _settle(
        prepared,
        Memory(
            latest=latest,
            since=min(each.since for each in (kept, joined) if each.latest),
            series=series,
            totals=totals,
            changes=() if best is None else (best,),
            invitations=(*kept.invitations, *joined.invitations),
        ),
        min(heard, default=latest),
    )


def _settle(prepared: Prepared, memory: Memory, first: int) -> Memory:
    """Walk a memory from a day on, and forget what nothing will ask for again."""
    latest, since = memory.latest, memory.since
    settled = latest - LATE_DAYS - 1
    changes = [change for change in memory.changes if change.day < first]
    walk(prepared, Counted(series=memory.series, totals=memory.totals, since=since), changes, first, latest)
    # Only now: a review that was due long ago looked further back.
    stale = find_first(prepared.window, settled - prepared.grace_days, since)
    series, totals = dict[str, Series](), dict(memory.totals)
    for name, each in memory.series.items():
        dropped, left = drop_before(each, stale)
        if name in prepared.lasting and dropped[0]:
            totals[name] = totals.get(name, 0) + _total(prepared, name, dropped)
        if name in prepared.once:
            left = _keep_last(left, settled)
        if left[0]:
            series[name] = left
    return Memory(
        latest=latest,
        since=since,
        series=series,
        totals=totals,
        changes=_forget_changes(changes, settled),
        invitations=_forget_invitations(memory.invitations, settled),
    )


def _total(prepared: Prepared, name: str, dropped: Series) -> int:
    reading = prepared.readings[prepared.names.index(name)]
    return reading({name: dropped}, dropped[0][0], dropped[0][-1])


def _forget_changes(changes: Sequence[Change], settled: int) -> tuple[Change, ...]:
    """Keep the settled change that still holds, and those after it."""
    old = sum(1 for change in changes if change.day <= settled) - 1
    return tuple(changes[max(old, 0) :])


def _forget_invitations(invitations: Sequence[Invitation], settled: int) -> tuple[Invitation, ...]:
    """Put invitations in order, and keep the settled one that still holds, and those after it."""
    if not invitations:
        return ()
    ordered = sorted(set(invitations), key=lambda it: (it.day, it.moment, it.level, it.until))
    old = sum(1 for each in ordered if each.day <= settled) - 1
    left = ordered[max(old, 0) :]
    if left[0].day <= settled and (not left[0].level or (left[0].until and left[0].until < settled)):
        left = left[1:]
    return tuple(left)


def _order(prepared: Prepared, change: Change) -> tuple[int, int, int, bool]:
    return prepared.ranks.get(change.level, -1), change.until, -change.day, change.grace

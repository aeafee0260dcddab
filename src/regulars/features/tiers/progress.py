"""Where a member stands on a day: the level, what is missing to the next, and where the present pace leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.features.tiers.ladder import NO_LEVEL, Prepared, Way, count_window, find_rank
from regulars.features.tiers.memory import Memory
from regulars.features.tiers.model import Categories, find_measures
from regulars.features.tiers.told import find_invitation
from regulars.features.tiers.walk import Counted, Stand, find_lasting, find_stand, review
from regulars.features.tiers.windows import find_first, find_last

__all__ = ["Progress", "progress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a member stands on a day. Days are ordinals of local dates."""

    level: str
    """Empty: none."""
    kept_until: int
    """The last day on which the level is safe; 0: it needs no review, or has no end."""
    in_grace: bool
    """Whether `kept_until` is the last day of grace: the level falls then, unless it is reached by that day."""
    invited: bool
    """Whether the level is owed to an invitation."""
    lifetime_level: str
    """The level below which the member never falls; empty: none."""
    first_day: int
    last_day: int
    """Of the window that is counted."""
    counted: Mapping[str, int]
    """By measure: what the window holds."""
    next_level: str
    """The next one that is reached by what is counted; empty: there is none above."""
    missing: tuple[Mapping[str, int], ...]
    """For each way to the next level: what is missing by measure. Any one way is enough."""
    projected: Mapping[str, int]
    """By measure: what the window will hold on its last day at the present pace."""
    projected_level: str
    """The level that this reaches; empty: none."""


def progress(prepared: Prepared, memory: Memory, day: int) -> Progress:
    """Say where a member stands on a local day, what is missing, how long the level is safe, and what is ahead.

    The projection goes on at the pace of the window so far: counted + counted * days to come // days so far, rounded
    down, where the days so far begin with the member's first. Categories are taken as they are.
    """
    counted = Counted(series=memory.series, totals=memory.totals, since=memory.since or day)
    changes = [change for change in memory.changes if change.day <= day]
    stand = review(prepared, counted, changes, find_stand(prepared, changes), day)
    first = _open_window(prepared, counted, stand, day)
    last = stand.until if stand.grace else find_last(prepared.window, day, counted.since)
    amounts = count_window(prepared, counted.series, first, day)
    ahead = _project(prepared, counted, amounts, (first, day, last))
    lasting = find_lasting(prepared, counted, day) if prepared.lifetime else NO_LEVEL
    above = stand.rank + 1
    level, until, invited = _show(prepared, memory, stand, day, lasting)
    # An invitation may stand above what is counted; the next level is above both.
    while above < len(prepared.ids) and prepared.places[prepared.ids[above]] <= prepared.places.get(level, -1):
        above += 1
    reached = max(find_rank(prepared.ways, ahead), lasting)
    return Progress(
        level=level,
        kept_until=until,
        in_grace=stand.grace and not invited,
        invited=invited,
        lifetime_level=_name(prepared, lasting),
        first_day=first,
        last_day=last,
        counted=dict(zip(prepared.names, amounts, strict=True)),
        next_level=prepared.ids[above] if above < len(prepared.ids) else "",
        missing=_miss(prepared, prepared.ways[above], amounts) if above < len(prepared.ids) else (),
        projected=dict(zip(prepared.names, ahead, strict=True)),
        projected_level=_name(prepared, reached),
    )


def _open_window(prepared: Prepared, counted: Counted, stand: Stand, day: int) -> int:
    """The first day that counts. Grace holds the window open that ended before it."""
    end = stand.until - prepared.grace_days if stand.grace else day
    return find_first(prepared.window, end, counted.since)


def _show(prepared: Prepared, memory: Memory, stand: Stand, day: int, lasting: int) -> tuple[str, int, bool]:
    """The level that is shown, until when, and whether it is owed to an invitation."""
    level = _name(prepared, stand.rank)
    until = 0 if stand.rank == lasting else stand.until
    invitation = find_invitation(memory.invitations, day)
    if invitation is None:
        return level, until, False
    place, given = prepared.places.get(level, -1), prepared.places.get(invitation.level, -1)
    if given > place:
        return invitation.level, invitation.until, True
    if given == place and until and (not invitation.until or invitation.until > until):
        return level, invitation.until, True
    return level, until, False


def _project(
    prepared: Prepared, counted: Counted, amounts: Sequence[int], days: tuple[int, int, int]
) -> tuple[int, ...]:
    first, day, last = days
    passed = day - max(first, min(counted.since, day)) + 1
    measures = find_measures(prepared.settings)
    return tuple(
        amount if isinstance(measures[name], Categories) else amount + amount * (last - day) // passed
        for name, amount in zip(prepared.names, amounts, strict=True)
    )


def _miss(prepared: Prepared, ways: Sequence[Way], amounts: Sequence[int]) -> tuple[Mapping[str, int], ...]:
    return tuple(
        {prepared.names[number]: amount - amounts[number] for number, amount in way if amounts[number] < amount}
        for way in ways
    )


def _name(prepared: Prepared, rank: int) -> str:
    return "" if rank == NO_LEVEL else prepared.ids[rank]

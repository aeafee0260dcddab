"""A level is reached on the day when what is counted in the window suffices; it is kept for a while, then reviewed.

What is counted (points, money, visits, categories, numbers that activities tell) is remembered by the day on which it
happened, so it does not matter in which order facts arrive: one that is up to LATE_DAYS late changes its own day, and
the days after it are walked again. What is older is settled.

An activity of the kind `invite` gives a level by hand: its `ask` names the `trait`, the `level` (none takes an
invitation back) and the last day in `until` (none: no end). It holds beside what is counted; the better level is the
member's.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import msgspec

from regulars.base.errors import Refusal
from regulars.features.tiers.count import add, add_on, invite, join
from regulars.features.tiers.ladder import Prepared, count_window, prepare_ladder
from regulars.features.tiers.measures import count_return, count_step
from regulars.features.tiers.memory import LATE_DAYS, Change, Invitation, Memory
from regulars.features.tiers.model import (
    Benefit,
    CalendarYear,
    Categories,
    Fact,
    KeepDays,
    KeepYears,
    Level,
    MembershipYear,
    Points,
    RollingDays,
    Settings,
    Spend,
    Visits,
    find_measures,
)
from regulars.features.tiers.told import find_review, list_levels
from regulars.features.tiers.windows import find_first
from regulars.kernel.nouns import Due, Earned, Given, Reason, Scalar, Step, TraitChange
from regulars.kernel.program import Calendar, Exclusion, References, Selection, refer

__all__ = [
    "INVITE",
    "KINDS",
    "LATE_DAYS",
    "PHASE",
    "REVIEW",
    "Benefit",
    "CalendarYear",
    "Categories",
    "Change",
    "Exclusion",
    "Fact",
    "InvitationInvalid",
    "KeepDays",
    "KeepYears",
    "Level",
    "MembershipYear",
    "Memory",
    "Points",
    "Prepared",
    "RollingDays",
    "Selection",
    "Settings",
    "Spend",
    "Visits",
    "earn",
    "merge",
    "prepare",
    "references",
    "sets",
    "undo",
]

PHASE: Final = "state"
REVIEW: Final = "tier.review"
INVITE: Final = "invite"
JOINS: Final = ("merge", "claim", "unmerge")
"""Two members become one, or two again: the memory is another all at once."""
KINDS: Final = (REVIEW, INVITE, *JOINS)

NOTHING: Final = Earned()


class InvitationInvalid(Refusal):
    """The invitation names a level that there is not, or a last day that is none."""

    code, kind = "invitation_invalid", "invalid"


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Turn the levels into a ladder."""
    return prepare_ladder(settings, calendar, frozenset(KINDS))


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Count what this activity brings, and see which level that reaches. A review only looks at the level."""
    kind, day = step.activity.kind, step.day
    if kind == INVITE:
        return _invite(prepared, memory, step)
    if prepared.by_membership:
        memory = _begin(prepared, memory, step)
    adds = count_step(prepared.gauges, step)
    fresh = add_on(prepared, memory, day, adds)
    if fresh is None:
        fresh = add(prepared, memory, day, adds, day)
    elif kind not in JOINS:
        return NOTHING if fresh is memory else Earned(memory=fresh)
    if kind in JOINS:
        return _rejoin(prepared, fresh, step)
    return _answer(prepared, memory, fresh, step)


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Take what a return took back off the day of the purchase. A level reached with it falls, unless it is settled."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    adds = count_return(prepared.gauges, step, original)
    if not adds:
        return NOTHING
    day = prepared.calendar.day_of(original.activity.occurred_at)
    return _answer(prepared, memory, add(prepared, memory, day, adds, step.day), step)


def merge(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: what both had on a day counts together, and the better level holds."""
    return join(prepared, kept, joined)


def references(settings: Settings) -> References:
    """Name the currencies and the catalogue's names that are counted."""
    measures = find_measures(settings).values()
    found = refer(
        *(measure.lines for measure in measures if isinstance(measure, Spend | Visits)),
        currencies=tuple(dict.fromkeys(measure.currency for measure in measures if isinstance(measure, Points))),
    )
    among = (category for measure in measures if isinstance(measure, Categories) for category in measure.among)
    return replace(found, categories=tuple(dict.fromkeys((*found.categories, *among))))


def sets(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Name the trait, and the levels that it may be."""
    return {settings.trait: tuple(level.id for level in settings.levels)}


def _begin(prepared: Prepared, memory: Memory, step: Step) -> Memory:
    """Let membership begin with the enrolment, where that was before what was heard of."""
    if step.joined_at is None:
        return memory
    joined = prepared.calendar.day_of(step.joined_at)
    return memory if joined >= (memory.since or step.day) else msgspec.structs.replace(memory, since=joined)


def _invite(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give a level by hand, or take it back. An invitation for another set of levels is none of ours."""
    ask = step.activity.ask
    if ask.get("trait", "tier") != prepared.settings.trait:
        return NOTHING
    level, until = ask.get("level") or "", ask.get("until") or ""
    if level not in prepared.places and level != "":
        known = ", ".join(prepared.places)
        raise InvitationInvalid(f"There is no level {level!r}; known: {known}.", level=level)
    last = _read_day(until) if until != "" else 0
    if last and last < step.day:
        raise InvitationInvalid(f"An invitation cannot end ({until}) before it begins.", until=until)
    moment = round(step.activity.occurred_at.timestamp() * 1_000_000)
    invitation = Invitation(day=step.day, moment=moment, level=str(level), until=last)
    return _answer(prepared, memory, invite(prepared, memory, invitation), step)


def _read_day(text: Scalar) -> int:
    try:
        return date.fromisoformat(text if isinstance(text, str) else "").toordinal()
    except ValueError as error:
        raise InvitationInvalid(f"{text!r} is not a day such as 2026-12-31.", until=text) from error


def _rejoin(prepared: Prepared, fresh: Memory, step: Step) -> Earned:
    """Let the level be what the joined memory says, from now on, and be reviewed when that says."""
    trait = prepared.settings.trait
    levels = list_levels(prepared, fresh)
    level, until = levels[-1][1] if levels else "", find_review(fresh)
    later: tuple[Due, ...] = ()
    if until:
        at = prepared.calendar.start_of(until + 1)
        later = (Due(name="review", kind=REVIEW, at=at, replaces="review"),)
    if (level or None) == step.traits.get(trait):
        return Earned(memory=fresh, later=later)
    change = TraitChange(name=trait, value=level or None, since=max(step.at, step.activity.occurred_at))
    reason = Reason(offer="", code="level_changed", values={"level": level, "until": until})
    return Earned(memory=fresh, traits=(change,), later=later, reasons=(reason,))


def _answer(prepared: Prepared, memory: Memory, fresh: Memory, step: Step) -> Earned:
    """Say what changed between two memories: the trait, the next review, and why."""
    if fresh == memory:
        return NOTHING
    if not (fresh.invitations or memory.invitations) and (
        fresh.changes == memory.changes or fresh.changes == memory.changes[-len(fresh.changes) :]
    ):
        return Earned(memory=fresh)
    before, now = list_levels(prepared, memory), list_levels(prepared, fresh)
    waiting, until = find_review(memory), find_review(fresh)
    traits = _tell(prepared, memory, step, before, now)
    later: tuple[Due, ...] = ()
    if until and until != waiting:
        at = prepared.calendar.start_of(until + 1)
        later = (Due(name="review", kind=REVIEW, at=at, replaces="review" if waiting else ""),)
    was, level = before[-1][1] if before else "", now[-1][1] if now else ""
    if level == was and until == waiting and not traits:
        return Earned(memory=fresh)
    if level != was:
        code = "level_changed"
    else:
        code = "level_in_grace" if fresh.changes and fresh.changes[-1].grace else "level_kept"
    values = {"level": level, **_count(prepared, fresh), "until": until}
    return Earned(memory=fresh, traits=traits, later=later, reasons=(Reason(offer="", code=code, values=values),))


def _count(prepared: Prepared, memory: Memory) -> dict[str, Scalar]:
    """What the window holds, for the receipt."""
    first = find_first(prepared.window, memory.latest, memory.since)
    amounts = count_window(prepared, memory.series, first, memory.latest)
    if prepared.settings.counts is not None:
        return {"points": amounts[0]}
    return {f"counted.{name}": amount for name, amount in zip(prepared.names, amounts, strict=True)}


def _tell(
    prepared: Prepared, memory: Memory, step: Step, before: list[tuple[int, str]], now: list[tuple[int, str]]
) -> tuple[TraitChange, ...]:
    """The changes of the trait.

    Each holds from its own day on where facts come in order. What a late fact or a return changes about the past holds
    from now on; and so does the last one, always, or a change that was told later, of an earlier time, would hide it.
    """
    trait, told = prepared.settings.trait, list[TraitChange]()
    level, was = now[-1][1] if now else "", before[-1][1] if before else ""
    if step.original is None and step.day >= memory.latest:
        said = set(before)
        # What was known then may be forgotten by now; and what is older than the last fact was told with it, or before.
        previous = next((taken for day, taken in reversed(before) if now and day <= now[0][0]), "")
        for day, taken in now:
            if day >= memory.latest and taken != previous and (day, taken) not in said:
                since = step.activity.occurred_at if day == step.day else prepared.calendar.start_of(day)
                told.append(TraitChange(name=trait, value=taken or None, since=since))
            previous = taken
    at = max(step.at, step.activity.occurred_at)
    if level != was and (not told or told[-1].since < at):
        told.append(TraitChange(name=trait, value=level or None, since=at))
    return tuple(told)

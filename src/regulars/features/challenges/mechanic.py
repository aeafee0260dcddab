"""A challenge: something is counted over some days, and its goals give points, coupons or badges as they are reached.

What is counted stays with its day, so facts that come up to LATE_DAYS late change nothing but the order in which goals
are reached. An activity `challenge_join` with `ask: {challenge: <its name>}` lets a member in, where a challenge is for
those who join; its offer names that kind in `on`, too.

A return takes what came back off its day. What is no longer reached is taken back as far as the purchase had given it;
and of a purchase that no longer counts at all, everything that it had given. A later version of a challenge takes
nothing away: what a goal gave stays given, under the size that it had then.

With `team`, members play together: see `team.py`. Who joins and names nobody founds a team; who names somebody of it in
the activity's `to` joins it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from regulars.features.challenges.counting import (
    Period,
    Prepared,
    count,
    find_day,
    find_period,
    forget,
    gauge,
    gauge_return,
    join_past,
    list_periods,
    prepare,
)
from regulars.features.challenges.memory import LATE_DAYS, Memory, Paid, add_amounts, join_amounts, join_got
from regulars.features.challenges.model import (
    Activities,
    Brands,
    Categories,
    Days,
    Gift,
    Goal,
    Items,
    Settings,
    Spend,
    Streak,
    Team,
)
from regulars.features.challenges.rewards import Purchase, find_reach, give, name_activity, take_back
from regulars.features.challenges.tally import Sum, Tally
from regulars.features.challenges.team import (
    HEARD,
    PAID,
    choose_leader,
    contribute,
    hear,
    is_of_team,
    join_team,
    lead,
    name_trait,
    take_off,
)
from regulars.kernel.nouns import Award, Earned, Given, Grant, Reason, Scalar, Step
from regulars.kernel.program import Exclusion, References, Selection, refer

__all__ = [
    "ASKS",
    "FOLLOWS",
    "JOIN",
    "KINDS",
    "LATE_DAYS",
    "OWES",
    "PHASE",
    "Activities",
    "Brands",
    "Categories",
    "Days",
    "Exclusion",
    "Gift",
    "Goal",
    "Items",
    "Memory",
    "Prepared",
    "Selection",
    "Settings",
    "Spend",
    "Streak",
    "Team",
    "earn",
    "merge",
    "prepare",
    "references",
    "sets",
    "undo",
]

PHASE: Final = "bonus"
JOIN: Final = "challenge_join"
ASKS: Final = (JOIN,)
KINDS: Final = (*HEARD, PAID)
OWES: Final = (PAID,)
FOLLOWS: Final = HEARD

NOTHING: Final = Earned()


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Count the activity, and give what that reaches; or let the member in."""
    settings = prepared.settings
    if step.activity.kind in KINDS:
        return NOTHING if settings.team is None else hear(prepared, memory, step)
    is_join = step.activity.kind == JOIN
    if is_join and not (settings.opt_in and step.activity.ask.get("challenge") == settings.challenge):
        return NOTHING
    if step.day < memory.latest - LATE_DAYS:
        return _say("too_late", days_max=LATE_DAYS)
    if is_join:
        return (join_team if settings.team else _join)(prepared, memory, step)
    return _hear(prepared, memory, step)


def undo(prepared: Prepared, memory: Memory, step: Step, given: tuple[Given, ...]) -> Earned:
    """Take what came back off its day, and take back what is no longer reached with it."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    if original.activity.kind == JOIN:
        return NOTHING
    before, after = gauge_return(prepared, step, original)
    day = prepared.calendar.day_of(original.activity.occurred_at)
    off = {label: after.get(label, 0) - amount for label, amount in before.items()}
    if prepared.settings.team is not None:
        return take_off(prepared, memory, step, day, off)
    fresh = msgspec.structs.replace(memory, days=add_amounts(memory.days, find_day(prepared, day), off))
    period = find_period(prepared, memory.joined, day)
    tally: Tally = Sum(amount=0) if period is None else count(prepared, fresh, period, memory.latest)
    currency = prepared.settings.currency or ""
    mine = [it for it in given if it.award.currency == currency]
    left = sum(it.award.points for it in mine)
    left -= sum(original.taken.get((offer, currency), 0) for offer in {it.offer for it in mine})
    key = None if period is None else period.key
    purchase = Purchase(name=name_activity(original.activity), left=left, is_gone=not after)
    taken = take_back(prepared.settings.goals, memory.paid, key, tally, purchase)
    # An award of nothing says that this has decided, not the share of the lines that came back.
    awards = (Award(currency=currency, points=taken.points),) if mine else ()
    fresh = msgspec.structs.replace(fresh, paid=taken.paid)
    reasons = (_reason("lost", **_tell(prepared, tally, taken.goals)),) if taken.goals else ()
    return Earned(awards=awards, grants=taken.grants, memory=None if fresh == memory else fresh, reasons=reasons)


def merge(prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: what both did counts together, and so does what both were given for it."""
    paid: dict[tuple[int, str], Paid] = {}
    for each in (*kept.paid, *joined.paid):
        known = paid.get((each.period, each.goal))
        paid[each.period, each.goal] = each if known is None else _add(known, each)
    began = [memory.joined for memory in (kept, joined) if memory.joined]
    first, other = choose_leader(kept, joined)
    together = is_of_team(first, other)
    merged = Memory(
        latest=max(kept.latest, joined.latest),
        joined=first.joined if first.team else min(began, default=0),
        days=join_amounts(kept.days, joined.days) if together else first.days,
        past=join_past(prepared, kept.past, joined.past) if together else first.past,
        paid=tuple(paid[key] for key in sorted(paid)),
        team=first.team,
        mate=first.mate,
        mates=tuple(dict.fromkeys((*first.mates, *other.mates))),
        waits=tuple(sorted({*kept.waits, *joined.waits})),
        got=join_got(*kept.got, *joined.got),
    )
    return forget(prepared, merged)


def references(settings: Settings) -> References:
    """Name the currency, the catalogue's names that are counted, and what is granted."""
    found = refer(settings.lines, currencies=() if settings.currency is None else (settings.currency,))
    counts = settings.counts
    categories = counts.among if isinstance(counts, Categories) else ()
    brands = counts.among if isinstance(counts, Brands) else ()
    return replace(
        found,
        categories=tuple(dict.fromkeys((*found.categories, *categories))),
        brands=tuple(dict.fromkeys((*found.brands, *brands))),
        grants=tuple(dict.fromkeys((gift.kind, gift.what) for goal in settings.goals for gift in goal.grants)),
    )


def sets(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Name the trait that tells a member's team."""
    return {} if settings.team is None else {name_trait(settings): ()}


def _hear(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Count what an activity counts, where its day does."""
    settings = prepared.settings
    adds, missing = gauge(prepared, step.activity)
    if missing is not None:
        return Earned(reasons=(missing,))
    if settings.team is not None and not memory.mates:
        return contribute(prepared, memory, step, adds)
    if settings.within_days is not None and not settings.opt_in:
        if step.joined_at is None:
            return _say("joining_unknown")
        began = prepared.calendar.day_of(step.joined_at)
        memory = msgspec.structs.replace(memory, joined=min(memory.joined or began, began))
    period = find_period(prepared, memory.joined, step.day)
    latest = max(memory.latest, step.day)
    if period is None and memory.joined:
        memory = msgspec.structs.replace(memory, latest=latest)
        # Before joining, or after the member's own days: nothing will make it count.
        return Earned(memory=forget(prepared, memory), reasons=(_reason("not_now", challenge=settings.challenge),))
    day = find_day(prepared, step.day)
    fresh = msgspec.structs.replace(memory, latest=latest, days=add_amounts(memory.days, day, adds))
    if period is None:
        # Whoever has joined already may tell so later.
        return Earned(memory=forget(prepared, fresh), reasons=(_reason("not_joined", challenge=settings.challenge),))
    return (lead if settings.team else _answer)(prepared, fresh, (period,), step, "counted")


def _join(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Let the member in. What was done on the day of joining and since counts, where it was told before."""
    if memory.joined and memory.joined <= step.day:
        return _say("already_joined", challenge=prepared.settings.challenge)
    fresh = msgspec.structs.replace(memory, latest=max(memory.latest, step.day), joined=step.day)
    return _answer(prepared, fresh, list_periods(prepared, fresh), step, "joined")


def _answer(prepared: Prepared, memory: Memory, periods: tuple[Period, ...], step: Step, otherwise: str) -> Earned:
    """Give what periods have reached. Where that is nothing, say what is missing to the next goal."""
    paid, points = memory.paid, 0
    grants: list[Grant] = []
    goals: list[str] = []
    tally: Tally = Sum(amount=0)
    for period in periods:
        tally = count(prepared, memory, period, memory.latest)
        rewards = give(prepared, paid, period.key, tally, step.activity)
        paid = rewards.paid
        points += rewards.points
        grants += rewards.grants
        goals += rewards.goals
    fresh = forget(prepared, memory if paid is memory.paid else msgspec.structs.replace(memory, paid=paid))
    values = _tell(prepared, tally, tuple(goals))
    code = otherwise if not goals else "earned" if points else "reached"
    currency = prepared.settings.currency
    return Earned(
        awards=(Award(currency=currency, points=points),) if points and currency is not None else (),
        grants=tuple(grants),
        memory=fresh,
        reasons=(Reason(offer="", code=code, values=values),),
    )


def _tell(prepared: Prepared, tally: Tally, goals: tuple[str, ...]) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {"challenge": prepared.settings.challenge, f"counted_{prepared.unit}": tally.amount}
    if goals:
        values["goals"] = ", ".join(goals)
    elif missing := find_reach(prepared, tally).missing:
        values[f"missing_{prepared.unit}"] = missing
    return values


def _add(one: Paid, other: Paid) -> Paid:
    return Paid(
        period=one.period,
        goal=one.goal,
        times=one.times + other.times,
        size=min(one.size, other.size),
        points=one.points + other.points,
        back=one.back + other.back,
        held=one.held + other.held,
        by=tuple(sorted((*one.by, *other.by))),
    )


def _reason(code: str, **values: Scalar) -> Reason:
    return Reason(offer="", code=code, values=values)


def _say(code: str, **values: Scalar) -> Earned:
    return Earned(reasons=(_reason(code, **values),))

"""Members who work for the same goals: the founder's memory holds what the whole team did, and decides for all.

A rule sees one member. So what a mate does is left to the clock for the founder, who counts it on its own day; and what
is reached is left for each mate. The clock brings everything once, and one thing after another to each member: teams
need no lock, and nothing is counted or paid twice. A message carries the moment of what it tells, and so its day.

What a goal gave cannot be asked back of members who brought nothing back themselves. So a goal may have to stay
reached for some days before it is paid; what comes back by then does not count. It is paid once, whatever comes later.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from regulars.features.challenges.counting import (
    Adds,
    Day,
    Period,
    Prepared,
    count,
    find_period,
    forget,
    list_periods,
)
from regulars.features.challenges.memory import LATE_DAYS, Memory, Paid, add_amounts, count_got, join_got
from regulars.features.challenges.model import Goal, Settings, Team
from regulars.features.challenges.rewards import find_reach, give
from regulars.features.challenges.tally import Tally
from regulars.kernel.nouns import Award, Due, Earned, Grant, Reason, Scalar, Step, TraitChange

__all__ = [
    "COUNTED",
    "ENTERED",
    "HEARD",
    "PAID",
    "REFUSED",
    "SETTLE",
    "TOLD_MAX",
    "choose_leader",
    "contribute",
    "hear",
    "is_of_team",
    "join_team",
    "lead",
    "name_trait",
    "take_off",
]

ENTERED: Final = "challenge.joined"
"""Tells a founder who joins, and what that member did already."""
COUNTED: Final = "challenge.counted"
"""Tells a founder what a mate did, or brought back."""
SETTLE: Final = "challenge.settle"
"""Comes to a founder when goals have stood long enough."""
PAID: Final = "challenge.paid"
"""Comes to each mate when a goal is paid."""
REFUSED: Final = "challenge.refused"
"""Comes to whoever joined when the last place was gone."""
HEARD: Final = (ENTERED, COUNTED, SETTLE, REFUSED)
"""Heard whatever the envelope says; what pays is not, for budgets and limits hold for it."""

TOLD_MAX: Final = 40
"""Activities of one mate on one day that a founder is told of."""
TOLD: Final = "told"
"""Labels in a mate's own memory how many those were. A team's memory has no such label."""
FULL: Final = "full"
TRAIT: Final = "team."
NOTHING: Final = Earned()


def name_trait(settings: Settings) -> str:
    """Name the trait that tells a member's team: the founder's id; of the founder of a full one, that it is."""
    return TRAIT + settings.challenge


def join_team(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Found a team, or join the one of whoever is named. What was done on the day of joining and since counts."""
    if memory.team:
        return _say("already_joined", challenge=prepared.settings.challenge)
    trait, me = name_trait(prepared.settings), str(step.member)
    # Where a history is gone through again nobody is named any more; the trait still says whose team it was.
    known = step.traits.get(trait) if step.other is None else step.other.traits.get(trait)
    fresh = replace(memory, latest=max(memory.latest, step.day), joined=step.day, mate=me)
    since = step.activity.occurred_at
    if step.other is None and known in {None, me, FULL}:
        fresh = replace(fresh, team=me, mates=(me,))
        earned = lead(prepared, fresh, list_periods(prepared, fresh), step, "team_founded")
        return replace(earned, traits=(TraitChange(name=trait, value=me, since=since),))
    if known == FULL:
        return _say("team_full", challenge=prepared.settings.challenge, most=_rules(prepared).most)
    if not isinstance(known, str):
        return _say("team_unknown", challenge=prepared.settings.challenge)
    fresh = forget(prepared, replace(fresh, team=known))
    done = [it for it in fresh.days if find_period(prepared, fresh.joined, it[0])]
    return Earned(
        memory=fresh,
        traits=(TraitChange(name=trait, value=known, since=since),),
        later=(_tell_founder(ENTERED, fresh, step, done),),
        reasons=(_reason("team_joined", challenge=prepared.settings.challenge),),
    )


def contribute(prepared: Prepared, memory: Memory, step: Step, adds: Adds) -> Earned:
    """Remember what a mate does, and leave it for the founder to count."""
    name = prepared.settings.challenge
    memory = replace(memory, latest=max(memory.latest, step.day))
    if memory.joined and find_period(prepared, memory.joined, step.day) is None:
        return Earned(memory=forget(prepared, memory), reasons=(_reason("not_now", challenge=name),))
    today = {label: amount for day, label, amount in memory.days if day == step.day}
    fresh = replace(memory, days=add_amounts(memory.days, step.day, adds))
    if not memory.team:
        # Whoever has joined already may tell so later.
        return Earned(memory=forget(prepared, fresh), reasons=(_reason("not_joined", challenge=name),))
    if today.get(TOLD, 0) >= TOLD_MAX:
        return _say("day_full", challenge=name, most=TOLD_MAX)
    fresh = replace(fresh, days=add_amounts(fresh.days, step.day, {TOLD: 1}))
    told = [(step.day, label, amount) for label, amount in adds.items()]
    return Earned(
        memory=forget(prepared, fresh),
        later=(_tell_founder(COUNTED, fresh, step, told),),
        reasons=(_reason("counted_for_team", challenge=name),),
    )


def take_off(prepared: Prepared, memory: Memory, step: Step, day: int, off: Adds) -> Earned:
    """Take what came back off a member's day, and off the team's. What was paid already stays paid."""
    before = {label: amount for on, label, amount in memory.days if on == day}
    fresh = replace(memory, days=add_amounts(memory.days, day, off))
    if fresh == memory:
        return NOTHING
    after = {label: amount for on, label, amount in fresh.days if on == day}
    told = [(day, label, after.get(label, 0) - amount) for label, amount in before.items() if label in off]
    if memory.mates or not (memory.team and told and find_period(prepared, memory.joined, day)):
        return Earned(memory=fresh)
    return Earned(memory=fresh, later=(_tell_founder(COUNTED, fresh, step, told),))


def hear(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Take in what the clock brings: to a founder what mates do, to a mate what the team got."""
    kind = step.activity.kind
    if kind == PAID:
        return _get_paid(prepared, memory, step)
    if kind == REFUSED:
        return NOTHING if memory.mates else _leave_team(prepared, memory, step)
    if not memory.mates:
        return NOTHING
    if kind == SETTLE:
        rest = replace(memory, waits=tuple(day for day in memory.waits if day > step.day))
        return _pay(prepared, rest, list_periods(prepared, rest), step, "team_waits")
    mate = str(step.activity.data.get("mate"))
    if kind == ENTERED and mate not in memory.mates:
        return _let_in(prepared, memory, step, mate)
    return _count_in(prepared, memory, step) if mate in memory.mates else NOTHING


def lead(prepared: Prepared, memory: Memory, periods: Iterable[Period], step: Step, otherwise: str) -> Earned:
    """Say what a team's count comes to now, with the founder: pay what is reached, or look again when it has stood."""
    periods, hold = tuple(periods), _rules(prepared).hold_days
    if not hold:
        return _pay(prepared, memory, periods, step, otherwise)
    later: tuple[Due, ...] = ()
    if any(_is_ahead(prepared, memory, period, step) for period in periods):
        payday = max((day for day, _, _ in memory.days), default=memory.latest) + hold + 1
        if payday not in memory.waits:
            at = prepared.calendar.start_of(payday)
            later = (Due(name="settle", kind=SETTLE, at=at),)
            memory = replace(memory, waits=tuple(sorted((*memory.waits, payday))))
    reason = _reason(otherwise, **_tell(prepared, memory, periods))
    return Earned(memory=forget(prepared, memory), later=later, reasons=(reason,))


def choose_leader(kept: Memory, joined: Memory) -> tuple[Memory, Memory]:
    """Of two members who are one now: whose team they go on in, a founder's before any; and the other."""
    rank = bool(kept.mates), bool(kept.team)
    return (joined, kept) if (bool(joined.mates), bool(joined.team)) > rank else (kept, joined)


def is_of_team(first: Memory, other: Memory) -> bool:
    """Whether what the other member remembers belongs to what the first does: not where another team has counted it."""
    if first.mates:
        # A founder's days are the team's; those of a mate are among them already.
        return bool(other.mates) or not other.team
    return other.team in {"", first.team}


def _let_in(prepared: Prepared, memory: Memory, step: Step, mate: str) -> Earned:
    """Let a member into the team, while there is room."""
    most, at = _rules(prepared).most, step.activity.occurred_at
    if len(memory.mates) >= most:
        due = Due(name="refused", kind=REFUSED, at=at, member=UUID(mate))
        return Earned(later=(due,), reasons=(_reason("team_full", most=most),))
    mates = (*memory.mates, mate)
    earned = _count_in(prepared, replace(memory, mates=mates), step)
    full = TraitChange(name=name_trait(prepared.settings), value=FULL, since=at)
    return replace(earned, traits=(full,)) if len(mates) == most else earned


def _leave_team(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Be in no team: another one came first."""
    gone = TraitChange(name=name_trait(prepared.settings), value=None, since=step.at)
    fresh = replace(memory, team="", mate="", joined=0)
    return Earned(memory=fresh, traits=(gone,), reasons=(_reason("team_full", most=_rules(prepared).most),))


def _count_in(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Count what a mate did, or take it off, on its own days; those of periods long settled are past."""
    found: dict[int, Period] = {}
    for day, label, amount in _read_days(step.activity.data):
        period = find_period(prepared, memory.joined, day)
        if period is None or 0 < period.key < memory.latest - LATE_DAYS:
            continue
        found[period.key] = period
        memory = replace(memory, latest=max(memory.latest, day), days=add_amounts(memory.days, day, {label: amount}))
    return lead(prepared, memory, tuple(found[key] for key in sorted(found)), step, "team_counted")


def _pay(prepared: Prepared, memory: Memory, periods: tuple[Period, ...], step: Step, otherwise: str) -> Earned:
    """Leave for each mate what goals give that are reached, and were not paid yet."""
    paid, later, goals = memory.paid, list[Due](), list[str]()
    before = {(it.period, it.goal): it.times for it in paid}
    # At the moment of what reached it, not when somebody came by: a sweeper that runs late changes no answer.
    at = step.activity.occurred_at
    for period in periods:
        tally = _count_standing(prepared, memory, period, step)
        rewards = give(prepared, paid, period.key, tally, step.activity)
        paid = rewards.paid
        for goal in prepared.settings.goals:
            if goal.id in rewards.goals:
                now = next(it for it in paid if (it.period, it.goal) == (period.key, goal.id))
                after = before.get((period.key, goal.id), 0)
                later += _leave(prepared.settings, goal, now, after=after, memory=memory, at=at)
                goals.append(goal.id)
    fresh = forget(prepared, replace(memory, paid=paid))
    values = _tell(prepared, fresh, periods) | ({"goals": ", ".join(goals)} if goals else {})
    code = "team_reached" if goals else otherwise
    return Earned(memory=fresh, later=tuple(later), reasons=(_reason(code, **values),))


def _leave(settings: Settings, goal: Goal, now: Paid, *, after: int, memory: Memory, at: datetime) -> list[Due]:
    data: dict[str, Scalar] = {
        "goal": goal.id,
        "period": now.period,
        "after": after,
        "times": now.times,
        "points": goal.points,
        "currency": settings.currency,
    }
    name = f"paid:{now.period}:{goal.id}"
    return [
        Due(name=f"{name}:{place}", kind=PAID, at=at, data=data, member=UUID(mate))
        for place, mate in enumerate(memory.mates)
    ]


def _get_paid(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Get what a goal of the team gives: each time once, however many ways it comes."""
    data = step.activity.data
    name = str(data.get("goal"))
    # Which time comes first may depend on the order, and a member may be two mates who are one by now.
    got = join_got(
        *memory.got, (_read_int(data, "period"), name, _read_int(data, "after") + 1, _read_int(data, "times"))
    )
    more = count_got(got) - count_got(memory.got)
    if more <= 0:
        return _say("team_paid_before", goals=name)
    points, currency = _read_int(data, "points") * more, data.get("currency")
    gifts = [gift for goal in prepared.settings.goals if goal.id == name for gift in goal.grants]
    why = {"challenge": prepared.settings.challenge, "goals": name}
    fresh = replace(memory, latest=max(memory.latest, step.day), got=got)
    return Earned(
        awards=(Award(currency=currency, points=points),) if points and isinstance(currency, str) else (),
        grants=tuple(Grant(kind=gift.kind, what=gift.what, count=gift.count * more) for gift in gifts),
        memory=forget(prepared, fresh),
        reasons=(_reason("earned" if points else "reached", **why),),
    )


def _count_standing(prepared: Prepared, memory: Memory, period: Period, step: Step) -> Tally:
    """What a period comes to by what has stood long enough."""
    hold = _rules(prepared).hold_days
    if not hold:
        return count(prepared, memory, period, memory.latest)
    last = step.day - hold - 1
    stood = replace(memory, days=tuple(it for it in memory.days if it[0] <= last))
    return count(prepared, stood, period, last)


def _is_ahead(prepared: Prepared, memory: Memory, period: Period, step: Step) -> bool:
    """Whether more is reached than was paid."""
    tally = count(prepared, memory, period, memory.latest)
    return bool(give(prepared, memory.paid, period.key, tally, step.activity).goals)


def _tell(prepared: Prepared, memory: Memory, periods: tuple[Period, ...]) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {"challenge": prepared.settings.challenge}
    if periods:
        tally = count(prepared, memory, periods[-1], memory.latest)
        missing = find_reach(prepared, tally).missing
        values |= {f"counted_{prepared.unit}": tally.amount}
        values |= {f"missing_{prepared.unit}": missing} if missing else {}
    return values


def _tell_founder(kind: str, memory: Memory, step: Step, days: Iterable[Day]) -> Due:
    data: dict[str, Scalar] = {f"{day} {label}": amount for day, label, amount in days if label != TOLD}
    # What comes back is told after what it takes off: both wait in the order of their moments.
    at = step.activity.occurred_at if step.original is None else max(step.at, step.activity.occurred_at)
    return Due(name="told", kind=kind, at=at, data=data | {"mate": memory.mate}, member=UUID(memory.team))


def _read_days(data: Mapping[str, Scalar]) -> list[Day]:
    found: list[Day] = []
    for key, amount in data.items():
        day, _, label = key.partition(" ")
        if label and isinstance(amount, int):
            found.append((int(day), label, amount))
    return sorted(found)


def _read_int(data: Mapping[str, Scalar], name: str) -> int:
    value = data.get(name)
    return value if isinstance(value, int) else 0


def _rules(prepared: Prepared) -> Team:
    rules = prepared.settings.team
    assert rules is not None, "only a challenge for teams has them"
    return rules


def _reason(code: str, **values: Scalar) -> Reason:
    return Reason(offer="", code=code, values=values)


def _say(code: str, **values: Scalar) -> Earned:
    return Earned(reasons=(_reason(code, **values),))

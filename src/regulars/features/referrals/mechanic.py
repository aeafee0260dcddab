"""A newcomer says who sent them; once their first act has stood for a while, both sides get something.

The activity `referred` names the referrer in `to`. Who is new is told by the day of joining and by what was heard of
before. Nothing is paid when the act happens: the clock comes back when the hold is over, and only what was not brought
back by then counts. Then the newcomer gets theirs at once, and the clock brings the referrer's to the referrer.

Who sent whom is a trait of the newcomer, `referrers`: the ids of those before them, nearest first. So nobody is
referred by somebody whom they sent themselves, directly or through others. And whoever has sent somebody is no newcomer
any more, so no ring is closed from its other end either.

Acts are remembered one by one with their moments, so it does not matter in which order they are told.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from regulars.features.referrals.model import (
    REFERRED,
    Act,
    Gift,
    Memory,
    Referral,
    ReferralLate,
    ReferralOfSelf,
    ReferralRing,
    ReferralTwice,
    Reward,
    Settings,
)
from regulars.kernel.nouns import (
    Award,
    Due,
    Earned,
    Given,
    Grant,
    Line,
    Original,
    Other,
    Reason,
    Scalar,
    Step,
    TraitChange,
)
from regulars.kernel.program import Calendar, Exclusion, Picker, References, Selection, is_all_back, refer

__all__ = [
    "ASKS",
    "CHAIN_MAX",
    "DUE",
    "FOLLOWS",
    "KINDS",
    "OWES",
    "PAID",
    "PHASE",
    "REFERRED",
    "SENT",
    "TRAIT",
    "Exclusion",
    "Gift",
    "Memory",
    "Prepared",
    "Reward",
    "Selection",
    "Settings",
    "earn",
    "merge",
    "prepare",
    "references",
    "sets",
    "undo",
]

PHASE: Final = "bonus"
SENT: Final = "referral.sent"
"""Tells a referrer that they were named."""
DUE: Final = "referral.due"
"""Comes to the newcomer when the hold is over."""
PAID: Final = "referral.paid"
"""Comes to the referrer when the newcomer has got theirs."""
JOINS: Final = ("merge", "claim")
ASKS: Final = (REFERRED,)
KINDS: Final = (SENT, DUE, PAID, *JOINS)
OWES: Final = (DUE, PAID)
FOLLOWS: Final = (SENT, *JOINS)
"""Heard of whatever the envelope says; what pays is not, for budgets and limits hold for it."""

TRAIT: Final = "referrers"
CHAIN_MAX: Final = 16
"""How many of those before a newcomer are remembered."""
ACTS_MAX: Final = 50
"""Acts of one newcomer that are remembered: the earliest."""
MONTHS_MAX: Final = 3
"""Calendar months that are remembered: what comes up to 30 days late falls into no earlier one."""
PAYOUT: Final = "payout"
HASH_LETTERS: Final = 16

EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MICROSECOND: Final = timedelta(microseconds=1)
NOTHING: Final = Earned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that an act asks for."""

    settings: Settings
    picker: Picker
    calendar: Calendar


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Make the selection ready."""
    return Prepared(settings=settings, picker=Picker.build(settings.lines), calendar=calendar)


def references(settings: Settings) -> References:
    """Name the currencies, the catalogue's names, and what both sides are granted."""
    sides = (settings.newcomer, settings.referrer)
    currencies = tuple(dict.fromkeys(side.currency for side in sides if side.currency is not None))
    grants = tuple(dict.fromkeys((gift.kind, gift.what) for side in sides for gift in side.grants))
    return replace(refer(settings.lines, currencies=currencies), grants=grants)


def sets(_settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Name the trait that tells who was before a newcomer. So there is one referral programme in a document."""
    return {TRAIT: ()}


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Take in who sent whom, what the newcomer does, and what the clock brings to either side."""
    kind = step.activity.kind
    if kind == REFERRED:
        return _refer(prepared, memory, step)
    if kind == SENT:
        reason = _reason("referral_sent", **step.activity.data)
        return Earned(memory=msgspec.structs.replace(memory, sent=memory.sent + 1), reasons=(reason,))
    if kind == DUE:
        return _pay_newcomer(prepared, memory, step)
    if kind == PAID:
        return _pay_referrer(prepared, memory, step)
    if kind in JOINS:
        return _rejoin(prepared, memory, step)
    return _act(prepared, memory, step)


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Let a purchase no longer count of which too little is left. What is paid already stays paid."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    name = _hash(original.activity.source, original.activity.id)
    acts = tuple(act for act in memory.acts if act.name != name)
    if acts == memory.acts or _is_kept(prepared, step, original):
        return NOTHING
    fresh = msgspec.structs.replace(memory, acts=acts)
    if not _is_open(memory):
        return Earned(memory=fresh)
    later = _wait(prepared, fresh)
    reason = _reason("referral_brought_back") if not later else _tell(prepared, fresh)
    return Earned(memory=fresh, later=later, reasons=(reason,))


def merge(_prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One person where two members were: new once, referred once, paid once; and all that either of them sent."""
    referrals = [it.referral for it in (kept, joined) if it.referral is not None]
    paid = min((it.paid for it in (kept, joined) if it.paid), default=0)
    return Memory(
        acted=min((it.acted for it in (kept, joined) if it.acted), default=0),
        referral=min(referrals, default=None),
        acts=() if paid else _keep_first((*kept.acts, *joined.acts)),
        paid=paid,
        void=kept.void or joined.void,
        sent=kept.sent + joined.sent,
        ids=tuple(sorted({*kept.ids, *joined.ids})),
        months=_keep_last(
            {month: kept.months.get(month, 0) + joined.months.get(month, 0) for month in {*kept.months, *joined.months}}
        ),
    )


def _refer(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Take down who sent the newcomer. Raises ReferralOfSelf, ReferralTwice, ReferralRing, ReferralLate."""
    other = step.other
    if other is None:
        return _restore(memory, step)
    chain = _read_chain(other.traits)
    moment = _moment_of(step)
    _refuse_same(prepared.settings, step, other)
    if memory.referral is not None or _read_chain(step.traits):
        raise ReferralTwice("This member has said before who sent them; that stays so.")
    if not {str(step.member), *memory.ids}.isdisjoint(chain):
        raise ReferralRing("The referrer was sent by this member, directly or through others.")
    _refuse_late(prepared, memory, step, moment)
    referral = Referral(moment=moment, day=step.day, by=str(other.member))
    fresh = msgspec.structs.replace(memory, referral=referral)
    value = " ".join((referral.by, *chain)[:CHAIN_MAX])
    told = Due(name="sent", kind=SENT, at=step.at, data=_name(step), member=other.member)
    payout = _wait(prepared, fresh)
    return Earned(
        memory=fresh,
        traits=(TraitChange(name=TRAIT, value=value, since=step.activity.occurred_at),),
        later=(told, *payout),
        reasons=(_reason("referral_taken"), *((_tell(prepared, fresh),) if payout else ())),
    )


def _restore(memory: Memory, step: Step) -> Earned:
    """Where a history is gone through again nobody is named any more; the trait still says who it was."""
    chain = _read_chain(step.traits)
    if not chain or memory.referral is not None:
        return Earned(reasons=(_reason("referrer_missing"),))
    referral = Referral(moment=_moment_of(step), day=step.day, by=chain[0])
    return Earned(memory=msgspec.structs.replace(memory, referral=referral))


def _refuse_same(settings: Settings, step: Step, other: Other) -> None:
    if other.member == step.member:
        raise ReferralOfSelf("Nobody refers themselves: name another member in `to`.")
    if not settings.within_household and step.household is not None and step.household == other.household:
        raise ReferralOfSelf("Members of one household do not refer each other here.")


def _refuse_late(prepared: Prepared, memory: Memory, step: Step, moment: int) -> None:
    within = prepared.settings.within_days
    joined = None if step.joined_at is None else prepared.calendar.day_of(step.joined_at)
    if joined is None or step.day > joined + within:
        raise ReferralLate(f"Who sent them can be said up to {within} days after joining.", within_days=within)
    if 0 < memory.acted < moment:
        raise ReferralLate("This member has bought before: say who sent them first, and buy then.")
    if memory.sent:
        raise ReferralLate("This member has sent others already, and so is no newcomer.", sent=memory.sent)


def _act(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Remember what a newcomer does; and when both sides will be paid for it, where somebody sent them."""
    moment = _moment_of(step)
    acted = min(memory.acted or moment, moment)
    fresh = memory if acted == memory.acted else msgspec.structs.replace(memory, acted=acted)
    if memory.paid or memory.void or not _may_count(prepared, fresh, step):
        return NOTHING if fresh is memory else Earned(memory=fresh)
    choice = prepared.picker.pick(step.activity)
    if choice.missing is not None:
        # Whoever was not sent by anybody need not hear what they miss.
        return Earned(memory=fresh, reasons=(choice.missing,) if fresh.referral is not None else ())
    act = Act(moment=moment, day=step.day, name=_hash(step.activity.source, step.activity.id))
    fresh = msgspec.structs.replace(fresh, acts=_add_act(fresh.acts, act))
    if fresh.referral is None:
        return Earned(memory=fresh)
    later = _wait(prepared, fresh)
    reason = _tell(prepared, fresh) if later else _reason("referral_late")
    return Earned(memory=fresh, later=later, reasons=(reason,))


def _may_count(prepared: Prepared, memory: Memory, step: Step) -> bool:
    """Whether an act may count for a referral, though that may be told after it."""
    settings = prepared.settings
    if memory.referral is not None:
        return memory.referral.day <= step.day <= memory.referral.day + settings.days
    joined = None if step.joined_at is None else prepared.calendar.day_of(step.joined_at)
    return joined is not None and step.day <= joined + settings.within_days + settings.days


def _pay_newcomer(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give the newcomer theirs, and leave the referrer's to the clock, where the act still stands."""
    referral = memory.referral
    if referral is None or memory.paid:
        return NOTHING
    if memory.void or referral.by in {str(step.member), *memory.ids}:
        return _say("referral_self")
    if memory.acted < referral.moment and memory.acted:
        return _say("referral_late")
    first = _find_first(prepared, memory)
    if first is None:
        return _say("referral_brought_back")
    if step.day < _find_payday(prepared, first):
        return Earned(reasons=(_tell(prepared, memory),))
    settings = prepared.settings
    later: tuple[Due, ...] = ()
    if not settings.referrer.is_nothing:
        # When it is due, not when somebody came by to do it: a sweeper that runs late changes no answer.
        at = step.activity.occurred_at
        later = (Due(name="paid", kind=PAID, at=at, data=_name(step), member=UUID(referral.by)),)
    fresh = msgspec.structs.replace(memory, paid=step.day, acts=())
    return msgspec.structs.replace(_give(settings.newcomer, side="newcomer"), memory=fresh, later=later)


def _pay_referrer(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Give the referrer theirs, as many as one month brings."""
    settings, month = prepared.settings, date.fromordinal(step.day).isoformat()[:7]
    before, who = memory.months.get(month, 0), step.activity.data.get("newcomer")
    if settings.most_per_month is not None and before >= settings.most_per_month:
        return _say("referral_month_full", month=month, most=settings.most_per_month, newcomer=who)
    fresh = msgspec.structs.replace(memory, months=_keep_last({**memory.months, month: before + 1}))
    return msgspec.structs.replace(_give(settings.referrer, side="referrer", newcomer=who), memory=fresh)


def _rejoin(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """See that nobody is paid for having sent themselves, now that two members are one."""
    if step.other is None or memory == Memory():
        return NOTHING
    ids = tuple(sorted({*memory.ids, str(step.other.member)})) if memory.sent or memory.referral else memory.ids
    fresh = msgspec.structs.replace(memory, ids=ids)
    if memory.referral is None or not _is_open(memory):
        return NOTHING if fresh == memory else Earned(memory=fresh)
    if memory.referral.by in {str(step.member), *ids}:
        fresh = msgspec.structs.replace(fresh, void=True, acts=())
        return Earned(memory=fresh, reasons=(_reason("referral_self"),))
    return Earned(memory=fresh, later=_wait(prepared, fresh))


def _is_open(memory: Memory) -> bool:
    return memory.referral is not None and not memory.paid and not memory.void


def _find_first(prepared: Prepared, memory: Memory) -> Act | None:
    """The act that a referral is paid for: the first that stands, in the days that the newcomer had for it."""
    referral = memory.referral
    if referral is None or 0 < memory.acted < referral.moment:
        return None
    last = referral.day + prepared.settings.days
    return next((act for act in memory.acts if act.moment >= referral.moment and act.day <= last), None)


def _find_payday(prepared: Prepared, act: Act) -> int:
    return act.day + prepared.settings.hold_days + 1


def _wait(prepared: Prepared, memory: Memory) -> tuple[Due, ...]:
    """Let the clock come back when the hold is over, in place of any other time that it was to come."""
    first = _find_first(prepared, memory)
    if first is None:
        return ()
    at = prepared.calendar.start_of(_find_payday(prepared, first))
    return (Due(name=PAYOUT, kind=DUE, at=at, replaces=PAYOUT),)


def _tell(prepared: Prepared, memory: Memory) -> Reason:
    first = _find_first(prepared, memory)
    assert first is not None, "there is something to wait for"
    return _reason("referral_waits", until=date.fromordinal(_find_payday(prepared, first)).isoformat())


def _give(reward: Reward, **why: Scalar) -> Earned:
    currency = reward.currency
    return Earned(
        awards=() if currency is None else (Award(currency=currency, points=reward.points),),
        grants=tuple(Grant(kind=gift.kind, what=gift.what, count=gift.count) for gift in reward.grants),
        reasons=(
            *((_reason("earned", **why),) if reward.points else ()),
            *(_reason("granted", what=gift.what, count=gift.count, **why) for gift in reward.grants),
        ),
    )


def _is_kept(prepared: Prepared, step: Step, original: Original) -> bool:
    """Whether what is left of a purchase is still large enough."""
    if is_all_back(step):
        return False
    back_minor, back_milli = dict(original.returned_minor), dict(original.returned_milli)
    for part in step.activity.returned:
        back_minor[part.line] = back_minor.get(part.line, 0) + part.amount_minor
        back_milli[part.line] = back_milli.get(part.line, 0) + part.quantity_milli
    lines = tuple(
        _shorten(line, back_minor.get(number, 0), back_milli.get(number, 0))
        for number, line in enumerate(original.activity.lines, start=1)
    )
    left = tuple(line for line in lines if line.amount_minor or line.quantity_milli)
    choice = prepared.picker.pick(msgspec.structs.replace(original.activity, lines=left))
    return choice.missing is None


def _shorten(line: Line, minor: int, milli: int) -> Line:
    # Whoever gives all the money of a line back has nothing of it, whatever is said of its quantity.
    amount = max(line.amount_minor - minor, 0)
    quantity = 0 if minor and not amount else max(line.quantity_milli - milli, 0)
    return msgspec.structs.replace(line, amount_minor=amount, quantity_milli=quantity)


def _add_act(acts: tuple[Act, ...], act: Act) -> tuple[Act, ...]:
    """Remember one act more. Most are later than all before."""
    if acts and acts[-1] < act:
        return acts if len(acts) >= ACTS_MAX else (*acts, act)
    return _keep_first((*acts, act))


def _keep_first(acts: tuple[Act, ...]) -> tuple[Act, ...]:
    return tuple(sorted(set(acts)))[:ACTS_MAX]


def _keep_last(months: Mapping[str, int]) -> dict[str, int]:
    return {month: months[month] for month in sorted(months)[-MONTHS_MAX:]}


def _read_chain(traits: Mapping[str, Scalar]) -> tuple[str, ...]:
    value = traits.get(TRAIT)
    return tuple(value.split()) if isinstance(value, str) else ()


def _moment_of(step: Step) -> int:
    return (step.activity.occurred_at - EPOCH) // MICROSECOND


def _name(step: Step) -> dict[str, Scalar]:
    """Name a newcomer to somebody else, so that two can be told apart and neither be looked up."""
    return {"newcomer": _hash("newcomer", str(step.member))}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:HASH_LETTERS]


def _reason(code: str, **values: Scalar) -> Reason:
    return Reason(offer="", code=code, values=values)


def _say(code: str, **values: Scalar) -> Earned:
    return Earned(reasons=(_reason(code, **values),))

"""A coupon is used by showing it: a code that somebody issued, or one that the member was granted and holds.

Codes are claims on what is scarce: a code that is used up, ended or another's is as if it were unknown. What a member
holds is remembered here, by a name that is made from the activity that granted it, so the same history gives the same
names. A purchase that comes back as a whole gives its coupons back; a part of one does not, for the money that comes
back is what was paid.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from regulars.features.coupons.model import HELD_MAX, Held, Memory, MorePoints, Partner, Settings
from regulars.features.coupons.pool import CouponUsed, hand_over_owed, name_pool, take_in
from regulars.features.coupons.reckon import reckon
from regulars.kernel.nouns import Award, Claim, Earned, Given, Grant, Reason, Step
from regulars.kernel.program import Calendar, Phase, Picker, References, is_all_back, refer, spread

__all__ = [
    "PHASE",
    "CouponUsed",
    "Memory",
    "Prepared",
    "Settings",
    "ceilings",
    "earn",
    "heeds",
    "merge",
    "name_held",
    "phase",
    "prepare",
    "provides",
    "receive",
    "references",
    "undo",
]

PHASE: Final = "price"
BASE: Final = "base"
COUPON: Final = "coupon"
HELD: Final = "held:"
CODE: Final = "code:"
ALL: Final = "all"
"""How the name of a coupon ends that everybody has."""
REVERSE: Final = "reverse"
NAME_LETTERS: Final = 16
NOTHING: Final = Earned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    picker: Picker
    calendar: Calendar
    held: str
    """How the names of those begin that members hold."""
    code: str
    """How the names of codes begin."""
    everybody: str
    """The name by which anybody may use it; empty where nobody may."""


def name_held(coupon: str, source: str, id_: str, number: int) -> str:
    """Give the name of a coupon that the activity (source, id) granted, numbered from 0: what its member shows."""
    digest = hashlib.sha256(f"{source}\0{id_}\0{number}".encode()).hexdigest()
    return f"{HELD}{coupon}:{digest[:NAME_LETTERS]}"


def phase(settings: Settings) -> Phase:
    """Money is taken off before points are reckoned; points come on top of the base."""
    return "bonus" if isinstance(settings.effect, MorePoints | Partner) else "price"


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Make the selection ready."""
    return Prepared(
        settings=settings,
        picker=Picker.build(settings.lines),
        calendar=calendar,
        held=f"{HELD}{settings.coupon}:",
        code=f"{CODE}{settings.coupon}:",
        everybody=f"{HELD}{settings.coupon}:{ALL}" if settings.everybody else "",
    )


def provides(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Name the coupon, so that other offers can grant it."""
    return ((COUPON, settings.coupon),)


def ceilings(settings: Settings) -> dict[str, int | None]:
    """Name the pool from which codes of a partner are handed out."""
    return {name_pool(settings.coupon): None} if isinstance(settings.effect, Partner) else {}


def references(settings: Settings) -> References:
    """Name the catalogue's names, and the currency of a coupon for points."""
    effect = settings.effect
    return refer(settings.lines, currencies=(effect.currency,) if isinstance(effect, MorePoints) else ())


def heeds(prepared: Prepared, step: Step) -> bool:
    """Whether a step shows a coupon, or may bring codes that are owed."""
    return bool(step.activity.coupons) or isinstance(prepared.settings.effect, Partner)


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Use the coupons of this kind that are shown, as many as one purchase takes; or hand over what is owed."""
    if isinstance(prepared.settings.effect, Partner):
        return hand_over_owed(prepared.settings.coupon, memory, step)
    shown = [name for name in step.activity.coupons if name.startswith((prepared.held, prepared.code))]
    names = [name for name in dict.fromkeys(shown) if _is_good(prepared, memory, step, name)]
    if not names:
        return NOTHING
    used, left = names[: prepared.settings.per_purchase], names[prepared.settings.per_purchase :]
    choice = prepared.picker.pick(step.activity)
    if choice.missing is not None:
        return Earned(reasons=tuple(_say(choice.missing, name) for name in names))
    gain = _gain(prepared, step, choice.numbers, len(used))
    if gain is NOTHING:
        return Earned(reasons=tuple(Reason(offer="", code="nothing_to_discount", values={COUPON: it}) for it in names))
    held = dict(memory.held)
    for name in used:
        if name in held:
            held[name] = replace(held[name], used=step.day)
    return replace(
        gain,
        coupons=tuple(used),
        claims=tuple(Claim(ceiling=name, amount=1) for name in used if name.startswith(CODE)),
        memory=replace(memory, held=held) if held != memory.held else None,
        reasons=(
            *gain.reasons,
            *(Reason(offer="", code="coupon_used", values={COUPON: name}) for name in used),
            *(Reason(offer="", code="one_is_enough", values={COUPON: name}) for name in left),
        ),
    )


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Give the coupons of a purchase back when all of it has come back."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    if not original.activity.coupons or not is_all_back(step):
        return NOTHING
    day = prepared.calendar.day_of(original.activity.occurred_at)
    held = dict(memory.held)
    back: list[str] = []
    for name in original.activity.coupons:
        one = held.get(name)
        if name.startswith(prepared.held) and one is not None and one.used == day:
            held[name] = replace(one, used=0)
            back.append(name)
    claims = [name for name in original.claims if name.startswith(prepared.code)]
    return Earned(
        memory=replace(memory, held=held) if held != memory.held else None,
        claims=tuple(Claim(ceiling=name, amount=-original.claims[name]) for name in claims),
        reasons=tuple(Reason(offer="", code="coupon_back", values={COUPON: name}) for name in (*back, *claims)),
    )


def receive(prepared: Prepared, memory: Memory, step: Step, grants: tuple[Grant, ...]) -> Earned:
    """Put coupons into the member's hands; or take those back that a purchase brought and nobody has used."""
    if isinstance(prepared.settings.effect, Partner):
        return take_in(prepared.settings.coupon, memory, step, grants)
    held = dict(memory.held)
    source = step.activity if step.original is None else step.original.activity
    for name in _name_all(prepared, source.source, source.id, sum(max(grant.count, 0) for grant in grants)):
        held.setdefault(name, Held(since=step.day, until=step.day + prepared.settings.days - 1))
    lost = -sum(min(grant.count, 0) for grant in grants)
    brought = _name_all(prepared, source.source, source.id, HELD_MAX if lost else 0)
    unused = [name for name in brought if name in held and not held[name].used][:lost]
    if len(unused) < lost and step.activity.kind == REVERSE:
        message = "The coupon that was paid for is used or gone: it cannot be given back for its points."
        raise CouponUsed(message, coupon=prepared.settings.coupon)
    for name in unused:
        del held[name]
    return Earned(memory=replace(memory, held=_keep_newest(held)))


def merge(_prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member holds what both held. What either has used is used."""
    both = {**kept.held, **joined.held}
    for name in kept.held.keys() & joined.held.keys():
        both[name] = max(kept.held[name], joined.held[name], key=lambda it: (it.used, it.until, it.since))
    return Memory(held=_keep_newest(both), owed=kept.owed + joined.owed)


def _is_good(prepared: Prepared, memory: Memory, step: Step, name: str) -> bool:
    """Whether a coupon shown may be used now."""
    if name.startswith(prepared.code):
        return name not in step.void and step.left.get(name, 0) > 0
    if name == prepared.everybody:
        return True
    held = memory.held.get(name)
    return held is not None and not held.used and held.since <= step.day <= held.until


def _gain(prepared: Prepared, step: Step, numbers: tuple[int, ...], times: int) -> Earned:
    """What so many coupons bring: each of a discount by itself, of points one after the other on the same base."""
    effect = prepared.settings.effect
    assert not isinstance(effect, Partner), "a partner's code is not used here"
    if isinstance(effect, MorePoints):
        return _give_points(effect, step, frozenset(numbers), times)
    choice = prepared.picker.pick(step.activity)
    found = reckon(effect, step.activity.lines, choice)
    return Earned(discounts=found * times) if found else NOTHING


def _give_points(effect: MorePoints, step: Step, numbers: frozenset[int], times: int) -> Earned:
    parts: dict[int, int] = {}
    for given in step.given:
        if given.phase == BASE and given.award.currency == effect.currency:
            for number, points in given.award.lines:
                if number in numbers:
                    parts[number] = parts.get(number, 0) + points
    points = times * (sum(parts.values()) * (effect.times - effect.over) // effect.over)
    if not points:
        return NOTHING
    shares = spread(points, [parts[number] for number in sorted(parts)])
    lines = tuple((number, part) for number, part in zip(sorted(parts), shares, strict=True) if part)
    return Earned(awards=(Award(currency=effect.currency, points=points, lines=lines),))


def _say(reason: Reason, name: str) -> Reason:
    return replace(reason, values={**reason.values, COUPON: name})


def _name_all(prepared: Prepared, source: str, id_: str, count: int) -> Iterator[str]:
    for number in range(count):
        yield name_held(prepared.settings.coupon, source, id_, number)


def _keep_newest(held: Mapping[str, Held]) -> dict[str, Held]:
    """Forget the oldest of those that are used or ended, and then the oldest, beyond what is remembered."""
    if len(held) <= HELD_MAX:
        return dict(sorted(held.items()))
    newest = sorted(held, key=lambda name: (not held[name].used, held[name].until, name))[-HELD_MAX:]
    return {name: held[name] for name in sorted(newest)}

"""What a return takes back. A purchase is never judged anew: what it gave is shared by line, and goes back with them.

What is taken is always reckoned from the whole that came back so far, so any sequence of partial returns that ends
with everything returned takes exactly everything, and rounds in the member's favour on the way there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from regulars.kernel.nouns import Activity, Award, Cost, Earned, Given, Line, Original, Reason, Step
from regulars.kernel.program.fold import Fold
from regulars.kernel.program.gates import Sight, WhenGate
from regulars.kernel.program.mechanics import MechanicBroken
from regulars.kernel.program.plan import BoundOffer, Plan

__all__ = ["is_all_back", "undo_ask", "undo_purchase"]

NOBODY: Final = ""
NOTHING: Final = Earned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """How much of each line of a purchase is back: money, and thousandths of its quantity."""

    minor: Mapping[int, int]
    milli: Mapping[int, int]
    everything: bool

    def share(self, points: int, number: int, line: Line) -> int:
        """The share of a line's points that belongs to what is back of it, rounded down."""
        if self.everything:
            return points
        if line.amount_minor:
            return points * min(self.minor.get(number, 0), line.amount_minor) // line.amount_minor
        if line.quantity_milli:
            return points * min(self.milli.get(number, 0), line.quantity_milli) // line.quantity_milli
        return points if number in self.minor else 0

    def holds(self, number: int, line: Line) -> bool:
        """Whether all of a line is back: then all of its points belong to what is back."""
        return self.share(1, number, line) == 1


def undo_purchase(fold: Fold) -> None:
    """Take back what a purchase gave, offer by offer, as each says in `on_return`."""
    original = fold.step.original
    if original is None:
        fold.reasons.append(Reason(offer=NOBODY, code="original_missing"))
        return
    before = Back(minor=original.returned_minor, milli=original.returned_milli, everything=False)
    after = _add_returned(original, fold.step.activity)
    by_offer: dict[str, list[Given]] = {}
    for given in original.given:
        if given.award.points > 0:
            by_offer.setdefault(given.offer, []).append(given)
    # Offers that this version no longer has go first, so that tiers see what they lose.
    for offer, given in by_offer.items():
        if offer not in fold.plan.offers:
            _take_share(fold, offer, given, (before, after))
    day = fold.plan.day_of(original.activity.occurred_at)
    for bound in fold.plan.offers.values():
        given = by_offer.get(bound.id, [])
        answered = original.activity.kind in bound.kinds and bound.first_day <= day <= bound.last_day
        # Whether the offer let the purchase pass is not judged anew: it left a trace in the receipt, or it did not.
        answered = answered and bound.id in original.touched
        if given or (answered and bound.mechanic.undo is not None):
            _undo_offer(fold, bound, given, (before, after))
    _give_back_paid(fold, original, after)


def undo_ask(fold: Fold) -> None:
    """Let the offers that took points for something take it back, now that the points are given back."""
    original = fold.step.original
    if original is None:
        return
    for bound in fold.plan.offers.values():
        if bound.mechanic.undo is not None and bound.id in original.touched and original.activity.kind in bound.kinds:
            memory = bound.read_memory(fold.memories)
            fold.absorb_rest(bound, bound.mechanic.undo(bound.settings, memory, fold.look(), ()))


def is_all_back(step: Step) -> bool:
    """Whether a return brings back the last of its purchase."""
    original = step.original
    assert original is not None, "only a return with its purchase is undone"
    back = _add_returned(original, step.activity)
    return all(
        back.minor.get(number, 0) >= line.amount_minor
        and (line.amount_minor > 0 or back.milli.get(number, 0) >= line.quantity_milli)
        for number, line in enumerate(original.activity.lines, start=1)
    )


def _undo_offer(fold: Fold, bound: BoundOffer, given: Sequence[Given], backs: tuple[Back, Back]) -> None:
    if bound.offer.on_return == "keep":
        fold.reasons.append(Reason(offer=bound.id, code="kept"))
        return
    earned = NOTHING
    if bound.mechanic.undo is not None:
        memory = bound.read_memory(fold.memories)
        earned = bound.mechanic.undo(bound.settings, memory, fold.look(), tuple(given))
    if earned.awards:
        _take_asked(fold, bound, given, earned)
    elif given and bound.offer.on_return == "requalify":
        _take_unqualified(fold, bound, given, backs)
    else:
        _take_share(fold, bound.id, given, backs)
    fold.absorb_rest(bound, earned)


def _add_returned(original: Original, activity: Activity) -> Back:
    minor, milli = dict(original.returned_minor), dict(original.returned_milli)
    for part in activity.returned:
        minor[part.line] = minor.get(part.line, 0) + part.amount_minor
        milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
    return Back(minor=minor, milli=milli, everything=not activity.returned)


def _reach(given: Sequence[Given], currency: str, lines: Sequence[Line], back: Back) -> dict[int, int]:
    """By line: the points that belong to what is back. Line 0 stands for a purchase that had no lines."""
    reached: dict[int, int] = {}
    for it in given:
        if it.award.currency != currency:
            continue
        if not it.award.lines and back.everything:
            reached[0] = reached.get(0, 0) + it.award.points
        for number, points in it.award.lines:
            reached[number] = reached.get(number, 0) + back.share(points, number, lines[number - 1])
    return reached


def _currencies(given: Sequence[Given]) -> list[str]:
    return list(dict.fromkeys(it.award.currency for it in given))


def _count(given: Sequence[Given], currency: str) -> int:
    return sum(it.award.points for it in given if it.award.currency == currency)


def _take_share(fold: Fold, offer: str, given: Sequence[Given], backs: tuple[Back, Back]) -> None:
    for currency in _currencies(given):
        target, growth = _find_share(fold, given, currency, backs)
        _take_up_to(fold, (offer, currency), given, target, growth)


def _find_share(
    fold: Fold, given: Sequence[Given], currency: str, backs: tuple[Back, Back]
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The points that should be back by now, and what each line adds to them."""
    original = fold.step.original
    assert original is not None, "a return without its purchase was left out before"
    lines = original.activity.lines
    before, after = backs
    reached = _reach(given, currency, lines, after)
    earlier = _reach(given, currency, lines, before)
    growth = tuple((number, part - earlier.get(number, 0)) for number, part in sorted(reached.items()))
    return sum(reached.values()), tuple((number, part) for number, part in growth if number and part > 0)


def _take_up_to(
    fold: Fold,
    award: tuple[str, str],
    given: Sequence[Given],
    target: int,
    growth: tuple[tuple[int, int], ...] = (),
) -> None:
    """Bring what is taken back up to `target`: never more than was given, never less than was taken already."""
    original = fold.step.original
    assert original is not None, "a return without its purchase was left out before"
    offer, currency = award
    taken = original.taken.get(award, 0)
    points = min(target, _count(given, currency)) - taken
    if points <= 0:
        return
    # Lines are named where they tell the whole story; an earlier return by another policy may have taken ahead.
    lines = growth if sum(part for _, part in growth) == points else ()
    fold.take(offer, currency, points, lines)
    values = {"points": points, "currency": currency}
    fold.reasons.append(Reason(offer=offer, code="taken_back", values=values))


def _take_unqualified(fold: Fold, bound: BoundOffer, given: Sequence[Given], backs: tuple[Back, Back]) -> None:
    """Ask the offer what it would give for the rest: nothing takes all back, less takes back in proportion.

    A line of which all is back was never bought: it is no item, and nothing of its category is left.
    """
    original = fold.step.original
    assert original is not None, "a return without its purchase was left out before"
    _, after = backs
    others = tuple(_place(fold.plan, it) for it in original.given if it.offer != bound.id)
    bought = original.activity.lines
    numbers = [number for number, line in enumerate(bought, start=1) if not after.holds(number, line)]
    is_all_back = after.everything or (bool(bought) and not numbers)
    whole: Mapping[str, int] = {}
    rest: Mapping[str, int] = {}
    if not is_all_back:
        whole = _ask_again(fold, bound, original.activity, others)
        lines = tuple(_shorten(bought[number - 1], number, after) for number in numbers)
        # What is left is a basket of its own, whose lines are numbered from 1 as those of any.
        places = {number: place for place, number in enumerate(numbers, start=1)}
        left = tuple(_leave(it, bought, after, places) for it in others)
        rest = _ask_again(fold, bound, msgspec.structs.replace(original.activity, lines=lines), left)
    for currency in _currencies(given):
        kept, full = rest.get(currency, 0), whole.get(currency, 0)
        if is_all_back:
            target = _count(given, currency)
        elif full > 0:
            # As a share of what it would give today for all of it: a tier that changed since does not matter.
            target = _count(given, currency) * max(full - kept, 0) // full
        else:
            target, _ = _find_share(fold, given, currency, backs)
        _take_up_to(fold, (bound.id, currency), given, target)


def _shorten(line: Line, number: int, back: Back) -> Line:
    return msgspec.structs.replace(
        line,
        amount_minor=max(line.amount_minor - back.minor.get(number, 0), 0),
        quantity_milli=max(line.quantity_milli - back.milli.get(number, 0), 0),
    )


def _leave(given: Given, lines: Sequence[Line], back: Back, places: Mapping[int, int]) -> Given:
    """What another offer would have given for what is not back: a multiplier is asked about that.

    `places` are the numbers that the lines of which something is left have now.
    """
    award = given.award
    parts = tuple(
        (places[number], points - back.share(points, number, lines[number - 1]))
        for number, points in award.lines
        if number in places
    )
    points = sum(part for _, part in parts) if award.lines else award.points
    left = Award(currency=award.currency, points=points, lines=parts)
    return Given(offer=given.offer, award=left, phase=given.phase)


def _place(plan: Plan, given: Given) -> Given:
    """Say again in which phase an offer gave: a receipt does not remember it."""
    bound = plan.offers.get(given.offer)
    return given if bound is None else msgspec.structs.replace(given, phase=bound.phase)


def _ask_again(fold: Fold, bound: BoundOffer, activity: Activity, given: tuple[Given, ...]) -> dict[str, int]:
    step, original = fold.step, fold.step.original
    assert original is not None, "a return without its purchase was left out before"
    asked = Step(
        member=step.member,
        activity=activity,
        at=step.at,
        day=fold.plan.day_of(activity.occurred_at),
        traits=step.traits,
        balances=step.balances,
        left=step.left,
        given=given,
        joined_at=step.joined_at,
        household=step.household,
    )
    sight = Sight(asked)
    if not all(gate.admits(sight) for gate in bound.gates if isinstance(gate, WhenGate)):
        return {}
    earned = bound.mechanic.earn(bound.settings, bound.read_memory(fold.memories), asked)
    points: dict[str, int] = {}
    for award in earned.awards:
        points[award.currency] = points.get(award.currency, 0) + award.points
    return points


def _give_back_paid(fold: Fold, original: Original, after: Back) -> None:
    """Give back the points that lines were paid with, as these come back: with the last of them, the last point."""
    lines = original.activity.lines
    paid: dict[tuple[str, str], list[Cost]] = {}
    for offer, cost in original.paid:
        paid.setdefault((offer, cost.currency), []).append(cost)
    for (offer, currency), costs in paid.items():
        parts = [part for cost in costs for part in cost.lines]
        target = sum(after.share(points, number, lines[number - 1]) for number, points in parts)
        if (points := target - original.restored.get((offer, currency), 0)) > 0:
            fold.refunds.append((offer, Cost(currency=currency, points=points)))
            values = {"points": points, "currency": currency}
            fold.reasons.append(Reason(offer=offer, code="points_given_back", values=values))


def _take_asked(fold: Fold, bound: BoundOffer, given: Sequence[Given], earned: Earned) -> None:
    """Take what the mechanic's own undo asks for, as far as the offer gave it."""
    original = fold.step.original
    assert original is not None, "a return without its purchase was left out before"
    asked: dict[str, int] = {}
    for award in earned.awards:
        if award.points > 0:
            raise MechanicBroken(f"The mechanic {bound.mechanic.name!r} gave points in undo; that is for earn.")
        asked[award.currency] = asked.get(award.currency, 0) - award.points
    for currency, points in asked.items():
        taken = original.taken.get((bound.id, currency), 0)
        _take_up_to(fold, (bound.id, currency), given, taken + points)

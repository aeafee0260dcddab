"""The fold: what a whole programme says of one step. Pure: no clock, no chance, no database.

Offers are asked in the order (phase, priority, id). Each sees what those before it gave and what they left under the
ceilings, so the order in which a document lists them changes nothing. Of offers that exclude each other one gives: the
first that gives anything, or the most valuable. Whoever loses was not asked, and remembers nothing.
"""

from collections.abc import Mapping
from typing import Final

from regulars.kernel.nouns import Earned, Grant, Reason, Ruling, Step
from regulars.kernel.program.fold import Fold
from regulars.kernel.program.gates import Gate
from regulars.kernel.program.mechanics import MechanicBroken
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.room import Room, say_why
from regulars.kernel.program.undo import undo_ask, undo_purchase

__all__ = ["OUTDONE", "RETURN", "rule", "run"]

RETURN: Final = "return"
"""The kind of activity that brings a purchase back, or a part of one."""
REVERSE: Final = "reverse"
"""The kind of activity that takes back what a member paid points for."""
PRICE: Final = "price"
PAY: Final = "pay"
OUTDONE: Final = "outdone"
"""A reason: another offer of the group gives instead."""
NOTHING: Final = Earned()


def rule(plan: Plan, memories: Mapping[str, bytes], step: Step) -> Ruling:
    """Say what the programme gives for one step, or takes back for a return.

    `memories` are the member's, by offer id, as canonical JSON. `step.day` is `plan.day_of(occurred_at)` and
    `step.left` names every budget of the plan, and every limit that somebody has drawn on. Raises PointsOverflow.
    """
    fold = Fold(plan, memories, step)
    run(fold)
    return fold.close()


def run(fold: Fold) -> None:
    """Ask every offer that answers to the step, or let them undo what they gave. Raises PointsOverflow."""
    kind = fold.step.activity.kind
    if kind == RETURN:
        undo_purchase(fold)
    elif kind == REVERSE:
        undo_ask(fold)
    else:
        _ask_all(fold, kind)
    _deliver(fold)


def _ask_all(fold: Fold, kind: str) -> None:
    is_paid = fold.step.priced and not fold.step.promised
    for offer in fold.plan.by_kind.get(kind, ()):
        if not is_paid and offer.phase != PRICE:
            if fold.step.promised:
                fold.keep_promise(with_points=offer.phase != PAY)
            if fold.is_outdated:
                fold.reprice()
        if not offer.best:
            _ask(fold, offer, kind)
        elif offer.group not in fold.won:
            _choose_best(fold, offer.group, kind)
    if fold.step.promised:
        fold.keep_promise(with_points=True)


def _deliver(fold: Fold) -> None:
    """Hand what was granted to the offers that give it out."""
    given: dict[str, list[Grant]] = {}
    for grant in fold.grants:
        taker = fold.plan.takers.get((grant.kind, grant.what))
        if taker is not None:
            given.setdefault(taker, []).append(grant)
    for taker in sorted(given):
        offer = fold.plan.offers[taker]
        assert offer.mechanic.receive is not None, "what provides also receives"
        memory = offer.read_memory({**fold.memories, **fold.remembered})
        earned = offer.mechanic.receive(offer.settings, memory, fold.look(), tuple(given[taker]))
        if earned.grants or earned.awards:
            raise MechanicBroken(f"The mechanic {offer.mechanic.name!r} gives something where it only takes in.")
        fold.absorb_rest(offer, earned)


def _ask(fold: Fold, offer: BoundOffer, kind: str) -> None:
    if offer.open and kind in offer.ordinary:
        _hear(fold, offer, None)
        return
    if kind not in offer.ordinary and _is_settled(fold, offer, kind):
        return
    # Whether the offer is for whoever is owed something was judged when it was earned.
    if not offer.always and kind not in offer.mechanic.owes and (gate := _find_closed(fold, offer)):
        fold.pass_over(offer, gate)
        return
    room = fold.open_room(offer) if offer.caps else None
    if room is not None and room.shut is not None and offer.decoder is None:
        fold.reasons.append(Reason(offer=offer.id, code=room.shut.code, values=say_why(room.shut)))
        fold.pass_over(offer, room.shut.gate, room)
        return
    if offer.group and (winner := fold.won.get(offer.group)):
        fold.reasons.append(Reason(offer=offer.id, code=OUTDONE, values={"by": winner, "group": offer.group}))
        fold.pass_over(offer, "stacking", room)
        return
    if _hear(fold, offer, room) and offer.group:
        fold.won[offer.group] = offer.id


def _hear(fold: Fold, offer: BoundOffer, room: Room | None) -> bool:
    """Take in what the offer's mechanic says; gives whether the member gets anything."""
    step, mechanic = fold.look() if fold.changed else fold.step, offer.mechanic
    if mechanic.heeds is not None and not mechanic.heeds(offer.settings, step):
        if fold.watch is not None:
            fold.absorb(offer, NOTHING, room)
        return False
    memory = None if offer.decoder is None else offer.read_memory(fold.memories)
    earned = mechanic.earn(offer.settings, memory, step)
    return fold.absorb(offer, earned, room)


def _is_settled(fold: Fold, offer: BoundOffer, kind: str) -> bool:
    """Deal with what the clock brings, where that is not for the envelope to judge."""
    if kind not in offer.offer.on and fold.step.activity.data.get("offer", offer.id) != offer.id:
        # What one offer left for later is no business of another of the same mechanic.
        fold.pass_over(offer, "kind")
        return True
    if kind in offer.mechanic.follows:
        # Whether it would be given now does not matter: it was, and this goes on with it.
        fold.absorb(offer, offer.mechanic.earn(offer.settings, offer.read_memory(fold.memories), fold.look()))
        return True
    return False


def _find_closed(fold: Fold, offer: BoundOffer) -> str:
    """What of an offer's envelope does not admit the step; nothing where it runs and is for the member."""
    if not offer.first_day <= fold.step.day <= offer.last_day:
        return "schedule"
    gate = _find_shut(fold, offer) if offer.gates else None
    return "" if gate is None else gate.name


def _find_shut(fold: Fold, offer: BoundOffer) -> Gate | None:
    """The first gate that does not admit the step. A condition that cannot be judged is told in the receipt."""
    sight = fold.see()
    for gate in offer.gates:
        if not gate.admits(sight):
            if sight.failure:
                fold.reasons.append(Reason(offer=offer.id, code="condition_failed", values={"why": sight.failure}))
                sight.failure = ""
            return gate
    return None


def _choose_best(fold: Fold, group: str, kind: str) -> None:
    """Ask each offer of a group as if it were alone, and keep what the most valuable gives; of equals the first."""
    fold.won[group] = ""
    tried = [(offer, fold.fork()) for offer in fold.plan.by_kind[kind] if offer.group == group]
    for offer, fork in tried:
        _ask(fork, offer, kind)
    gains = [(fork.weigh(), -place) for place, (_, fork) in enumerate(tried) if fork.won.get(group)]
    winner = -max(gains)[1] if gains else -1
    for place, (offer, fork) in enumerate(tried):
        if place == winner or not fork.won.get(group):
            fold.adopt(fork)
        else:
            values = {"by": tried[winner][0].id, "group": group}
            fold.reasons.append(Reason(offer=offer.id, code=OUTDONE, values=values))
            fold.pass_over(offer, "stacking")

"""The fold: what a whole programme says of one step. Pure: no clock, no chance, no database.

Offers are asked in the order (phase, priority, id). Each sees what those before it gave and what they left under the
ceilings, so the order in which a document lists them changes nothing.
"""

from collections.abc import Mapping
from typing import Final

from regulars.kernel.nouns import Reason, Ruling, Step
from regulars.kernel.program.fold import Fold
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.room import say_why
from regulars.kernel.program.undo import undo_purchase

__all__ = ["RETURN", "rule"]

RETURN: Final = "return"
"""The kind of activity that brings a purchase back, or a part of one."""


def rule(plan: Plan, memories: Mapping[str, bytes], step: Step) -> Ruling:
    """Say what the programme gives for one step, or takes back for a return.

    `memories` are the member's, by offer id, as canonical JSON. `step.day` is `plan.day_of(occurred_at)` and
    `step.left` names every ceiling of the plan. Raises PointsOverflow.
    """
    fold = Fold(plan, memories, step)
    kind = step.activity.kind
    if kind == RETURN:
        undo_purchase(fold)
        return fold.close()
    for offer in plan.by_kind.get(kind, ()):
        _ask(fold, offer, kind)
    return fold.close()


def _ask(fold: Fold, offer: BoundOffer, kind: str) -> None:
    step = fold.step
    if kind not in offer.offer.on and step.activity.data.get("offer", offer.id) != offer.id:
        # What one offer left for later is no business of another of the same mechanic.
        return
    if not offer.first_day <= step.day <= offer.last_day:
        return
    if offer.gates and not _pass(fold, offer):
        return
    room = fold.open_room(offer) if offer.caps else None
    if room is not None and room.shut is not None and offer.decoder is None:
        fold.reasons.append(Reason(offer=offer.id, code=room.shut.code, values=say_why(room.shut)))
        return
    earned = offer.mechanic.earn(offer.settings, offer.read_memory(fold.memories), fold.look())
    fold.absorb(offer, earned, room)


def _pass(fold: Fold, offer: BoundOffer) -> bool:
    """Whether every gate admits the step. A condition that cannot be judged is told in the receipt."""
    sight = fold.see()
    for gate in offer.gates:
        if not gate.admits(sight):
            if sight.failure:
                fold.reasons.append(Reason(offer=offer.id, code="condition_failed", values={"why": sight.failure}))
                sight.failure = ""
            return False
    return True

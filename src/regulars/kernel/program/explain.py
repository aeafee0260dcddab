"""Why an offer gave, or why not: the same fold as always, with somebody watching."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast

from msgspec import Struct

from regulars.kernel.nouns import Reason, Ruling, Step
from regulars.kernel.program.caps import Cap, span_of
from regulars.kernel.program.fold import Fold
from regulars.kernel.program.gates import Fact, Sight, Told
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.room import Room
from regulars.kernel.program.rule import OUTDONE, RETURN, run
from regulars.kernel.program.windows import ScheduleGate

__all__ = ["Explanation", "GateName", "Verdict", "explain"]

GateName = Literal[
    "", "kind", "schedule", "window", "holiday", "audience", "when", "limit", "budget", "stacking", "mechanic"
]

BOUNDED: Final = frozenset({"limit_reached", "budget_spent", OUTDONE, "condition_failed"})
"""Codes of reasons that are not the mechanic's own."""
MISSING: Final = "missing_"
"""So begins what a mechanic's reason calls the values that would have to be added, such as `missing_minor`."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of one offer."""

    offer: str
    fired: bool
    """Whether the member gets anything by it: points, a discount, something granted, or a trait."""
    decided: GateName
    """The gate that left it out; `mechanic` where it was asked and had nothing to give; empty where it fired."""
    told: tuple[Told, ...]
    """Every gate that it came to, in order, with the values that decided. The last one is that which did not admit."""
    points: Mapping[str, int]
    """By currency: what it gave."""
    reasons: tuple[Reason, ...]
    """Its own, as the receipt has them."""


class Explanation(Struct, frozen=True, kw_only=True):
    """A ruling, and how it came about."""

    ruling: Ruling
    """What `rule` says, to the letter."""
    verdicts: tuple[Verdict, ...]
    """Of each offer of the programme, in the order in which they are asked. None for a return: it asks no offer."""


def explain(plan: Plan, memories: Mapping[str, bytes], step: Step) -> Explanation:
    """Rule on a step as `rule` does, and say of each offer what decided. Raises PointsOverflow."""
    fold = Fold(plan, memories, step)
    seen: dict[str, Seen] = {}

    def watch(offer: BoundOffer, gate: str, room: Room | None, *, fired: bool) -> None:
        bounds = () if room is None else tuple(_tell_cap(*each, step.day) for each in room.list_lefts())
        if gate == "stacking" and room is None and offer.id in seen:
            # It was tried, and another of its group is worth more.
            bounds = seen[offer.id].bounds
        seen[offer.id] = Seen(gate=gate, bounds=bounds, fired=fired)

    fold.watch = watch
    run(fold)
    ruling = fold.close()
    if step.activity.kind == RETURN:
        return Explanation(ruling=ruling, verdicts=())
    sight = Sight(step)
    verdicts = [_judge(plan, offer, ruling, sight, seen.get(offer.id, UNASKED)) for offer in plan.offers.values()]
    return Explanation(ruling=ruling, verdicts=tuple(verdicts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the fold told of an offer."""

    gate: str
    bounds: tuple[Told, ...]
    fired: bool


UNASKED: Final = Seen(gate="kind", bounds=(), fired=False)


def _judge(plan: Plan, offer: BoundOffer, ruling: Ruling, sight: Sight, seen: Seen) -> Verdict:
    reasons = tuple(reason for reason in ruling.reasons if reason.offer == offer.id)
    points: dict[str, int] = {}
    for posting in ruling.postings:
        if posting.offer == offer.id:
            points[posting.currency] = points.get(posting.currency, 0) + posting.points
    decided = "" if seen.fired else seen.gate or _find_bound(reasons)
    told: list[Told] = []
    for each in _tell_all(plan, offer, sight, seen, reasons):
        told.append(each)
        if each.gate == decided and not each.admits:
            break
    return Verdict(
        offer=offer.id,
        fired=seen.fired,
        decided=cast("GateName", decided),
        told=tuple(told),
        points=points,
        reasons=reasons,
    )


def _find_bound(reasons: Sequence[Reason]) -> str:
    """What kept an offer that was asked from giving anything: a cap, or its mechanic."""
    codes = {reason.code for reason in reasons}
    return "limit" if "limit_reached" in codes else "budget" if "budget_spent" in codes else "mechanic"


def _tell_all(plan: Plan, offer: BoundOffer, sight: Sight, seen: Seen, reasons: Sequence[Reason]) -> Iterator[Told]:
    """What every gate says, in the order in which the fold asks them."""
    kind = sight.step.activity.kind
    answers = seen.gate != "kind"
    yield Told(gate="kind", admits=answers, values={"kind": kind}, needs={} if answers else {"kind": offer.offer.on})
    schedule = offer.offer.schedule
    if schedule is not None and offer.offer.time_zone is None:
        first, last = schedule.first or date.min, schedule.last or date.max
        yield ScheduleGate(zone=plan.calendar.zone, first=first, last=last).tell(sight)
    for gate in offer.gates:
        yield gate.tell(sight)
    yield from seen.bounds
    if offer.group:
        winners = [reason.values["by"] for reason in reasons if reason.code == OUTDONE]
        values: dict[str, Fact] = {"group": offer.group, "mode": "best" if offer.best else "exclusive"}
        yield Told(gate="stacking", admits=not winners, values=values | ({"by": winners[0]} if winners else {}))
    why = [reason for reason in reasons if reason.code not in BOUNDED]
    codes: dict[str, Fact] = {"reasons": tuple(reason.code for reason in why)} if why else {}
    needs = (
        {} if seen.fired else {name: it for each in why for name, it in each.values.items() if name.startswith(MISSING)}
    )
    yield Told(gate="mechanic", admits=seen.fired, values={"mechanic": offer.mechanic.name} | codes, needs=needs)


def _tell_cap(cap: Cap, left: int, drawn: int, day: int) -> Told:
    values: dict[str, Fact] = {"unit": cap.unit, "most": cap.most, "left": max(left, 0), "drawn": drawn}
    if not cap.is_budget:
        values |= {"per": cap.per, "period": cap.period}
    needs: dict[str, Fact] = {}
    if left <= 0 and cap.period != "ever":
        needs["date"] = date.fromordinal(span_of(day, cap.period)[2] + 1).isoformat()
    return Told(gate=cap.gate, admits=left > 0, values=values, needs=needs)

"""When budgets are presumably gone, so that most members are rehearsed once. A wrong guess costs time, no figure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from regulars.base.db import Read
from regulars.intelligence.simulation.model import LIVE, Draft
from regulars.kernel import limits
from regulars.kernel.program import Plan, Versions, compile_plan

__all__ = ["presume_ends"]

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)


async def presume_ends(read: Read, drafts: Sequence[Draft], *, until: datetime) -> dict[str, dict[str, datetime]]:
    """Tell by name and ceiling when it is gone, if an offer asks for what it really asked for.

    That is so for what is live, and for a draft in which the offer is the same but for its budget.
    """
    releases = await Versions().read(read)
    moment = releases.moment_at(until)
    if moment is None or moment.main is None:
        return {}
    live = releases.plans[moment.main.hash]
    plans = {LIVE: live, **{draft.name: compile_plan(draft.document) for draft in drafts}}
    taken = {ceiling.id: ceiling.taken for ceiling in await limits.ceilings(read)}
    found: dict[tuple[str, int], datetime] = {}
    ends: dict[str, dict[str, datetime]] = {}
    for name, plan in plans.items():
        for ceiling, amount in _list_same(live, plan):
            if taken.get(ceiling, 0) >= amount:
                if (ceiling, amount) not in found:
                    found[ceiling, amount] = await _find_end(read, ceiling, amount, until)
                ends.setdefault(name, {})[ceiling] = found[ceiling, amount]
    return ends


def _list_same(live: Plan, plan: Plan) -> list[tuple[str, int]]:
    """List the budgets, with their amounts, of offers that are live just so."""
    return [
        (cap.name, cap.most)
        for id_, bound in plan.offers.items()
        if id_ in live.offers and replace(bound.offer, budget=None) == replace(live.offers[id_].offer, budget=None)
        for cap in bound.caps
        if cap.is_budget
    ]


async def _find_end(read: Read, ceiling: str, amount: int, until: datetime) -> datetime:
    """Find the second before which all of an amount was promised; `until` where it was not by then."""
    low, high = EARLIEST, until
    while high - low > SECOND:
        middle = low + (high - low) / 2
        promised = await limits.taken_before(read, [ceiling], at=middle)
        if promised.get(ceiling, 0) >= amount:
            high = middle
        else:
            low = middle
    return high

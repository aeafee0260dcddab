"""Which categories are a member's own this week: read, never written."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.picks.mechanic import Prepared, find_picks
from regulars.features.picks.memory import DAYS_OF_WEEK, Memory, find_week
from regulars.kernel import program, spine

__all__ = ["Picked", "Picks", "read_picks"]


class Picked(Struct, frozen=True, kw_only=True):
    """What one offer has picked for the member."""

    offer: str
    title: Mapping[str, str]
    since: date
    until: date
    """The last day of the week."""
    categories: tuple[str, ...]
    """The one bought most first. Empty: nothing was bought in the weeks before."""
    currency: str
    times: int
    """How many times as many points there are, with `over` as a ratio."""
    over: int


class Picks(Struct, frozen=True, kw_only=True):
    """The categories that are a member's own at a moment."""

    member: UUID
    as_of: datetime
    picks: tuple[Picked, ...]


async def read_picks(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Picks:
    """Read a member's picks at a moment. Raises MemberUnknown, and NoProgram where none is live.

    Of the envelope only the schedule is asked: an audience or a condition may still keep the member out.
    """
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    day, found = plan.day_of(at), list[Picked]()
    for bound in plan.offers.values():
        if isinstance(bound.settings, Prepared) and bound.first_day <= day <= bound.last_day:
            memory = bound.read_memory(stored)
            assert isinstance(memory, Memory), "picks are remembered"
            found.append(_show(bound.id, bound.settings, memory, find_week(day)))
    return Picks(member=member, as_of=at, picks=tuple(found))


def _show(offer: str, prepared: Prepared, memory: Memory, week: int) -> Picked:
    settings, monday = prepared.settings, week * DAYS_OF_WEEK + 1
    return Picked(
        offer=offer,
        title=settings.title,
        since=date.fromordinal(monday),
        until=date.fromordinal(monday + DAYS_OF_WEEK - 1),
        categories=find_picks(prepared, memory, week),
        currency=settings.currency,
        times=settings.times,
        over=settings.over,
    )

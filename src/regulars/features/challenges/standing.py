"""Where a member stands in every challenge that runs: read, never written."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.challenges.counting import Prepared
from regulars.features.challenges.memory import Memory
from regulars.features.challenges.progress import progress
from regulars.kernel import members, program, spine

__all__ = ["Challenges", "Gain", "Running", "Target", "TeamShown", "read_standing"]


class Gain(Struct, frozen=True, kw_only=True):
    """A coupon or a badge that a goal gives."""

    kind: str
    what: str
    count: int


class Target(Struct, frozen=True, kw_only=True):
    """One goal of a challenge."""

    id: str
    title: Mapping[str, str] | None
    size: int
    """How much must be counted to reach it."""
    repeats: bool
    """Whether it is reached again and again, each time so much more is counted."""
    points: int
    """What it gives each time, in minor units of the challenge's currency."""
    grants: tuple[Gain, ...]
    times: int
    """How often it gave that in this period."""
    missing: int
    """How much more must be counted to reach it (again); 0: there is nothing to reach any more."""


class TeamShown(Struct, frozen=True, kw_only=True):
    """The team in which a member plays."""

    founder: UUID
    members: int
    most: int
    """How many members it may have."""


class Running(Struct, frozen=True, kw_only=True):
    """A challenge, and where a member stands in it."""

    offer: str
    challenge: str
    title: Mapping[str, str]
    opt_in: bool
    """Whether it is for those only who join it."""
    is_in: bool
    """Whether what the member does today counts."""
    counted_from: date | None
    """The first day that counts; null: since the challenge began."""
    counted_until: date | None
    """The last day that counts; null: no end is known."""
    unit: str
    """What is counted: minor (units of money), items, times, days, categories, brands; of a streak, weeks or months."""
    counted: int
    """So far; of a streak, what is in a row up to today."""
    currency: str | None
    goals: tuple[Target, ...]
    team: TeamShown | None
    """The member's team, whose count this is; null: none. What a mate did is counted when the clock brings it."""


class Challenges(Struct, frozen=True, kw_only=True):
    """Where a member stands at a moment."""

    member: UUID
    as_of: datetime
    program: str
    """Content hash of the programme version that decides for the member now."""
    challenges: tuple[Running, ...]


async def read_standing(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Challenges:
    """Read where a member stands at a moment. Raises MemberUnknown, and NoProgram where none is live.

    Of the envelope only the schedule is asked: an audience or a condition may still keep the member out.
    """
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    own = tuple(_list_running(plan, stored, at))
    founders = await _read_founders(read, [memory.team for _, memory in own if memory.team and not memory.mates])
    day = plan.day_of(at)
    found = tuple(_show(bound, _find_count(bound, memory, founders), day) for bound, memory in own)
    return Challenges(member=member, as_of=at, program=plan.hash, challenges=found)


async def _read_founders(read: Read, founders: Sequence[str]) -> Mapping[str, tuple[UUID, Mapping[str, bytes]]]:
    """Read, by id as it once was, who leads a team today, and what they remember by offer."""
    today = {UUID(founder): UUID(founder) for founder in founders}
    while into := await members.find_members(read, today.values()):
        moved = {once: kept for once, now in today.items() if (kept := into.get(now)) is not None}
        if not moved:
            break
        today |= moved
    stored = dict[UUID, dict[str, bytes]]()
    for (member, offer), data in (await program.memories(read, sorted(set(today.values())))).items():
        stored.setdefault(member, {})[offer] = data
    return {str(once): (now, stored.get(now, {})) for once, now in today.items()}


def _find_count(
    bound: program.BoundOffer, memory: Memory, founders: Mapping[str, tuple[UUID, Mapping[str, bytes]]]
) -> tuple[Memory, UUID | None]:
    """Find the memory in which is counted what a member does: their own, or that of the team's founder."""
    if memory.team not in founders:
        return memory, UUID(memory.team) if memory.team else None
    founder, stored = founders[memory.team]
    known = bound.read_memory(stored)
    assert isinstance(known, Memory), "a challenge remembers"
    return known, founder


def _list_running(
    plan: program.Plan, memories: Mapping[str, bytes], at: datetime
) -> Iterator[tuple[program.BoundOffer, Memory]]:
    """List the challenges that run at a moment, with what a member with these memories (by offer) has in each."""
    day = plan.day_of(at)
    for bound in plan.offers.values():
        if isinstance(bound.settings, Prepared) and bound.first_day <= day <= bound.last_day:
            memory = bound.read_memory(memories)
            assert isinstance(memory, Memory), "a challenge remembers"
            yield bound, memory


def _show(bound: program.BoundOffer, counted: tuple[Memory, UUID | None], day: int) -> Running:
    prepared: Prepared = bound.settings
    memory, founder = counted
    found, settings = progress(prepared, memory, day), prepared.settings
    last = None if bound.last_day == date.max.toordinal() else date.fromordinal(bound.last_day)
    ends = [each for each in (last, date.fromordinal(found.last_day) if found.last_day else None) if each]
    team = settings.team
    return Running(
        offer=bound.id,
        challenge=settings.challenge,
        title=settings.title,
        opt_in=settings.opt_in,
        is_in=found.is_in,
        counted_from=date.fromordinal(found.first_day) if found.first_day else None,
        counted_until=min(ends, default=None),
        unit=found.unit,
        counted=found.counted,
        currency=settings.currency,
        goals=tuple(
            Target(
                id=goal.id,
                title=goal.title,
                size=goal.size,
                repeats=goal.every is not None,
                points=goal.points,
                grants=tuple(Gain(kind=gift.kind, what=gift.what, count=gift.count) for gift in goal.grants),
                times=ahead.times,
                missing=ahead.missing,
            )
            for goal, ahead in zip(settings.goals, found.goals, strict=True)
        ),
        team=None
        if team is None or founder is None
        else TeamShown(founder=founder, members=len(memory.mates), most=team.most),
    )

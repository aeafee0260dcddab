"""Where a member stands in every challenge that runs: read, never written."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.challenges.counting import Prepared
from regulars.features.challenges.memory import Memory
from regulars.features.challenges.progress import progress
from regulars.kernel import members, program
from regulars.kernel.nouns import Scalar

__all__ = ["Challenges", "Gain", "Running", "Target", "find_running", "read_standing"]

EVERYWHERE = ""
"""No store: a member is asked about, not a purchase."""


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
    await members.get(read, member)
    releases = await versions.read(read)
    history = await members.traits_many(read, [member], since=at)

    def traits(then: datetime) -> Mapping[str, Scalar]:
        return history.as_of(member, then)

    plan = releases.plan_for(member, EVERYWHERE, traits, at)
    stored = {offer: data for (_, offer), data in (await program.memories(read, [member])).items()}
    return Challenges(member=member, as_of=at, program=plan.hash, challenges=find_running(plan, stored, at))


def find_running(plan: program.Plan, memories: Mapping[str, bytes], at: datetime) -> tuple[Running, ...]:
    """Say where a member with these memories (by offer) stands at a moment, in every challenge that runs then."""
    day, found = plan.day_of(at), list[Running]()
    for bound in plan.offers.values():
        if isinstance(bound.settings, Prepared) and bound.first_day <= day <= bound.last_day:
            memory = bound.read_memory(memories)
            assert isinstance(memory, Memory), "a challenge remembers"
            last = None if bound.last_day == date.max.toordinal() else date.fromordinal(bound.last_day)
            found.append(_show(bound.id, bound.settings, memory, day, last))
    return tuple(found)


def _show(offer: str, prepared: Prepared, memory: Memory, day: int, last: date | None) -> Running:
    found, settings = progress(prepared, memory, day), prepared.settings
    ends = [each for each in (last, date.fromordinal(found.last_day) if found.last_day else None) if each]
    return Running(
        offer=offer,
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
    )

"""Where a member stands in every set of levels of the programme: read, never written."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.tiers.ladder import Prepared
from regulars.features.tiers.memory import Memory
from regulars.features.tiers.model import Benefit, Level, find_needs
from regulars.features.tiers.progress import progress
from regulars.kernel import program, spine

__all__ = ["Gift", "Rung", "Standing", "TierSet", "find_sets", "read_standing"]


class Gift(Struct, frozen=True, kw_only=True):
    """Something that a level gives: its name for machines, words for people, and a number where it has one."""

    id: str
    name: Mapping[str, str]
    value: int | None


class Rung(Struct, frozen=True, kw_only=True):
    """One level of a set."""

    id: str
    name: Mapping[str, str]
    needs: tuple[Mapping[str, int], ...]
    """Ways to reach it, any of which is enough: how much of which measures, in the window."""
    invitation: bool
    """Whether only an invitation reaches it."""
    benefits: tuple[Gift, ...]


class TierSet(Struct, frozen=True, kw_only=True):
    """Where a member stands in one set of levels."""

    offer: str
    trait: str
    level: str | None
    """Null: none."""
    kept_until: date | None
    """The last day on which the level is safe; null: it is not reviewed."""
    in_grace: bool
    """Whether `kept_until` is the last day of grace: then the level falls, unless it is reached by that day."""
    invited: bool
    """Whether the level is owed to an invitation."""
    lifetime_level: str | None
    """The level below which the member never falls; null: none."""
    benefits: tuple[Gift, ...]
    """What the level gives."""
    window_from: date
    window_until: date
    counted: Mapping[str, int]
    """By measure: what the window holds so far. Money is in minor units."""
    next_level: str | None
    """The next that is reached by what is counted; null: there is none above."""
    missing: tuple[Mapping[str, int], ...]
    """For each way to the next level: what is missing by measure. Any one way is enough."""
    projected: Mapping[str, int]
    """By measure: what the window will hold on its last day at the pace so far, rounded down."""
    projected_level: str | None
    """The level that this reaches."""
    levels: tuple[Rung, ...]
    """All of them, from the lowest to the highest."""


class Standing(Struct, frozen=True, kw_only=True):
    """Where a member stands at a moment."""

    member: UUID
    as_of: datetime
    program: str
    """Content hash of the programme version that decides for the member now."""
    sets: tuple[TierSet, ...]


async def read_standing(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Standing:
    """Read where a member stands at a moment. Raises MemberUnknown, and NoProgram where none is live."""
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    return Standing(member=member, as_of=at, program=plan.hash, sets=find_sets(plan, stored, at))


def find_sets(plan: program.Plan, memories: Mapping[str, bytes], at: datetime) -> tuple[TierSet, ...]:
    """Say where a member with these memories (by offer) stands at a moment, in every set of levels of a version."""
    found: list[TierSet] = []
    for bound in plan.offers.values():
        memory = bound.read_memory(memories) if isinstance(bound.settings, Prepared) else None
        if isinstance(memory, Memory):
            found.append(_show(bound.id, bound.settings, memory, plan.day_of(at)))
    return tuple(found)


def _show(offer: str, prepared: Prepared, memory: Memory, day: int) -> TierSet:
    found, settings = progress(prepared, memory, day), prepared.settings
    levels = tuple(_show_level(prepared, level) for level in settings.levels)
    return TierSet(
        offer=offer,
        trait=settings.trait,
        level=found.level or None,
        kept_until=date.fromordinal(found.kept_until) if found.kept_until else None,
        in_grace=found.in_grace,
        invited=found.invited,
        lifetime_level=found.lifetime_level or None,
        benefits=next((level.benefits for level in levels if level.id == found.level), ()),
        window_from=date.fromordinal(found.first_day),
        window_until=date.fromordinal(found.last_day),
        counted=found.counted,
        next_level=found.next_level or None,
        missing=found.missing,
        projected=found.projected,
        projected_level=found.projected_level or None,
        levels=levels,
    )


def _show_level(prepared: Prepared, level: Level) -> Rung:
    return Rung(
        id=level.id,
        name=level.name,
        needs=() if level.invitation else find_needs(prepared.settings, level),
        invitation=level.invitation,
        benefits=tuple(_show_benefit(benefit) for benefit in level.benefits),
    )


def _show_benefit(benefit: Benefit) -> Gift:
    return Gift(id=benefit.id, name=benefit.name, value=benefit.value)

"""The badges of a programme, and since when a member has them: read, never written."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.badges.mechanic import Memory, Settings
from regulars.kernel import program, spine

__all__ = ["Badge", "Badges", "read_badges"]


class Badge(Struct, frozen=True, kw_only=True):
    """A badge, and whether the member has it."""

    badge: str
    title: Mapping[str, str]
    text: Mapping[str, str] | None
    image: str | None
    since: date | None
    """The first day for which it was given; null: the member has it not."""


class Badges(Struct, frozen=True, kw_only=True):
    """A member's badges, and those that there are besides."""

    member: UUID
    as_of: datetime
    badges: tuple[Badge, ...]


async def read_badges(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Badges:
    """Read which badges a member has. Raises MemberUnknown, and NoProgram where none is live."""
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    found: list[Badge] = []
    for bound in plan.offers.values():
        if isinstance(bound.settings, Settings):
            memory = bound.read_memory(stored)
            assert isinstance(memory, Memory), "a badge remembers"
            found.append(_show(bound.settings, memory))
    return Badges(member=member, as_of=at, badges=tuple(found))


def _show(settings: Settings, memory: Memory) -> Badge:
    return Badge(
        badge=settings.badge,
        title=settings.title,
        text=settings.text,
        image=settings.image,
        since=date.fromordinal(memory.first) if memory.count > 0 else None,
    )

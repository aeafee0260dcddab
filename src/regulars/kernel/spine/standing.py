"""Which rules decide for a member at a moment: what every page on where a member stands begins with."""

from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.kernel import members, program

__all__ = ["EVERYWHERE", "find_plan"]

EVERYWHERE: Final = ""
"""No store: a member is asked about, not a purchase."""


async def find_plan(
    read: Read, versions: program.Versions, member: UUID, at: datetime, *, store: str = EVERYWHERE
) -> program.Plan:
    """Find the plan of the version that decides for a member at a moment. Raises MemberUnknown, NoProgram."""
    await members.get(read, member)
    releases = await versions.read(read)
    history = await members.traits_many(read, [member], since=at)
    return releases.plan_for(member, store, lambda then: history.as_of(member, then), at)

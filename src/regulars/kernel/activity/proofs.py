"""What proves the rows of the room."""

from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.faults import Proofs

__all__ = ["PROOFS", "list_programs", "list_unsealed"]

PROOFS: Final = Proofs("regulars.kernel.activity")
"""Most of them take `unsealed`: the activities that they leave out."""


async def list_unsealed(read: Read) -> list[tuple[UUID, UUID]]:
    """List every (member, activity) whose words are no longer those that were sealed."""
    return [(row["member_id"], row["id"]) for row in await PROOFS.queries.rows(read, "unsealed")]


async def list_programs(read: Read) -> set[str]:
    """List the programme versions that decided anything; an empty name where none had to."""
    return {row["program"] for row in await PROOFS.queries.rows(read, "programs")}

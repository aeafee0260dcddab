"""What proves the rows of the room."""

from typing import Final

from regulars.base.db import Read
from regulars.base.faults import Proofs

__all__ = ["PROOFS", "read_amounts"]

PROOFS: Final = Proofs("regulars.kernel.limits")


async def read_amounts(read: Read) -> dict[str, int]:
    """Read how much there is under each ceiling."""
    return {row["id"]: row["amount"] for row in await PROOFS.queries.rows(read, "amounts")}

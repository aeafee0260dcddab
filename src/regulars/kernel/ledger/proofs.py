"""What proves the rows of the room."""

from typing import Final

from regulars.base.db import Read, Record
from regulars.base.faults import Proofs

__all__ = ["PROOFS", "list_terms"]

PROOFS: Final = Proofs("regulars.kernel.ledger")


async def list_terms(read: Read) -> list[Record]:
    """List the terms on which lots were issued, each once: program, offer, currency, priority, funder, value_micro."""
    return await PROOFS.queries.rows(read, "terms")

"""What proves the rows of the room."""

from typing import Final

from regulars.base.faults import Proofs

__all__ = ["PROOFS"]

PROOFS: Final = Proofs("regulars.kernel.ledger")

"""What a money view reads of the ledger: lots, what moved them, and how accounts stood at a past moment."""

from regulars.kernel.ledger.money.model import IssuedLot, LotKey, LotPart
from regulars.kernel.ledger.money.store import (
    MEMBERS_MAX,
    list_members,
    read_balances,
    read_first_at,
    read_handed_on,
    read_lots,
    read_parts,
    rewind,
)

__all__ = [
    "MEMBERS_MAX",
    "IssuedLot",
    "LotKey",
    "LotPart",
    "list_members",
    "read_balances",
    "read_first_at",
    "read_handed_on",
    "read_lots",
    "read_parts",
    "rewind",
]

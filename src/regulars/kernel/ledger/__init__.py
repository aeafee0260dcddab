"""What members hold. Entries are appended; balances are derived; nothing is edited."""

from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.model import (
    AmountInvalid,
    Hold,
    HoldEnded,
    HoldTooSmall,
    HoldUnknown,
    Lot,
    NotEnoughPoints,
    NothingToReverse,
)
from regulars.kernel.ledger.returns import take_back
from regulars.kernel.ledger.store import (
    Standing,
    due_members,
    issued_by_offer,
    lots,
    moved,
    open_members,
    outstanding,
    read_accounts,
    standing,
    statement,
    totals,
    write,
)

__all__ = [
    "AmountInvalid",
    "Book",
    "Hold",
    "HoldEnded",
    "HoldTooSmall",
    "HoldUnknown",
    "Lot",
    "NotEnoughPoints",
    "NothingToReverse",
    "Standing",
    "due_members",
    "issued_by_offer",
    "lots",
    "moved",
    "open_members",
    "outstanding",
    "read_accounts",
    "standing",
    "statement",
    "take_back",
    "totals",
    "write",
]

"""What members hold. Entries are appended; balances are derived; nothing is edited."""

from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.holds import capture, end_due, find_hold, hold, release
from regulars.kernel.ledger.model import (
    AmountInvalid,
    Hold,
    HoldEnded,
    HoldTooSmall,
    HoldUnknown,
    Lot,
    NotEnoughPoints,
    NothingToReverse,
    Stamp,
)
from regulars.kernel.ledger.returns import take_back
from regulars.kernel.ledger.spending import Late, Taken, draw, receive, reverse, spend, take
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
    "Late",
    "Lot",
    "NotEnoughPoints",
    "NothingToReverse",
    "Stamp",
    "Standing",
    "Taken",
    "capture",
    "draw",
    "due_members",
    "end_due",
    "find_hold",
    "hold",
    "issued_by_offer",
    "lots",
    "moved",
    "open_members",
    "outstanding",
    "read_accounts",
    "receive",
    "release",
    "reverse",
    "spend",
    "standing",
    "statement",
    "take",
    "take_back",
    "totals",
    "write",
]

"""What openings left in the books, read back, and everything of members' accounts that is taken along."""

from regulars.kernel.ledger.moving.store import (
    AccountRow,
    EntryRow,
    HoldRow,
    LotRow,
    read_accounts,
    read_entries,
    read_holds,
    read_lots,
    sum_opened,
)

__all__ = [
    "AccountRow",
    "EntryRow",
    "HoldRow",
    "LotRow",
    "read_accounts",
    "read_entries",
    "read_holds",
    "read_lots",
    "sum_opened",
]

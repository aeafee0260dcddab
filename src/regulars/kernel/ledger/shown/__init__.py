"""What many members are shown to have, in one statement: for lists."""

from regulars.kernel.ledger.shown.store import read_shown

__all__ = ["read_shown"]

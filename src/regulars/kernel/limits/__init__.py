"""What is scarce: budgets, stock, codes, seats, caps. A ceiling, and claims that never exceed it."""

from regulars.kernel.limits.claims import Ceilings
from regulars.kernel.limits.model import (
    CEILINGS_ADDED_MAX,
    Ceiling,
    CeilingExists,
    CeilingSpent,
    CeilingTooLow,
    CeilingUnknown,
    ClaimEnded,
    ClaimName,
    ClaimNotTaken,
    ClaimRow,
    ClaimTooSmall,
    ClaimUnknown,
)
from regulars.kernel.limits.store import (
    add_ceilings,
    ceilings,
    due_ceilings,
    left_many,
    lock,
    set_ceilings,
    sweep,
    taken_before,
    write,
)

__all__ = [
    "CEILINGS_ADDED_MAX",
    "Ceiling",
    "CeilingExists",
    "CeilingSpent",
    "CeilingTooLow",
    "CeilingUnknown",
    "Ceilings",
    "ClaimEnded",
    "ClaimName",
    "ClaimNotTaken",
    "ClaimRow",
    "ClaimTooSmall",
    "ClaimUnknown",
    "add_ceilings",
    "ceilings",
    "due_ceilings",
    "left_many",
    "lock",
    "set_ceilings",
    "sweep",
    "taken_before",
    "write",
]

"""What is scarce: budgets, stock, codes, seats, caps. A ceiling, and claims that never exceed it."""

from regulars.kernel.limits.model import Ceiling, Ceilings, ClaimRow
from regulars.kernel.limits.store import CeilingTooLow, ceilings, lock, set_ceilings, write

__all__ = ["Ceiling", "CeilingTooLow", "Ceilings", "ClaimRow", "ceilings", "lock", "set_ceilings", "write"]

"""How long rooms keep what they keep: each says so of its own in a file `forget.py`, and clears it when it is told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.base.db import Tx

__all__ = ["Kept", "Purge"]

Purge = Callable[[Tx, datetime, Sequence[UUID], int], Awaitable[int]]
"""Clear what is older than a moment and of none of these members, at most so much; gives how much it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Things of one sort. `KEPT` in a room's `forget.py` lists its own."""

    name: str
    """`<room>.<thing>`."""
    what: str
    """What it is, for people."""
    days: int
    """How long, where nobody says otherwise; 0: for ever."""
    days_min: int = 1
    purge: Purge | None = None
    """None: the room clears it by itself, and nobody sets for how long."""
    needs_owner: bool = False
    """Whether only the owner of the tables may clear it, for it is written once for whoever serves."""

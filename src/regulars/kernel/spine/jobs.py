"""Work that goes on beside the path: what features do again and again, as the worker finds it in their `jobs.py`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.kernel.spine.house import House

__all__ = ["Job", "Workplace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a job works with."""

    database: Database
    house: House
    settings: Settings
    stopping: asyncio.Event
    """Set when the worker is to end: a job then begins nothing new, and returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to be done every so often. `JOBS` of a feature's `jobs.py` lists its own."""

    name: str
    run: Callable[[Workplace], Awaitable[int]]
    """One round; gives how much was done. Where that is something, the next round follows at once."""
    pause_seconds: int
    """How long to wait after a round in which there was nothing to do."""
    says: str = ""
    """What people are told of a round in which something was done, with `{count}`; empty: nothing."""

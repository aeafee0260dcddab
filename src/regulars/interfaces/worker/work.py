"""The worker's loop."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.kernel import spine

__all__ = ["work"]

PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
NOTICE_SECONDS: Final = 600
"""How often it is looked whom to tell what will end or has become usable."""


async def work(settings: Settings, house: spine.House, *, every_seconds: float, tell: Callable[[str], None]) -> None:
    """Bring what is due every so often until SIGTERM or SIGINT; what is under way is finished first.

    A database that goes away is waited for, however long; one that cannot be had at the start is refused.
    `tell` is given a line for people when something changes.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    pause, started, told_at = PAUSE_SECONDS_MIN, False, float("-inf")
    while not stopping.is_set():
        try:
            async with open_database(settings) as database:
                tell("Bringing what is due." if not started else "The database is back.")
                started = True
                while not stopping.is_set():
                    brought = await spine.bring_due(database, house)
                    if brought:
                        tell(f"Brought {brought} that were due.")
                    if loop.time() - told_at >= NOTICE_SECONDS:
                        told_at = loop.time()
                        notices = await spine.find_notices(database, house)
                        if notices:
                            tell(f"Wrote down {notices} notices of points that will end or have become usable.")
                    pause = PAUSE_SECONDS_MIN
                    await _wait(stopping, every_seconds)
        except Refusal as refusal:
            if not started or not refusal.retryable:
                raise
            tell(f"{refusal.detail} Next attempt in {pause:g} s.")
            await _wait(stopping, pause)
            pause = min(PAUSE_SECONDS_MAX, 2 * pause)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until we are told to stop."""
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait([waiting], timeout=seconds)
    waiting.cancel()

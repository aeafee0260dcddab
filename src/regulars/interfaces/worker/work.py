"""The worker's loop, and beside it the jobs of the features, each found by its file."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Final

from regulars import features
from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.plugs import find_plugs
from regulars.base.settings import Settings
from regulars.interfaces.works.hands import JOBS
from regulars.kernel import spine

__all__ = ["find_jobs", "keep_at", "work"]

PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
NOTICE_SECONDS: Final = 600
"""How often it is looked whom to tell what will end or has become usable."""

Tell = Callable[[str], None]


async def work(settings: Settings, house: spine.House, *, every_seconds: float, tell: Tell) -> None:
    """Bring what is due every so often until SIGTERM or SIGINT; what is under way is finished first.

    The jobs of features go on meanwhile. A database that goes away is waited for, however long; one that cannot be had
    at the start is refused. `tell` is given a line for people when something changes.
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
                place = spine.Workplace(database=database, house=house, settings=settings, stopping=stopping)
                async with _beside([*find_jobs(features), *JOBS], place, tell) as jobs:
                    while not stopping.is_set():
                        brought = await spine.bring_due(database, house)
                        if brought:
                            tell(f"Brought {brought} that were due.")
                        if loop.time() - told_at >= NOTICE_SECONDS:
                            told_at = loop.time()
                            notices = await spine.find_notices(database, house)
                            if notices:
                                tell(f"Wrote down {notices} notices of points that will end or have become usable.")
                        _fail_with(jobs)
                        pause = PAUSE_SECONDS_MIN
                        await _wait(stopping, every_seconds)
        except Refusal as refusal:
            if not started or not refusal.retryable:
                raise
            tell(f"{refusal.detail} Next attempt in {pause:g} s.")
            await _wait(stopping, pause)
            pause = min(PAUSE_SECONDS_MAX, 2 * pause)


def find_jobs(package: ModuleType) -> list[spine.Job]:
    """Find the jobs of every feature: `JOBS` in its `jobs.py`, where it has one."""
    return [job for plug in find_plugs(package, "jobs").values() for job in plug.JOBS]


async def keep_at(job: spine.Job, place: spine.Workplace, tell: Tell) -> None:
    """Do a job round after round until told to stop. What may go better later is tried again; a bug ends it."""
    pause = PAUSE_SECONDS_MIN
    while not place.stopping.is_set():
        try:
            count = await job.run(place)
        except Refusal as refusal:
            if not refusal.retryable:
                raise
            tell(f"{job.name}: {refusal.detail} It is tried again in {pause:g} s.")
            await _wait(place.stopping, pause)
            pause = min(PAUSE_SECONDS_MAX, 2 * pause)
            continue
        pause = PAUSE_SECONDS_MIN
        if count and job.says:
            tell(job.says.format(count=count))
        if not count:
            await _wait(place.stopping, job.pause_seconds)


@asynccontextmanager
async def _beside(
    jobs: Sequence[spine.Job], place: spine.Workplace, tell: Tell
) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Keep jobs going for the length of the block. When it ends well, they finish what is under way."""
    tasks = [asyncio.create_task(keep_at(job, place, tell), name=job.name) for job in jobs]
    try:
        yield tasks
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        # Each is waited for; how it ended is told by whoever asked for its result.
        await asyncio.gather(*tasks, return_exceptions=True)


def _fail_with(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Raise what ended a job: it was not told to."""
    for task in tasks:
        if task.done():
            task.result()


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until we are told to stop."""
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([waiting], timeout=seconds)
    finally:
        waiting.cancel()

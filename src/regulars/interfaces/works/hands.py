"""Who does long work: the worker, round after round; and a child of the server, for as long as something waits."""

import asyncio
import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Final

from regulars.base.settings import Settings
from regulars.features.daybook.jobs import gather_new
from regulars.features.tasks import run_next
from regulars.interfaces.cli.opening import open_house, run
from regulars.interfaces.works import find_works
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "Hands", "do_waiting"]

END_SECONDS_MAX: Final = 10
NICENESS: Final = 10
REST_SECONDS: Final = 30
"""A child takes a second of a core to start: it is not done for every look at a page."""


async def do_waiting(place: Workplace) -> int:
    """Do the task that has waited longest; gives 1, or 0 where there is none."""
    return await run_next(place, find_works(), now=_now)


def _now() -> datetime:
    """The world's time: whoever died is missed by it, and not by a sandbox's clock."""
    return datetime.now(UTC)


JOBS: Final = (Job(name="tasks.do", run=do_waiting, pause_seconds=2, says="Did {count} task."),)


class Hands:
    """A child process of the server that does what waits, and ends. Not a value: it holds the child.

    A server alone can so do what people ask for, without being slower for those whom it serves. Where workers run, too,
    one of them or the child takes up a task: whoever is first.
    """

    __slots__ = ("began", "child", "settings")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.child: BaseProcess | None = None
        self.began = float("-inf")

    def wake(self, *, is_asked: bool = True) -> None:
        """See that somebody does what waits. It returns at once.

        What nobody asked for, such as sums that are behind, wakes nobody who has just looked.
        """
        now = time.monotonic()
        if self.child is not None and self.child.is_alive():
            return
        if not is_asked and now < self.began + REST_SECONDS:
            return
        self.began = now
        # A fresh interpreter: a fork would copy locks and connections in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self.child = context.Process(target=work_off, args=(self.settings,), name="regulars-hands")
        self.child.start()

    def stop(self) -> None:
        """Let go: what is being done is put back, for whoever comes next."""
        if self.child is None:
            return
        self.child.terminate()
        self.child.join(END_SECONDS_MAX)
        if self.child.is_alive():
            self.child.kill()
            self.child.join()
        self.child = None


def work_off(settings: Settings) -> None:
    """Do what waits, in a process of its own, until nothing does. Whoever is served meanwhile comes first."""
    os.nice(NICENESS)
    run(_work_off(settings))


async def _work_off(settings: Settings) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with open_house(settings) as (database, house):
        place = Workplace(database=database, house=house, settings=settings, stopping=stopping)
        # What is asked for, then what a page shows: where no worker runs, nobody else keeps that up.
        while not stopping.is_set() and (await do_waiting(place) or await gather_new(place)):
            pass

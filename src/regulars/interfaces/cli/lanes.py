"""A feed replayed by several processes at once, each with members of its own: the fold of one takes a whole core."""

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from regulars.base.errors import Refusal
from regulars.base.settings import Settings
from regulars.interfaces.cli.console import Advance
from regulars.interfaces.cli.feed import Feed
from regulars.interfaces.cli.memory import read_peak_mb
from regulars.interfaces.cli.opening import open_house, run
from regulars.interfaces.cli.recording import BATCH_SIZE, Tally, replay

__all__ = ["LaneBroken", "Load", "replay_in_lanes"]

Load = Callable[[int, int], Feed]
"""(lane, how many): the part of a feed whose members no other lane has, in time order. Called in the lane's process."""
PAUSE_SECONDS: Final = 0.1


class LaneBroken(RuntimeError):
    """A lane's process ended before its part was done: a bug, or somebody stopped it. What it recorded stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a lane tells of itself after each batch."""

    read: int
    tally: Tally
    rss_mb: int
    refusal: Refusal | None = None
    """Why the lane stopped before its end."""
    is_done: bool = False


@dataclass(slots=True, kw_only=True)
class Lane:
    """A lane as the parent sees it."""

    process: BaseProcess
    heard: Connection
    last: Told


async def replay_in_lanes(
    settings: Settings, load: Load, tally: Tally, advance: Advance, *, lanes: int, size: int = BATCH_SIZE
) -> Sequence[int]:
    """Record a feed in processes of their own; gives the most memory that each took, in MB.

    `tally` adds up what all lanes tell. Each lane is in time order, but none waits for another: who gets the last
    points of a budget may change from one run to the next. Raises what a lane was refused, or LaneBroken.
    """
    began = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    running: list[Lane] = []
    try:
        for number in range(lanes):
            heard, told = context.Pipe(duplex=False)
            process = context.Process(
                target=_run_lane, args=(settings, partial(load, number, lanes), size, told), daemon=True
            )
            process.start()
            # The lane has its own end of it; with ours closed, its death is heard.
            told.close()
            running.append(Lane(process=process, heard=heard, last=Told(read=0, tally=Tally(), rss_mb=0)))
        while not all(lane.last.is_done for lane in running):
            await asyncio.sleep(PAUSE_SECONDS)
            for lane in running:
                _listen(lane)
            _add_up(tally, [lane.last.tally for lane in running])
            tally.seconds = time.perf_counter() - began
            advance(sum(lane.last.read for lane in running), tally.total)
    finally:
        for lane in running:
            lane.process.terminate()
            lane.process.join()
            lane.heard.close()
    return [lane.last.rss_mb for lane in running]


def _listen(lane: Lane) -> None:
    """Take in what a lane has told since the last look."""
    try:
        while not lane.last.is_done and lane.heard.poll():
            lane.last = lane.heard.recv()
            if lane.last.refusal is not None:
                raise lane.last.refusal
    except EOFError:
        message = "A process of the replay ended too early. Run it again: what is recorded stays recorded."
        raise LaneBroken(message) from None


def _add_up(whole: Tally, parts: Sequence[Tally]) -> None:
    whole.recorded = sum(part.recorded for part in parts)
    whole.repeated = sum(part.repeated for part in parts)
    whole.refused = sum(part.refused for part in parts)
    whole.first_refused = [broken for part in parts for broken in part.first_refused]
    whole.reading_seconds = sum(part.reading_seconds for part in parts)
    whole.thinking_seconds = sum(part.thinking_seconds for part in parts)
    whole.waiting_seconds = sum(part.waiting_seconds for part in parts)


def _run_lane(settings: Settings, load: Callable[[], Feed], size: int, told: Connection) -> None:
    """Replay one lane's part, in a process of its own. Ctrl-C is the parent's to hear: it ends the lanes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tally, last = Tally(), 0

    def tell(read: int, _made: int) -> None:
        nonlocal last
        last = read
        told.send(Told(read=read, tally=tally, rss_mb=read_peak_mb()))

    async def work() -> None:
        async with open_house(settings) as (database, house):
            await replay(database, house, load(), tally, tell, size=size)

    refusal: Refusal | None = None
    try:
        run(work())
    except Refusal as refused:
        refusal = refused
    told.send(Told(read=last, tally=tally, rss_mb=read_peak_mb(), refusal=refusal, is_done=True))

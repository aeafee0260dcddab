"""A feed sent down the one path, batch by batch in time order: what came of it, and where the time went."""

import asyncio
import gc
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import Advance
from regulars.interfaces.cli.feed import Batch, Broken, Feed
from regulars.kernel import spine

__all__ = ["BATCH_SIZE", "Tally", "replay"]

BATCH_SIZE: Final = 1_500
"""Activities in one transaction: the more of a member's meet in one, the fewer accounts are read and written, and the
less often the disk is waited for. From here on memory grows more than the rate."""
REFUSED_SHOWN_MAX: Final = 20
GC_THRESHOLD: Final = 50_000
"""New containers between two looks for cycles: what a batch makes is freed by its end, cycles or not."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the activities so far. Counts; seconds of wall time, or of CPU where it says so.

    Where several processes share the work, what is seconds of one of them is added up, and `seconds` is the whole.
    """

    recorded: int = 0
    repeated: int = 0
    refused: int = 0
    first_refused: list[Broken] = field(default_factory=list[Broken])
    seconds: float = 0
    reading_seconds: float = 0
    """Reading the source and building activities: CPU of the thread that does it while the database works."""
    thinking_seconds: float = 0
    """Resolving, folding, and putting rows together: our CPU, reading left out."""
    waiting_seconds: float = 0
    """What is left: waiting for PostgreSQL to read, write and commit, and for a free core."""

    @property
    def total(self) -> int:
        """How many activities were dealt with."""
        return self.recorded + self.repeated + self.refused

    @property
    def rate(self) -> int:
        """Activities per second."""
        return round(self.total / self.seconds) if self.seconds else 0

    def refuse(self, line: int, refusal: Refusal) -> None:
        """Count a refusal; the first ones are kept with their line."""
        self.refused += 1
        if len(self.first_refused) < REFUSED_SHOWN_MAX:
            self.first_refused.append(Broken(line=line, refusal=refusal))


async def replay(
    database: Database,
    house: spine.House,
    feed: Feed,
    tally: Tally,
    advance: Advance,
    *,
    size: int = BATCH_SIZE,
) -> None:
    """Record a whole feed; each activity happens at its own `occurred_at`. `tally` is true at every moment.

    The next batch is read, in a thread of its own, while PostgreSQL works on this one. What was recorded before is
    found by its key and changes nothing, so a replay that was cut short is run again from the start.
    """
    began, thought = time.perf_counter(), time.thread_time()
    batches = feed.batches(size)
    with _collecting_less():
        reading = asyncio.create_task(asyncio.to_thread(_take, batches, tally))
        try:
            while (batch := await reading) is not None:
                reading = asyncio.create_task(asyncio.to_thread(_take, batches, tally))
                await _record(database, house, batch, tally)
                tally.seconds = time.perf_counter() - began
                tally.thinking_seconds = time.thread_time() - thought
                tally.waiting_seconds = max(0, tally.seconds - tally.thinking_seconds)
                advance(batch.read, tally.total)
        finally:
            # Where recording failed, what was read ahead goes with it.
            reading.cancel()


def _take(batches: Iterator[Batch], tally: Tally) -> Batch | None:
    began = time.thread_time()
    batch = next(batches, None)
    tally.reading_seconds += time.thread_time() - began
    return batch


async def _record(database: Database, house: spine.House, batch: Batch, tally: Tally) -> None:
    for broken in batch.broken:
        tally.refuse(broken.line, broken.refusal)
    if not batch.facts:
        return
    outcomes = await spine.record(database, house, batch.facts, replay=True)
    for line, outcome in zip(batch.lines, outcomes, strict=True):
        if outcome.refusal is not None:
            tally.refuse(line, outcome.refusal)
        elif outcome.repeated:
            tally.repeated += 1
        else:
            tally.recorded += 1


@contextmanager
def _collecting_less() -> Generator[None]:
    """Look for garbage cycles more rarely: by default it costs a tenth of the time and finds nothing."""
    before = gc.get_threshold()
    gc.set_threshold(GC_THRESHOLD, before[1], before[2])
    try:
        yield
    finally:
        gc.set_threshold(*before)

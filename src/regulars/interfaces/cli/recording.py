"""A feed sent down the one path, batch by batch in time order: what came of it, and where the time went."""

import asyncio
import gc
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID
from zlib import crc32

from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import Advance
from regulars.interfaces.cli.feed import Batch, Broken, Feed
from regulars.kernel import spine

__all__ = ["BATCH_SIZE", "Tally", "replay"]

BATCH_SIZE: Final = 500
"""Activities in one transaction: measured, a replay is fastest from 500 on, and memory grows from there."""
REFUSED_SHOWN_MAX: Final = 20
GC_THRESHOLD: Final = 50_000
"""New containers between two looks for cycles: what a batch makes is freed by its end, cycles or not."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the activities so far. Counts; seconds of wall time, but for `thinking_seconds` of CPU."""

    recorded: int = 0
    repeated: int = 0
    refused: int = 0
    first_refused: list[Broken] = field(default_factory=list[Broken])
    seconds: float = 0
    reading_seconds: float = 0
    """Reading the source and building activities: CPU of the thread that does it while the database works."""
    thinking_seconds: float = 0
    """Resolving, folding, and putting rows together: our CPU, reading left out."""

    @property
    def total(self) -> int:
        """How many activities were dealt with."""
        return self.recorded + self.repeated + self.refused

    @property
    def waiting_seconds(self) -> float:
        """What is left: waiting for PostgreSQL to read, write and commit."""
        return max(0, self.seconds - self.thinking_seconds)

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
    lanes: int = 1,
) -> None:
    """Record a whole feed; each activity happens at its own `occurred_at`. `tally` is true at every moment.

    The next batch is read while PostgreSQL works on this one. What was recorded before is found by its key and
    changes nothing, so a replay that was cut short is run again from the start.

    With several `lanes`, members are dealt out among them, each lane in time order: while PostgreSQL works for one,
    the fold works for another. Only where no two references mean one member; and who gets the last points of a
    budget may then change from one run to the next.
    """
    began, thought = time.perf_counter(), time.thread_time()
    read = 0

    async def follow(queue: asyncio.Queue[Batch | None]) -> None:
        nonlocal read
        while (batch := await queue.get()) is not None:
            await _record(database, house, batch, tally)
            tally.seconds = time.perf_counter() - began
            tally.thinking_seconds = time.thread_time() - thought
            read += batch.read
            advance(read, tally.total)

    queues = [asyncio.Queue[Batch | None](maxsize=1) for _ in range(lanes)]
    with _collecting_less():
        try:
            async with asyncio.TaskGroup() as group:
                for queue in queues:
                    group.create_task(follow(queue))
                trouble = await _deal(feed.batches(size * lanes), queues, tally)
        except BaseExceptionGroup as failed:
            # The first is what happened; the others are what stopping made of it.
            raise failed.exceptions[0] from None
    if trouble is not None:
        raise trouble


async def _deal(
    batches: Iterator[Batch], queues: Sequence[asyncio.Queue[Batch | None]], tally: Tally
) -> Refusal | None:
    """Read on in a thread of its own, and give each lane its members' activities.

    Gives what the feed refused to read on for, when all before it is on its way: that is still recorded.
    """
    before = 0
    trouble: Refusal | None = None
    try:
        while (batch := await asyncio.to_thread(_take, batches, tally)) is not None:
            for queue, part in zip(queues, _split(batch, len(queues), batch.read - before), strict=True):
                await queue.put(part)
            before = batch.read
    except Refusal as refusal:
        trouble = refusal
    for queue in queues:
        await queue.put(None)
    return trouble


def _split(batch: Batch, lanes: int, read: int) -> list[Batch]:
    """Deal out a batch by member. Here `read` is what this batch alone adds."""
    if lanes == 1:
        return [replace(batch, read=read)]
    chosen: list[list[int]] = [[] for _ in range(lanes)]
    for place, fact in enumerate(batch.facts):
        member = fact.member
        name = member.bytes if isinstance(member, UUID) else member.value.encode()
        chosen[crc32(name) % lanes].append(place)
    return [
        Batch(
            facts=[batch.facts[place] for place in places],
            lines=[batch.lines[place] for place in places],
            broken=() if lane else batch.broken,
            read=0 if lane else read,
        )
        for lane, places in enumerate(chosen)
    ]


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

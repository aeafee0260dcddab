"""Take up a task and see it through: its progress is written down, it is stopped when it is cancelled."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.features.tasks.model import RUNS_MAX, Bench, File, Task, Work, WorkUnfinished
from regulars.features.tasks.start import keep_file, open_file
from regulars.features.tasks.store import beat, end_task, put_back, take_task
from regulars.kernel.spine import Workplace

__all__ = ["run_next"]

BEAT_SECONDS: Final = 1.0
LOGGER: Final = logging.getLogger("regulars.tasks")


@dataclass(slots=True, kw_only=True)
class _Progress:
    done: int = 0
    total: int = 0

    def tell(self, done: int, total: int) -> None:
        self.done, self.total = max(0, done), max(0, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A task at work, and what is known of it."""

    place: Workplace
    task: Task
    now: Callable[[], datetime]
    progress: _Progress = field(default_factory=_Progress)

    async def beat(self) -> bool | None:
        told = (self.progress.done, self.progress.total)
        return await self.place.database.run(lambda tx: beat(tx, self.task, told, at=self.now()))


async def run_next(place: Workplace, works: Mapping[str, Work], *, now: Callable[[], datetime]) -> int:
    """Do the task that has waited longest; gives 1, or 0 where none waits or somebody works on another.

    Told to stop, the task is put back for whoever comes next. `now` is the world's time.
    """
    task = await place.database.run(lambda tx: take_task(tx, list(works), at=now()))
    if task is None:
        return 0
    watched = _Watched(place=place, task=task, now=now)
    if task.is_stopping:
        await _end(watched, lambda tx: end_task(tx, task, "cancelled", at=now()))
    elif task.runs > RUNS_MAX:
        why = (WorkUnfinished.code, "Whatever worked on it died each time. The log of the worker says more.")
        await _end(watched, lambda tx: end_task(tx, task, "failed", at=now(), why=why))
    else:
        await _see_through(watched, works[task.kind])
    return 1


async def _see_through(watched: _Watched, work: Work) -> None:
    doing = asyncio.create_task(_do(watched, work))
    stopping = asyncio.create_task(watched.place.stopping.wait())
    try:
        while True:
            await asyncio.wait([doing, stopping], timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                break
            told = await watched.beat()
            if told is None:
                # Another took it up, for we were too slow to say that we live. It is theirs.
                return
            if told or stopping.done():
                await _stop(doing)
                break
    finally:
        stopping.cancel()
        await _stop(doing)
    await _conclude(watched, doing)


async def _stop(doing: asyncio.Task[bytes]) -> None:
    doing.cancel()
    await asyncio.wait([doing])


async def _conclude(watched: _Watched, doing: asyncio.Task[bytes]) -> None:
    task, now = watched.task, watched.now
    if doing.cancelled():
        if watched.place.stopping.is_set():
            await watched.place.database.run(lambda tx: put_back(tx, task))
        else:
            await _end(watched, lambda tx: end_task(tx, task, "cancelled", at=now()))
        return
    problem = doing.exception()
    if problem is None:
        await watched.beat()
        result = doing.result()
        await _end(watched, lambda tx: end_task(tx, task, "done", at=now(), result=result))
    elif isinstance(problem, Refusal):
        why = (problem.code, problem.detail)
        await _end(watched, lambda tx: end_task(tx, task, "failed", at=now(), why=why))
    else:
        # A bug in one kind of work is no reason for the worker to do nothing else any more.
        LOGGER.error("a task broke", exc_info=problem, extra={"facts": {"task": str(task.id), "kind": task.kind}})
        why = ("internal", "Something went wrong on our side; the log of the worker has it under the task's id.")
        await _end(watched, lambda tx: end_task(tx, task, "failed", at=now(), why=why))


async def _end(watched: _Watched, write: "Callable[[Tx], object]") -> None:
    await watched.place.database.run(write)  # pyright: ignore[reportArgumentType] - each gives an awaitable


async def _do(watched: _Watched, work: Work) -> bytes:
    place, task = watched.place, watched.task

    async def read_file(name: str) -> bytes:
        async with place.database.snapshot() as read:
            return await open_file(read, place.house.keyring, task.id, name)

    async def keep(file: File) -> None:
        at = watched.now()
        await place.database.run(lambda tx: keep_file(tx, place.house.keyring, task.id, file, at=at))

    bench = Bench(
        database=place.database,
        house=place.house,
        settings=place.settings,
        task=task,
        tell=watched.progress.tell,
        read_file=read_file,
        keep_file=keep,
    )
    return msgspec.json.encode(await work.run(bench))

"""Several processes that answer at one address: one leads, and keeps the others alive and the database running."""

import asyncio
import functools
import multiprocessing
import os
import signal
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Protocol

import uvloop
from prometheus_client.multiprocess import mark_process_dead  # pyright: ignore[reportUnknownVariableType] - it says nothing of its types

from regulars.base.db import Database
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.interfaces.http.fellows import Fellows, share
from regulars.interfaces.http.log import LOGGER, write_log
from regulars.interfaces.http.serve import (
    DRAIN_SECONDS_MAX,
    Server,
    address_of,
    build_house,
    collect_less,
    configure,
    list_warnings,
    note_nurse,
    open_socket,
)

__all__ = ["serve_together"]

COUNTS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""By this name the counters find the folder that they share; their library takes it from nowhere else."""
PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
WELL_SECONDS: Final = 60.0
"""A worker that lived so long died of something new."""
END_SECONDS_MAX: Final = DRAIN_SECONDS_MAX + 10


class _Wire(Protocol):
    """One end of a pipe."""

    def fileno(self) -> int: ...
    def recv(self) -> Any: ...  # noqa: ANN401 - whatever the other end sent
    def send(self, obj: Any, /) -> None: ...  # noqa: ANN401 - whatever can be pickled
    def close(self) -> None: ...


def serve_together(
    settings: Settings,
    *,
    workers: int,
    tell: Callable[[str], None] | None = None,
    greet: Callable[[Database, Settings], Awaitable[None]] | None = None,
) -> None:
    """Serve with several processes until SIGTERM or SIGINT, as `serve` does with one.

    `tell` is called once all of them are ready. Raises PortInUse, or what the database refuses.
    """
    assert workers > 1
    write_log()
    with (
        open_socket(settings.host, settings.port) as listening,
        tempfile.TemporaryDirectory(prefix="regulars-counts-") as counts,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        # For those who are started from here; this process counts nothing.
        os.putenv(COUNTS_VARIABLE, counts)
        try:
            runner.run(_lead(settings, listening, Path(counts), workers=workers, tell=tell, greet=greet))
        finally:
            os.unsetenv(COUNTS_VARIABLE)


async def _lead(
    settings: Settings,
    listening: socket.socket,
    counts: Path,
    *,
    workers: int,
    tell: Callable[[str], None] | None,
    greet: Callable[[Database, Settings], Awaitable[None]] | None,
) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    crew = _Crew(settings=share(settings, workers), listening=listening, counts=counts, size=workers, stopping=stopping)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, crew.stop)
    async with open_database(settings, nurse=note_nurse) as database:
        for what, told in (await list_warnings(settings, database)).items():
            LOGGER.warning(what, extra={"facts": {"told": told}})
        try:
            await crew.begin()
            if not stopping.is_set():
                if tell is not None:
                    tell(address_of(listening))
                if greet is not None:
                    await greet(database, settings)
            await stopping.wait()
        finally:
            await crew.end()


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    """One process, and what is known of it."""

    number: int
    process: BaseProcess
    wire: _Wire
    began: float
    is_ready: bool = False


@dataclass(slots=True, kw_only=True)
class _Crew:
    """The workers. Whoever dies is replaced: at once, and after ever longer pauses when it happens again and again."""

    settings: Settings
    listening: socket.socket
    counts: Path
    size: int
    stopping: asyncio.Event
    _context: SpawnContext = field(default_factory=lambda: multiprocessing.get_context("spawn"))
    _workers: dict[int, _Worker] = field(default_factory=dict[int, _Worker])
    _pauses: dict[int, float] = field(default_factory=dict[int, float])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self) -> None:
        """Start all, and wait until all are ready, or somebody says stop."""
        for number in range(1, self.size + 1):
            self._start(number)
        while self._count_ready() < self.size and not self.stopping.is_set():
            self._changed.clear()
            await self._changed.wait()

    def stop(self) -> None:
        """Pass on that it is over: what was asked is answered; told twice, all stop at once."""
        self.stopping.set()
        self._changed.set()
        for worker in self._workers.values():
            worker.process.terminate()

    async def end(self) -> None:
        """Wait until all have ended; who takes too long is ended."""
        self.stop()
        late = time.monotonic() + END_SECONDS_MAX
        while self._workers:
            self._changed.clear()
            try:
                async with asyncio.timeout(max(0.0, late - time.monotonic())):
                    await self._changed.wait()
            except TimeoutError:
                LOGGER.warning("workers took too long to end", extra={"facts": {"workers": sorted(self._workers)}})
                for worker in self._workers.values():
                    worker.process.kill()
                late = time.monotonic() + END_SECONDS_MAX

    def _start(self, number: int) -> None:
        """Start the worker of a number, unless it is over."""
        if self.stopping.is_set():
            return
        ours, theirs = self._context.Pipe()
        fellows = Fellows(of=self.size, counts=self.counts)
        process = self._context.Process(
            target=_work, args=(self.settings, self.listening, theirs, fellows), name=f"regulars-{number}"
        )
        process.start()
        # The worker has its own end of it: with ours closed there, each hears that the other is gone.
        theirs.close()
        worker = _Worker(number=number, process=process, wire=ours, began=time.monotonic())
        self._workers[number] = worker
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, worker)

    def _hear(self, worker: _Worker) -> None:
        """Hear from a worker that it is ready, or that it is no more."""
        try:
            worker.wire.recv()
        except (EOFError, OSError):
            # The pipe's end is how the end of the process is heard.
            self._bury(worker)
        else:
            worker.is_ready = True
        self._changed.set()
        self._tell_ready()

    def _bury(self, worker: _Worker) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(worker.wire.fileno())
        worker.wire.close()
        worker.process.join()
        del self._workers[worker.number]
        mark_process_dead(worker.process.pid, str(self.counts))
        if self.stopping.is_set():
            return
        if time.monotonic() - worker.began > WELL_SECONDS:
            self._pauses.pop(worker.number, None)
        pause = self._pauses.get(worker.number, 0.0)
        self._pauses[worker.number] = min(PAUSE_SECONDS_MAX, max(PAUSE_SECONDS_MIN, pause * 2))
        facts = {"worker": worker.number, "status": worker.process.exitcode, "again_in_seconds": pause}
        LOGGER.warning("a worker died", extra={"facts": facts})
        loop.call_later(pause, self._start, worker.number)

    def _count_ready(self) -> int:
        return sum(worker.is_ready for worker in self._workers.values())

    def _tell_ready(self) -> None:
        """Tell all workers how many are ready, for whoever asks one of them."""
        ready = self._count_ready()
        for worker in self._workers.values():
            try:
                worker.wire.send(ready)
            except OSError:
                # It has just ended, which is heard next.
                continue


def _work(settings: Settings, listening: socket.socket, wire: _Wire, fellows: Fellows) -> None:
    """Answer requests, in a process of its own, until the first process says stop or is gone."""
    # Ctrl-C is heard by all that run in a terminal, and is the first process's to pass on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_log()
    collect_less()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_answer(settings, listening, wire, fellows))


async def _answer(settings: Settings, listening: socket.socket, wire: _Wire, fellows: Fellows) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    async with open_database(settings) as database:
        made = app(settings, database, build_house(settings), metrics_open=settings.metrics_open, fellows=fellows)
        server = Server(configure(made))
        server.when_started = functools.partial(wire.send, "ready")
        loop.add_signal_handler(signal.SIGTERM, server.stop)

        def hear() -> None:
            try:
                fellows.ready = int(wire.recv())
            except (EOFError, OSError):
                # The first process is gone without a word: nobody would stop this one.
                loop.remove_reader(wire.fileno())
                server.stop()

        loop.add_reader(wire.fileno(), hear)
        if not stopping.is_set():
            await server.serve(sockets=[listening])

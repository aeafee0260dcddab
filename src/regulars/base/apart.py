"""Work done apart, in processes of our own: each tells how far it is, and ends with an answer or a refusal."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, Final, Protocol, TypeVar

from regulars.base.errors import Refusal

__all__ = ["Tell", "WorkBroken", "run_apart"]

T = TypeVar("T")
Tell = Callable[[Any], None]
"""Tells the parent how far the work is: anything that can be pickled."""
PAUSE_SECONDS: Final = 0.1


class WorkBroken(RuntimeError):
    """A process ended without an answer: a bug, which it has printed, or somebody stopped it."""


class _Wire(Protocol):
    """One end of a pipe."""

    def poll(self) -> bool: ...
    def recv(self) -> Any: ...  # noqa: ANN401 - whatever the other end sent
    def send(self, obj: Any, /) -> None: ...  # noqa: ANN401 - whatever can be pickled
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    answer: Any = None
    refusal: Refusal | None = None


@dataclass(slots=True, kw_only=True)
class _Running:
    process: BaseProcess
    heard: _Wire
    last: Any = None
    ended: _Ended | None = None

    def listen(self) -> bool:
        """Take in what was told since the last look; says whether there was anything."""
        news = False
        try:
            while self.ended is None and self.heard.poll():
                told = self.heard.recv()
                news = True
                if isinstance(told, _Ended):
                    self.ended = told
                else:
                    self.last = told
        except EOFError:
            message = "A process that shared the work ended too early."
            raise WorkBroken(message) from None
        if self.ended is not None and self.ended.refusal is not None:
            raise self.ended.refusal
        return news


async def run_apart(works: Sequence[Callable[[Tell], T]], notice: Callable[[Sequence[Any]], None]) -> list[T]:
    """Do each work in a process of its own, and give their answers in order.

    A work is called with a function that tells how far it is; `notice` gets the last that each has told (None: nothing
    yet). Works and answers must be picklable. All processes end with this call, however it ends. Raises the refusal of
    the first that was refused, or WorkBroken.
    """
    # A fresh interpreter each: a fork would copy locks and connections in whatever state they are.
    context = multiprocessing.get_context("spawn")
    running: list[_Running] = []
    try:
        for work in works:
            ours, told = context.Pipe(duplex=False)
            process = context.Process(target=_do, args=(work, told), daemon=True)
            process.start()
            # The process has its own end of it; with ours closed, its death is heard.
            told.close()
            running.append(_Running(process=process, heard=ours))
        while any(each.ended is None for each in running):
            await asyncio.sleep(PAUSE_SECONDS)
            heard = [each.listen() for each in running]
            if any(heard):
                notice([each.last for each in running])
    finally:
        for each in running:
            each.process.terminate()
            each.process.join()
            each.heard.close()
    return [each.ended.answer for each in running if each.ended is not None]


def _do(work: Callable[[Tell], Any], told: _Wire) -> None:
    # Ctrl-C is the parent's to hear: it ends its processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ended = _Ended(answer=work(told.send))
    except Refusal as refusal:
        ended = _Ended(refusal=refusal)
    told.send(ended)

"""Do something in a process of its own that has everything loaded, and hear what it says."""

import gc
import os
import select
import signal
from collections.abc import Callable, Sequence
from typing import Final

import pytest

__all__ = ["NO_ANSWER", "TOO_SLOW", "ask_apart", "run_items"]

TOO_SLOW: Final = "too slow"
NO_ANSWER: Final = "no answer"


def ask_apart(work: Callable[[], str], seconds_max: float | None, *, silent: bool = True) -> str:
    """Do it in a fork; TOO_SLOW when it does not end in time, NO_ANSWER when it dies. Whatever it started dies too."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        said = NO_ANSWER
        # To look for garbage would copy every page that is shared with the parent.
        gc.freeze()
        gc.disable()
        try:
            if silent:
                silence()
            said = work()
        finally:
            os.write(writing, said.encode())
            # Not one step further into what the parent was about to do.
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], seconds_max)
    said = os.read(reading, 1 << 16).decode() if ready else TOO_SLOW
    os.close(reading)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return said


def silence() -> None:
    """Let tests say what they like, to nobody."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


class Failed(Exception):
    """A test failed: no other need be asked."""


class Watch:
    """Sees tests fail."""

    def __init__(self, *, stops: bool) -> None:
        self.stops = stops
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the first."""
        if report.failed:
            self.failed = self.failed or report.nodeid
            if self.stops:
                raise Failed


def run_items(items: Sequence[pytest.Item], *, stops: bool = True) -> str:
    """Run tests in order up to the first that fails: its name is the answer, "" when none does.

    Where it does not stop there, everything is left tidy for further tests.
    """
    plugins = items[0].config.pluginmanager
    # Nobody reads its dots.
    plugins.unregister(name="terminalreporter")
    watch = Watch(stops=stops)
    plugins.register(watch)
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    except Failed:
        return watch.failed
    finally:
        plugins.unregister(watch)
    return watch.failed

"""How commands speak: to a terminal with colour and moving bars, to a pipe in plain lines, to a machine in JSON."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["format_count", "format_duration", "listen", "print_json", "say", "speak", "watch"]

PIPE_WIDTH: Final = 120
"""Columns where there is no terminal to ask."""
PLAIN_SECONDS: Final = 10
"""How often progress is told where a bar cannot be redrawn."""

Advance = Callable[[int, int], None]
"""Tell how much has been read and how many activities that came to."""


def speak() -> Console:
    """Give the way to stdout: what was asked for."""
    return _console(stderr=False)


def say() -> Console:
    """Give the way to stderr: what is going on, and what went wrong."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, highlight=False, emoji=False, markup=False, no_color=True, width=PIPE_WIDTH)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever msgspec encodes
    """Print a value as indented JSON."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    speak().print(text, soft_wrap=True)


def listen() -> bool:
    """Whether a person at a terminal reads along."""
    return say().is_terminal


def format_count(count: int) -> str:
    """Write a whole number with its thousands apart."""
    return f"{count:,}"


def format_duration(seconds: float) -> str:
    """Write a time as people say it: 0.4 s, 38 s, 2 min 5 s."""
    if seconds < 10:  # noqa: PLR2004 - from here on tenths tell nothing
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def watch(title: str, total: int, unit: str) -> Generator[Advance]:
    """Show on stderr how far work has come, how fast it is and how long it will take."""
    if listen():
        with _bar(unit) as bar:
            task = bar.add_task(title, total=total, rate="")
            began = time.perf_counter()

            def advance(read: int, made: int) -> None:
                rate = round(made / max(0.001, time.perf_counter() - began))
                bar.update(task, completed=read, rate=f"{format_count(rate)}/s")

            yield advance
        return
    yield _plain(title, total)


def _bar(unit: str) -> Progress:
    count = "{task.percentage:>3.0f} %" if unit == "bytes" else "{task.completed:,.0f} of {task.total:,.0f} " + unit
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(text_format=count),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=say(),
        refresh_per_second=4,
    )


def _plain(title: str, total: int) -> Advance:
    console = say()
    began = told = time.perf_counter()

    def advance(read: int, made: int) -> None:
        nonlocal told
        now = time.perf_counter()
        if now - told < PLAIN_SECONDS or not read:
            return
        told = now
        left = (now - began) * (total - read) / read
        rate = format_count(round(made / (now - began)))
        console.print(f"{title}: {100 * read // total} %, {rate}/s, {format_duration(left)} left")

    return advance

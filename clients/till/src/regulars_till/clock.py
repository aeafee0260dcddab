"""The till's clock, and how far it is from the server's."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Callable

__all__ = ["Clock", "read_moment", "read_wall", "write_moment"]

TRUSTED = timedelta(seconds=3)
"""The Date of an answer is a whole second and some way old: below this a clock is right."""


def read_wall() -> datetime:
    """Read the clock of this machine."""
    return datetime.now(tz=timezone.utc)


class Clock:
    """Gives the server's time as well as it is known: the machine's clock, and what it was seen to be off."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall
        self._guard = threading.Lock()
        self._off = timedelta()

    @property
    def off_seconds(self) -> int:
        """How far the machine's clock is ahead of the server's; below zero: behind. 0 while it is not known."""
        with self._guard:
            return round(self._off.total_seconds())

    def now(self) -> datetime:
        """Tell the time, put right."""
        with self._guard:
            return self._wall() - self._off

    def learn(self, date: datetime, took_seconds: float) -> None:
        """Compare with the Date of an answer that has just arrived, `took_seconds` after it was asked for."""
        with self._guard:
            ahead = self._wall() - timedelta(seconds=took_seconds / 2) - (date + timedelta(seconds=0.5))
            trusted = TRUSTED + timedelta(seconds=took_seconds)
            self._off = ahead if abs(ahead) > trusted else timedelta()


def write_moment(moment: datetime) -> str:
    """Write a moment as the server reads it."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(text: str) -> datetime:
    """Read a moment; raises ValueError when it is none, or has no offset."""
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say its offset from UTC")
    return moment

"""A breaker: after failures in a row nobody waits for the server any more, but for a probe now and then."""

from __future__ import annotations

from collections import deque
from typing import Callable

__all__ = ["Breaker"]

FAILURES = 5
WITHIN_SECONDS = 10.0
PROBE_SECONDS = 5.0
JITTER = 0.4
"""Tills that lost the server together do not all come back in the same moment: a probe is up to so much later."""


class Breaker:
    """Closed, calls pass; open, one passes every five seconds or so; it closes with the first that is answered.

    `chance` gives a number from 0 to 1. Times are of a clock that only runs forward.
    """

    def __init__(self, *, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failed: deque[float] = deque(maxlen=FAILURES)
        self._probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._probe_at is not None

    def permit(self, now: float) -> bool:
        """Tell whether a call may pass now. When open, the one that passes is the probe."""
        if self._probe_at is None:
            return True
        if now < self._probe_at:
            return False
        self._wait(now)
        return True

    def note_answer(self) -> None:
        """The server answered: calls pass."""
        self._failed.clear()
        self._probe_at = None

    def note_failure(self, now: float) -> None:
        """Nobody answered, or nobody could."""
        self._failed.append(now)
        many = len(self._failed) == FAILURES and now - self._failed[0] <= WITHIN_SECONDS
        if self.is_open or many:
            self._wait(now)

    def _wait(self, now: float) -> None:
        self._probe_at = now + PROBE_SECONDS * (1 + JITTER * self._chance())

"""How fast callers may go: a bucket each, in the memory of the process, and what they are told of it."""

import time
from collections.abc import Callable
from typing import Any, Final

from regulars.base.errors import Refusal

__all__ = ["BURNS_AT_ONCE", "BURNS_PER_SECOND", "Pace", "RateLimited"]

BURNS_PER_SECOND: Final = 10
BURNS_AT_ONCE: Final = 20
CALLERS_MAX: Final = 20_000


class RateLimited(Refusal):
    """More is asked in a short time than is answered."""

    code, kind, retryable = "rate_limited", "limited", True


class Pace:
    """Buckets that fill by time: `rate` a second, `most` at once, one for each name."""

    def __init__(self, *, rate: int, most: int, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.most = most
        self._elapsed = elapsed
        self._left: dict[Any, tuple[float, float]] = {}

    def take(self, name: Any) -> int:  # noqa: ANN401 - any name that can be looked up
        """Take one, and answer how many are left. Raises RateLimited."""
        now = self._elapsed()
        left, since = self._left.pop(name, (float(self.most), now))
        left = min(float(self.most), left + (now - since) * self.rate)
        allowed = left >= 1
        while len(self._left) >= CALLERS_MAX:
            # The one that was here longest ago, and so is likely full again.
            self._left.pop(next(iter(self._left)))
        self._left[name] = (left - 1 if allowed else left, now)
        if not allowed:
            message = f"No more than {self.rate} a second are taken, {self.most} at once. Send slower."
            raise RateLimited(message, retry_after_seconds=max(1, round((1 - left) / self.rate)))
        return int(left - 1)

"""The server as the till hears it: each call has an end, the breaker before it, the ladder and the clock behind."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from regulars_till.breaker import Breaker
from regulars_till.ladder import Heard, Ladder, Level
from regulars_till.wire import Answer, Silence, Why, Wire

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    from regulars_till.clock import Clock

__all__ = ["FAILED", "HARD_SECONDS", "SOFT_SECONDS", "UNABLE", "Server"]

SOFT_SECONDS = 0.3
"""An answer that takes longer is late."""
HARD_SECONDS = 1.5
"""Nobody at the till waits longer than this."""
FAILED = frozenset({408, 425, 429, 500, 502, 503, 504})
FORBIDDEN = 403
QUOTES = "/v1/quotes"
UNABLE = FAILED | {401, FORBIDDEN}
"""The server is there, and records nothing for this till."""


class Server:
    """Asks, and remembers how it went."""

    def __init__(
        self, url: str, key: str, *, clock: Clock, chance: Callable[[], float], secure: ssl.SSLContext | None = None
    ) -> None:
        self._sales = Wire(url, key, secure=secure)
        self._rest = Wire(url, key, secure=secure)
        self._clock = clock
        self._guard = threading.Lock()
        self._breaker = Breaker(chance=chance)
        self._ladder = Ladder()
        self.seen_at: datetime | None = None
        """When it answered last."""
        self.unable_code = ""
        """Why it could not work, the last time that it answered."""

    def judge(self, *, writable: bool) -> Level:
        """Tell the step on the ladder."""
        with self._guard:
            return self._ladder.judge(writable=writable, breaker_open=self._breaker.is_open)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None, *, seconds: float = HARD_SECONDS
    ) -> Answer | Silence | None:
        """Ask while somebody waits. None: nobody was asked, for the server has been away."""
        if seconds <= 0 or not self._permit():
            return None
        told = self._sales.ask(method, path, body, seconds=seconds)
        # Given up early on purpose: late, not lost.
        self._note(told, hasty=seconds <= SOFT_SECONDS, reads=method == "GET" or path.startswith(QUOTES))
        return told

    def ask_behind(
        self, method: str, path: str, body: dict[str, Any] | None, *, seconds: float
    ) -> Answer | Silence | None:
        """Ask while nobody waits: on a line of its own, and slowly if it must be."""
        if not self._permit():
            return None
        told = self._rest.ask(method, path, body, seconds=seconds)
        self._note(told, calm=True, reads=method == "GET")
        return told

    def close(self) -> None:
        """Hang up."""
        self._sales.close()
        self._rest.close()

    def _permit(self) -> bool:
        with self._guard:
            return self._breaker.permit(time.monotonic())

    def _note(self, told: Answer | Silence, *, reads: bool, hasty: bool = False, calm: bool = False) -> None:
        if isinstance(told, Answer) and told.date is not None:
            self._clock.learn(told.date, told.took_seconds)
        with self._guard:
            heard = self._hear(told, hasty=hasty, calm=calm, reads=reads)
            self._ladder.note(heard)
            if heard in {Heard.QUICK, Heard.LATE} or (isinstance(told, Answer) and told.status not in FAILED):
                self._breaker.note_answer()
            else:
                self._breaker.note_failure(time.monotonic())

    def _hear(self, told: Answer | Silence, *, hasty: bool, calm: bool, reads: bool) -> Heard:
        if isinstance(told, Silence):
            if told.why is Why.SILENT:
                return Heard.LATE if hasty else Heard.SILENT
            return Heard.ABSENT if told.why is Why.ABSENT else Heard.UNABLE
        # A key that may not read something may record all the same.
        if told.status in UNABLE and not (reads and told.status == FORBIDDEN):
            self.unable_code = told.code or str(told.status)
            return Heard.UNABLE
        self.unable_code = ""
        self.seen_at = self._clock.now()
        return Heard.LATE if told.took_seconds > SOFT_SECONDS and not calm else Heard.QUICK

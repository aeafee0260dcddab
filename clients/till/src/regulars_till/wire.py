"""One line to the server: kept open, with an end to every call that holds whatever the network does.

The call itself is made by a thread. Whoever asks waits for it as long as was said and not longer: looking a name up,
connecting and a dripping answer have no better way of being ended.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Answer", "Silence", "Why", "Wire"]

ANSWER_BYTES_MAX = 16 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
STUCK_MAX = 8
"""Threads that hang in a call nobody waits for any more. Beyond, a call ends before it begins."""


class Why(Enum):
    """Why there is no answer."""

    ABSENT = "absent"
    SILENT = "silent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: dict[str, Any]
    took_seconds: float
    date: datetime | None = None

    @property
    def code(self) -> str:
        """Of a problem, its code."""
        return str(self.body.get("code", ""))


@dataclass(frozen=True)
class Silence:
    """That there was no answer. What was asked may have been done."""

    why: Why
    took_seconds: float


@dataclass(frozen=True)
class Place:
    """Where the server is."""

    host: str
    port: int | None
    path: str
    secure: ssl.SSLContext | None

    @classmethod
    def read(cls, url: str, secure: ssl.SSLContext | None) -> Place:
        """Read an address; raises ValueError when it is none of http or https."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of a server")
        context = (secure or ssl.create_default_context()) if parts.scheme == "https" else None
        return cls(host=parts.hostname, port=parts.port, path=parts.path.rstrip("/"), secure=context)

    def connect(self, seconds: float) -> HTTPConnection:
        """Make a connection that is opened by its first request."""
        if self.secure is not None:
            return HTTPSConnection(self.host, self.port, timeout=seconds, context=self.secure)
        return HTTPConnection(self.host, self.port, timeout=seconds)


class Call:
    """One question, and the place for its answer."""

    def __init__(self, method: str, path: str, body: bytes | None, until: float) -> None:
        self.method = method
        self.path = path
        self.body = body
        self.until = until
        self.began = time.monotonic()
        self.told: Answer | Silence | None = None
        self.done = threading.Event()

    @property
    def left_seconds(self) -> float:
        """The time that is left, never quite none."""
        return max(self.until - time.monotonic(), 0.001)

    def end(self, told: Answer | Silence) -> None:
        """Give the answer to whoever waits."""
        self.told = told
        self.done.set()


class Caller(threading.Thread):
    """Makes one call after the other on one connection, until nobody waits for it any more."""

    def __init__(self, place: Place, headers: dict[str, str]) -> None:
        super().__init__(name="regulars-till-call", daemon=True)
        self._place = place
        self._headers = headers
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._connection: HTTPConnection | None = None

    def take(self, call: Call | None) -> None:
        """Take a call; None ends it."""
        self._calls.put(call)

    def abandon(self) -> None:
        """End the call that is being made, as far as that can be done from outside, and then the thread."""
        self._calls.put(None)
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            # Already closed is as good.
            with suppress(OSError):
                sock.shutdown(2)

    def run(self) -> None:
        """Make calls."""
        while (call := self._calls.get()) is not None:
            call.end(self._make(call))
        self._hang_up()

    def _make(self, call: Call) -> Answer | Silence:
        reused = self._connection is not None
        told = self._try(call)
        if reused and isinstance(told, Silence) and told.why is Why.ABSENT and time.monotonic() < call.until:
            # The server may end an idle line at any time; whatever is asked may be asked twice.
            told = self._try(call)
        return told

    def _try(self, call: Call) -> Answer | Silence:
        try:
            return self._ask(call)
        except TimeoutError:
            why = Why.SILENT
        except OSError as error:
            # Of old, and of some systems, a timeout has other names.
            why = Why.SILENT if "timed out" in str(error) else Why.ABSENT
        except HTTPException as error:
            why = Why.ABSENT if isinstance(error, ConnectionError) else Why.UNREADABLE
        except ValueError:
            why = Why.UNREADABLE
        self._hang_up()
        return Silence(why=why, took_seconds=time.monotonic() - call.began)

    def _ask(self, call: Call) -> Answer:
        if self._connection is None:
            self._connection = self._place.connect(call.left_seconds)
        connection = self._connection
        if connection.sock is not None:
            connection.sock.settimeout(call.left_seconds)
        headers = dict(self._headers)
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(call.method, self._place.path + call.path, body=call.body, headers=headers)
        if connection.sock is not None:
            connection.sock.settimeout(call.left_seconds)
        response = connection.getresponse()
        parts: list[bytes] = []
        size = 0
        while part := response.read(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES_MAX or time.monotonic() > call.until:
                raise TimeoutError("the answer is longer than anybody waits for")
        date = response.getheader("Date")
        told = json.loads(b"".join(parts) or b"{}")
        if not isinstance(told, dict):
            raise ValueError("the answer is no object")  # noqa: TRY004 - as for whatever cannot be read
        if response.will_close:
            self._hang_up()
        return Answer(
            status=response.status,
            body=told,  # pyright: ignore[reportUnknownArgumentType] - JSON, read where it is used
            took_seconds=time.monotonic() - call.began,
            date=None if date is None else _read_date(date),
        )

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _read_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date.replace(tzinfo=timezone.utc) if date.tzinfo is None else date


class Wire:
    """A line to the server, for one call at a time."""

    def __init__(self, url: str, key: str, *, secure: ssl.SSLContext | None = None) -> None:
        self._place = Place.read(url, secure)
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "regulars-till"}
        self._guard = threading.Lock()
        self._caller: Caller | None = None
        self._stuck: list[Caller] = []

    def ask(self, method: str, path: str, body: dict[str, Any] | None, *, seconds: float) -> Answer | Silence:
        """Ask, and be back after so many seconds at the latest, with an answer or without."""
        began = time.monotonic()
        until = began + seconds
        told = None if body is None else json.dumps(body, separators=(",", ":")).encode("ascii")
        if not self._guard.acquire(timeout=seconds):
            return Silence(why=Why.SILENT, took_seconds=seconds)
        try:
            caller = self._find_caller()
            if caller is None:
                return Silence(why=Why.SILENT, took_seconds=0.0)
            call = Call(method, path, told, until)
            caller.take(call)
            if call.done.wait(max(until - time.monotonic(), 0.0)) and call.told is not None:
                return call.told
            self._caller = None
            self._stuck.append(caller)
            # What the thread says from here on is of the line being cut by us.
            caller.abandon()
            return Silence(why=Why.SILENT, took_seconds=time.monotonic() - began)
        finally:
            self._guard.release()

    def close(self) -> None:
        """Hang up."""
        with self._guard:
            caller, self._caller = self._caller, None
            if caller is not None:
                caller.take(None)
                caller.join()

    def _find_caller(self) -> Caller | None:
        self._stuck = [each for each in self._stuck if each.is_alive()]
        if self._caller is None and len(self._stuck) < STUCK_MAX:
            self._caller = Caller(self._place, self._headers)
            self._caller.start()
        return self._caller

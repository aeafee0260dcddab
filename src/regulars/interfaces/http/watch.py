"""Around every request: its name, its limits, its line in the log, its place in the counts, and the last net."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.interfaces.http.log import LOGGER, note
from regulars.interfaces.http.meters import Meters
from regulars.interfaces.http.problems import BodyTooLarge, BodyTooSlow, Internal, Overloaded, refuse

__all__ = ["BODY_BYTES_MAX", "REQUESTS_MAX", "Watch"]

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
BODY_SECONDS_MAX: Final = 30
REQUESTS_MAX: Final = 500
"""Answered at one time. More are told to come back, so that those inside are answered soon."""
DRAIN_BYTES_MAX: Final = 64 * 1024 * 1024
DRAIN_SECONDS_MAX: Final = 2

GONE: Final = 499
"""Logged for a caller that went away before its answer. Nobody receives it."""
NAMED: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACED: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
"""A `traceparent` as W3C Trace Context writes it: the trace, and the caller's part of it."""
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request, as it goes on."""

    id: str
    trace: tuple[str, str] | None
    """Where the caller is part of a trace: its id, and that of the caller's part."""
    began: float
    receive: Receive
    bytes_in: int = 0
    body_ended: bool = False
    bytes_out: int = 0
    status: int = 0


class Watch:
    """Stands around the app. Nothing leaves it but an answer that the API describes."""

    def __init__(self, app: App, *, meters: Meters, requests_max: int = REQUESTS_MAX) -> None:
        self._app = app
        self._meters = meters
        self._requests_max = requests_max
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(id=_name(scope), trace=_read_trace(scope), began=time.perf_counter(), receive=receive)
        # A copy: what HEAD is told is what GET would be told, and the server leaves the body away.
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        inner["state"] = {**scope.get("state", {}), "request_id": visit.id}
        self._open += 1
        self._meters.note_open(self._open)
        try:
            await self._answer(inner, _counted(visit), _counted_out(send, visit), visit)
        finally:
            self._open -= 1
            self._meters.note_open(self._open)
            self._note(scope["method"], inner, visit)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
        try:
            self._check_room(scope)
            _check_length(scope)
            await self._app(scope, receive, send)
        except (BodyTooLarge, BodyTooSlow, Overloaded) as refusal:
            await _refuse_unread(refusal, scope, send, visit)
        except ClientDisconnect:
            visit.status = visit.status or GONE
        except Exception:
            facts = {"request_id": visit.id, **_tell_trace(visit), "route": _route(scope)}
            LOGGER.exception("failed", extra={"facts": facts})
            if visit.status:
                # Half an answer is out: only the end of the connection can say that the rest will not come.
                raise
            await _refuse_unread(
                Internal(f"Something went wrong on our side. Tell us the request's id, {visit.id}; the log has it."),
                scope,
                send,
                visit,
            )

    def _check_room(self, scope: Scope) -> None:
        # Whoever asks how we are is always told.
        if self._open > self._requests_max and scope["path"] not in QUIET:
            raise Overloaded("The server has as many requests as it can answer well. Try again in a moment.")

    def _note(self, method: str, scope: Scope, visit: Visit) -> None:
        seconds, route = time.perf_counter() - visit.began, _route(scope)
        status = visit.status or GONE
        self._meters.note_request(method=method, route=route, status=status, seconds=seconds)
        level = logging.DEBUG if route in QUIET else logging.INFO
        if LOGGER.isEnabledFor(level):
            key = scope["state"].get("key")
            facts = {
                "request_id": visit.id,
                **_tell_trace(visit),
                "method": method,
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 2),
                "bytes_in": visit.bytes_in,
                "bytes_out": visit.bytes_out,
                "key": getattr(key, "prefix", None),
            }
            note(level, "answered", facts)


def _name(scope: Scope) -> str:
    """Take the caller's name of the request, if it is a name; else give it one."""
    for header, value in scope["headers"]:
        if header == b"x-request-id":
            given = value.decode("latin-1")
            if NAMED.fullmatch(given) is not None:
                return given
    return str(new_id())


def _read_trace(scope: Scope) -> tuple[str, str] | None:
    """Read which trace a request is part of; what is not written as the standard has it is no trace."""
    for header, value in scope["headers"]:
        if header == b"traceparent" and (found := TRACED.fullmatch(value.decode("latin-1"))) is not None:
            return found[1], found[2]
    return None


def _tell_trace(visit: Visit) -> dict[str, str]:
    return {} if visit.trace is None else {"trace_id": visit.trace[0], "parent_id": visit.trace[1]}


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "unknown"))


def _check_length(scope: Scope) -> None:
    for header, value in scope["headers"]:
        if header == b"content-length" and value.isdigit() and int(value[:20]) > BODY_BYTES_MAX:
            raise _too_large()


def _too_large() -> BodyTooLarge:
    message = f"A body has at most {BODY_BYTES_MAX} bytes. Send it in parts: at most 1000 activities at a time."
    return BodyTooLarge(message, bytes_max=BODY_BYTES_MAX)


def _counted(visit: Visit) -> Receive:
    """Let the body in, piece by piece, until it is too large or too late."""

    async def receive_counted() -> Message:
        if visit.body_ended:
            return await visit.receive()
        left = visit.began + BODY_SECONDS_MAX - time.perf_counter()
        try:
            async with asyncio.timeout(max(left, 0)):
                message = await visit.receive()
        except TimeoutError as error:
            raise BodyTooSlow(f"The body did not arrive within {BODY_SECONDS_MAX} seconds.") from error
        _note_piece(message, visit)
        if visit.bytes_in > BODY_BYTES_MAX:
            raise _too_large()
        return message

    return receive_counted


def _note_piece(message: Message, visit: Visit) -> None:
    visit.body_ended = not message.get("more_body", False)
    visit.bytes_in += len(message.get("body", b""))


def _counted_out(send: Send, visit: Visit) -> Send:
    async def send_counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            headers = [
                *message.get("headers", ()),
                (b"x-request-id", visit.id.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        else:
            visit.bytes_out += len(message.get("body", b""))
        await send(message)

    return send_counted


async def _refuse_unread(refusal: Refusal, scope: Scope, send: Send, visit: Visit) -> None:
    """Refuse while the body may still be on its way, and close the connection.

    The answer is out first. Then the rest of the body is let in and dropped for a moment: to close on a caller
    that is still writing would take the answer away from it.
    """
    response = refuse(refusal, request_id=visit.id, headers={"Connection": "close"})
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    if not visit.body_ended and _has_body(Request(scope)):
        await _drain(visit)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


async def _drain(visit: Visit) -> None:
    try:
        async with asyncio.timeout(DRAIN_SECONDS_MAX):
            while not visit.body_ended and visit.bytes_in < DRAIN_BYTES_MAX:
                _note_piece(await visit.receive(), visit)
    except TimeoutError:
        # The caller was given its time to read the answer.
        return

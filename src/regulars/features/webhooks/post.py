"""Sending one message: to the very address that was looked up and judged, and nowhere else, within seconds."""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

import httpx

from regulars.features.webhooks.model import Answer, WebhookUrlRefused
from regulars.features.webhooks.target import Policy, Target

__all__ = ["Post", "Resolve", "resolve"]

CONNECT_SECONDS_MAX: Final = 5
TOTAL_SECONDS_MAX: Final = 10
BODY_BYTES_MAX: Final = 64 * 1024
IDLE_SECONDS_MAX: Final = 30
CONNECTIONS_KEPT_MAX: Final = 32

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Look a host up: its IP addresses. Raises OSError."""


async def resolve(host: str, port: int) -> list[str]:
    """Look a host up as this machine does; an IP address is what it says."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Post:
    """The way out. Connections are kept for a while, each for one host, so that none are mixed up."""

    def __init__(self, policy: Policy, *, look_up: Resolve = resolve, context: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._look_up = look_up
        self._context = context or _trust()
        self._clients: dict[tuple[str, str, int], httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a message and give what became of it. What goes wrong outside is an answer, never an error."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TOTAL_SECONDS_MAX):
                status, wait = await self._send(url, headers, body)
        except FAILURES as error:
            return Answer(error=_name(error), duration_ms=_since(began))
        return Answer(status=status, retry_after_seconds=wait, duration_ms=_since(began))

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, int]:
        # Judged anew each time: the operator's mind, and what a name means, may have changed.
        target = self._policy.read(url)
        address = self._policy.choose(await self._look_up(target.host, target.port))
        if address is None:
            raise _Blocked
        client = self._find_client(target)
        request = client.build_request(
            "POST",
            target.at(address),
            content=body,
            headers={
                **headers,
                "Host": target.authority,
                "Content-Type": "application/json",
                "User-Agent": "Regulars-Webhooks/1",
                "Accept-Encoding": "identity",
            },
            # The certificate must be that of the name, though the connection goes to the address.
            extensions={"sni_hostname": target.host},
        )
        answer = await client.send(request, stream=True)
        try:
            await _drain(answer)
        finally:
            await answer.aclose()
        return answer.status_code, _read_wait(answer.headers.get("retry-after", ""))

    def _find_client(self, target: Target) -> httpx.AsyncClient:
        key = (target.scheme, target.host, target.port)
        if key not in self._clients:
            self._clients[key] = httpx.AsyncClient(
                verify=self._context,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(TOTAL_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
                limits=httpx.Limits(max_keepalive_connections=CONNECTIONS_KEPT_MAX, keepalive_expiry=IDLE_SECONDS_MAX),
            )
        return self._clients[key]


@cache
def _trust() -> ssl.SSLContext:
    """Trust whom this machine trusts. It takes long enough to be done once."""
    return ssl.create_default_context()


class _Blocked(Exception):
    """A name that leads to where nothing is sent."""


FAILURES: Final = (WebhookUrlRefused, _Blocked, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)
"""All that names, networks and whoever answers there may do. A TimeoutError is an OSError."""


def _name(error: BaseException) -> str:
    """Name what went wrong."""
    match error:
        case WebhookUrlRefused():
            return "url_refused"
        case _Blocked():
            return "address_blocked"
        case TimeoutError() | httpx.TimeoutException():
            return "timeout"
        case socket.gaierror() | UnicodeError():
            return "name_unknown"
        case httpx.ConnectError():
            return (
                "tls_failed" if any(isinstance(each, ssl.SSLError) for each in _list_causes(error)) else "not_reached"
            )
        case _:
            return "broken_answer"


async def _drain(answer: httpx.Response) -> None:
    """Read an answer's body as far as it is looked at, and not unpacked: small is what it should be."""
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > BODY_BYTES_MAX:
            return


def _read_wait(text: str) -> int:
    """Read Retry-After: seconds, or a date; 0 where it says nothing that can be read."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0
    zoned = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0, int((zoned - datetime.now(UTC)).total_seconds()))


def _list_causes(error: BaseException) -> list[BaseException]:
    found = list[BaseException]()
    each: BaseException | None = error
    while each is not None:
        found.append(each)
        each = each.__cause__ or each.__context__
    return found


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)

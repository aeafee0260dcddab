"""The trail of who did what: around every write, and the reads that are somebody's personal data.

A write that changes the database is noted in its own transaction: neither is there without the other. What is refused,
what was only read, and what was done in several transactions is noted before its answer goes out. Where nothing can be
noted, the request fails. What comes in as an activity is in the journal, which is its audit, and is not noted again;
an attempt that was forbidden is.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import msgspec
from fastapi import Request

from regulars.base.db import Database, Tx
from regulars.base.errors import Refusal
from regulars.features import audit
from regulars.interfaces.http.guard import Actor, actor_of, address_of_caller, now_of
from regulars.interfaces.http.kit import door_of, request_id_of
from regulars.interfaces.http.problems import refuse
from regulars.interfaces.http.standing import find_standing
from regulars.interfaces.http.state import database_of, house_of

__all__ = ["REASON_HEADER", "Trail", "follow", "is_noted"]

REASON_HEADER: Final = "X-Reason"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
JOURNALLED: Final = frozenset(
    {
        "/v1/activities",
        "/v1/members/{member}/traits",
        "/v1/members/{member}/vouchers",
        "/v1/orders",
        "/v1/orders/{order}/cancel",
        "/v1/orders/{order}/returns",
        "/v1/quotes",
        "/v1/quotes/{quote}/release",
    }
)
"""Writes that are activities."""
ASKING: Final = frozenset({"/v1/previews", "/v1/vouchers/check"})
"""Sent as POST, and nothing changes."""
PERSONAL: Final = frozenset(
    {"/v1/approvals/{approval}", "/v1/members.csv", "/v1/members/{member}", "/v1/members/{member}/overview"}
)
"""Reads that show something of a person, or what somebody sent; noted where people read, whom a page is made for."""
APART: Final = frozenset({"/v1/approvals/{approval}/approve", "/v1/session/password"})
"""Writes of several transactions, of which the first is not the one that counts."""
HEARD_MAX: Final = 64 * 1024
BAD: Final = 400
FORBIDDEN: Final = 403
PASSING: Final = frozenset({429, 503})
"""Nothing was decided. Whoever asks too often must not fill the trail, and what cannot be reached cannot be written."""
NAMING: Final = ("id", "member", "prefix", "hash")
NOBODY: Final = "nobody"
UNTOLD: Final = ""

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Visit:
    """What the trail knows of a request, as it goes on."""

    heard: list[bytes] = field(default_factory=list[bytes])
    heard_bytes: int = 0
    is_written: bool = False
    """Whether its transaction has noted it."""


class Audited(Database):
    """The database of one request, whose first transaction notes what the request does."""

    def __init__(self, database: Database, request: Request, visit: Visit) -> None:
        super().__init__(database._pool)  # noqa: SLF001 - of its own class
        self._request = request
        self._visit = visit

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work`, and note it in the same transaction."""
        if self._visit.is_written:
            return await super().run(work)
        request, visit = self._request, self._visit
        route, house = _route_of(request), house_of(request)

        async def noted(tx: Tx) -> T:
            before = await find_standing(tx, house, route, request.path_params)
            value = await work(tx)
            plain = _read_plain(value)
            made = await find_standing(tx, house, route, request.path_params, made=plain)
            changes = audit.compare(before.value, made.value, hidden=made.hidden)
            done = min((each for each in _gives(request) if each < BAD), default=200)
            entry = _note(request, visit, status=done, told=plain, changes=changes)
            await audit.append(tx, entry)
            return value

        value = await super().run(noted)
        visit.is_written = True
        return value


async def follow(request: Request) -> None:
    """Have a write noted in its own transaction. Asked after `admit`, so that it is known who it is."""
    state = request.scope["state"]
    visit: Visit | None = state.get("visit")
    route = _route_of(request)
    if visit is None or request.method in SAFE or "actor" not in state:
        return
    if route not in JOURNALLED | ASKING | APART:
        request.state.database = Audited(database_of(request), request, visit)


class Trail:
    """Stands around the app, and notes what no transaction has noted, before the answer goes out."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = scope["state"]["visit"] = Visit()
        begun: Message | None = None

        async def send_noted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                # Held until the body begins: it says which refusal it was, or what was made.
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                try:
                    await _settle(scope, visit, start, message.get("body", b""))
                except Refusal as refusal:
                    await _refuse(refusal, scope, send)
                    return
                await send(start)
            await send(message)

        try:
            await self._app(scope, _listen(scope, receive, visit), send_noted)
        except Exception:
            await _settle(scope, visit, {"status": 500, "headers": []}, b'{"code":"internal"}')
            raise


def is_noted(method: str, route: str, status: int, kind: str | None) -> bool:
    """Say whether the trail has to have what came of a request.

    `kind` is that of who was let in: `nobody` at a door that is open to all, where people sign in; None for whoever was
    not let in by another.
    """
    if status in PASSING or kind is None:
        return False
    if method in SAFE:
        shown = route.endswith("/export") or (route in PERSONAL and kind == "staff")
        return (shown and status in {200, FORBIDDEN}) or (kind == NOBODY and "/sign-on/" in route)
    return status == FORBIDDEN if route in JOURNALLED | ASKING else True


async def _settle(scope: Scope, visit: Visit, start: Message, body: bytes) -> None:
    """Note how a request ended, unless its transaction did. Raises what the database refuses."""
    endpoint, status = scope.get("endpoint"), int(start["status"])
    declared = None if endpoint is None else door_of(endpoint)
    if declared is None:
        return
    actor: Actor | None = scope["state"].get("actor")
    kind = actor.kind if actor is not None else NOBODY if declared.scope is None else None
    if visit.is_written and status < BAD:
        return
    request = Request(scope)
    if not is_noted(request.method, _route_of(request), status, kind):
        return
    headers = {name.lower(): value for name, value in start.get("headers", ())}
    waits = status == 202 and headers.get(b"location", b"").startswith(b"/v1/approvals/")  # noqa: PLR2004 - of HTTP
    told = _read_plain(body) if b"json" in headers.get(b"content-type", b"json") else {}
    entry = _note(request, visit, status=status, told=told, waits=waits)
    plain: Database = request.app.state.database
    await plain.run(lambda tx: audit.append(tx, entry))


def _note(
    request: Request,
    visit: Visit,
    *,
    status: int,
    told: Mapping[str, Any],
    changes: Mapping[str, audit.Change] | None = None,
    waits: bool = False,
) -> audit.Noted:
    """Write down one request."""
    kind, actor_id, name, agreed_by = _find_actor(request, told)
    outcome: audit.Outcome = "failed" if status >= 500 else "refused" if status >= BAD else "done"  # noqa: PLR2004
    named = "/".join(str(each) for each in request.path_params.values())
    made = _find_id(told) if status < BAD else UNTOLD
    return audit.Noted(
        at=now_of(request),
        actor_kind=kind,
        actor_id=actor_id,
        actor_name=name,
        agreed_by=agreed_by,
        network=audit.name_network(address_of_caller(request)),
        agent=_clean(request.headers.get("user-agent", ""))[: audit.AGENT_MAX],
        what=str(request.scope["route"].name),
        route=f"{request.method} {_route_of(request)}",
        object=_clean(named or made),
        changes=changes or {},
        reason=_find_reason(request, visit),
        outcome="waiting" if waits else outcome,
        status=status,
        code=_clean(str(told.get("code", ""))) if status >= BAD else UNTOLD,
        request_id=request_id_of(request),
    )


def _find_actor(request: Request, told: Mapping[str, Any]) -> tuple[str, UUID | None, str, UUID | None]:
    """Say who it is: who was let in, or who has just signed in."""
    if hasattr(request.state, "actor"):
        actor = actor_of(request)
        return actor.kind, actor.id, _clean(actor.name), actor.agreed_by
    account: Any = told.get("me", told)
    account = cast("dict[str, Any]", account).get("account") if isinstance(account, dict) else None
    if isinstance(account, dict):
        known = cast("dict[str, Any]", account)
        return "staff", UUID(str(known["id"])), _clean(str(known.get("name", ""))), None
    return NOBODY, None, UNTOLD, None


def _find_id(told: Mapping[str, Any]) -> str:
    """Find the id of what was made, or looked up."""
    parts = [told, *(cast("dict[str, Any]", each) for each in told.values() if isinstance(each, dict))]
    for part in parts:
        for name in NAMING:
            if isinstance(part.get(name), str | int):
                return str(part[name])
    return UNTOLD


def _find_reason(request: Request, visit: Visit) -> str:
    """Read why: what the header says, else what the body does."""
    given = request.headers.get(REASON_HEADER, UNTOLD).encode("latin-1").decode(errors="replace")
    if not given and visit.heard_bytes <= HEARD_MAX:
        body = _read_plain(b"".join(visit.heard))
        found = body.get("reason") or body.get("note")
        given = found if isinstance(found, str) else UNTOLD
    return _clean(given)[: audit.REASON_MAX]


def _read_plain(value: object) -> dict[str, Any]:
    """Read what a transaction gave, or an answer said, as names and values; nothing where it has none."""
    body: object = getattr(value, "body", value)
    try:
        plain: Any = msgspec.json.decode(body) if isinstance(body, bytes) else msgspec.to_builtins(value, enc_hook=str)
    except (msgspec.DecodeError, RecursionError):
        # Not JSON: a page, or a body that was refused for that.
        return {}
    return cast("dict[str, Any]", plain) if isinstance(plain, dict) else {}


def _clean(text: str) -> str:
    return "".join(each for each in text if each.isprintable())


def _gives(request: Request) -> tuple[int, ...]:
    declared = door_of(request.scope["endpoint"])
    assert declared is not None, "a route without a door is not mounted"
    return tuple(declared.gives)


def _route_of(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", UNTOLD))


def _listen(scope: Scope, receive: Receive, visit: Visit) -> Receive:
    """Hear what the body says, as far as a reason may be in it."""
    if scope["method"] in SAFE:
        return receive

    async def receive_heard() -> Message:
        message = await receive()
        piece: bytes = message.get("body", b"")
        visit.heard_bytes += len(piece)
        if visit.heard_bytes <= HEARD_MAX:
            visit.heard.append(piece)
        return message

    return receive_heard


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    response = refuse(refusal, request_id=request_id_of(Request(scope)))
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})

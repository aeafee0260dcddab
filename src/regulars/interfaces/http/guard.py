"""Who may enter: one check, before every route, of the scope and of whatever else the route's door declares."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from fastapi import Request

from regulars.base.errors import Refusal
from regulars.features import consent, entrance, staff
from regulars.features.access import SIGNED_SCHEME, Gate, Key, KeyMissing, ScopeMissing, read_signed
from regulars.features.staff import approvals, sessions
from regulars.interfaces.http.kit import Door, door_of, tell
from regulars.interfaces.http.pace import Pace, RateLimited
from regulars.interfaces.http.problems import StoreForbidden
from regulars.interfaces.http.state import database_of, house_of, settings_of

__all__ = [
    "COOKIE",
    "MEMBER_COOKIE",
    "METRICS_SCOPE",
    "OWN_HEADER",
    "OWN_SCOPE",
    "Actor",
    "Carried",
    "OwnHeaderMissing",
    "Waiting",
    "actor_of",
    "address_of_caller",
    "admit",
    "cookie_of",
    "describe_person",
    "held_of",
    "key_of",
    "member_cookie_of",
    "member_session_of",
    "now_of",
]

METRICS_SCOPE: Final = "metrics:read"
COOKIE: Final = "__Host-regulars"
MEMBER_COOKIE: Final = "__Host-regulars-member"
OWN_SCOPE: Final = "me:own"
"""What members may do: read and use what is theirs. Whoever else has it is stopped at the door."""
OWN_HEADER: Final = "X-Regulars-Request"
"""No other site's page can send it, so what has it was sent by ours."""
PRIVACY_CONTROL: Final = "Sec-GPC"
"""Global Privacy Control: a browser's word for its user, whatever page is asked for."""
TOKEN_HEADER: Final = "X-Regulars-Session"  # noqa: S105 - a header's name
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_PREFIX: Final = "rs_"
ALWAYS: Final = frozenset({"adjustments"})
"""What the path itself refuses without a second person, so that it is asked for whatever the setting says."""
FORWARDED_MAX: Final = 20
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class OwnHeaderMissing(Refusal):
    """A write with a cookie does not have the header that only our own pages send."""

    code, kind = "own_header_missing", "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does what a request asks: a program with a key, a person, a member, or this program itself."""

    kind: Literal["key", "staff", "member", "system"]
    id: UUID
    name: str
    scopes: tuple[str, ...]
    store: str | None = None
    till: str | None = None
    agreed_by: UUID | None = None
    """The second person, where there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The session of a request, as it was shown."""

    session: staff.Session
    account: staff.Account
    token: str
    """The one that is good from now on."""
    by_cookie: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Marks a request that two people agreed to, and that this program carries out itself."""

    actor: Actor


class Waiting(Exception):
    """The request needs a second person, and now waits for one. Answered with 202."""

    def __init__(self, approval: approvals.Approval) -> None:
        super().__init__(str(approval.id))
        self.approval = approval


async def admit(request: Request) -> None:
    """Let a request in, or raise why not; Waiting, where a second person has to agree first."""
    door = door_of(request.scope["endpoint"])
    assert door is not None, "a route without a door is not mounted"
    if door.scope is None or (door.scope == METRICS_SCOPE and request.app.state.metrics_open):
        return
    actor = await _recognise(request)
    request.scope["state"]["actor"] = actor
    if door.scope not in actor.scopes:
        raise _lacks(actor, door.scope)
    _check_store(request, actor)
    if door.who in {"member", "present"}:
        _check_member(request, actor, door)
    elif door.who != "anyone":
        _check_person(request, actor, door)
    if door.approval is not None and actor.agreed_by is None:
        await _ask_second(request, actor, door, door.scope)


async def _recognise(request: Request) -> Actor:
    carried: Carried | None = request.scope["state"].get("carried")
    if carried is not None:
        request.state.key = _stand_in(carried.actor)
        return carried.actor
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer" and token.startswith(SESSION_PREFIX):
        return await _admit_session(request, token, by_cookie=False)
    if scheme.lower() == "bearer" and token.startswith(entrance.SESSION):
        return await _admit_member(request, token, by_cookie=False)
    if scheme.lower() == "bearer" and token:
        return _admit_key(request, await gate_of(request).admit(token))
    if scheme.lower() == SIGNED_SCHEME:
        return _admit_key(request, await _check_signed(request, token))
    for name, look_up in ((COOKIE, _admit_session), (MEMBER_COOKIE, _admit_member)):
        if not scheme and (cookie := request.cookies.get(name)) and _is_of(request, name):
            if request.method not in SAFE and request.headers.get(OWN_HEADER) != "1":
                raise OwnHeaderMissing(f"A write with a cookie needs the header {OWN_HEADER}: 1.")
            return await look_up(request, cookie, by_cookie=True)
    raise KeyMissing(
        "Send an API key in the header Authorization: Bearer rk_… (`regulars keys new` issues one), or sign in."
    )


async def _check_signed(request: Request, credentials: str) -> Key:
    raw, query = request.scope.get("raw_path") or request.url.path.encode(), request.scope["query_string"]
    signed = read_signed(
        credentials,
        method=request.method,
        target=(raw + (b"?" + query if query else b"")).decode("latin-1"),
        date=request.headers.get("x-regulars-date", ""),
        body=await request.body(),
    )
    return await gate_of(request).admit_signed(signed)


def _admit_key(request: Request, key: Key) -> Actor:
    """Let a key in at its pace, and tell it what is left."""
    request.scope["state"]["key"] = key
    pace: Pace = request.app.state.key_pace
    tell(request, "RateLimit-Policy", f'"key";q={pace.most};w=1')
    try:
        left = pace.take(key.id)
    except RateLimited:
        tell(request, "RateLimit", '"key";r=0;t=1')
        raise
    tell(request, "RateLimit", f'"key";r={left};t=1')
    return Actor(kind="key", id=key.id, name=key.name, scopes=key.scopes, store=key.store, till=key.till)


async def _admit_session(request: Request, token: str, *, by_cookie: bool) -> Actor:
    keyring, at = house_of(request).keyring, now_of(request)
    admitted = await database_of(request).run(lambda tx: sessions.admit(tx, keyring, token, at=at))
    if admitted.token is not None:
        tell(request, *(("Set-Cookie", cookie_of(admitted.token)) if by_cookie else (TOKEN_HEADER, admitted.token)))
    request.state.held = Held(
        session=admitted.session, account=admitted.account, token=admitted.token or token, by_cookie=by_cookie
    )
    actor = describe_person(admitted.account)
    request.state.key = _stand_in(actor)
    return actor


def _is_of(request: Request, name: str) -> bool:
    """Whether a cookie is meant: who works here may be a member too, and each door knows which of them it is for."""
    door = door_of(request.scope["endpoint"])
    return (name == MEMBER_COOKIE) == (door is not None and door.who in {"member", "present"})


async def _admit_member(request: Request, token: str, *, by_cookie: bool) -> Actor:
    at = now_of(request)
    admitted = await database_of(request).run(lambda tx: entrance.admit_member(tx, token, at=at))
    if admitted.token is not None:
        cookie = ("Set-Cookie", member_cookie_of(admitted.token))
        tell(request, *(cookie if by_cookie else (TOKEN_HEADER, admitted.token)))
    request.state.member_session = admitted.session
    member = admitted.session.member
    if request.headers.get(PRIVACY_CONTROL) == "1":
        new_id = house_of(request).new_id
        await database_of(request).run(lambda tx: consent.heed_signal(tx, member, new_id=new_id, at=at))
    actor = Actor(kind="member", id=member, name="", scopes=(OWN_SCOPE,))
    request.state.key = _stand_in(actor)
    return actor


def describe_person(account: staff.Account, *, agreed_by: UUID | None = None) -> Actor:
    """Say who a person is to the routes: what their roles let them do, and for which store."""
    return Actor(
        kind="staff",
        id=account.id,
        name=account.name,
        scopes=staff.scopes_of(account.roles),
        store=account.store,
        agreed_by=agreed_by,
    )


def _stand_in(actor: Actor) -> Key:
    """A person, for routes that ask for no more than what a key has. The prefix is their id, and who agreed."""
    prefix = str(actor.id) if actor.agreed_by is None else f"{actor.id}, agreed by {actor.agreed_by}"
    return Key(
        id=actor.id,
        prefix=prefix,
        name=actor.name,
        scopes=actor.scopes,
        store=actor.store,
        till=actor.till,
        created_at=NEVER,
    )


def _lacks(actor: Actor, scope: str) -> ScopeMissing:
    if actor.kind == "member":
        message = f"Members may not do that: it takes the scope {scope}."
    elif actor.kind == "key":
        message = f"This API key may not do that: it lacks the scope {scope}. Issue one that has it."
    else:
        message = f"Your roles do not let you do that: none of them has the scope {scope}."
    return ScopeMissing(message, scope=scope)


def _check_store(request: Request, actor: Actor) -> None:
    """Refuse another store in the address of whoever speaks for one, before anything is looked up there."""
    if actor.store is None:
        return
    named = {request.path_params.get("store"), request.query_params.get("store")} - {None, "", actor.store}
    if named:
        raise StoreForbidden(f"You speak for the store {actor.store!r} only.", store=actor.store)


def _check_member(request: Request, actor: Actor, door: Door) -> None:
    if actor.kind != "member":
        raise entrance.MemberNeeded("Only a member who is signed in may do this, for themselves.")
    if door.who == "present":
        entrance.check_presence(member_session_of(request), at=now_of(request))


def _check_person(request: Request, actor: Actor, door: Door) -> None:
    if actor.kind != "staff":
        raise staff.PersonNeeded("Only a person who is signed in may do this, and no API key.")
    if door.who == "proven" and actor.agreed_by is None:
        proved_at = held_of(request).session.proved_at
        if now_of(request) - proved_at > sessions.PROOF:
            message = "Show a code of your app once more (POST /v1/session/step-up), or sign on again, and repeat this."
            raise staff.StepUpNeeded(message)


async def _ask_second(request: Request, actor: Actor, door: Door, scope: str) -> None:
    """Raise Waiting where a second person has to agree."""
    needed = settings_of(request).four_eyes | (ALWAYS if actor.kind == "staff" else frozenset[str]())
    if not needed:
        return
    body = await request.body()
    action = door.approval if isinstance(door.approval, str) else door.approval and door.approval(request, body)
    if action is None or action not in needed:
        return
    if actor.kind != "staff":
        message = f"This needs two people ({action} are in REGULARS_FOUR_EYES), and an API key is none of them."
        raise staff.PersonNeeded(message, action=action)
    asked = approvals.Asked(
        method=request.method,
        path=request.url.path,
        query=request.scope["query_string"].decode("latin-1"),
        content_type=request.headers.get("content-type", ""),
        body=body,
    )
    keyring, at = house_of(request).keyring, now_of(request)
    raise Waiting(
        await database_of(request).run(
            lambda tx: approvals.ask(tx, keyring, asked, action=action, scope=scope, by=actor.id, at=at)
        )
    )


def cookie_of(token: str) -> str:
    """Write the cookie that holds a session; an empty token takes it away."""
    lasts = int(sessions.LASTS.total_seconds()) if token else 0
    return f"{COOKIE}={token}; Path=/; Max-Age={lasts}; Secure; HttpOnly; SameSite=Strict"


def member_cookie_of(token: str) -> str:
    """Write the cookie that holds a member's session; an empty token takes it away."""
    lasts = int(entrance.LASTS.total_seconds()) if token else 0
    return f"{MEMBER_COOKIE}={token}; Path=/; Max-Age={lasts}; Secure; HttpOnly; SameSite=Strict"


def member_session_of(request: Request) -> entrance.MemberSession:
    """The session of a member who was let in."""
    session: entrance.MemberSession = request.state.member_session
    return session


def key_of(request: Request) -> Key:
    """What whoever was let in may do, in the shape of a key: theirs, or one that stands for the person."""
    key: Key = request.scope["state"]["key"]
    return key


def actor_of(request: Request) -> Actor:
    """Who was let in."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


def held_of(request: Request) -> Held:
    """The session of a person who was let in."""
    held: Held = request.state.held
    return held


def gate_of(request: Request) -> Gate:
    """The gate of the keys."""
    gate: Gate = request.app.state.gate
    return gate


def now_of(request: Request) -> datetime:
    """The world's time: what people carry ends by it, and not by a sandbox's clock."""
    now: datetime = request.app.state.now()
    return now


def address_of_caller(request: Request) -> str:
    """Where a request comes from: what the network says, and behind proxies that are ours, what they say."""
    trusted = settings_of(request).proxies
    named = request.headers.get("x-forwarded-for", "").split(",")[-FORWARDED_MAX:]
    address = request.client.host if request.client else ""
    for each in reversed(named):
        if not _is_in(address, trusted) or not each.strip():
            break
        address = each.strip()
    return address


def _is_in(address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)

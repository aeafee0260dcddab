"""What waits for a second person: seen, approved and carried out as it was asked, or refused."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base.errors import Refusal
from regulars.features import staff
from regulars.features.access import ScopeMissing
from regulars.features.staff import approvals
from regulars.interfaces.http.guard import Actor, Carried, actor_of, describe_person, now_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid, Problem
from regulars.interfaces.http.state import database_of, house_of

__all__ = ["ApprovalVoid", "router"]

READ: Final = "approvals:read"
DECIDE: Final = "approvals:decide"
PAGE_MAX: Final = 100
SHOWN_MAX: Final = 64 * 1024

router = APIRouter(tags=["Approvals"])

Note = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$", description="Why; kept with the request.")]
State = Annotated[
    Literal["waiting", "approved", "done", "failed", "refused"] | None, Query(description="Only those; without: all.")
]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]


class ApprovalVoid(Refusal):
    """Who asked for it may not do it any more."""

    code, kind = "approval_void", "conflict"


class ConsentIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision, and why."""

    note: Note = ""


class ApprovalPage(Struct, frozen=True, kw_only=True):
    """Requests, newest first."""

    approvals: tuple[approvals.Approval, ...]
    next: str | None


class ApprovalWhole(Struct, frozen=True, kw_only=True):
    """A request with what exactly is asked."""

    approval: approvals.Approval
    query: str
    body: Any
    """As it was sent; the first 64 kB as text, where it is longer or no JSON."""


class CarriedOut(Struct, frozen=True, kw_only=True):
    """A request that two people agreed to, and how it was answered."""

    approval: approvals.Approval
    status: int
    answer: Any
    """What whoever asked would have been answered. What is shown once, such as a new key, is shown here."""


read_decision = msgspec.json.Decoder(ConsentIn)
read_place = msgspec.json.Decoder(tuple[UUID])
DECIDED: Final = (approvals.ApprovalUnknown, approvals.ApprovalOver)


@router.get("/v1/approvals")
@door(scope=READ, who="person", gives={200: ApprovalPage}, refuses=(CursorInvalid,))
async def list_approvals(request: Request, state: State = None, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what waits, or waited, for a second person, newest first."""
    (before,) = read_cursor(cursor, read_place) if cursor else (None,)
    async with database_of(request).snapshot() as read:
        found = await approvals.list_approvals(read, at=now_of(request), state=state or "", before=before, most=limit)
    return answer(
        ApprovalPage(approvals=tuple(found), next=write_cursor((found[-1].id,)) if len(found) == limit else None)
    )


@router.get("/v1/approvals/{approval}")
@door(scope=READ, who="person", gives={200: ApprovalWhole}, refuses=(approvals.ApprovalUnknown, ScopeMissing))
async def read_approval(request: Request, approval: UUID) -> Response:
    """Read a request exactly as it came. For whoever asked, and for those who may do it themselves."""
    async with database_of(request).snapshot() as read:
        found, asked = await approvals.find(read, house_of(request).keyring, approval, at=now_of(request))
    actor = actor_of(request)
    _check_scope(actor, found, own=found.asked_by == actor.id)
    return answer(ApprovalWhole(approval=found, query=asked.query, body=_show(asked.body)))


@router.post("/v1/approvals/{approval}/approve")
@door(
    scope=DECIDE,
    who="proven",
    takes=ConsentIn,
    gives={200: CarriedOut},
    refuses=(*DECIDED, approvals.ApprovalByOneself, ApprovalVoid),
    examples={"Agreed": {"note": "as we said on the phone"}},
)
async def approve(request: Request, approval: UUID) -> Response:
    """Agree to a request of somebody else: it is carried out now, exactly as it was asked, under both names.

    You need the scope that the request needs. How it was answered is in `status` and `answer`.
    """
    told = await read_body(request, read_decision)
    return answer(await _approve(request, approval, told.note))


@router.post("/v1/approvals/{approval}/refuse")
@door(
    scope=DECIDE,
    who="person",
    takes=ConsentIn,
    gives={200: approvals.Approval},
    refuses=DECIDED,
    examples={"Not so": {"note": "too much for one complaint"}},
)
async def refuse_approval(request: Request, approval: UUID) -> Response:
    """Refuse a request, or take your own back."""
    told, keyring, by, at = (
        await read_body(request, read_decision),
        house_of(request).keyring,
        actor_of(request).id,
        now_of(request),
    )
    return answer(
        await database_of(request).run(lambda tx: approvals.refuse(tx, keyring, approval, by=by, note=told.note, at=at))
    )


async def _approve(request: Request, id_: UUID, note: str) -> CarriedOut:
    database, keyring, actor, at = (database_of(request), house_of(request).keyring, actor_of(request), now_of(request))
    async with database.snapshot() as read:
        found, _ = await approvals.find(read, keyring, id_, at=at)
        asker = await staff.find_account(read, keyring, found.asked_by)
    assert asker is not None, "accounts stay"
    _check_scope(actor, found, own=False)
    both = describe_person(asker.account, agreed_by=actor.id)
    if asker.account.state != "active" or found.scope not in both.scopes:
        raise ApprovalVoid("Who asked for this may not do it any more. Refuse it.")
    _, asked = await database.run(lambda tx: approvals.take(tx, keyring, id_, by=actor.id, note=note, at=at))
    status, body = await carry_out(request, asked, both)
    told = _read_json(body)
    code = _read_code(body) if status >= 400 else ""  # noqa: PLR2004 - of HTTP
    await database.run(lambda tx: approvals.settle(tx, id_, by=actor.id, status=status, code=code))
    async with database.snapshot() as read:
        settled, _ = await approvals.find(read, keyring, id_, at=at)
    return CarriedOut(approval=settled, status=status, answer=told)


async def carry_out(request: Request, asked: approvals.Asked, actor: Actor) -> tuple[int, bytes]:
    """Send a stored request through the app, as both people; answer the status and the body."""
    sent, parts, status = False, list[bytes](), 0

    async def receive() -> Mapping[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope = {
        **{name: request.scope[name] for name in ("type", "asgi", "http_version", "scheme", "client", "server")},
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query.encode("latin-1"),
        "root_path": "",
        "headers": [
            (b"content-type", asked.content_type.encode("latin-1")),
            (b"content-length", str(len(asked.body)).encode()),
            (b"host", request.headers.get("host", "").encode("latin-1")),
        ],
        # Only what runs in this process can say so: what comes over the network has a state of its own.
        "state": {"carried": Carried(actor=actor)},
    }
    await request.app(scope, receive, send)
    return status, b"".join(parts)


def _check_scope(actor: Actor, approval: approvals.Approval, *, own: bool) -> None:
    if not own and approval.scope not in actor.scopes:
        message = f"Whoever decides this needs the scope {approval.scope} as well."
        raise ScopeMissing(message, scope=approval.scope)


def _show(body: bytes) -> object:
    told = _read_json(body) if len(body) <= SHOWN_MAX else None
    return body[:SHOWN_MAX].decode(errors="replace") if told is None else told


def _read_code(body: bytes) -> str:
    """Read the code of a problem."""
    return msgspec.json.decode(body, type=Problem).code


def _read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever it is
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None

"""Webhooks: where events are sent, what became of each, and sending once more."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.features import webhooks
from regulars.interfaces.http.estate import Cursor, Limit
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.state import database_of, house_of, settings_of

__all__ = ["router"]

READ: Final = "webhooks:read"
WRITE: Final = "webhooks:write"
LAST: Final = 2**62
FIRST: Final = UUID(int=0)

router = APIRouter(tags=["Webhooks"])

WebhookPath = Annotated[UUID, Path(description="Id of the webhook.")]
Version = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^"?[1-9][0-9]{0,8}"?$',
        description="The `version` that you read, which is also the ETag: nothing is done where it has changed since.",
    ),
]
States = Annotated[webhooks.State | None, Query(description="In this state only.")]
Url = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
read_id = msgspec.json.Decoder(tuple[UUID])
read_number = msgspec.json.Decoder(tuple[int])


class WebhookIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events are to be sent, and which."""

    url: Url
    """`https://`, on port 443 unless the operator allows others, and of the public internet."""
    description: Words = ""
    kinds: webhooks.Kinds = ("*",)
    """Of events, such as `purchase.recorded`, `tier.changed`, `points.*`."""
    is_enabled: bool = True


class WebhookRotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a secret is followed by another."""

    overlap_hours: Annotated[int, Meta(ge=0, le=webhooks.OVERLAP_HOURS_MAX)] = 24
    """How long the old one signs on beside the new one."""


class WebhookReplay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent once more: one of the three."""

    event: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9_]+$")] | None = None
    """One event, by its id."""
    what: Literal["failed"] | None = None
    """All that was given up."""
    since: Annotated[datetime, Meta(tz=True)] | None = None
    """All that was recorded at this time or later, also what the webhook was never told."""


class WebhookPage(Struct, frozen=True, kw_only=True):
    """A part of the webhooks, by id."""

    webhooks: tuple[webhooks.Webhook, ...]
    next: str | None


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """A delivery, and each time that it was sent."""

    delivery: webhooks.Delivery
    attempts: tuple[webhooks.WebhookAttempt, ...]


class WebhookDeliveryPage(Struct, frozen=True, kw_only=True):
    """A part of the deliveries of a webhook, the newest first."""

    deliveries: tuple[WebhookDelivery, ...]
    next: str | None


class WebhookTest(Struct, frozen=True, kw_only=True):
    """A test event is on its way."""

    event: str


class WebhookReplayed(Struct, frozen=True, kw_only=True):
    """What is sent once more."""

    queued: int | None
    """How many deliveries; null where the journal is read again first."""


read_webhook = msgspec.json.Decoder(WebhookIn)
read_rotation = msgspec.json.Decoder(WebhookRotation)
read_replay = msgspec.json.Decoder(WebhookReplay)
EXAMPLE: Final = {
    "url": "https://crm.example.com/regulars",
    "description": "Tells the CRM of levels and of points that end",
    "kinds": ["tier.changed", "points.*"],
}


class ReplayUnclear(Refusal):
    """A replay says exactly one of `event`, `what` and `since`."""

    code, kind = "webhook_replay_unclear", "invalid"


@router.get("/v1/webhooks")
@door(scope=READ, gives={200: WebhookPage})
async def list_webhooks(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the webhooks. Secrets are not shown."""
    (after,) = read_cursor(cursor, read_id) if cursor else (FIRST,)
    async with database_of(request).snapshot() as read:
        found = await webhooks.list_endpoints(read, after=after, most=limit)
    place = write_cursor((found[-1].id,)) if len(found) == limit else None
    return answer(WebhookPage(webhooks=tuple(found), next=place))


@router.post("/v1/webhooks")
@door(
    scope=WRITE,
    takes=WebhookIn,
    gives={201: webhooks.WebhookMade},
    refuses=(webhooks.WebhookUrlRefused, webhooks.WebhookLimit),
    keyed=True,
    examples={"Some kinds": EXAMPLE, "Everything": {"url": "https://hooks.example.com/in"}},
)
async def add_webhook(request: Request) -> Response:
    """Add a webhook: it is told what is recorded from now on. Its secret is answered this once."""
    told = await read_body(request, read_webhook)
    house, policy = house_of(request), webhooks.Policy.of(settings_of(request))

    async def add(tx: Tx) -> webhooks.WebhookMade:
        at = datetime.now(UTC)
        return await webhooks.add(tx, policy, house.keyring, _endpoint(house.new_id(), told, 1, at), at=at)

    return await write_once(request, add, status=201, headers=lambda made: _tag(made.webhook))


@router.get("/v1/webhooks/figures")
@door(scope=READ, gives={200: webhooks.WebhookFigures})
async def tell_figures(request: Request) -> Response:
    """Tell how much waits, was delivered and was given up, and how old the oldest is that waits."""
    async with database_of(request).snapshot() as read:
        return answer(await webhooks.read_figures(read, at=datetime.now(UTC)))


@router.get("/v1/webhooks/{webhook}")
@door(scope=READ, gives={200: webhooks.Webhook}, refuses=(webhooks.WebhookUnknown,))
async def tell_webhook(request: Request, webhook: WebhookPath) -> Response:
    """Read a webhook. Where it was disabled, `reason` says why; the ETag is what a change must name."""
    async with database_of(request).snapshot() as read:
        found = await webhooks.get(read, webhook)
    return answer(found, headers=_tag(found))


@router.put("/v1/webhooks/{webhook}")
@door(
    scope=WRITE,
    takes=WebhookIn,
    gives={200: webhooks.Webhook},
    refuses=(webhooks.WebhookUnknown, webhooks.WebhookChanged, webhooks.WebhookUrlRefused),
    examples={"Other kinds": EXAMPLE},
)
async def change_webhook(request: Request, webhook: WebhookPath, version: Version) -> Response:
    """Change a webhook. What waits is sent to where it is now; enabled again, it is sent at once."""
    told = await read_body(request, read_webhook)
    changed = await _change(request, webhook, int(version.strip('"')), told)
    return answer(changed, headers=_tag(changed))


@router.delete("/v1/webhooks/{webhook}")
@door(scope=WRITE, gives={204: None}, refuses=(webhooks.WebhookUnknown, webhooks.WebhookChanged))
async def remove_webhook(request: Request, webhook: WebhookPath, version: Version) -> Response:
    """Remove a webhook, with all that is on its way to it."""
    number = int(version.strip('"'))
    await database_of(request).run(lambda tx: webhooks.remove(tx, webhook, version=number))
    return Response(status_code=204)


@router.post("/v1/webhooks/{webhook}/rotate-secret")
@door(
    scope=WRITE,
    takes=WebhookRotation,
    gives={200: webhooks.WebhookMade},
    refuses=(webhooks.WebhookUnknown,),
    keyed=True,
    examples={"Within a day": {"overlap_hours": 24}},
)
async def rotate_webhook_secret(request: Request, webhook: WebhookPath) -> Response:
    """Give a webhook a new secret, answered this once. For a while both sign; one before these ends at once."""
    told = await read_body(request, read_rotation)
    keyring = house_of(request).keyring

    async def rotate(tx: Tx) -> webhooks.WebhookMade:
        at = datetime.now(UTC)
        return await webhooks.rotate_secret(tx, keyring, webhook, overlap_hours=told.overlap_hours, at=at)

    return await write_once(request, rotate)


@router.post("/v1/webhooks/{webhook}/test")
@door(scope=WRITE, gives={202: WebhookTest}, refuses=(webhooks.WebhookUnknown,), keyed=True)
async def test_webhook(request: Request, webhook: WebhookPath) -> Response:
    """Have an event of the kind `webhook.test` sent, once. `deliveries` says what became of it."""
    made = house_of(request).new_id()

    async def send(tx: Tx) -> WebhookTest:
        return WebhookTest(event=await webhooks.send_test(tx, webhook, new_id=made, at=datetime.now(UTC)))

    return await write_once(request, send, status=202)


@router.get("/v1/webhooks/{webhook}/deliveries")
@door(scope=READ, gives={200: WebhookDeliveryPage}, refuses=(webhooks.WebhookUnknown,))
async def list_deliveries(
    request: Request, webhook: WebhookPath, state: States = None, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List what was and is to be sent to a webhook, the newest first, with each attempt. Kept for 30 days."""
    (before,) = read_cursor(cursor, read_number) if cursor else (LAST,)
    async with database_of(request).snapshot() as read:
        return answer(await _list(read, webhook, before=before, state=state or "", most=limit))


@router.post("/v1/webhooks/{webhook}/replay")
@door(
    scope=WRITE,
    takes=WebhookReplay,
    gives={202: WebhookReplayed},
    refuses=(webhooks.WebhookUnknown, webhooks.WebhookEventUnknown, webhooks.WebhookLimit, ReplayUnclear),
    keyed=True,
    examples={
        "What was given up": {"what": "failed"},
        "All since": {"since": "2026-03-01T00:00:00+08:00"},
        "One event": {"event": "evt_01890a5dac96774bbcceb302099a8057_0123456789ab"},
    },
)
async def replay_webhook(request: Request, webhook: WebhookPath) -> Response:
    """Have events sent once more, each under the id that it had: one, all that were given up, or all since a time."""
    told = await read_body(request, read_replay)
    if sum(each is not None for each in (told.event, told.what, told.since)) != 1:
        raise ReplayUnclear("Say exactly one of event, what and since.")
    made = house_of(request).new_id()
    return await write_once(request, lambda tx: _replay(tx, webhook, told, new_id=made), status=202)


async def _change(request: Request, webhook: UUID, version: int, told: WebhookIn) -> webhooks.Webhook:
    policy = webhooks.Policy.of(settings_of(request))

    async def work(tx: Tx) -> webhooks.Webhook:
        at = datetime.now(UTC)
        return await webhooks.change(tx, policy, _endpoint(webhook, told, version, at), at=at)

    return await database_of(request).run(work)


async def _replay(tx: Tx, webhook: UUID, told: WebhookReplay, *, new_id: UUID) -> WebhookReplayed:
    at = datetime.now(UTC)
    if told.event is not None:
        return WebhookReplayed(queued=await webhooks.replay_event(tx, webhook, told.event, at=at))
    if told.since is not None:
        await webhooks.replay_since(tx, webhook, told.since, new_id=new_id)
        return WebhookReplayed(queued=None)
    return WebhookReplayed(queued=await webhooks.replay_failed(tx, webhook, at=at))


async def _list(read: Read, webhook: UUID, *, before: int, state: str, most: int) -> WebhookDeliveryPage:
    await webhooks.get(read, webhook)
    found = await webhooks.list_deliveries(read, webhook, before=before, state=state, most=most)
    attempts: dict[UUID, list[webhooks.WebhookAttempt]] = {}
    for attempt in await webhooks.list_attempts(read, [each.id for each in found]):
        attempts.setdefault(attempt.delivery, []).append(attempt)
    told = tuple(WebhookDelivery(delivery=each, attempts=tuple(attempts.get(each.id, ()))) for each in found)
    return WebhookDeliveryPage(deliveries=told, next=write_cursor((found[-1].number,)) if len(found) == most else None)


def _endpoint(id_: UUID, told: WebhookIn, version: int, at: datetime) -> webhooks.Webhook:
    return webhooks.Webhook(
        id=id_,
        url=told.url,
        description=told.description,
        kinds=told.kinds,
        is_enabled=told.is_enabled,
        reason="" if told.is_enabled else "asked",
        failing_since=None,
        version=version,
        created_at=at,
        changed_at=at,
    )


def _tag(webhook: webhooks.Webhook) -> dict[str, str]:
    return {"ETag": f'"{webhook.version}"'}

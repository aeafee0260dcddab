"""Endpoints are told of, changed and removed; their secrets change; and what was sent is sent once more."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.features.webhooks.events import make_test
from regulars.features.webhooks.model import (
    Secret,
    Webhook,
    WebhookChanged,
    WebhookEventUnknown,
    WebhookLimit,
    WebhookMade,
    WebhookUnknown,
)
from regulars.features.webhooks.sign import make_secret, seal_secret, write_secret
from regulars.features.webhooks.store import (
    Planned,
    Reader,
    Wish,
    add_deliveries,
    add_endpoint,
    add_events,
    add_secret,
    add_wish,
    begin_reading,
    change_endpoint,
    delete_endpoint,
    end_secrets,
    find_endpoint,
    find_missing,
    list_endpoints,
    list_readers,
    list_secrets,
    lock_endpoint,
    lock_reader,
    open_lanes,
    read_again,
    send_again,
    send_failed_again,
)
from regulars.features.webhooks.target import Policy
from regulars.kernel.spine import Place, find_end, find_place

__all__ = [
    "ENDPOINTS_MAX",
    "OVERLAP_HOURS_MAX",
    "add",
    "change",
    "get",
    "remove",
    "replay_event",
    "replay_failed",
    "replay_since",
    "rotate_secret",
    "send_test",
]

ENDPOINTS_MAX: Final = 100
OVERLAP_HOURS_MAX: Final = 24 * 30
FAILED_MAX: Final = 10_000
READERS_MAX: Final = 20


async def add(tx: Tx, policy: Policy, keyring: Keyring, endpoint: Webhook, *, at: datetime) -> WebhookMade:
    """Add an endpoint: it is told what is recorded from now on. Raises WebhookUrlRefused or WebhookLimit."""
    policy.read(endpoint.url)
    await begin_reading(tx, await find_end(tx))
    place = await _lock_place(tx)
    if len(await list_endpoints(tx, most=ENDPOINTS_MAX)) >= ENDPOINTS_MAX:
        raise WebhookLimit(f"There are {ENDPOINTS_MAX} webhooks; remove one first.")
    await add_endpoint(tx, endpoint)
    await add_wish(tx, Wish(endpoint=endpoint.id, number=endpoint.version, kinds=endpoint.kinds, place=place))
    return WebhookMade(webhook=await get(tx, endpoint.id), secret=await _add_secret(tx, keyring, endpoint.id, 1, at))


async def get(read: Read, endpoint: UUID) -> Webhook:
    """Answer an endpoint. Raises WebhookUnknown."""
    found = await find_endpoint(read, endpoint)
    if found is None:
        raise _unknown(endpoint)
    return found


async def change(tx: Tx, policy: Policy, endpoint: Webhook, *, at: datetime) -> Webhook:
    """Change an endpoint from the version that is told to what is told. What waits is sent where it is now.

    Raises WebhookUnknown, WebhookChanged or WebhookUrlRefused.
    """
    policy.read(endpoint.url)
    await get(tx, endpoint.id)
    place = await _lock_place(tx)
    known = await lock_endpoint(tx, endpoint.id)
    if known is None:
        raise _unknown(endpoint.id)
    _check_version(known, endpoint.version)
    await change_endpoint(tx, endpoint, at=at)
    if known.kinds != endpoint.kinds:
        number = known.version + 1
        await add_wish(tx, Wish(endpoint=endpoint.id, number=number, kinds=endpoint.kinds, place=place))
    return await get(tx, endpoint.id)


async def remove(tx: Tx, endpoint: UUID, *, version: int) -> None:
    """Remove an endpoint with all that is on its way. Raises WebhookUnknown or WebhookChanged."""
    await get(tx, endpoint)
    await _lock_place(tx)
    known = await lock_endpoint(tx, endpoint)
    if known is None:
        raise _unknown(endpoint)
    _check_version(known, version)
    await delete_endpoint(tx, endpoint)


async def rotate_secret(tx: Tx, keyring: Keyring, endpoint: UUID, *, overlap_hours: int, at: datetime) -> WebhookMade:
    """Give an endpoint a new secret. The one before signs on beside it for so many hours; older ones end now.

    Raises WebhookUnknown.
    """
    known = await lock_endpoint(tx, endpoint)
    if known is None:
        raise _unknown(endpoint)
    number = 1 + max(each.number for each in (await list_secrets(tx, [endpoint]))[endpoint])
    made = await _add_secret(tx, keyring, endpoint, number, at)
    await end_secrets(tx, endpoint, number=number, ends=at + timedelta(hours=overlap_hours), at=at)
    return WebhookMade(webhook=known, secret=made)


async def send_test(tx: Tx, endpoint: UUID, *, new_id: UUID, at: datetime) -> str:
    """Have a test event sent, once and at once; gives its id. Raises WebhookUnknown."""
    await get(tx, endpoint)
    event = make_test(new_id, endpoint, at)
    await add_events(tx, [event])
    await add_deliveries(tx, [Planned(id=new_id, endpoint=endpoint, event=event)], at=at)
    await open_lanes(tx, [(endpoint, event.member)], at=at)
    return event.id


async def replay_event(tx: Tx, endpoint: UUID, event: str, *, at: datetime) -> int:
    """Have an event sent once more; gives 1, or 0 where it waits to be sent anyway.

    Raises WebhookUnknown, or WebhookEventUnknown where the endpoint was never to be told of it.
    """
    await get(tx, endpoint)
    members = await send_again(tx, endpoint, [event])
    await open_lanes(tx, [(endpoint, member) for member in members], at=at)
    if not members and await find_missing(tx, endpoint, [event]):
        raise WebhookEventUnknown("This webhook has no such event. `deliveries` lists those that it has.")
    return len(members)


async def replay_failed(tx: Tx, endpoint: UUID, *, at: datetime) -> int:
    """Have what was given up sent once more, oldest first; gives how many, at most 10,000. Raises WebhookUnknown."""
    await get(tx, endpoint)
    members = await send_failed_again(tx, endpoint, most=FAILED_MAX)
    await open_lanes(tx, [(endpoint, member) for member in members], at=at)
    return len(members)


async def replay_since(tx: Tx, endpoint: UUID, since: datetime, *, new_id: UUID) -> None:
    """Have all that was recorded at a ledger time or later told once more, also what was before the endpoint.

    The journal is read again up to where it was read by now. Raises WebhookUnknown or WebhookLimit.
    """
    await get(tx, endpoint)
    start = await find_place(tx, since)
    end = await _lock_place(tx)
    if len(await list_readers(tx)) > READERS_MAX:
        raise WebhookLimit(f"{READERS_MAX} replays are under way; wait for one to end.")
    # Where the other is in the midst of a window, all of the window is read: what is told twice is the same event.
    reader = Reader(id=new_id, endpoint=endpoint, place=start, until=end.high)
    await read_again(tx, reader)


async def _lock_place(tx: Tx) -> Place:
    reader = await lock_reader(tx)
    assert reader is not None, "the reader was begun with the first endpoint"
    return reader.place


async def _add_secret(tx: Tx, keyring: Keyring, endpoint: UUID, number: int, at: datetime) -> str:
    made = make_secret()
    sealed = seal_secret(keyring, endpoint, number, made)
    await add_secret(tx, endpoint, Secret(number=number, sealed=sealed, since=at, ends_at=None))
    return write_secret(made)


def _check_version(known: Webhook, version: int) -> None:
    if known.version != version:
        message = "This webhook was changed since you read it. Read it again, and send its ETag as If-Match."
        raise WebhookChanged(message, version=known.version)


def _unknown(endpoint: UUID) -> WebhookUnknown:
    return WebhookUnknown("There is no such webhook.", webhook=str(endpoint))

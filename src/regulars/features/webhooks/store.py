"""The only SQL of the room."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.webhooks.events import TEST
from regulars.features.webhooks.model import (
    Delivery,
    Event,
    Secret,
    Webhook,
    WebhookAttempt,
    WebhookFigures,
)
from regulars.kernel.spine import Place

__all__ = [
    "LIVE",
    "Head",
    "Planned",
    "Reader",
    "Settled",
    "Wish",
    "add_deliveries",
    "add_endpoint",
    "add_events",
    "add_secret",
    "add_wish",
    "begin_reading",
    "change_endpoint",
    "claim",
    "count_stuck",
    "delete_endpoint",
    "end_reader",
    "end_secrets",
    "find_endpoint",
    "find_missing",
    "forget",
    "free_lanes",
    "list_attempts",
    "list_deliveries",
    "list_due",
    "list_endpoints",
    "list_readers",
    "list_secrets",
    "list_wishes",
    "lock_endpoint",
    "lock_lanes",
    "lock_reader",
    "move_reader",
    "note_results",
    "open_lanes",
    "read_again",
    "read_figures",
    "read_heads",
    "send_again",
    "send_failed_again",
    "settle",
    "settle_reader",
    "settle_wish",
]

queries: Final = sql.load(__package__ or __name__)
LIVE: Final = UUID(int=0)
"""The reader for all endpoints."""


class Wish(Struct, frozen=True, kw_only=True):
    """Which kinds an endpoint asked for, from a place in the journal on."""

    endpoint: UUID
    number: int
    kinds: tuple[str, ...]
    place: Place


class Reader(Struct, frozen=True, kw_only=True):
    """Who reads the journal, for all endpoints or once more for one, and how far that has come."""

    id: UUID
    endpoint: UUID | None
    place: Place
    until: int | None
    forgotten: int = 0
    """The highest number of the journal whose events have been forgotten since."""


class Planned(Struct, frozen=True, kw_only=True):
    """A delivery to be written."""

    id: UUID
    endpoint: UUID
    event: Event


class Head(Struct, frozen=True, kw_only=True):
    """What is first in a lane."""

    delivery: UUID
    endpoint: UUID
    lane: UUID
    tries: int
    first_at: datetime | None
    event: str
    kind: str
    body: bytes


class Settled(Struct, frozen=True, kw_only=True):
    """What became of an attempt, and of its delivery."""

    head: Head
    attempt: WebhookAttempt
    state: str
    reason: str
    due_at: datetime
    """When the lane is looked at again."""


async def list_endpoints(read: Read, *, after: UUID = LIVE, most: int) -> list[Webhook]:
    """List endpoints by id, those after one."""
    return [_endpoint(row) for row in await queries.rows(read, "endpoints", after=after, most=most)]


async def find_endpoint(read: Read, endpoint: UUID) -> Webhook | None:
    """Find an endpoint."""
    row = await queries.row(read, "endpoint", id=endpoint)
    return None if row is None else _endpoint(row)


async def lock_endpoint(tx: Tx, endpoint: UUID) -> Webhook | None:
    """Find an endpoint that nobody else changes meanwhile."""
    row = await queries.row(tx, "lock_endpoint", id=endpoint)
    return None if row is None else _endpoint(row)


async def add_endpoint(tx: Tx, endpoint: Webhook) -> None:
    """Write a new endpoint."""
    await queries.run(
        tx,
        "add_endpoint",
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        kinds=endpoint.kinds,
        is_enabled=endpoint.is_enabled,
        reason=endpoint.reason,
        at=endpoint.created_at,
    )


async def change_endpoint(tx: Tx, endpoint: Webhook, *, at: datetime) -> None:
    """Write what an endpoint is now; it begins anew, whatever failed before."""
    await queries.run(
        tx,
        "change_endpoint",
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        kinds=endpoint.kinds,
        is_enabled=endpoint.is_enabled,
        reason=endpoint.reason,
        at=at,
    )


async def delete_endpoint(tx: Tx, endpoint: UUID) -> None:
    """Delete an endpoint with all that was on its way."""
    await queries.run(tx, "remove_endpoint", id=endpoint)


async def note_results(
    tx: Tx, *, succeeded: Collection[UUID], failed: Mapping[UUID, datetime], gone: Collection[UUID], before: datetime
) -> None:
    """Note how endpoints fare, and disable those that are gone, or have done nothing but fail since `before`."""
    await queries.run(tx, "note_success", endpoints=sorted(succeeded))
    for endpoint in sorted(failed):
        await queries.run(tx, "note_failure", id=endpoint, at=failed[endpoint])
        reason = "gone" if endpoint in gone else "failing"
        await queries.run(tx, "disable", id=endpoint, reason=reason, before=before, at=failed[endpoint])


async def list_secrets(read: Read, endpoints: Collection[UUID]) -> dict[UUID, list[Secret]]:
    """List the secrets of endpoints, ended ones too, by number."""
    found: dict[UUID, list[Secret]] = {}
    for row in await queries.rows(read, "secrets", endpoints=list(endpoints)):
        secret = Secret(number=row["number"], sealed=row["sealed"], since=row["since"], ends_at=row["ends_at"])
        found.setdefault(row["endpoint_id"], []).append(secret)
    return found


async def add_secret(tx: Tx, endpoint: UUID, secret: Secret) -> None:
    """Write a secret."""
    await queries.run(
        tx, "add_secret", endpoint=endpoint, number=secret.number, sealed=secret.sealed, since=secret.since
    )


async def end_secrets(tx: Tx, endpoint: UUID, *, number: int, ends: datetime, at: datetime) -> None:
    """End the secrets before a number: the last of them at `ends`, the others now."""
    await queries.run(tx, "end_secrets", endpoint=endpoint, number=number, ends=ends, at=at)


async def add_wish(tx: Tx, wish: Wish) -> None:
    """Write from where on an endpoint is told which kinds."""
    place = wish.place
    await queries.run(
        tx,
        "add_wish",
        endpoint=wish.endpoint,
        number=wish.number,
        kinds=wish.kinds,
        low=place.low,
        high=place.high,
        seq=place.seq,
    )


async def list_wishes(read: Read) -> dict[UUID, list[Wish]]:
    """List by endpoint what was asked for, in order."""
    found: dict[UUID, list[Wish]] = {}
    for row in await queries.rows(read, "wishes"):
        wish = Wish(endpoint=row["endpoint_id"], number=row["number"], kinds=tuple(row["kinds"]), place=_place(row))
        found.setdefault(wish.endpoint, []).append(wish)
    return found


async def begin_reading(tx: Tx, place: Place) -> None:
    """Begin to read the journal for all, unless that was begun before."""
    await queries.run(tx, "begin_reading", id=LIVE, low=place.low, high=place.high)


async def lock_reader(tx: Tx, reader: UUID = LIVE, *, wait: bool = True) -> Reader | None:
    """Lock a reader. Without `wait`, None also where somebody else has it."""
    row = await queries.row(tx, "lock_reader" if wait else "take_reader", id=reader)
    return None if row is None else _reader(row)


async def list_readers(read: Read) -> list[Reader]:
    """List who reads the journal: the one for all first."""
    return [_reader(row) for row in await queries.rows(read, "readers")]


async def read_again(tx: Tx, reader: Reader) -> None:
    """Have the journal read once more for one endpoint."""
    place = reader.place
    await queries.run(
        tx,
        "read_again",
        id=reader.id,
        endpoint=reader.endpoint,
        low=place.low,
        high=place.high,
        until=reader.until,
    )


async def move_reader(tx: Tx, reader: UUID, place: Place) -> None:
    """Note how far a reader has come."""
    await queries.run(tx, "move_reader", id=reader, low=place.low, high=place.high, seq=place.seq)


async def settle_reader(tx: Tx, reader: UUID, place: Place) -> None:
    """Carry a reader over to another server; one that ends does so behind all that was there."""
    await queries.run(tx, "settle_reader", id=reader, low=place.low, high=place.high, seq=place.seq)


async def settle_wish(tx: Tx, endpoint: UUID, number: int, place: Place) -> None:
    """Carry over to another server from where on an endpoint asked for something."""
    words = {"endpoint": endpoint, "number": number}
    await queries.run(tx, "settle_wish", **words, low=place.low, high=place.high, seq=place.seq)


async def end_reader(tx: Tx, reader: UUID) -> None:
    """Delete a reader that has come to its end."""
    await queries.run(tx, "end_reader", id=reader)


async def add_events(tx: Tx, events: Collection[Event]) -> None:
    """Write events, those that are not known yet."""
    await queries.run(
        tx,
        "add_events",
        ids=[each.id for each in events],
        members=[each.member for each in events],
        seqs=[each.seq for each in events],
        kinds=[each.kind for each in events],
        ats=[each.at for each in events],
        bodies=[each.body for each in events],
    )


async def add_deliveries(tx: Tx, planned: Sequence[Planned], *, at: datetime) -> int:
    """Write deliveries in the order given, those that are not known yet; gives how many were new."""
    status = await queries.run(
        tx,
        "add_deliveries",
        ids=[each.id for each in planned],
        endpoints=[each.endpoint for each in planned],
        members=[each.event.member for each in planned],
        events=[each.event.id for each in planned],
        at=at,
    )
    return int(status.rpartition(" ")[2])


async def open_lanes(tx: Tx, lanes: Collection[tuple[UUID, UUID]], *, at: datetime) -> None:
    """See that (endpoint, member) have their lanes, and lock these."""
    wanted = sorted(set(lanes))
    await queries.run(
        tx, "open_lanes", endpoints=[each[0] for each in wanted], members=[each[1] for each in wanted], at=at
    )


async def send_again(tx: Tx, endpoint: UUID, events: Collection[str]) -> list[UUID]:
    """Have events sent once more that were sent or given up; gives their members."""
    return [row[0] for row in await queries.rows(tx, "send_again", endpoint=endpoint, events=list(events))]


async def send_failed_again(tx: Tx, endpoint: UUID, *, most: int) -> list[UUID]:
    """Have what was given up sent once more; gives the members."""
    return [row[0] for row in await queries.rows(tx, "send_failed_again", endpoint=endpoint, most=most)]


async def list_due(read: Read, *, at: datetime) -> list[Webhook]:
    """List the endpoints to which something may be sent now."""
    return [_endpoint(row) for row in await queries.rows(read, "due_endpoints", at=at)]


async def claim(tx: Tx, endpoint: UUID, *, holder: UUID, at: datetime, until: datetime, most: int) -> list[UUID]:
    """Take lanes of an endpoint until a time; gives their members."""
    rows = await queries.rows(tx, "claim", endpoint=endpoint, holder=holder, at=at, until=until, most=most)
    return [row["member_id"] for row in rows]


async def read_heads(read: Read, endpoint: UUID, lanes: Collection[UUID]) -> list[Head]:
    """Read what is first in lanes of an endpoint."""
    return [
        Head(
            delivery=row["id"],
            endpoint=row["endpoint_id"],
            lane=row["member_id"],
            tries=row["tries"],
            first_at=row["first_at"],
            event=row["event_id"],
            kind=row["kind"],
            body=row["body"].encode(),
        )
        for row in await queries.rows(read, "heads", endpoint=endpoint, members=list(lanes))
    ]


async def lock_lanes(tx: Tx, lanes: Collection[tuple[UUID, UUID]], *, holder: UUID) -> set[tuple[UUID, UUID]]:
    """Lock those of these lanes that a holder still has."""
    rows = await queries.rows(
        tx,
        "lock_lanes",
        endpoints=[each[0] for each in lanes],
        members=[each[1] for each in lanes],
        holder=holder,
    )
    return {(row["endpoint_id"], row["member_id"]) for row in rows}


async def settle(tx: Tx, settled: Sequence[Settled], *, ours: Collection[tuple[UUID, UUID]]) -> None:
    """Write the attempts, and what became of them, of the deliveries whose lanes are still ours."""
    kept = [each for each in settled if (each.head.endpoint, each.head.lane) in ours]
    attempts = [each.attempt for each in kept]
    await queries.run(
        tx,
        "note_attempts",
        deliveries=[each.delivery for each in attempts],
        ats=[each.at for each in attempts],
        statuses=[each.status for each in attempts],
        errors=[each.error for each in attempts],
        durations=[each.duration_ms for each in attempts],
    )
    await queries.run(
        tx,
        "settle",
        deliveries=[each.head.delivery for each in kept],
        states=[each.state for each in kept],
        reasons=[each.reason for each in kept],
        ats=[each.attempt.at for each in kept],
        ends=[None if each.state == "waiting" else each.attempt.at for each in kept],
    )


async def free_lanes(tx: Tx, lanes: Mapping[tuple[UUID, UUID], datetime]) -> None:
    """Give lanes back: they are due again at a time, or end where nothing waits in them."""
    await queries.run(
        tx,
        "free_lanes",
        endpoints=[each[0] for each in lanes],
        members=[each[1] for each in lanes],
        dues=list(lanes.values()),
    )


async def list_deliveries(read: Read, endpoint: UUID, *, before: int, state: str = "", most: int) -> list[Delivery]:
    """List an endpoint's deliveries, the newest first, those before a number."""
    rows = await queries.rows(read, "deliveries", endpoint=endpoint, before=before, state=state, most=most)
    return [
        Delivery(
            id=row["id"],
            event=row["event_id"],
            kind=row["kind"],
            member=None if row["kind"] == TEST else row["member_id"],
            state=row["state"],
            reason=row["reason"],
            attempts=row["attempts"],
            created_at=row["created_at"],
            ended_at=row["ended_at"],
            number=row["number"],
        )
        for row in rows
    ]


async def list_attempts(read: Read, deliveries: Collection[UUID]) -> list[WebhookAttempt]:
    """List the attempts of deliveries, in order."""
    return [
        WebhookAttempt(
            delivery=row["delivery_id"],
            number=row["number"],
            at=row["at"],
            status=row["status"],
            error=row["error"],
            duration_ms=row["duration_ms"],
        )
        for row in await queries.rows(read, "attempts", deliveries=list(deliveries))
    ]


async def read_figures(read: Read, *, at: datetime) -> WebhookFigures:
    """Count what is on its way."""
    row = await queries.row(read, "figures")
    assert row is not None
    age = 0 if row["oldest"] is None else max(0, int((at - row["oldest"]).total_seconds()))
    return WebhookFigures(
        waiting=row["waiting"],
        delivered=row["delivered"],
        failed=row["failed"],
        disabled=row["disabled"],
        oldest_seconds=age,
    )


async def find_missing(read: Read, endpoint: UUID, events: Collection[str]) -> list[str]:
    """Find which of these events an endpoint was never to be told."""
    return [row["event_id"] for row in await queries.rows(read, "missing", endpoint=endpoint, events=list(events))]


async def count_stuck(read: Read) -> tuple[int, int]:
    """Count the members of whom something waits without a lane, and the lanes in which nothing waits."""
    row = await queries.row(read, "stuck")
    assert row is not None
    return row["without_lane"], row["without_waiting"]


async def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Forget deliveries that ended before a time, and events that nothing refers to; gives how many deliveries.

    The reader for all must be locked: nobody is to gather meanwhile.
    """
    row = await queries.row(tx, "forget_deliveries", before=before, most=most)
    assert row is not None
    await queries.run(tx, "note_forgotten", id=LIVE, seq=row["seq"])
    await queries.run(tx, "forget_events", most=most)
    return int(row["deliveries"])


def _endpoint(row: Record) -> Webhook:
    return Webhook(
        id=row["id"],
        url=row["url"],
        description=row["description"],
        kinds=tuple(row["kinds"]),
        is_enabled=row["is_enabled"],
        reason=row["reason"],
        failing_since=row["failing_since"],
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


def _place(row: Record) -> Place:
    return Place(low=row["low"], high=row["high"], seq=row["seq"])


def _reader(row: Record) -> Reader:
    return Reader(
        id=row["id"],
        endpoint=row["endpoint_id"],
        place=_place(row),
        until=row["until"],
        forgotten=row["forgotten"],
    )

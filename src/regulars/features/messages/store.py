"""The only SQL of the room."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.messages.model import Channel, Kind, Message, Rule, State, Suppression, Template
from regulars.kernel.spine import Place

__all__ = [
    "Caused",
    "Figures",
    "Queued",
    "Settled",
    "add_messages",
    "add_template",
    "begin_reading",
    "claim",
    "count_sent",
    "count_unread",
    "find_suppressed",
    "forget",
    "give_back",
    "has_reader",
    "leave_out",
    "list_caused",
    "list_dead",
    "list_doubled",
    "list_messages",
    "lock_due",
    "mark_begun",
    "mark_bounced",
    "mark_read",
    "move_reader",
    "put_off",
    "put_rule",
    "read_figures",
    "read_inbox",
    "read_rules",
    "read_templates",
    "recover",
    "send_again",
    "settle",
    "suppress",
    "take_reader",
    "unsuppress",
]

queries: Final = sql.load(__package__ or __name__)


class Queued(Struct, frozen=True, kw_only=True):
    """A message to be written."""

    id: UUID
    member: UUID
    kind: Kind
    purpose: str
    channel: Channel
    reference: str
    content: bytes
    useful_until: datetime | None


class Settled(Struct, frozen=True, kw_only=True):
    """What became of a message that was begun."""

    id: UUID
    state: State
    reason: str
    tried: bool
    """Whether it counts as a try."""
    due_at: datetime
    ended_at: datetime | None


class Caused(Struct, frozen=True, kw_only=True):
    """A message that an activity gave rise to."""

    number: int
    member: UUID
    kind: Kind
    reference: str
    cause: str | None
    """The activity, where the reference does not begin with it."""


class Figures(Struct, frozen=True, kw_only=True):
    """How much is on its way."""

    waiting: int
    in_hand: int
    failed: int
    doubtful: int
    oldest: datetime | None
    """Since when the message waits that is due longest; null where none waits."""


async def list_caused(read: Read, *, after: int, since: datetime, most: int) -> list[Caused]:
    """List messages since a moment that activities gave rise to, after a number."""
    return [
        Caused(
            number=row["number"],
            member=row["member_id"],
            kind=row["kind"],
            reference=row["reference"],
            cause=row["cause"],
        )
        for row in await queries.rows(read, "list_caused", after=after, since=since, most=most)
    ]


async def list_doubled(read: Read, *, most: int) -> list[str]:
    """Say what a member would hear twice, or was sent without being begun."""
    return [row["sentence"] for row in await queries.rows(read, "list_doubled", most=most)]


async def has_reader(read: Read) -> bool:
    """Say whether the journal is read already."""
    return bool(await queries.value(read, "has_reader"))


async def begin_reading(tx: Tx, place: Place) -> None:
    """Begin to read the journal at a place, unless it is read already."""
    await queries.run(tx, "begin_reading", low=place.low, high=place.high)


async def take_reader(tx: Tx) -> Place | None:
    """Take the place in the journal; None where somebody else has it."""
    row = await queries.row(tx, "take_reader")
    return None if row is None else Place(low=row["low"], high=row["high"], seq=row["seq"])


async def move_reader(tx: Tx, place: Place) -> None:
    """Note how far the journal was read."""
    await queries.run(tx, "move_reader", low=place.low, high=place.high, seq=place.seq)


async def read_templates(read: Read) -> list[Template]:
    """Read the house's own words, the newest of each kind and language."""
    return [_template(row) for row in await queries.rows(read, "templates")]


async def add_template(tx: Tx, template: Template, *, by: str, at: datetime) -> Template:
    """Write words as the next version of their kind and language."""
    await queries.row(tx, "take_turn_to_write")
    row = await queries.row(
        tx,
        "add_template",
        kind=template.kind,
        language=template.language,
        subject=template.subject,
        body=template.text,
        short=template.short,
        at=at,
        by=by,
    )
    assert row is not None, "an aggregate gives a row"
    return _template(row)


async def read_rules(read: Read) -> dict[Kind, Rule]:
    """Read the house's own rules, by kind."""
    return {
        row["kind"]: Rule(
            channels=tuple(row["channels"]),
            quiet_from=row["quiet_from"],
            quiet_until=row["quiet_until"],
            cap_most=row["cap_most"],
            cap_days=row["cap_days"],
        )
        for row in await queries.rows(read, "rules")
    }


async def put_rule(tx: Tx, kind: Kind, rule: Rule, *, at: datetime) -> None:
    """Write the rule of a kind."""
    told = msgspec.structs.asdict(rule) | {"channels": list(rule.channels)}
    await queries.run(tx, "put_rule", kind=kind, at=at, **told)


async def add_messages(tx: Tx, queued: Sequence[Queued], *, at: datetime) -> int:
    """Write messages, those that are not known yet; gives how many."""
    status = await queries.run(
        tx,
        "add_messages",
        ids=[each.id for each in queued],
        members=[each.member for each in queued],
        kinds=[each.kind for each in queued],
        purposes=[each.purpose for each in queued],
        channels=[each.channel for each in queued],
        refs=[each.reference for each in queued],
        contents=[each.content.decode() for each in queued],
        untils=[each.useful_until for each in queued],
        at=at,
    )
    return int(status.rpartition(" ")[2])


async def recover(tx: Tx, *, at: datetime) -> int:
    """Take back from whoever died: what was not begun waits again, what was begun is doubtful. Gives how many are."""
    await queries.run(tx, "let_go", at=at)
    return int((await queries.run(tx, "doubt", at=at)).rpartition(" ")[2])


async def lock_due(tx: Tx, *, at: datetime, most: int) -> list[Message]:
    """Lock what is due, the longest first, while nobody else claims."""
    await queries.row(tx, "take_turn_to_claim")
    return [_message(row) for row in await queries.rows(tx, "due", at=at, most=most)]


async def count_sent(read: Read, asked: Mapping[tuple[UUID, str], datetime]) -> dict[tuple[UUID, str], int]:
    """Count what members were sent for purposes, each since a time, beside the inbox."""
    rows = await queries.rows(
        read,
        "counts",
        members=[member for member, _ in asked],
        purposes=[purpose for _, purpose in asked],
        sinces=list(asked.values()),
    )
    return {(row["member_id"], row["purpose"]): row["sent"] for row in rows}


async def claim(tx: Tx, ids: Collection[UUID], *, holder: UUID, until: datetime) -> None:
    """Take messages in hand: nothing is sent yet."""
    await queries.run(tx, "claim", ids=list(ids), holder=holder, until=until)


async def put_off(tx: Tx, later: Mapping[UUID, datetime]) -> None:
    """Look at messages again later."""
    await queries.run(tx, "put_off", ids=list(later), dues=list(later.values()))


async def leave_out(tx: Tx, ended: Sequence[tuple[UUID, State, str]], *, at: datetime) -> None:
    """End messages that go nowhere by SMTP: left out with a reason, given up, or put into the inbox."""
    await queries.run(
        tx,
        "leave_out",
        ids=[each[0] for each in ended],
        states=[each[1] for each in ended],
        reasons=[each[2] for each in ended],
        at=at,
    )


async def mark_begun(tx: Tx, told: Sequence[tuple[UUID, int, str]], *, holder: UUID, until: datetime) -> set[UUID]:
    """Note of (message, version, language) that they are sent from now on; gives those that are still the holder's."""
    rows = await queries.rows(
        tx,
        "mark_begun",
        ids=[each[0] for each in told],
        versions=[each[1] for each in told],
        languages=[each[2] for each in told],
        holder=holder,
        until=until,
    )
    return {row["id"] for row in rows}


async def settle(tx: Tx, settled: Sequence[Settled], *, holder: UUID) -> None:
    """Write what became of messages that are still the holder's."""
    await queries.run(
        tx,
        "settle",
        ids=[each.id for each in settled],
        states=[each.state for each in settled],
        reasons=[each.reason for each in settled],
        trieds=[int(each.tried) for each in settled],
        dues=[each.due_at for each in settled],
        ends=[each.ended_at for each in settled],
        holder=holder,
    )


async def give_back(tx: Tx, *, holder: UUID) -> None:
    """Give back what a holder has in hand and did not begin."""
    await queries.run(tx, "give_back", holder=holder)


async def list_messages(
    read: Read, *, before: int, state: str = "", member: UUID | None = None, most: int
) -> list[Message]:
    """List messages, the newest first, those before a number."""
    rows = await queries.rows(read, "messages", before=before, state=state, member=member, most=most)
    return [_message(row) for row in rows]


async def read_inbox(read: Read, members: Iterable[UUID], *, before: int, most: int) -> list[Message]:
    """Read what is in the inbox of members who are one, the newest first, before a number."""
    rows = await queries.rows(read, "inbox", members=sorted(set(members)), before=before, most=most)
    return [_message(row) for row in rows]


async def count_unread(read: Read, members: Iterable[UUID]) -> int:
    """Count what nobody has read yet."""
    return int(await queries.value(read, "unread", members=sorted(set(members))))


async def mark_read(tx: Tx, message: UUID, members: Iterable[UUID], *, at: datetime) -> bool:
    """Note that a message in the inbox was read; False where these members have no such message."""
    return await queries.row(tx, "mark_read", id=message, members=sorted(set(members)), at=at) is not None


async def send_again(tx: Tx, ids: Collection[UUID], *, at: datetime) -> int:
    """Let what was given up, left out or is doubtful wait again; gives how many."""
    return len(await queries.rows(tx, "send_again", ids=list(ids), at=at))


async def list_dead(read: Read, state: State, *, most: int) -> list[UUID]:
    """List what was given up, or what is doubtful, the oldest first."""
    return [row["id"] for row in await queries.rows(read, "list_dead", state=state, most=most)]


async def mark_bounced(tx: Tx, message: UUID) -> bool:
    """Note that a message came back; False where no message that went out has this id."""
    return await queries.row(tx, "bounce", id=message) is not None


async def suppress(
    tx: Tx, channel: Channel, digests: Collection[bytes], reason: Suppression, *, by: str, at: datetime
) -> int:
    """Send nothing to addresses any more, given by their digests; gives how many are new."""
    status = await queries.run(tx, "suppress", channel=channel, digests=list(digests), reason=reason, by=by, at=at)
    return int(status.rpartition(" ")[2])


async def unsuppress(tx: Tx, channel: Channel, digests: Collection[bytes]) -> int:
    """Send to an address again, given by its digests under each key; gives how many entries were taken away."""
    return int((await queries.run(tx, "unsuppress", channel=channel, digests=list(digests))).rpartition(" ")[2])


async def find_suppressed(read: Read, asked: Collection[tuple[Channel, bytes]]) -> dict[tuple[str, bytes], Suppression]:
    """Find which of (channel, digest) nothing is sent to, and why."""
    rows = await queries.rows(
        read, "suppressed", channels=[each[0] for each in asked], digests=[each[1] for each in asked]
    )
    return {(row["channel"], row["digest"]): row["reason"] for row in rows}


async def read_figures(read: Read) -> Figures:
    """Count what is on its way, and what was given up."""
    row = await queries.row(read, "figures")
    assert row is not None, "counts give a row"
    return Figures(
        waiting=row["waiting"],
        in_hand=row["in_hand"],
        failed=row["failed"],
        doubtful=row["doubtful"],
        oldest=row["oldest"],
    )


async def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Forget what ended before a time; gives how many messages."""
    return int((await queries.run(tx, "forget", before=before, most=most)).rpartition(" ")[2])


def _template(row: Record) -> Template:
    return Template(
        kind=row["kind"],
        language=row["language"],
        version=row["version"],
        subject=row["subject"],
        text=row["body"],
        short=row["short"],
    )


def _message(row: Record) -> Message:
    return Message(
        id=row["id"],
        number=row["number"],
        member=row["member_id"],
        kind=row["kind"],
        purpose=row["purpose"],
        channel=row["channel"],
        content=msgspec.json.decode(row["content"]),
        state=row["state"],
        reason=row["reason"],
        tries=row["tries"],
        version=row["version"],
        language=row["language"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        useful_until=row["useful_until"],
        ended_at=row["ended_at"],
        read_at=row["read_at"],
    )

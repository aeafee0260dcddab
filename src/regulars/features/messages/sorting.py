"""Taking what is due in hand: for each message who may get it, where, and in which words; looked up once for many."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Final
from uuid import UUID

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.base.plugs import find_plugs
from regulars.features.messages.model import INBOX, KINDS, SERVICE, Channel, Facts, Message, State, Verdict, judge
from regulars.features.messages.scene import Scene, Written, read_scene
from regulars.features.messages.stop import Stop, make_token
from regulars.features.messages.store import claim, count_sent, leave_out, lock_due, put_off
from regulars.features.messages.suppress import find_suppressed
from regulars.features.messages.template import VariableMissing
from regulars.kernel import members
from regulars.kernel.members.contacts import read_contacts
from regulars.kernel.nouns import Scalar
from regulars.kernel.spine import House

__all__ = ["Addressed", "Asked", "Taken", "take"]

CONTACTS: Final[Mapping[Channel, str]] = {"email": "email", "sms": "phone", "push": "push", "wechat": "wechat"}
"""By which identifier a channel reaches a member: a push token of their device, their id at the house's WeChat."""
MERGES_MAX: Final = 20
HAND_LASTS: Final = timedelta(minutes=2)

Asked = tuple[UUID, str, str]
"""(member, purpose, channel)"""
Permits = Callable[[Read, Collection[Asked]], Awaitable[set[Asked]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A message that is ready to be sent."""

    message: Message
    member: UUID
    """Whose it is now: whoever was merged hears as the member who was kept."""
    to: str = field(repr=False)
    written: Written = field(repr=False)
    stop_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of looking: how many were looked at, how many were put into the inbox, and what is in hand."""

    looked: int
    inboxed: int
    outward: tuple[Addressed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What is known of everybody whose messages are due."""

    scene: Scene
    roots: Mapping[UUID, members.Member]
    allowed: Collection[Asked]
    contacts: Mapping[tuple[UUID, str], str]
    suppressed: Collection[tuple[Channel, str]]
    traits: Mapping[UUID, Mapping[str, Scalar]]
    ways: Collection[Channel]

    def address(self, message: Message) -> str | None:
        """Where a message goes to."""
        return self.contacts.get((self.roots[message.member].id, CONTACTS.get(message.channel, "")))


@cache
def _find_permits() -> tuple[Permits, ...]:
    """Find who has a say in whether something is sent: `find_allowed` of the files called `permits`."""
    # By its name: the package of all features is no room to import from.
    return tuple(plug.find_allowed for plug in find_plugs(import_module("regulars.features"), "permits").values())


async def take(
    tx: Tx, house: House, *, ways: Collection[Channel], address: str, holder: UUID, at: datetime, most: int
) -> Taken:
    """Take messages in hand that are due. Some end with a reason, or wait; those for the inbox are there at once.

    `address` is where links of this installation begin; empty for none.
    """
    due = await lock_due(tx, at=at, most=most)
    if not due:
        return Taken(looked=0, inboxed=0, outward=())
    roots = await _find_roots(tx, {each.member for each in due})
    # Whoever is not there any more was enrolled by mistake, and that was undone.
    ended: list[tuple[UUID, State, str]] = [
        (each.id, "skipped", "no_member") for each in due if each.member not in roots
    ]
    looked = len(due)
    due = [each for each in due if each.member in roots]
    desk = await _look_up(tx, house, due, roots, ways)
    since = {
        (desk.roots[each.member].id, each.purpose): at - timedelta(days=desk.scene.rules[each.kind].cap_days)
        for each in due
    }
    counts = await count_sent(tx, since)
    outward: list[Addressed] = []
    later: dict[UUID, datetime] = {}
    for message in due:
        member = desk.roots[message.member]
        verdict = _judge(desk, message, counts.get((member.id, message.purpose), 0), at)
        if verdict.later is not None:
            later[message.id] = verdict.later
        elif verdict.reason:
            ended.append((message.id, "skipped", verdict.reason))
        elif message.channel == INBOX:
            ended.append((message.id, "sent", ""))
        elif (ready := _prepare(house, desk, message, address)) is None:
            ended.append((message.id, "failed", "words"))
        else:
            outward.append(ready)
            counts[member.id, message.purpose] = counts.get((member.id, message.purpose), 0) + 1
    await leave_out(tx, ended, at=at)
    await put_off(tx, later)
    await claim(tx, [each.message.id for each in outward], holder=holder, until=at + HAND_LASTS)
    inboxed = sum(state == "sent" for _, state, _ in ended)
    return Taken(looked=looked, inboxed=inboxed, outward=tuple(outward))


def _judge(desk: _Desk, message: Message, sent: int, at: datetime) -> Verdict:
    member = desk.roots[message.member]
    to = desk.address(message)
    facts = Facts(
        is_member=member.state in {"active", "frozen"},
        is_allowed=(member.id, message.purpose, message.channel) in desk.allowed,
        has_way=message.channel in desk.ways,
        has_contact=to is not None,
        is_suppressed=to is not None and (message.channel, to) in desk.suppressed,
        sent=sent,
        zone=desk.scene.find_zone(desk.traits[member.id]),
    )
    return judge(message, desk.scene.rules[message.kind], facts, at=at)


def _prepare(house: House, desk: _Desk, message: Message, address: str) -> Addressed | None:
    """Put a message into words; None where a value for them is missing."""
    member, to = desk.roots[message.member], desk.address(message)
    assert to is not None, "what has no contact is left out"
    traits = desk.traits[member.id]
    try:
        written = desk.scene.write(
            message.kind, message.content, desk.scene.find_language(traits), desk.scene.find_zone(traits)
        )
    except VariableMissing:
        return None
    token = make_token(
        house.keyring, Stop(member=member.id, purpose=KINDS[message.kind].purpose, channel=message.channel)
    )
    return Addressed(
        message=message, member=member.id, to=to, written=written, stop_url=address and f"{address}/stop/{token}"
    )


async def _look_up(
    tx: Tx, house: House, due: Sequence[Message], roots: Mapping[UUID, members.Member], ways: Collection[Channel]
) -> _Desk:
    ledger_time = await clock.now(tx)
    ids = {member.id for member in roots.values()}
    asked = {(roots[each.member].id, each.purpose, str(each.channel)) for each in due}
    # Where nobody has a say, only what belongs to being a member is sent.
    allowed = asked if _find_permits() else {each for each in asked if each[1] in SERVICE}
    for find_allowed in _find_permits():
        allowed = allowed & await find_allowed(tx, allowed)
    contacts = await _read_contacts(tx, house, roots, due)
    places: set[tuple[Channel, str]] = {
        (each.channel, to)
        for each in due
        if (to := contacts.get((roots[each.member].id, CONTACTS.get(each.channel, ""))))
    }
    history = await members.traits_many(tx, ids, since=ledger_time)
    return _Desk(
        scene=await read_scene(tx, house, at=ledger_time),
        roots=roots,
        allowed=allowed,
        contacts=contacts,
        suppressed=await find_suppressed(tx, house.keyring, places),
        traits={member: history.as_of(member, ledger_time) for member in ids},
        ways=ways,
    )


async def _find_roots(read: Read, ids: set[UUID]) -> dict[UUID, members.Member]:
    """Find who members are now: whoever was merged is the one who was kept. Those who are nobody are left out."""
    known = await members.look_many(read, ids)
    for _ in range(MERGES_MAX):
        further = {each.merged_into for each in known.values() if each.merged_into} - known.keys()
        if not further:
            break
        known |= await members.look_many(read, further)
    roots: dict[UUID, members.Member] = {}
    for member in ids & known.keys():
        root = known[member]
        while root.merged_into is not None and root.merged_into in known:
            root = known[root.merged_into]
        roots[member] = root
    return roots


async def _read_contacts(
    tx: Tx, house: House, roots: Mapping[UUID, members.Member], due: Sequence[Message]
) -> dict[tuple[UUID, str], str]:
    """Read how those are reached to whom something goes out: of each kind the last that was added."""
    found: dict[tuple[UUID, str], str] = {}
    reached = {roots[each.member] for each in due if each.channel in CONTACTS}
    for member in sorted(reached, key=lambda each: each.id):
        if member.state in {"active", "frozen"}:
            for contact in await read_contacts(tx, house.keyring, member.id, kinds=sorted(CONTACTS.values())):
                found.setdefault((member.id, contact.kind), contact.value)
    return found

"""A member is forgotten: what they hold is written off in the books, and then who they were is lost for good.

The books stay whole: each entry, lot and receipt that moved points is kept as it was, of somebody whom nobody can name.
Nobody can send this as an activity. It comes by the house's own hand, like what the clock brings, and whoever follows
the journal reads of it as `member.erased`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from regulars.base.db import Tx
from regulars.base.roles import read_power
from regulars.kernel import ledger, members
from regulars.kernel.activity import erasing as words
from regulars.kernel.ledger import ARREARS, LOSS
from regulars.kernel.members import erasing as keys
from regulars.kernel.nouns import Body, Posted, Receipt
from regulars.kernel.spine.admission import CLOCK
from regulars.kernel.spine.house import House
from regulars.kernel.spine.merging import hand_back
from regulars.kernel.spine.model import HouseholdBound
from regulars.kernel.spine.profile import TRAITS
from regulars.kernel.spine.reading import read_batch
from regulars.kernel.spine.record import write_batch
from regulars.kernel.spine.scene import Cast

__all__ = [
    "ERASED",
    "FORFEIT",
    "Forgotten",
    "Loss",
    "WrittenOff",
    "forget_member",
    "forget_words",
    "sum_written_off",
]

ERASED: Final = "member.erased"
"""The kind of the activity; the full stop makes it an event of its own name for whoever follows."""
FORFEIT: Final = "forfeit"
FORFEITED: Final = "forfeited"
"""The house's side of points that members gave up when they were forgotten."""


class Loss(Struct, frozen=True, kw_only=True):
    """Something besides points that a member loses when they are forgotten: a coupon, a reward that waits."""

    what: str
    """Its sort, such as `coupon`."""
    name: str
    count: int


class WrittenOff(Struct, frozen=True, kw_only=True):
    """What was written off of one currency: points that were there (held and waiting ones too), and points owed."""

    currency: str
    points: int
    owed: int


class Forgotten(Struct, frozen=True, kw_only=True):
    """What forgetting a member did."""

    members: tuple[UUID, ...]
    """The member, and those who had become part of them."""
    receipt: Receipt
    identifiers: int
    """How many ways there were to find them."""
    is_whole: bool
    """Whether words that were told of them are out of the journal; else the owner of the tables has yet to do that."""


async def forget_member(tx: Tx, house: House, member: UUID, *, at: datetime, reason: str) -> Forgotten:
    """Write off what a member holds, and forget who they were: at once, for ever, and nothing else of the books.

    Locks the member, and whoever is concerned by holds, in the order of ids. `reason` is a word for machines. Raises
    MemberUnknown, MemberMerged, MemberErased, and HouseholdBound while another has points of theirs set aside.
    """
    who = await members.get(tx, member)
    if who.merged_into is not None:
        message = "This member is part of another, who is to be forgotten in their place."
        raise members.MemberMerged(message, member=str(member), kept=str(who.merged_into))
    batch = await read_batch(tx, house, (), also={member: at})
    if batch.locked[member].state == "erased":
        raise members.MemberErased("This member was erased before.", member=str(member))
    batch.homes = await members.read_homes(tx, batch.locked, [member])
    ids = sorted({member, *batch.absorbed.get(member, ())})
    for each in ids:
        at = batch.book.time(each, at)
    for each in ids:
        batch.bring_clock(each, at)
    body = Body(id=f"{ERASED}:{member}", source=CLOCK, kind=ERASED, occurred_at=at, data={"reason": reason})
    receipt = batch.act(body, member, at, lambda cast: _write_off(cast, batch.homes))
    await write_batch(tx, batch, at)
    is_whole = await read_power(tx) != "app"
    if is_whole:
        await forget_words(tx, ids)
    return Forgotten(members=tuple(ids), receipt=receipt, identifiers=await keys.shred(tx, ids), is_whole=is_whole)


async def forget_words(tx: Tx, ids: Sequence[UUID]) -> int:
    """Take out of the journal what was told of members who are erased; gives how many activities were rewritten.

    Only the owner of the tables may: for whoever serves, the journal is written and never changed.
    """
    told = await words.list_told(tx, ids, kind=TRAITS)
    retold: list[words.Retold] = []
    for past in told:
        named = dict.fromkeys(past.body.ask)
        traits = tuple(replace(each, value=None) if each.name in named else each for each in past.receipt.traits)
        retold.append(
            words.Retold(
                member=past.member,
                activity=past.activity,
                body=replace(past.body, ask=named),
                receipt=replace(past.receipt, traits=traits),
            )
        )
    await words.rewrite(tx, ids, retold)
    await keys.blank_traits(tx, [(each.member, each.activity, name) for each in retold for name in each.body.ask])
    return len(retold)


def sum_written_off(receipt: Receipt) -> list[WrittenOff]:
    """Say by currency what a member lost by being forgotten."""
    found: dict[str, tuple[int, int]] = {}
    for posted in receipt.postings:
        if posted.kind == FORFEIT:
            points, owed = found.get(posted.currency, (0, 0))
            found[posted.currency] = (points + max(-posted.points, 0), owed - posted.arrears)
    return [WrittenOff(currency=each, points=points, owed=owed) for each, (points, owed) in sorted(found.items())]


def _write_off(cast: Cast, homes: members.Homes) -> list[Posted]:
    """Let go of what is set aside, then give up every lot and every debt, and the place in a household."""
    book, member = cast.book, cast.member
    open_holds = sorted(
        (held for held in book.holds.values() if held.state == "open"), key=lambda held: (held.held_at, held.id)
    )
    bound = [held for held in open_holds if cast.today(held.member) != member and _is_on(cast, held)]
    if bound:
        message = "Another member of the household has points of this member set aside. Wait until that is settled."
        until = max(held.settle_until for held in bound)
        raise HouseholdBound(message, holds=[str(held.id) for held in bound], until=until.isoformat())
    mine = [held for held in open_holds if cast.today(held.member) == member]
    postings = [ledger.release(book, held, at=cast.by.at) for held in mine]
    postings += hand_back(cast)
    for currency in book.currencies(member):
        if (ended := book.expire(member, currency, by=cast.by)) is not None:
            postings.append(ended)
        if lots := [(lot, lot.remaining) for lot in book.open_lots(member, currency)]:
            postings.append(ledger.take(book, lots, kind=FORFEIT, house=FORFEITED, by=cast.by))
        if owed := -book.balance(member, currency, ARREARS):
            book.move(member, currency, (LOSS, ARREARS), owed, kind=FORFEIT, by=cast.by)
            postings.append(Posted(currency=currency, points=owed, kind=FORFEIT, arrears=-owed))
        book.recompute_due(member, currency)
    if homes.of(member) is not None:
        cast.moves.append(members.Move(member=member, household=None, at=homes.moment(member, cast.by.at)))
    return postings


def _is_on(cast: Cast, held: ledger.Hold) -> bool:
    """Whether a hold names points of the member, or of whoever has become part of them."""
    return any(cast.today(part.owner) == cast.member and part.open for part in held.parts)

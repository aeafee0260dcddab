"""Points in place of money: those that offers cost are taken, and given back with what they paid for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel import ledger
from regulars.kernel.ledger import Stamp
from regulars.kernel.members import Member
from regulars.kernel.members.burning import Stops
from regulars.kernel.nouns import Cost, Posted, Ruling
from regulars.kernel.spine.model import MemberFrozen
from regulars.kernel.spine.scene import Doing, Scene

__all__ = ["REDEEM", "pay", "refund"]

REDEEM: Final = "redeem"
LATE: Final = ledger.Late(policy="grace", grace=timedelta(days=30))
"""Points that paid for what comes back, and that have ended meanwhile, live on for a month."""


def pay(
    book: ledger.Book, doing: Doing, ruling: Ruling, member: Member, held: ledger.Hold | None, *, stops: Stops
) -> list[Posted]:
    """Take the points that offers cost: first those that a quote `held` for it, whose rest is given back.

    Raises NotEnoughPoints, MemberFrozen, BurningOff, CoolingOff.
    """
    if ruling.costs and member.state == "frozen":
        message = "This member's points are frozen; they can be earned but not used."
        raise MemberFrozen(message, member=str(doing.member))
    if ruling.costs and held is None:
        stops.check(doing.member, doing.at)
    postings: list[Posted] = []
    for offer, cost in ruling.costs:
        postings += _settle(book, doing, offer, cost, held)
        held = None if held is None else book.holds[held.member, held.id]
    if held is not None and held.state == "open":
        postings.append(ledger.release(book, held, at=doing.at))
        ended = book.expire(doing.member, held.currency, by=doing.stamp)
        postings += [] if ended is None else [ended]
    return postings


def _settle(book: ledger.Book, doing: Doing, offer: str, cost: Cost, held: ledger.Hold | None) -> Iterator[Posted]:
    """Pay one cost. Where two entries pay it, its lines are told with both, each with its share."""
    left, lines = cost.points, cost.lines
    if held is not None and held.state == "open" and held.currency == cost.currency and doing.at <= held.valid_until:
        part = min(left, held.open)
        left -= part
        used, lines = split(lines, part)

        def stamp(_owner: UUID) -> Stamp:
            return doing.stamp

        for _, posted in ledger.capture(book, held, part, used_at=doing.at, stamp_of=stamp, at=doing.at):
            yield replace(posted, offer=offer, lines=used)
    if left:
        posted = ledger.spend(
            book, doing.member, cost.currency, left, kind=REDEEM, house=ledger.REDEMPTION, by=doing.stamp
        )
        yield replace(posted, offer=offer, lines=lines)


def split(
    lines: tuple[tuple[int, int], ...], points: int
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Split an attribution by line after so many points: what is before, and what is after."""
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    for number, part in lines:
        mine = min(part, points)
        points -= mine
        if mine:
            before.append((number, mine))
        if part > mine:
            after.append((number, part - mine))
    return tuple(before), tuple(after)


def refund(scene: Scene, ruling: Ruling) -> list[Posted]:
    """Put what a return gives back into the lots from which its purchase was paid, last used first."""
    past = scene.doing.past
    assert past is not None or not ruling.refunds, "only a return gives back"
    postings: list[Posted] = []
    for offer, cost in ruling.refunds:
        assert past is not None
        left = cost.points
        paid = [
            it for it in past.receipt.postings if (it.kind, it.offer, it.currency) == (REDEEM, offer, cost.currency)
        ]
        for each in reversed(paid):
            taken = scene.book.taken(past.member, cost.currency, each.version)
            part = min(left, taken.left)
            left -= part
            if part:
                by = scene.stamp_of(past.member, "points_restored")
                back = ledger.reverse(scene.book, past.member, cost.currency, part, of=taken, late=LATE, by=by)
                told = [replace(it, offer=offer) if it.kind == "reverse" else it for it in back]
                postings += scene.tell(past.member, told)
    return postings

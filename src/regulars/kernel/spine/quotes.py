"""Quotes: what a purchase would come to, kept for a while; and the purchase that takes it up.

A quote sets aside what the purchase will need: a hold on the points that it is paid with, and a reservation on every
part of something scarce. The purchase that names it lets go of all that and is then reckoned like any other, in the
same transaction and under the same locks, so nobody comes in between. What was quoted is kept: when the reservation is
over it is claimed anew, and where that fails the house bears the difference and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.kernel import activity as journal
from regulars.kernel import ledger, limits
from regulars.kernel.members import Member
from regulars.kernel.members.burning import Stops
from regulars.kernel.nouns import Activity, Award, Body, Discount, Given, Line, Posted, Reason, Receipt, Ruling, Step
from regulars.kernel.program import HONOURED, take_off
from regulars.kernel.spine.model import AskInvalid, QuoteOutdated, TotalDiffers
from regulars.kernel.spine.scene import Doing

__all__ = [
    "PURCHASE",
    "QUOTE",
    "RELEASE",
    "Quote",
    "Quoted",
    "Release",
    "check_due",
    "choose_version",
    "count_usable",
    "find_end",
    "find_held",
    "find_quote",
    "honour",
    "let_go",
    "promise",
    "reckon_due",
    "remind",
    "reserve",
]

QUOTE: Final = "quote"
PURCHASE: Final = "purchase"
RELEASE: Final = "quote_release"
"""The kind of activity that lets go of what a quote set aside."""


class Quote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep what a purchase would come to, and what it needs."""

    valid_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let go of a quote, named by `origin`. What it had used up meanwhile stays so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A quote that a purchase names."""

    past: journal.Past
    until: datetime
    is_same: bool
    """The purchase is the very one that was quoted."""

    @property
    def due_minor(self) -> int:
        """What was to be paid in money."""
        return reckon_due(self.past.body.lines, self.past.receipt.discounts)


def find_quote(
    body: Body, past: journal.Past | None, answers: Sequence[Receipt], *, is_own: bool
) -> tuple[Quoted | None, list[Reason]]:
    """Find the quote that a purchase takes up; or why there is none that it could."""
    if body.kind not in {PURCHASE, RELEASE} or not body.origin:
        return None, []
    values = {"quote": body.origin}
    if past is None or past.body.kind != QUOTE or not is_own:
        return None, [Reason(offer="", code="quote_unknown", values=values)]
    if any(answer.kind == PURCHASE for answer in answers):
        return None, [Reason(offer="", code="quote_used", values=values)]
    same = all(
        getattr(body, name) == getattr(past.body, name) for name in ("lines", "coupons", "pay", "store", "channel")
    )
    found = Quoted(past=past, until=find_end(past.body, past.receipt.recorded_at), is_same=same)
    return found, [] if same or body.kind == RELEASE else [Reason(offer="", code="quote_differs", values=values)]


def find_end(body: Body, at: datetime) -> datetime:
    """Say until when a quote made at `at` is kept."""
    seconds = body.ask.get("valid_seconds", Quote().valid_seconds)
    assert isinstance(seconds, int), "the command was read before"
    return at + timedelta(seconds=seconds)


def choose_version(quoted: Quoted, now: str, at: datetime) -> str:
    """Say which version decides: the quote's while it lasts, and else the one of `now`. Raises QuoteOutdated."""
    if not quoted.is_same or quoted.past.receipt.program == now:
        return now
    if at <= quoted.until:
        return quoted.past.receipt.program
    message = (
        f"The quote {quoted.past.body.id!r} held until {quoted.until.isoformat()}, and the programme has changed since."
        " Ask for a new one, or send the purchase without it."
    )
    raise QuoteOutdated(message, quote=quoted.past.body.id, until=quoted.until.isoformat())


def let_go(quoted: Quoted, ceilings: limits.Ceilings, *, at: datetime) -> None:
    """Free what the quote reserved and still has, for the purchase to claim."""
    past = quoted.past
    ceilings.end_due(at)
    for claim in past.receipt.claims:
        name = (claim.ceiling, past.activity)
        if ceilings.find(name, member=past.member).state == "reserved":
            ceilings.release(name, member=past.member, at=at)


def find_held(quoted: Quoted | None, book: ledger.Book, member: UUID) -> ledger.Hold | None:
    """Find what the quote still holds of the member's points. One of somebody merged since runs out by itself."""
    if quoted is None or quoted.past.member != member:
        return None
    held = book.holds.get((member, quoted.past.activity))
    return held if held is not None and held.state == "open" else None


def count_usable(
    book: ledger.Book, member: Member, fact: Activity, held: ledger.Hold | None, *, at: datetime, stops: Stops
) -> dict[str, int]:
    """Count what a member could pay with now, by currency, for an activity that asks for a price; the hold included."""
    if (fact.pay is None and not fact.to_price) or member.state == "frozen":
        return {}
    currencies = book.currencies(member.id) if stops.find(member.id, at) is None else ()
    usable = {
        currency: sum(lot.remaining for lot in book.open_lots(member.id, currency) if lot.is_usable(at))
        for currency in currencies
    }
    if held is not None and at <= held.valid_until:
        usable[held.currency] = usable.get(held.currency, 0) + held.open
    return usable


def reserve(book: ledger.Book, ceilings: limits.Ceilings, doing: Doing, ruling: Ruling) -> list[Posted]:
    """Set aside what the purchase would need. Raises NotEnoughPoints, and what claims are refused with."""
    until = find_end(doing.body, doing.at)
    costs = [cost for _, cost in ruling.costs]
    if len({cost.currency for cost in costs}) > 1:
        raise AskInvalid("Points of one currency can be set aside by a quote.")
    for claim in ruling.claims:
        ceilings.reserve(claim.ceiling, claim.amount, activity=doing.id, member=doing.member, at=doing.at, until=until)
    if not costs:
        return []
    points = sum(cost.points for cost in costs)
    by = doing.stamp
    return [ledger.hold(book, doing.member, (doing.member,), costs[0].currency, points, until=(until, until), by=by)]


def promise(ruling: Ruling) -> Ruling:
    """Keep of a ruling what a quote promises; what the purchase would give besides is a forecast."""
    return Ruling(
        discounts=ruling.discounts,
        claims=ruling.claims,
        coupons=ruling.coupons,
        reasons=ruling.reasons,
        forecast=tuple(
            Given(offer=it.offer, award=Award(currency=it.currency, points=it.points, lines=it.lines))
            for it in ruling.postings
        ),
    )


def remind(quoted: Quoted | None, step: Step) -> Step:
    """Remind the fold of what was quoted for this very basket: it takes as much off before points are reckoned."""
    if quoted is None or not quoted.is_same:
        return step
    return replace(step, promised=quoted.past.receipt.discounts)


def honour(quoted: Quoted | None, body: Body, ruling: Ruling) -> Ruling:
    """Tell what the house bears so that the customer pays no more than was quoted."""
    lost = sum(discount.amount_minor for offer, discount in ruling.discounts if offer == HONOURED)
    if quoted is None or not lost:
        return ruling
    assert reckon_due(body.lines, ruling.discounts) <= quoted.due_minor, "nobody pays more than was quoted"
    values = {"quote": quoted.past.body.id, "amount_minor": lost}
    return replace(ruling, reasons=(*ruling.reasons, Reason(offer="", code="honoured_at_loss", values=values)))


def check_due(body: Body, ruling: Ruling) -> None:
    """See that what is to be paid is what the sender says. Raises TotalDiffers."""
    if body.due_minor is None:
        return
    due = reckon_due(body.lines, ruling.discounts)
    if due != body.due_minor:
        message = f"{due} minor units are to be paid for this, and not {body.due_minor}. Nothing was recorded."
        raise TotalDiffers(message, due_minor=due, told_minor=body.due_minor)


def reckon_due(lines: Sequence[Line], discounts: Sequence[tuple[str, Discount]]) -> int:
    """Reckon what is to be paid in money, all discounts taken off."""
    left = take_off(lines, [discount for _, discount in discounts]) if discounts else lines
    return sum(line.amount_minor for line in left)

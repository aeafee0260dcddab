"""What a ruling does to the books: points are given, taken back and paid, and what is scarce is claimed or let go."""

from collections.abc import Iterable, Mapping
from typing import Any

from regulars.kernel import ledger, limits, program
from regulars.kernel.nouns import Activity, Body, Posted, Posting, Reason, Receipt, Ruling, Step
from regulars.kernel.spine.admission import CLOCK
from regulars.kernel.spine.model import NotAvailable
from regulars.kernel.spine.paying import REDEEM
from regulars.kernel.spine.returns import own_lots
from regulars.kernel.spine.scene import Doing

__all__ = ["book_ruling", "check_data", "is_paid_to_offer", "list_refused", "say_why_not"]


def book_ruling(
    book: ledger.Book, ceilings: limits.Ceilings, doing: Doing, ruling: Ruling
) -> tuple[list[Posted], list[Reason]]:
    """Do what the programme decided; gives what was booked, and why something was not.

    What it costs is paid before: nobody pays with what they get for it. Raises what claims are refused with.
    """
    postings: list[Posted] = []
    reasons: list[Reason] = []
    by = doing.stamp
    for posting in ruling.postings:
        if posting.points < 0:
            postings += _take_back(book, doing, posting)
        elif posting.expires_at is not None and posting.expires_at <= doing.at:
            reasons.append(Reason(offer=posting.offer, code="expired_before_issue"))
        else:
            postings.append(book.issue(doing.member, posting, program=doing.program, by=by))
    for claim in ruling.claims:
        ceilings.take(claim.ceiling, claim.amount, activity=doing.id, member=doing.member, at=doing.at)
    for claim in ruling.freed:
        assert doing.past is not None, "only what undoes something frees what that had claimed"
        name = (claim.ceiling, doing.past.activity)
        ceilings.give_back(name, claim.amount, member=doing.past.member, at=doing.at)
    return postings, reasons


def _take_back(book: ledger.Book, doing: Doing, posting: Posting) -> Iterable[Posted]:
    assert doing.past is not None
    assert doing.original is not None
    left = -posting.points
    owner = doing.past.member
    for bought, points in own_lots(doing.past.receipt, doing.original.taken, posting.offer, posting.currency):
        number = bought if owner == doing.member else book.child(doing.member, posting.currency, owner, bought)
        if part := min(left, points):
            left -= part
            yield ledger.take_back(
                book, doing.member, posting.currency, part, own=number, offer=posting.offer, by=doing.stamp
            )
    assert left == 0, "a return takes back no more than was given"


def check_data(document: program.Document, body: Body) -> None:
    """See that an activity tells what the programme declares of its kind. Raises DataInvalid."""
    # What the clock brings was told by an offer.
    declared = None if body.source == CLOCK else document.activities.get(body.kind)
    faults = [] if declared is None else list(program.find_faults(declared, body.data))
    if faults:
        told = "; ".join(f"data.{name}: {what}" for name, what in faults)
        message = f"This is not what the programme declares of {body.kind!r}. {told}."
        raise program.DataInvalid(message, errors=[{"path": f"data.{name}", "message": what} for name, what in faults])


def list_refused(fact: Activity, ruling: Ruling) -> list[Reason]:
    """Say of which coupons shown nothing came: unknown, used, ended or another's are one answer."""
    if not fact.coupons:
        return []
    spoken = {reason.values.get("coupon") for reason in ruling.reasons} | set(ruling.coupons)
    return [
        Reason(offer="", code="coupon_refused", values={"place": place})
        for place, name in enumerate(fact.coupons, start=1)
        if name not in spoken
    ]


def is_paid_to_offer(receipt: Receipt) -> bool:
    """Whether points were taken for what an offer gave, and not only used."""
    return any(posted.kind == REDEEM and posted.offer for posted in receipt.postings)


def say_why_not(plan: program.Plan, memories: Mapping[str, bytes], step: Step) -> NotAvailable:
    """Why no offer answered to what is asked for."""
    why = [
        {"offer": verdict.offer, "decided": verdict.decided, "reasons": [reason.code for reason in verdict.reasons]}
        for verdict in program.explain(plan, memories, step).verdicts
        if verdict.decided != "kind" and (verdict.decided != "mechanic" or verdict.reasons)
    ]
    message = "What is asked for cannot be had here and now."
    if why:
        message = f"{message} {'; '.join(_put(each) for each in why)}."
    return NotAvailable(message, asked=step.activity.kind, reasons=why)


def _put(why: Mapping[str, Any]) -> str:
    return f"{why['offer']}: {', '.join(why['reasons']) or why['decided']}"

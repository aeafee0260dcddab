"""Whether an activity may come in at all: from whom, when it happened, and about whom. Pure."""

from datetime import datetime, timedelta
from typing import Final

from regulars.kernel.members import Member
from regulars.kernel.nouns import Body
from regulars.kernel.program import Plan
from regulars.kernel.spine.commands import activates
from regulars.kernel.spine.house import House
from regulars.kernel.spine.model import ActivityInFuture, ActivityTooLate, MemberClosed, SourceReserved
from regulars.kernel.spine.quotes import PURCHASE

__all__ = ["CLOCK", "ENDED", "FACTS", "RETURN", "admit", "is_heard"]

CLOCK: Final = "clock"
"""The source of what the clock brings. Nobody else may send under it."""
ENDED: Final = frozenset({"closed", "erased"})
"""States of members for whom nothing more is recorded; what the clock still brings comes to nothing."""
RETURN: Final = "return"
FACTS: Final = frozenset({PURCHASE, RETURN})
"""Kinds that are always taken, even where no offer answers to them."""
SKEW_MAX: Final = timedelta(minutes=15)
"""How far a sender's clock may be ahead of the ledger's."""


def admit(body: Body, house: House, member: Member, at: datetime) -> None:
    """Raises SourceReserved, ActivityInFuture, ActivityTooLate, MemberClosed."""
    if body.source == CLOCK:
        message = f"The source {CLOCK!r} is the ledger's own. Name your system, such as 'till'."
        raise SourceReserved(message)
    if body.occurred_at > at + SKEW_MAX:
        message = f"{body.occurred_at.isoformat()} is still to come: the ledger's time is {at.isoformat()}."
        raise ActivityInFuture(message, ledger_time=at.isoformat())
    if body.occurred_at < at - timedelta(days=house.late_days_max):
        message = (
            f"{body.occurred_at.isoformat()} is more than {house.late_days_max} days before the ledger's"
            f" time, {at.isoformat()}. Older facts are taken by `regulars replay` or an opening balance."
        )
        raise ActivityTooLate(message, late_days_max=house.late_days_max)
    if member.state in ENDED:
        message = "This membership has ended; nothing more can be recorded for it."
        raise MemberClosed(message, member=str(member.id))


def is_heard(plan: Plan, body: Body) -> bool:
    """Whether anything answers. What mechanics leave for later is the clock's to bring, and nobody else's to send."""
    if body.kind in FACTS or activates(plan, body):
        return True
    offers = plan.by_kind.get(body.kind, ())
    return bool(offers) and (body.source == CLOCK or any(body.kind in bound.offer.on for bound in offers))

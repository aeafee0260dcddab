"""Whether an activity may come in at all: from whom, when it happened, and about whom. Pure."""

from datetime import datetime, timedelta
from typing import Final

from regulars.kernel.members import Member
from regulars.kernel.nouns import Body
from regulars.kernel.spine.house import House
from regulars.kernel.spine.model import ActivityInFuture, ActivityTooLate, MemberClosed, SourceReserved

__all__ = ["CLOCK", "ENDED", "admit"]

CLOCK: Final = "clock"
"""The source of what the clock brings. Nobody else may send under it."""
ENDED: Final = frozenset({"closed", "erased"})
"""States of members for whom nothing more is recorded; what the clock still brings comes to nothing."""
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

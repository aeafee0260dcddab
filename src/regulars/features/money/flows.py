"""What moved points, summed by month: the one table from which every report is made. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec import Struct

from regulars.features.money.deferral import release
from regulars.features.money.model import Deferral, Months, MoveUnknown
from regulars.kernel.ledger.money import IssuedLot, LotPart

__all__ = ["CATEGORIES", "ENDED", "EXERCISED", "TRANSFERRED", "Amounts", "Flow", "Flows"]

ISSUED: Final = "issued"
GRANTED: Final = "granted"
FUNDED: Final = "funded"
BROUGHT: Final = "brought"
REDEEMED: Final = "redeemed"
DONATED: Final = "donated"
EXPIRED: Final = "expired"
FORGOTTEN: Final = "forgotten"
RETURNED: Final = "returned"
SETTLED: Final = "settled"
ADJUSTED: Final = "adjusted"
CONVERTED: Final = "converted"
RECEIVED: Final = "received"
TRANSFERRED: Final = "transferred"
CATEGORIES: Final = (
    ISSUED,
    GRANTED,
    FUNDED,
    BROUGHT,
    REDEEMED,
    DONATED,
    EXPIRED,
    FORGOTTEN,
    RETURNED,
    SETTLED,
    ADJUSTED,
    CONVERTED,
    RECEIVED,
    TRANSFERRED,
)
"""Issued with a sale, without one, and at another's cost; brought along from elsewhere; used, given to a cause; ended
unused; written off with a member who was forgotten; taken back with goods, or to pay arrears; corrected; changed into
another currency, or out of it; handed on."""
ENDED: Final = frozenset({EXPIRED, FORGOTTEN})
"""What nobody will use any more: breakage."""
EXERCISED: Final = frozenset({REDEEMED, DONATED, CONVERTED})
"""What counts as use when breakage is spread over use."""

GIVES: Final[Mapping[str, str]] = {"opening": BROUGHT, "adjust": ADJUSTED, "convert": RECEIVED}
TAKES: Final[Mapping[str, str]] = {
    "redeem": REDEEMED,
    "reverse": REDEEMED,
    "donate": DONATED,
    "expire": EXPIRED,
    "forfeit": FORGOTTEN,
    "return": RETURNED,
    "settle": SETTLED,
    "adjust": ADJUSTED,
    "convert": CONVERTED,
    "gift": TRANSFERRED,
    "merge": TRANSFERRED,
    "reinstate": TRANSFERRED,
    "unmerge": TRANSFERRED,
}


class Flow(Struct, frozen=True, kw_only=True, gc=False):
    """What is summed: one kind of movement, of points of one currency and funder, issued in one month, in another."""

    currency: str
    funder: str
    cohort: int
    """The month of issue."""
    month: int
    category: str


@dataclass(slots=True, kw_only=True)
class Amounts:
    """A sum under way."""

    parts: int = 0
    """Lots issued and lots moved, each time one of the ledger's rows."""
    points: int = 0
    value_micro: int = 0
    """At fair value."""
    deferred_micro: int = 0
    """At what was set aside on issue."""

    def add(self, parts: int, points: int, value_micro: int, deferred_micro: int) -> None:
        """Add to it."""
        self.parts += parts
        self.points += points
        self.value_micro += value_micro
        self.deferred_micro += deferred_micro


@dataclass(slots=True, kw_only=True)
class Flows:
    """The table under way: lots are put in one by one."""

    months: Months
    sums: dict[Flow, Amounts] = field(default_factory=dict[Flow, Amounts])

    def put(self, lot: IssuedLot, parts: Sequence[LotPart], deferral: Deferral | None) -> None:
        """Take in a lot, all that moved it, in order, and what was set aside for it. Raises MoveUnknown."""
        deferred = 0 if deferral is None else deferral.deferred_micro
        cohort = self._month_of(lot.issued_at)
        self._add(lot, (cohort, cohort, _given(lot, deferral)), 1, lot.amount, deferred)
        gone = forgiven = 0
        for part in parts:
            month = self._month_of(part.at)
            if part.account == "points":
                before, gone = gone, gone - part.amount
                value = release(deferred, lot.amount, before, gone)
                self._add(lot, (cohort, month, _taken(part.kind)), 1, part.amount, -value)
            else:
                # Points that had ended unused were taken back with the goods: no longer breakage, never earned.
                before, forgiven = forgiven, forgiven - part.amount
                value = release(deferred, lot.amount, before, forgiven)
                self._add(lot, (cohort, month, EXPIRED), 0, -part.amount, value)
                self._add(lot, (cohort, month, _taken(part.kind)), 1, part.amount, -value)

    def _month_of(self, at: datetime) -> int:
        return self.months.first + bisect_right(self.months.starts, at) - 1

    def _add(self, lot: IssuedLot, place: tuple[int, int, str], parts: int, points: int, deferred_micro: int) -> None:
        cohort, month, category = place
        flow = Flow(currency=lot.currency, funder=lot.funder, cohort=cohort, month=month, category=category)
        amounts = self.sums.get(flow)
        if amounts is None:
            amounts = self.sums[flow] = Amounts()
        amounts.add(parts, points, points * lot.value_micro, deferred_micro)


def _given(lot: IssuedLot, deferral: Deferral | None) -> str:
    if lot.parent is not None:
        return TRANSFERRED
    if lot.kind == "issue":
        basis = "sale" if deferral is None else deferral.basis
        return {"sale": ISSUED, "cost": GRANTED, "funded": FUNDED}[basis]
    if lot.kind not in GIVES:
        raise MoveUnknown(f"Points were issued by entries of kind {lot.kind!r}, which the books have no place for.")
    return GIVES[lot.kind]


def _taken(kind: str) -> str:
    if kind not in TAKES:
        raise MoveUnknown(f"Points were moved by entries of kind {kind!r}, which the books have no place for.")
    return TAKES[kind]

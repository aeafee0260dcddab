"""What one activity adds to a day. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from regulars.kernel.activity import Followed
from regulars.kernel.spine import TRAITS

__all__ = ["Change", "Entry", "Page", "Visit", "add_up"]

PURCHASES: Final = frozenset({"purchase", "past_purchase"})
RETURN: Final = "return"
SET_ASIDE: Final = frozenset({"hold", "release", "prolong", "activate"})
"""What is said of points without any coming or going."""

Visit = tuple[date, UUID, str]
"""Day, member, store."""
Entry = tuple[date, str, str, str, str]
"""Day, currency, kind, offer, store."""
Change = tuple[date, UUID, str, str]
"""Day, member, trait, level: empty for none."""


@dataclass(slots=True, kw_only=True)
class Page:
    """What a page of the journal adds. Everything but the changes is a sum."""

    purchases: Counter[Visit] = field(default_factory=Counter[Visit])
    sales: Counter[Visit] = field(default_factory=Counter[Visit])
    returned: Counter[Visit] = field(default_factory=Counter[Visit])
    points: Counter[Entry] = field(default_factory=Counter[Entry])
    times: Counter[Entry] = field(default_factory=Counter[Entry])
    changes: list[Change] = field(default_factory=list[Change])
    """In the order of each member's activities."""


def add_up(rows: Iterable[Followed], day_of: Callable[[datetime, str], date]) -> Page:
    """Add up activities. `day_of` tells the local day of a moment under the version that decided."""
    page = Page()
    for row in rows:
        receipt, body = row.receipt, row.body
        day = day_of(receipt.occurred_at, receipt.program)
        visit = (day, receipt.member, body.store)
        if receipt.kind in PURCHASES:
            taken = sum(each.amount_minor for _, each in receipt.discounts)
            page.purchases[visit] += 1
            page.sales[visit] += sum(line.amount_minor for line in body.lines) - taken
        elif receipt.kind == RETURN:
            page.returned[visit] += sum(each.amount_minor for each in receipt.returned)
        _add_points(page, row, day)
        if receipt.kind != TRAITS:
            # What offers set, and nobody told: only words, for those are levels.
            page.changes += [
                (day_of(max(it.since, receipt.occurred_at), receipt.program), receipt.member, it.name, it.value or "")
                for it in receipt.traits
                if it.value is None or isinstance(it.value, str)
            ]
    return page


def _add_points(page: Page, row: Followed, day: date) -> None:
    receipt = row.receipt
    for posted in receipt.postings:
        # What moved for another member stands in that one's journal, too.
        if posted.kind not in SET_ASIDE and posted.owner in {None, receipt.member}:
            entry = (day, posted.currency, posted.kind, posted.offer, row.body.store)
            page.points[entry] += posted.points
            page.times[entry] += 1

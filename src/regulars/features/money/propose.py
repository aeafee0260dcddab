"""What share of points will be used, judged by what became of earlier ones. Pure; a person decides."""

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from regulars.features.money.flows import ENDED, EXERCISED, Amounts, Flow
from regulars.features.money.model import PERMILLE

__all__ = ["Age", "Proposal", "propose"]


class Age(Struct, frozen=True, kw_only=True):
    """What happened so many months after the month of issue, in all months of issue that have come so far."""

    months: int
    cohorts: int
    issued: int
    """Points of those months of issue, less what was taken back or handed on."""
    used: int
    """Of them, in this month of their life."""
    share_permille: int
    """Used by the end of this month of life, all months of life so far added up; rounded down."""


class Proposal(Struct, frozen=True, kw_only=True):
    """A rate that history suggests. Nothing is stored."""

    currency: str
    rate_permille: int
    """Rounded half up. Points that are not yet as old as the oldest are taken to go the same way."""
    ages: tuple[Age, ...]
    """Up to the last in which anything was used."""


def propose(sums: Mapping[Flow, Amounts], currency: str, *, last: int) -> Proposal | None:
    """Add up, month of life by month of life, the share that was used; None where no points were issued.

    `last` is the last month that is over. Each month of life counts the months of issue that have reached it.
    """
    issued: dict[int, int] = {}
    used: dict[tuple[int, int], int] = {}
    for flow, amounts in sums.items():
        if flow.currency != currency or flow.month > last:
            continue
        if flow.category in EXERCISED:
            place = (flow.cohort, flow.month - flow.cohort)
            used[place] = used.get(place, 0) - amounts.points
        elif flow.category not in ENDED:
            issued[flow.cohort] = issued.get(flow.cohort, 0) + amounts.points
    cohorts = {cohort: points for cohort, points in issued.items() if points > 0}
    if not cohorts:
        return None
    share = Fraction()
    ages: list[Age] = []
    for age in range(last - min(cohorts) + 1):
        reached = [cohort for cohort in cohorts if cohort + age <= last]
        points = sum(cohorts[cohort] for cohort in reached)
        taken = sum(used.get((cohort, age), 0) for cohort in reached)
        share = min(Fraction(1), share + Fraction(taken, points))
        permille = int(share * PERMILLE)
        ages.append(Age(months=age, cohorts=len(reached), issued=points, used=taken, share_permille=permille))
    while ages and not ages[-1].used:
        ages.pop()
    return Proposal(currency=currency, rate_permille=int(share * PERMILLE + Fraction(1, 2)), ages=tuple(ages))

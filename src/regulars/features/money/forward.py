"""The roll-forward: opening, what moved, closing, month by month, in points and in money. Pure.

What is deferred for a month's lots falls as points are used, by their share. Points that are expected never to be used
set their share free in step with those that are (breakage ahead of the end), and at the latest when they end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from regulars.features.money.flows import CATEGORIES, ENDED, EXERCISED, TRANSFERRED, Amounts, Flow, Flows
from regulars.features.money.model import PERMILLE, BooksUntied, Estimate, Months, name_month, pick_estimate

__all__ = ["Forward", "Movement", "Stand", "foresee", "roll_forward", "tie"]


class Stand(Struct, frozen=True, kw_only=True):
    """What is owed to members at the turn of two months."""

    points: int
    value_micro: int
    """At fair value."""
    deferred_micro: int
    """What was set aside for these points, breakage ahead not yet taken off."""
    ahead_micro: int
    """Breakage that was taken as income before any point ended."""

    @property
    def liability_micro(self) -> int:
        """What stands in the balance sheet."""
        return self.deferred_micro - self.ahead_micro


class Movement(Struct, frozen=True, kw_only=True):
    """One line of a roll-forward. Points that members lose are negative."""

    category: str
    parts: int
    """Rows of the ledger that it is the sum of: lots issued, and lots moved."""
    points: int
    value_micro: int
    deferred_micro: int


class Forward(Struct, frozen=True, kw_only=True):
    """A month of one currency and funder. Opening and all movements add up to closing."""

    currency: str
    funder: str
    month: str
    rate_permille: int
    """The share of points expected to be used, at the end of the month."""
    estimate: int
    """Number of the estimate that says so; 0 where points are worth no money."""
    opening: Stand
    movements: tuple[Movement, ...]
    """One for each category, in their order, those that are zero too."""
    ahead_micro: int
    """Change of breakage ahead by what happened, under the opening estimate."""
    restated_micro: int
    """Change of breakage ahead by a new estimate alone."""
    closing: Stand


@dataclass(slots=True, kw_only=True)
class _Cohort:
    """The points of one month of issue, as far as they have come."""

    exercised: int = 0
    expired_micro: int = 0
    left: int = 0
    deferred_micro: int = 0
    issued: int = 0

    def add(self, category: str, amounts: Amounts) -> None:
        self.left += amounts.points
        self.deferred_micro += amounts.deferred_micro
        if category in EXERCISED:
            self.exercised -= amounts.points
        elif category in ENDED:
            self.expired_micro -= amounts.deferred_micro
        else:
            self.issued += amounts.points

    def ahead(self, rate_permille: int) -> int:
        return foresee(
            issued=self.issued,
            exercised=self.exercised,
            left=self.left,
            amounts_micro=(self.deferred_micro, self.expired_micro),
            rate_permille=rate_permille,
        )


def foresee(*, issued: int, exercised: int, left: int, amounts_micro: tuple[int, int], rate_permille: int) -> int:
    """Tell how much breakage is income before its points end, in micro, rounded down.

    `issued` are the points of a month of issue less what was taken back; of them some were `exercised` and some are
    `left`. `amounts_micro` is what is deferred for those left, and was for those that ended. All that will never be
    used is income in proportion to use: (used so far) / (used in the end); what has ended is income at least.
    """
    deferred, expired = amounts_micro
    # Rounded up: a single point is taken to be used rather than not.
    expected = -(-issued * rate_permille // PERMILLE)
    used_in_the_end = max(exercised, min(expected, exercised + left))
    to_be_used = used_in_the_end - exercised
    never_used = deferred + expired - (deferred * to_be_used // left if left else 0)
    earned = never_used * exercised // used_in_the_end if used_in_the_end else never_used
    return max(0, earned - expired)


def roll_forward(flows: Flows, estimates: Mapping[str, Sequence[Estimate]]) -> list[Forward]:
    """Roll every currency and funder forward from the first month to the last. Raises BooksUntied."""
    tables: dict[tuple[str, str], dict[int, list[tuple[Flow, Amounts]]]] = {}
    for flow, amounts in flows.sums.items():
        table = tables.setdefault((flow.currency, flow.funder), {})
        table.setdefault(flow.month, []).append((flow, amounts))
    made = [
        forward
        for (currency, funder), table in sorted(tables.items())
        for forward in _roll(currency, funder, table, flows.months, estimates)
    ]
    _tie_transfers(made)
    return made


def _roll(
    currency: str,
    funder: str,
    table: Mapping[int, Sequence[tuple[Flow, Amounts]]],
    months: Months,
    estimates: Mapping[str, Sequence[Estimate]],
) -> Iterator[Forward]:
    cohorts: dict[int, _Cohort] = {}
    stand = Stand(points=0, value_micro=0, deferred_micro=0, ahead_micro=0)
    for month in range(min(table), months.last + 1):
        sums = {category: Amounts() for category in CATEGORIES}
        for flow, amounts in table.get(month, ()):
            sums[flow.category].add(amounts.parts, amounts.points, amounts.value_micro, amounts.deferred_micro)
            cohorts.setdefault(flow.cohort, _Cohort()).add(flow.category, amounts)
        before = pick_estimate(estimates, currency, months.start_of(month), closing=True)
        after = pick_estimate(estimates, currency, months.start_of(month + 1), closing=True)
        happened = sum(cohort.ahead(before.rate_permille if before else PERMILLE) for cohort in cohorts.values())
        ahead = sum(cohort.ahead(after.rate_permille if after else PERMILLE) for cohort in cohorts.values())
        closing = Stand(
            points=stand.points + sum(each.points for each in sums.values()),
            value_micro=stand.value_micro + sum(each.value_micro for each in sums.values()),
            deferred_micro=stand.deferred_micro + sum(each.deferred_micro for each in sums.values()),
            ahead_micro=ahead,
        )
        _tie_cohorts(currency, closing, cohorts.values())
        yield Forward(
            currency=currency,
            funder=funder,
            month=name_month(month),
            rate_permille=after.rate_permille if after else PERMILLE,
            estimate=after.number if after else 0,
            opening=stand,
            movements=tuple(
                Movement(
                    category=category,
                    parts=each.parts,
                    points=each.points,
                    value_micro=each.value_micro,
                    deferred_micro=each.deferred_micro,
                )
                for category, each in sums.items()
            ),
            ahead_micro=happened - stand.ahead_micro,
            restated_micro=ahead - happened,
            closing=closing,
        )
        stand = closing


def _tie_cohorts(currency: str, closing: Stand, cohorts: Iterable[_Cohort]) -> None:
    found = list(cohorts)
    left, deferred = sum(cohort.left for cohort in found), sum(cohort.deferred_micro for cohort in found)
    sound = all(c.left >= 0 and c.exercised >= 0 and 0 <= c.ahead(0) <= c.deferred_micro for c in found)
    if (left, deferred) != (closing.points, closing.deferred_micro) or not sound:
        raise BooksUntied(f"The months of issue of {currency} do not come to what is owed. Run `regulars check`.")


def _tie_transfers(forwards: Sequence[Forward]) -> None:
    """See that what was handed on arrived: in each month and currency it comes to nothing."""
    sums: dict[tuple[str, str], Amounts] = {}
    for forward in forwards:
        for moved in forward.movements:
            if moved.category == TRANSFERRED:
                total = sums.setdefault((forward.currency, forward.month), Amounts())
                total.add(0, moved.points, moved.value_micro, moved.deferred_micro)
    for (currency, month), total in sums.items():
        if total != Amounts():
            raise BooksUntied(f"What was handed on in {currency} in {month} did not all arrive. Run `regulars check`.")


def tie(
    forwards: Sequence[Forward],
    last: str,
    *,
    balances: Mapping[tuple[str, str], int],
    rewound: Mapping[tuple[str, str], tuple[int, int]],
) -> None:
    """Lay the closing of the last month beside what lots and holds hold, and what accounts say. Raises BooksUntied.

    `balances`: points by (currency, account). `rewound`: points and value by (currency, funder).
    """
    closings = {(f.currency, f.funder): f.closing for f in forwards if f.month == last}
    points: dict[str, int] = {}
    for currency, funder in closings.keys() | rewound.keys():
        closing = closings.get((currency, funder))
        rolled = (closing.points, closing.value_micro) if closing else (0, 0)
        held = rewound.get((currency, funder), (0, 0))
        if rolled != held:
            raise BooksUntied(
                f"By {last}, {currency} of {funder} roll forward to {rolled[0]} points worth {rolled[1]} micro; lots"
                f" and holds come to {held[0]} worth {held[1]}. Run `regulars check`."
            )
        points[currency] = points.get(currency, 0) + rolled[0]
    for currency, rolled_points in points.items():
        if (stood := balances.get((currency, "points"), 0)) != rolled_points:
            raise BooksUntied(
                f"By {last}, {currency} roll forward to {rolled_points} points; the accounts say {stood}."
                " Run `regulars check`."
            )

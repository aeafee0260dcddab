"""How much an offer gives at most: budgets, and limits by member, household, store and period.

What is counted by member is remembered in a memory of the envelope, under the member's own lock. Everything else is a
ceiling, which many members share. Whatever order activities come in, each counts in the period in which it happened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.kernel.program.envelope import Budget, Limit, Per, Period
from regulars.kernel.program.model import Offer, Value

__all__ = [
    "LIMITS",
    "MICRO",
    "Cap",
    "Used",
    "bind_caps",
    "cost_micro",
    "count_back",
    "count_in",
    "join_used",
    "span_of",
]

MICRO: Final = 1_000_000
LIMITS: Final = ":limits"
"""After an offer's id: the name of what its envelope remembers of a member. No offer's id has a colon."""
KEEP_DAYS: Final = 32
"""How long a period is remembered after its end: late facts are taken for 30 days. What is older has nothing left."""

Unit = Literal["points", "times", "money"]


class Used(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an offer gave one member, by period: its first and last day, points, times."""

    periods: Mapping[str, tuple[int, int, int, int]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """One bound on what an offer gives."""

    unit: Unit
    per: Per
    period: Period
    most: int
    """Of `money`: millionths of a minor unit."""
    name: str
    """The ceiling's id; of a limit the part of it that is always the same."""
    is_budget: bool

    @property
    def code(self) -> str:
        """What a reason says when it is reached."""
        return "budget_spent" if self.is_budget else "limit_reached"

    @property
    def gate(self) -> str:
        """What an explanation calls it."""
        return "budget" if self.is_budget else "limit"

    def id_of(self, day: int, owner: UUID, store: str) -> str:
        """Name the ceiling for a day, a household (or a member in none) and a store."""
        if self.is_budget:
            return self.name
        whose = {"household": str(owner), "store": store}.get(self.per, "")
        return f"{self.name}:{span_of(day, self.period)[0]}:{whose}"

    def left_of(self, used: Used, day: int) -> int:
        """What a member may still get in the period of a day. Nothing where the period is no longer remembered."""
        name, _, last = span_of(day, self.period)
        found = used.periods.get(name)
        if found is not None:
            return self.most - found[2 if self.unit == "points" else 3]
        return self.most if last >= _horizon(used.periods) else 0


def bind_caps(offer: Offer) -> tuple[Cap, ...]:
    """List what bounds an offer: its limits as they are written, then its budgets."""
    return (*(_bind_limit(offer.id, limit) for limit in offer.limits), *_bind_budget(offer.id, offer.budget))


def _bind_limit(offer: str, limit: Limit) -> Cap:
    unit: Unit = "times" if limit.points is None else "points"
    most = limit.times if limit.points is None else limit.points
    assert most is not None, "a limit without an amount was refused when it was saved"
    name = f"limit:{offer}:{unit}:{limit.per}"
    return Cap(unit=unit, per=limit.per, period=limit.period, most=most, name=name, is_budget=False)


def _bind_budget(offer: str, budget: Budget | None) -> Iterator[Cap]:
    if budget is not None and budget.points is not None:
        name = f"offer:{offer}:points"
        yield Cap(unit="points", per="offer", period="ever", most=budget.points, name=name, is_budget=True)
    if budget is not None and budget.money_minor is not None:
        name, most = f"offer:{offer}:money", budget.money_minor * MICRO
        yield Cap(unit="money", per="offer", period="ever", most=most, name=name, is_budget=True)


def is_of_envelope(ceiling: str) -> bool:
    """Whether a ceiling is a limit or a budget of an offer, and not something that mechanics claim."""
    return ceiling.startswith(("limit:", "offer:"))


def cost_micro(points: int, value: Value | None) -> int:
    """What points are worth, in millionths of a minor unit of money, rounded up."""
    return 0 if value is None else -(-points * value.minor * MICRO // value.per_points)


def afford(left_micro: int, points: int, value: Value | None) -> int:
    """How many of these points can be paid for with so many millionths."""
    if value is None or not value.minor:
        return points
    return min(points, max(left_micro, 0) * value.per_points // (value.minor * MICRO))


@lru_cache(maxsize=4_096)
def span_of(day: int, period: Period) -> tuple[str, int, int]:
    """The period in which a day lies: its name, such as `2026-W09`, its first and its last day.

    Names of one kind never meet those of another. A week begins on Monday and belongs to the year of its Thursday:
    2027-01-01 lies in 2026-W53.
    """
    if period == "ever":
        return "ever", date.min.toordinal(), date.max.toordinal()
    local = date.fromordinal(day)
    if period == "day":
        return local.isoformat(), day, day
    if period == "week":
        year, week, weekday = local.isocalendar()
        return f"{year:04}-W{week:02}", day - weekday + 1, day - weekday + 7
    if period == "month":
        first = local.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
        return local.isoformat()[:7], first.toordinal(), after.toordinal() - 1
    return f"{local.year:04}", date(local.year, 1, 1).toordinal(), date(local.year, 12, 31).toordinal()


def count_in(used: Used, caps: tuple[Cap, ...], day: int, *, points: int, times: int) -> Used:
    """Count what a member was given on a day, as far as some cap asks about it; forget what is long over."""
    periods = dict(used.periods)
    for cap in caps:
        if cap.per == "member":
            name, first, last = span_of(day, cap.period)
            _, _, had, often = periods.get(name, (first, last, 0, 0))
            counted = (had + points, often) if cap.unit == "points" else (had, often + times)
            periods[name] = (first, last, *counted)
    horizon = _horizon(periods)
    return Used(periods={name: it for name, it in periods.items() if it[1] >= horizon})


def count_back(used: Used, day: int, points: int) -> Used:
    """Take off what came back of the points that were given on a day. Times are not given back."""
    periods = {
        name: (first, last, max(had - points, 0), often) if first <= day <= last else (first, last, had, often)
        for name, (first, last, had, often) in used.periods.items()
    }
    return msgspec.structs.replace(used, periods=periods)


def join_used(kept: Used, joined: Used) -> Used:
    """Add up what two members were given who are one now: together they may have had more than one may."""
    periods = dict(kept.periods)
    for name, (first, last, points, times) in joined.periods.items():
        _, _, had, often = periods.get(name, (first, last, 0, 0))
        periods[name] = (first, last, had + points, often + times)
    horizon = _horizon(periods)
    return Used(periods={name: it for name, it in periods.items() if it[1] >= horizon})


def _horizon(periods: Mapping[str, tuple[int, int, int, int]]) -> int:
    """The day before which periods that have ended are forgotten: some days before the newest one begins."""
    return max((first for first, _, _, _ in periods.values()), default=0) - KEEP_DAYS

"""An offer tried out on an example: its figures come from the mechanic that works out the real ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from regulars.kernel.nouns import Activity, Award, Given, Line, Scalar, Step
from regulars.kernel.program.lines import Selection
from regulars.kernel.program.plan import BoundOffer, Plan

__all__ = ["Trial", "fit_line", "read_settings"]

NOBODY: Final = UUID(int=0)
BASE: Final = "base"
NOON: Final = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One offer of a plan, and the day on which its examples happen."""

    plan: Plan
    bound: BoundOffer
    day: date

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of activity that the offer names."""
        return self.bound.offer.on

    def list_base(self, currency: str) -> tuple[BoundOffer, ...]:
        """The offers that give a currency before bonuses are asked."""
        return tuple(
            it
            for it in self.plan.offers.values()
            if it.phase == BASE and currency in it.mechanic.references(read_settings(it)).currencies
        )

    def earn(
        self,
        currency: str,
        *lines: Line,
        store: str = "",
        traits: Mapping[str, Scalar] | None = None,
        base: int = 0,
        joined: date | None = None,
    ) -> int:
        """How many points the mechanic gives for one activity; `base` are those that its first line had already.

        Its envelope is not asked: an example is one that passes.
        """
        at = datetime.combine(self.day, NOON, tzinfo=self.plan.calendar.zone).astimezone(UTC)
        activity = Activity(
            id="example", source="terms", kind=self.kinds[0], occurred_at=at, member=NOBODY, store=store, lines=lines
        )
        given = Given(offer=BASE, award=Award(currency=currency, points=base, lines=((1, base),)), phase=BASE)
        step = Step(
            member=NOBODY,
            activity=activity,
            at=at,
            day=self.day.toordinal(),
            traits=traits or {},
            balances={},
            left={},
            given=(given,) if base else (),
            joined_at=None if joined is None else at - timedelta(days=(self.day - joined).days),
        )
        earned = self.bound.mechanic.earn(self.bound.settings, self.bound.empty, step)
        return sum(award.points for award in earned.awards if award.currency == currency)


def read_settings(bound: BoundOffer) -> Any:  # noqa: ANN401 - the mechanic's own
    """The settings of an offer as its mechanic's struct, as they were written."""
    return msgspec.convert(bound.offer.settings, bound.mechanic.settings)


def fit_line(selection: Selection, amount_minor: int, quantity_milli: int = 1000) -> Line:
    """Make a line that a selection takes, unless it leaves out what it asks for."""
    return Line(
        sku=selection.skus[0] if selection.skus else "1",
        amount_minor=amount_minor,
        quantity_milli=quantity_milli,
        categories=selection.categories[:1],
        brand=selection.brands[0] if selection.brands else "",
    )

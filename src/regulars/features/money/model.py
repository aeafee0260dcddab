"""The values of the room, and what it refuses. Pure.

Money is whole: `_minor` counts minor units (cents, fen), `_micro` millionths of a minor unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "MICRO",
    "MONTHS_OF_YEAR",
    "PERMILLE",
    "Basis",
    "BooksBehind",
    "BooksUntied",
    "Deferral",
    "Estimate",
    "EstimateInvalid",
    "EstimateMissing",
    "EstimateTooEarly",
    "MonthInvalid",
    "Months",
    "MoveUnknown",
    "name_month",
    "pick_estimate",
    "read_month",
]

MICRO: Final = 1_000_000
PERMILLE: Final = 1_000
MONTHS_OF_YEAR: Final = 12

Basis = Literal["sale", "cost", "funded", "moved"]


class EstimateMissing(Refusal):
    """Points that are worth money were issued, and nobody has said how many of them will be used."""

    code, kind = "estimate_missing", "conflict"


class EstimateTooEarly(Refusal):
    """The estimate would speak of a time that is already in the books."""

    code, kind = "estimate_too_early", "conflict"


class EstimateInvalid(Refusal):
    """The estimate cannot be kept as it is asked for."""

    code, kind = "estimate_invalid", "invalid"


class MonthInvalid(Refusal):
    """The month cannot be read, or no points were issued by its end."""

    code, kind = "month_invalid", "invalid"


class MoveUnknown(Refusal):
    """The ledger has a kind of entry that the money view has no place for."""

    code, kind = "move_unknown", "conflict"


class BooksUntied(Refusal):
    """The roll-forward does not come to what the lots, the holds and the accounts say."""

    code, kind = "books_untied", "conflict"


class BooksBehind(Refusal):
    """Points were issued for a time that was being taken into the books."""

    code, kind, retryable = "books_behind", "conflict", True


class Estimate(Struct, frozen=True, kw_only=True):
    """How many of a thousand points will be used, in somebody's judgement, from a moment on."""

    number: int
    """Of its currency, from 1."""
    currency: str
    rate_permille: int
    effective_from: datetime
    made_by: str
    at: datetime
    """When it was made."""
    note: str


class Deferral(Struct, frozen=True, kw_only=True, gc=False):
    """What was set aside for a lot when it was issued. It stays, whatever is estimated later."""

    member: UUID
    currency: str
    lot: int
    basis: Basis
    sale_minor: int
    """The price of the sale it was a part of; 0 where there was none."""
    ssp_micro: int
    """Stand-alone selling price: points x fair value x the share that will be used."""
    deferred_micro: int
    estimate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Months without a gap, each from the first instant of it in the programme's time zone to that of the next."""

    first: int
    """Year x 12 + month - 1."""
    starts: Sequence[datetime]
    """The first instant of each month, and the end of the last: that of the month, or the present."""

    @property
    def last(self) -> int:
        """The last of them."""
        return self.first + len(self.starts) - 2

    @property
    def until(self) -> datetime:
        """The end of the last one."""
        return self.starts[-1]

    def start_of(self, month: int) -> datetime:
        """The first instant of a month."""
        return self.starts[month - self.first]


def read_month(text: str) -> int:
    """Read `2026-03`. Raises MonthInvalid."""
    year, _, month = text.partition("-")
    if not (text.isascii() and len(text) == len("2026-03") and year.isdigit() and month.isdigit()):
        raise MonthInvalid(f"{text[:20]!r} is not a month; one is written 2026-03.")
    if int(year) == 0 or not 1 <= int(month) <= MONTHS_OF_YEAR:
        raise MonthInvalid(f"{text!r} is not a month; one is written 2026-03.")
    return int(year) * MONTHS_OF_YEAR + int(month) - 1


def name_month(month: int) -> str:
    """Write a month: 2026-03."""
    return f"{month // MONTHS_OF_YEAR:04}-{month % MONTHS_OF_YEAR + 1:02}"


def pick_estimate(
    estimates: Mapping[str, Sequence[Estimate]], currency: str, at: datetime, *, closing: bool = False
) -> Estimate | None:
    """Find the estimate that holds at a moment; `closing`: just before it. The first also speaks for all before it.

    Of two that begin together, the one made later holds. `estimates` are by currency, in the order of their numbers.
    """
    made = estimates.get(currency, ())
    begun = [e for e in made if e.effective_from < at or (e.effective_from == at and not closing)]
    if begun:
        return max(begun, key=lambda estimate: (estimate.effective_from, estimate.number))
    return min(made, key=lambda estimate: (estimate.effective_from, -estimate.number), default=None)

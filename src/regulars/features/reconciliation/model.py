"""The values of the room, and what it refuses. Pure."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from regulars.base.errors import Refusal
from regulars.kernel.nouns import AMOUNT_MAX

__all__ = [
    "KINDS",
    "NUMBERS_MAX",
    "OPEN_STATES",
    "PARTS_MAX",
    "ROWS_MAX",
    "STATES",
    "Count",
    "Day",
    "DayInvalid",
    "DayReport",
    "DayUnknown",
    "DecisionInvalid",
    "Difference",
    "DifferenceUnknown",
    "FileSale",
    "Found",
    "ReportInvalid",
    "SaleListInvalid",
    "TillReport",
]

KINDS: Final = (
    "missing_in_ledger",
    "missing_in_file",
    "amount_differs",
    "elsewhere",
    "doubled_in_file",
    "counter_gap",
    "till_count",
    "till_sum",
    "loss",
)
Kind = Literal[
    "missing_in_ledger",
    "missing_in_file",
    "amount_differs",
    "elsewhere",
    "doubled_in_file",
    "counter_gap",
    "till_count",
    "till_sum",
    "loss",
]
State = Literal["found", "auto_fixed", "assigned", "accepted_loss", "resolved"]
STATES: Final = ("found", "auto_fixed", "assigned", "accepted_loss", "resolved")
OPEN_STATES: Final = ("found", "assigned")
NUMBERS_MAX: Final = 50_000
"""Running numbers of a till in one day."""
ROWS_MAX: Final = 5_000
"""Sales in one part of a list."""
PARTS_MAX: Final = 100

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Source = Annotated[str, Meta(min_length=1, max_length=64)]
Till = Annotated[str, Meta(max_length=200)]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class SaleListInvalid(Refusal):
    """A list of sales cannot be read."""

    code, kind = "sale_list_invalid", "invalid"


class ReportInvalid(Refusal):
    """What a till says of its day cannot be."""

    code, kind = "till_report_invalid", "invalid"


class DayInvalid(Refusal):
    """No store does business on such a day."""

    code, kind = "day_invalid", "invalid"


class DayUnknown(Refusal):
    """Nothing was ever told of this day of this store."""

    code, kind = "day_unknown", "not_found"


class DifferenceUnknown(Refusal):
    """There is no such difference."""

    code, kind = "difference_unknown", "not_found"


class DecisionInvalid(Refusal):
    """A difference cannot be given this state, or not without an owner and a note."""

    code, kind = "decision_invalid", "invalid"


class TillReport(Struct, frozen=True, kw_only=True):
    """What a till counted on a day. It names what it does `<till>-<number>`."""

    till: str
    source: str
    first: int
    last: int
    """Both 0 where it did nothing."""
    count: int
    """Sales among them, without returns."""
    gross_minor: int
    due_minor: int


class FileSale(Struct, frozen=True, kw_only=True, gc=False):
    """One row of a list of sales."""

    id: Name
    """As it was sent, or was to be sent."""
    source: Source
    till: Till = ""
    kind: Literal["purchase", "return"] = "purchase"
    occurred_at: Annotated[datetime, Meta(tz=True)]
    due_minor: Amount
    """What was paid in money; of a return, what was given back."""
    is_shown: bool
    """Whether a member was shown."""


class Found(Struct, frozen=True, kw_only=True, gc=False):
    """A difference as a comparison finds it."""

    kind: Kind
    source: str
    name: str
    """Of a sale its id; of what concerns a till as a whole, the till and what it is."""
    till: str = ""
    expected_minor: int | None = None
    """What the till or its list says; None where neither does."""
    ledger_minor: int | None = None
    """What the ledger says; None where it does not know of it."""
    amount_minor: int = 0
    """What is at stake."""
    detail: str = ""


class Difference(Struct, frozen=True, kw_only=True):
    """A difference with what became of it."""

    id: UUID
    store: str
    day: date
    kind: Kind
    till: str
    source: str
    name: str
    expected_minor: int | None
    ledger_minor: int | None
    amount_minor: int
    detail: str
    state: State
    owner: str
    note: str
    found_at: datetime
    changed_at: datetime


class Day(Struct, frozen=True, kw_only=True):
    """A store's business day."""

    store: str
    day: date
    since: datetime
    until: datetime
    file: str
    """The list of sales that is held against the ledger; empty for none."""
    compared_at: datetime | None
    file_sales: int
    ledger_sales: int


class Count(Struct, frozen=True, kw_only=True):
    """Differences of one kind and state."""

    kind: Kind
    state: State
    differences: int
    amount_minor: int


class DayReport(Struct, frozen=True, kw_only=True):
    """How a day stands."""

    day: Day
    reports: tuple[TillReport, ...]
    counts: tuple[Count, ...]
    unowned: int
    """Differences that nobody has looked at. A day is settled when there are none."""
    owned: int
    """Differences that somebody looks after."""
    lost_minor: int
    """What was accepted as lost."""
    is_settled: bool

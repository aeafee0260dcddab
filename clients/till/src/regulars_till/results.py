"""What the till's calls come back with: always something to show, whatever became of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regulars_till.ladder import LEVEL_TEXTS, Level, say

if TYPE_CHECKING:
    from datetime import datetime

    from regulars_till.basket import Discount, Json

__all__ = ["Drained", "Quoted", "Sold", "Status", "Taken"]


@dataclass(frozen=True)
class Quoted:
    """What a basket would come to."""

    status: str
    """`online`, or `local`: worked out at the till."""
    id: str
    due_minor: int
    discounts: tuple[Discount, ...]
    level: Level
    answer: Json = field(default_factory=dict[str, Any])
    """Online: all that the server said (forecast, payable, hints, reasons)."""
    paid_minor: int = 0
    """Money that points would pay; already taken off `due_minor`."""
    reserves: bool = False
    valid_until: datetime | None = None
    notes: tuple[str, ...] = ()
    """Codes of what was different than wished, for `say`."""
    known: Json = field(default_factory=dict[str, Any])
    """Of the member, what the server said last, with `as_of`; empty when it said nothing lately."""

    def tell(self, language: str = "en") -> str:
        """Say the notes to the cashier."""
        return " ".join(say(note, language) for note in self.notes)


@dataclass(frozen=True)
class Sold:
    """A sale or a return, done. Whatever the status, a sale is never refused."""

    status: str
    """`committed`: the server has it. `queued`: it is on this till's disk and will be sent. `paper`: it is only on the
    receipt. `refused` (returns only): the server knows a reason; it was put aside for the service desk."""
    id: str
    source: str
    due_minor: int
    """What the customer pays with money. Of a return: 0."""
    level: Level
    activity: Json = field(repr=False)
    """What is told to the server, for the shop's own journal."""
    receipt: Json | None = field(default=None, repr=False)
    """Committed: what the server answered."""
    notes: tuple[str, ...] = ()

    @property
    def receipt_code(self) -> str:
        """Text for a barcode on the receipt: without a member, or on paper, it claims the points later, once."""
        return f"receipt:{self.source}:{self.id}"

    def tell(self, language: str = "en") -> str:
        """Say the outcome and the notes to the cashier."""
        return " ".join(say(each, language) for each in (self.status, *self.notes))


@dataclass(frozen=True)
class Taken:
    """What became of a voucher."""

    is_taken: bool
    code: str
    """`voucher_taken`, or why not."""
    worth_minor: int = 0
    money: str = ""
    voucher: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drained:
    """What became of the queue."""

    recorded: int = 0
    repeated: int = 0
    put_aside: int = 0
    corrected: int = 0
    """Records whose time was put right, for the till's clock was ahead."""
    left: int = 0
    why: str = ""
    """Why some are left: a code of the server, or `absent`, `silent`; empty when nothing stopped it."""


@dataclass(frozen=True)
class Status:
    """How the till stands, for its screen and for those who watch over many."""

    level: Level
    pending: int
    pending_since: datetime | None
    last_number: int
    aside: Mapping[str, int]
    """Records put aside, by code: each needs somebody to look at it."""
    notes: tuple[str, ...]
    clock_off_seconds: int
    seen_at: datetime | None
    """When the server answered last: balances are as of then."""
    unable_code: str
    keys_as_of: datetime | None
    """How old the list of revoked vouchers is."""

    def tell(self, language: str = "en") -> str:
        """Say it to the cashier."""
        return " ".join((LEVEL_TEXTS[self.level].get(language, LEVEL_TEXTS[self.level]["en"]), *self._say(language)))

    def _say(self, language: str) -> list[str]:
        return [say(note, language) for note in self.notes]

    def to_json(self) -> dict[str, Any]:
        """Write it for a machine."""
        return {
            "level": self.level.mark,
            "pending": self.pending,
            "pending_since": None if self.pending_since is None else self.pending_since.isoformat(),
            "last_number": self.last_number,
            "aside": dict(self.aside),
            "notes": list(self.notes),
            "clock_off_seconds": self.clock_off_seconds,
            "seen_at": None if self.seen_at is None else self.seen_at.isoformat(),
            "unable_code": self.unable_code,
            "keys_as_of": None if self.keys_as_of is None else self.keys_as_of.isoformat(),
        }

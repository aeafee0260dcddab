"""The nouns of the ledger, and what it refuses. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "ADJUSTMENT",
    "ARREARS",
    "BREAKAGE",
    "CONVERSION",
    "DONATION",
    "ISSUANCE",
    "LOSS",
    "NEVER",
    "OPENING",
    "POINTS",
    "REDEMPTION",
    "REINSTATEMENT",
    "SPREAD",
    "TRANSFER",
    "VOUCHER",
    "Account",
    "Allocation",
    "AmountInvalid",
    "Entry",
    "Hold",
    "HoldEnded",
    "HoldPart",
    "HoldTooSmall",
    "HoldUnknown",
    "Lot",
    "NotEnoughPoints",
    "NothingToReverse",
    "Stamp",
    "Taken",
    "use_order",
]

# The member's own accounts.
POINTS: Final = "points"
ARREARS: Final = "arrears"
# The house's side, kept per member: their sums over all members are the books of the programme.
ISSUANCE: Final = "issuance"
REDEMPTION: Final = "redemption"
BREAKAGE: Final = "breakage"
REINSTATEMENT: Final = "reinstatement"
TRANSFER: Final = "transfer"
CONVERSION: Final = "conversion"
SPREAD: Final = "spread"
DONATION: Final = "donation"
ADJUSTMENT: Final = "adjustment"
OPENING: Final = "opening"
LOSS: Final = "loss"
"""What the house paid for though no points stood for it: a voucher that was taken twice."""

VOUCHER: Final = "voucher"
"""Purpose of a hold that a signed voucher stands for: no other command uses or ends it."""


class AmountInvalid(Refusal):
    """Points must be a whole number above zero and below 2^53."""

    code, kind = "amount_invalid", "invalid"


class NotEnoughPoints(Refusal):
    """The member may not use as many points at this moment."""

    code, kind = "points_not_enough", "conflict"


class HoldUnknown(Refusal):
    """No such hold of this member."""

    code, kind = "hold_unknown", "not_found"


class HoldEnded(Refusal):
    """The hold was captured, released or ran out: that is final."""

    code, kind = "hold_ended", "conflict"


class HoldTooSmall(Refusal):
    """More is asked for than the hold still holds."""

    code, kind = "hold_too_small", "conflict"


class NothingToReverse(Refusal):
    """More is asked back than the redemption took and still may restore."""

    code, kind = "reversal_too_large", "conflict"


class Stamp(Struct, frozen=True, kw_only=True, gc=False):
    """On whose account a change is made: the activity that causes it, and ledger time."""

    activity: UUID
    at: datetime


class Account(Struct, frozen=True, kw_only=True, gc=False):
    """One account of one member in one currency, as of its last entry."""

    version: int
    balance: int
    at: datetime
    due_at: datetime | None = None
    """For points: no lot or hold ends before this; None when none ends."""


class Lot(Struct, frozen=True, kw_only=True):
    """Points issued together: one offer, one activity, one end. Named by the version of the issuing entry."""

    member: UUID
    currency: str
    number: int
    amount: int
    remaining: int
    """Neither spent, nor held, nor expired."""
    expired: int = 0
    issued_at: datetime
    usable_from: datetime
    expires_at: datetime | None
    priority: int
    activity: UUID
    offer: str
    program: str
    funder: str
    value_micro: int
    parent_member: UUID | None = None
    parent_number: int | None = None

    def is_usable(self, at: datetime) -> bool:
        """Whether what remains may be spent at this moment."""
        return self.remaining > 0 and self.usable_from <= at and (self.expires_at is None or at < self.expires_at)


class HoldPart(Struct, frozen=True, kw_only=True, gc=False):
    """What a hold holds of one lot."""

    owner: UUID
    lot: int
    amount: int
    captured: int = 0
    released: int = 0

    @property
    def open(self) -> int:
        """What is still held."""
        return self.amount - self.captured - self.released


class Hold(Struct, frozen=True, kw_only=True):
    """Points set aside for one purpose: captured in parts, released, or run out. Final states are final."""

    member: UUID
    id: UUID
    currency: str
    amount: int
    captured: int = 0
    released: int = 0
    state: Literal["open", "captured", "released", "expired"] = "open"
    held_at: datetime
    valid_until: datetime
    """The last moment at which it may be used."""
    settle_until: datetime
    """The last moment at which a use made in time may be told; then the rest goes back."""
    ended_at: datetime | None = None
    purpose: str = ""
    """VOUCHER, or nothing in particular."""
    revoked_at: datetime | None = None
    """Of a voucher: since when tills are told to refuse it."""
    used_by: UUID | None = None
    """Of a voucher: the activity that used it."""
    parts: tuple[HoldPart, ...]

    @property
    def open(self) -> int:
        """What is still held."""
        return self.amount - self.captured - self.released


class Taken(Struct, frozen=True, kw_only=True):
    """A redemption as far as it may still be reversed."""

    version: int
    """Its entry on the points account."""
    parts: Mapping[int, int]
    """In the order of use: how much of each lot it took and has not got back."""

    @property
    def left(self) -> int:
        """How much of it may still come back."""
        return sum(self.parts.values())


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One immutable line of one account. The entries of an activity sum to zero in each currency."""

    member: UUID
    currency: str
    account: str
    version: int
    activity: UUID
    kind: str
    amount: int
    balance: int
    at: datetime


class Allocation(Struct, frozen=True, kw_only=True, gc=False):
    """How much of which lot an entry took (negative) or gave back (positive)."""

    member: UUID
    currency: str
    lot: int
    account: str
    version: int
    amount: int
    undoes: int | None = None


NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for 'no end' where times are compared. It is not stored: the driver would read it back without a zone."""


def use_order(lot: Lot) -> tuple[datetime, int, datetime, int]:
    """The order in which lots are used: soonest end first, then priority, then the oldest, then by number."""
    return (lot.expires_at or NEVER, lot.priority, lot.issued_at, lot.number)

"""What is said of forgetting: what a member would lose, what was forgotten, who must not be, and what is refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.kernel.spine.forgetting import Loss, WrittenOff

__all__ = [
    "ASKED",
    "AskedBy",
    "ClassUnknown",
    "ConfirmationStale",
    "CurrencyLost",
    "Erasure",
    "ErasureHeld",
    "HoldUnknown",
    "LegalHold",
    "LostByErasure",
    "PackUnknown",
    "Period",
    "PeriodRefused",
    "Round",
    "RoundLine",
]

AskedBy = Literal["member", "desk", "retention", "restore"]
ASKED: Final = ("member", "desk", "retention", "restore")


class CurrencyLost(Struct, frozen=True, kw_only=True):
    """Points of one currency that are lost."""

    currency: str
    points: int
    """All there are: usable, still waiting, and set aside."""
    owed: int
    """Points that the member owes, and owes no more."""
    worth_minor: int | None
    """What the points are worth by the programme, in minor units of its money, rounded down. Null: it does not say."""


class LostByErasure(Struct, frozen=True, kw_only=True):
    """What a member would lose at this moment, and the token that says that somebody has seen it."""

    member: UUID
    money: str
    """ISO 4217 code of the programme's money; empty where no programme is live."""
    currencies: tuple[CurrencyLost, ...]
    others: tuple[Loss, ...]
    """Coupons, orders that wait to be collected, and whatever else features say."""
    under_legal_hold: bool
    """Whether the member must not be forgotten at present."""
    confirm: str
    """What is sent to confirm; good for these figures only, and until then."""
    confirm_until: datetime


class Erasure(Struct, frozen=True, kw_only=True):
    """That a member was forgotten."""

    member: UUID
    activity: UUID
    """In the journal, with the receipt of what was written off."""
    erased_at: datetime
    asked_by: AskedBy
    done_by: str
    written_off: tuple[WrittenOff, ...]
    forgotten: Mapping[str, int]
    """By room: how much it let go of."""
    absorbed: tuple[UUID, ...]
    """Those who had become part of the member, and were forgotten with them."""
    is_whole: bool
    """False: the owner of the database's tables has yet to take told traits out of the journal (`regulars privacy
    finish`)."""


class LegalHold(Struct, frozen=True, kw_only=True):
    """A matter for which a member must not be forgotten."""

    id: UUID
    member: UUID
    matter: str
    placed_by: str
    placed_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class Period(Struct, frozen=True, kw_only=True):
    """How long the things of a sort are kept."""

    name: str
    what: str
    days: int
    """0: for ever, or, for members who do not come back, never."""
    is_set: bool
    """Whether somebody set it; else it is what the room says."""
    is_fixed: bool
    """Whether it is the room's own affair and cannot be set."""
    needs_owner: bool
    """Whether only the owner of the tables may clear it: `regulars privacy clear` by the owner's address."""


class RoundLine(Struct, frozen=True, kw_only=True):
    """What became of one sort in a round of clearing."""

    name: str
    days: int
    cleared: int
    outcome: Literal["cleared", "kept", "needs_owner"]


class Round(Struct, frozen=True, kw_only=True):
    """A round of clearing."""

    at: datetime
    lines: tuple[RoundLine, ...]
    warned: int
    """Members who were told that they will be forgotten for never coming back."""
    returned: int
    """Members who came back after that."""
    erased: int
    """Members who did not, and are forgotten."""
    spared: int
    """Members who would be, were there not a hold on them, or points in the hands of others."""


class ErasureHeld(Refusal):
    """The member is under a legal hold: nothing of theirs is forgotten until it is lifted."""

    code, kind = "legal_hold", "conflict"


class ConfirmationStale(Refusal):
    """What was confirmed is not what would be lost now, or was confirmed too long ago."""

    code, kind = "erasure_unconfirmed", "conflict"


class HoldUnknown(Refusal):
    """No legal hold has this id, or it was lifted before."""

    code, kind = "legal_hold_unknown", "not_found"


class ClassUnknown(Refusal):
    """Nothing of this name is kept."""

    code, kind = "data_class_unknown", "not_found"


class PeriodRefused(Refusal):
    """The things of this sort cannot be kept so long, or so short."""

    code, kind = "period_refused", "invalid"


class PackUnknown(Refusal):
    """There is no pack of settings of this name."""

    code, kind = "pack_unknown", "not_found"

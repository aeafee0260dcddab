"""The nouns of limits, their names, and what the room refuses. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "CEILINGS_ADDED_MAX",
    "NEVER",
    "Ceiling",
    "CeilingExists",
    "CeilingSpent",
    "CeilingTooLow",
    "CeilingUnknown",
    "ClaimEnded",
    "ClaimName",
    "ClaimNotTaken",
    "ClaimRow",
    "ClaimTooSmall",
    "ClaimUnknown",
    "CodeExists",
    "PoolCodesKnown",
]

NEVER: Final = datetime.max.replace(tzinfo=UTC)
CEILINGS_ADDED_MAX: Final = 100_000
"""Ceilings added in one call. Longer lists of codes come in several, each with a transaction of its own."""

ClaimName = tuple[str, UUID]
"""A claim is named by its ceiling and the activity that made it."""


class CeilingUnknown(Refusal):
    """Nothing scarce has this name."""

    code, kind = "ceiling_unknown", "not_found"


class CeilingExists(Refusal):
    """A ceiling is to be added that is already there, or twice."""

    code, kind = "ceiling_exists", "conflict"


class CeilingSpent(Refusal):
    """Less is left than is asked for. A return or the end of a reservation may make room again."""

    code, kind, retryable = "ceiling_spent", "conflict", True


class CeilingTooLow(Refusal):
    """A ceiling is to be set below what was already promised under it."""

    code, kind = "ceiling_too_low", "conflict"


class ClaimUnknown(Refusal):
    """No such claim of this member."""

    code, kind = "claim_unknown", "not_found"


class ClaimEnded(Refusal):
    """The claim was taken, released or returned, or it ran out and nothing is left: that is final."""

    code, kind = "claim_ended", "conflict"


class ClaimNotTaken(Refusal):
    """The claim is only reserved. It can be released, but there is nothing to give back."""

    code, kind = "claim_not_taken", "conflict"


class ClaimTooSmall(Refusal):
    """More is to come back than the claim still has."""

    code, kind = "claim_too_small", "conflict"


class CodeExists(Refusal):
    """A code is to be added that is already there, or twice."""

    code, kind = "code_exists", "conflict"


class PoolCodesKnown(Refusal):
    """Codes are to be added to a pool that it has, or had and handed out."""

    code, kind = "pool_codes_known", "conflict"


class Ceiling(Struct, frozen=True, kw_only=True, gc=False):
    """So much there is of something scarce, and so much of it is promised."""

    id: str
    amount: int
    taken: int
    reserved: int

    @property
    def left(self) -> int:
        """How much may still be promised."""
        return self.amount - self.taken - self.reserved


class ClaimRow(Struct, frozen=True, kw_only=True, gc=False):
    """One member's part, named by the ceiling and the activity that claimed it."""

    ceiling: str
    activity: UUID
    member: UUID
    amount: int
    returned: int = 0
    """Part of `amount` that came back."""
    state: Literal["reserved", "taken", "released", "returned"]
    at: datetime
    """Ledger time at which it was made; confirming it later does not change this."""
    until: datetime | None = None
    """A reservation counts before this moment, and for nothing from it on."""
    ended_at: datetime | None = None
    """When all of it had come back; for a reservation that ran out: `until`."""

    @property
    def name(self) -> ClaimName:
        """What others call it."""
        return (self.ceiling, self.activity)

    @property
    def held(self) -> int:
        """How much of the ceiling it uses up."""
        return self.amount - self.returned

    @property
    def ran_out(self) -> bool:
        """Whether time ended it, and nobody's wish."""
        return self.state == "released" and self.ended_at == self.until


def find_repeated(ids: Sequence[str]) -> str | None:
    """Find an id that is listed twice."""
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            return id_
        seen.add(id_)
    return None

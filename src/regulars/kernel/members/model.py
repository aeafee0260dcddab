"""The values of the room, and what it refuses."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "IDENTIFIERS_MAX",
    "HouseholdUnknown",
    "IdentifierInvalid",
    "IdentifierTaken",
    "IdentifierUnknown",
    "IdentifiersExceeded",
    "Masked",
    "Member",
    "MemberErased",
    "MemberMerged",
    "MemberUnknown",
    "State",
]

IDENTIFIERS_MAX: Final = 32
"""Identifiers of one member."""

State = Literal["active", "frozen", "closed", "merged", "erased"]


class Member(Struct, frozen=True, kw_only=True, gc=False):
    """A member as the books know one: nothing here says who it is."""

    id: UUID
    state: State
    region: str
    household_id: UUID | None
    joined_at: datetime
    merged_into: UUID | None
    """The member that is kept, when `state` is `merged`."""


class Masked(Struct, frozen=True, kw_only=True, gc=False):
    """An identifier as staff may see it: its kind and how it ends."""

    kind: str
    value: str
    """Dots and the last characters: never more than four, never more than half."""
    added_at: datetime
    id: UUID
    """By which it is named to take it away; it says nothing of the value, and another member's is another."""


class HouseholdUnknown(Refusal):
    """No such household, or the member is in none."""

    code, kind = "household_unknown", "not_found"


# No refusal here holds an identifier: what is refused ends up in logs and in answers.


class IdentifierInvalid(Refusal):
    """An identifier cannot be what its kind says."""

    code, kind = "identifier_invalid", "invalid"


class IdentifierTaken(Refusal):
    """An identifier already belongs to a member."""

    code, kind = "identifier_taken", "conflict"


class IdentifierUnknown(Refusal):
    """The member has no identifier of this id."""

    code, kind = "identifier_unknown", "not_found"


class IdentifiersExceeded(Refusal):
    """A member has as many identifiers as one may have."""

    code, kind = "identifiers_exceeded", "conflict"


class MemberUnknown(Refusal):
    """No member has this id or identifier."""

    code, kind = "member_unknown", "not_found"


class MemberMerged(Refusal):
    """The member was merged into another one; `context["kept"]` is its id."""

    code, kind = "member_merged", "conflict"


class MemberErased(Refusal):
    """The member was erased: nothing personal can be read or added any more."""

    code, kind = "member_erased", "conflict"

"""Who they are: members, the identifiers they are found by, and the dated traits that rules read."""

from regulars.kernel.members.enrol import add_identifier, enrol
from regulars.kernel.members.identifiers import normalise
from regulars.kernel.members.model import (
    IdentifierInvalid,
    IdentifiersExceeded,
    IdentifierTaken,
    Masked,
    Member,
    MemberErased,
    MemberMerged,
    MemberUnknown,
    State,
)
from regulars.kernel.members.resolve import lookup, resolve_many
from regulars.kernel.members.store import (
    count,
    find_members,
    forget,
    get,
    guests,
    households_of,
    identifiers,
    list_merged,
    lock_many,
    look_many,
    page,
    set_merged,
    set_traits,
    traits_many,
)
from regulars.kernel.members.traits import TraitHistory

__all__ = [
    "IdentifierInvalid",
    "IdentifierTaken",
    "IdentifiersExceeded",
    "Masked",
    "Member",
    "MemberErased",
    "MemberMerged",
    "MemberUnknown",
    "State",
    "TraitHistory",
    "add_identifier",
    "count",
    "enrol",
    "find_members",
    "forget",
    "get",
    "guests",
    "households_of",
    "identifiers",
    "list_merged",
    "lock_many",
    "look_many",
    "lookup",
    "normalise",
    "page",
    "resolve_many",
    "set_merged",
    "set_traits",
    "traits_many",
]

"""Members that come along from another system, many at a time, and everything of members that is taken along."""

from regulars.kernel.members.moving.bring import Brought, Newcoming, bring_members, find_owners, look_at_members
from regulars.kernel.members.moving.store import (
    HomeRow,
    IdentifierRow,
    MemberRow,
    TraitRow,
    read_homes,
    read_identifiers,
    read_members,
    read_traits,
)

__all__ = [
    "Brought",
    "HomeRow",
    "IdentifierRow",
    "MemberRow",
    "Newcoming",
    "TraitRow",
    "bring_members",
    "find_owners",
    "look_at_members",
    "read_homes",
    "read_identifiers",
    "read_members",
    "read_traits",
]

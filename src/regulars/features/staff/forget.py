"""What this room keeps: people who work here, and what they asked a second person for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.features.staff.approvals.store import forget_old
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT"]

STAFF: Final = "Stays: of people who work here."

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "staff.account": STAFF,
        "staff.address": "Stays for 30 days: keyed digests of addresses that failed to sign in.",
        "staff.approval": "Stays for its period: the request, sealed, may name a member and cannot be searched.",
        "staff.errand": STAFF,
        "staff.link": STAFF,
        "staff.recovery": STAFF,
        "staff.session": STAFF,
    }
)
KEPT: Final = (
    Kept(name="staff.ended", what="Sessions and attempts to sign in of staff, after they ended.", days=30),
    Kept(
        name="staff.approval",
        what="What somebody asked a second person for. Kept while anybody is under a legal hold.",
        days=365,
        days_min=30,
        purge=forget_old,
    ),
)

"""What this room keeps of members: ids, as objects of what others did and as those who did something for themselves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.features.audit.store import forget_acts, forget_entries
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audit.act": "Stays for its period: which person did what to which id.",
        "audit.entry": "Stays for its period: ids, networks (never addresses), and nothing personal by its field.",
        "audit.seal": "Stays: digests, so that the chain can be proved.",
    }
)
KEPT: Final = (
    Kept(
        name="audit.act",
        what="Which person did what in the journal, found by the person.",
        days=1_095,
        days_min=180,
        purge=forget_acts,
        needs_owner=True,
    ),
    Kept(
        name="audit.entry",
        what="The trail of who did what. Its chain of links stays for ever.",
        days=1_095,
        days_min=180,
        purge=forget_entries,
        needs_owner=True,
    ),
)

"""What becomes of each table of the kernel when a member is forgotten. Other rooms say it of theirs in `forget.py`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["KERNEL"]

BOOKS: Final = "Stays: the books. Amounts and dates of somebody whom nobody can name."

KERNEL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "members.member": "Stays without its key, region and source: the id to which the books belong.",
        "members.identifier": "Goes: sealed values, and the blind indexes by which the member was found.",
        "members.trait": "Values that were told from outside go; what offers set themselves, such as a level, stays.",
        "members.household_member": "Stays: when an id was in which household. The member leaves theirs.",
        "members.burning": "Stays without the words that people wrote.",
        "activity.journal": "Values in activities that told traits go. Receipts that moved points stay as given.",
        "activity.key": "Stays: a sale that is sent again must not count twice. Digests of told traits are made anew.",
        "activity.archive": "Stays: which months lie in files, of no member. What was told of members is in no file.",
        "activity.archived": "Stays: that a notice was given. Its seal tells nothing of what it said.",
        "activity.personal": "Goes.",
        "activity.due": "Stays: what the clock brings comes to nothing.",
        "ledger.account": BOOKS,
        "ledger.entry": BOOKS,
        "ledger.lot": BOOKS,
        "ledger.allocation": BOOKS,
        "ledger.hold": BOOKS,
        "ledger.hold_lot": BOOKS,
        "limits.claim": "Stays: how much of something scarce was taken.",
        "limits.code": "Stays: that a code was given out, as a digest. What a code for the member alone says goes.",
        "limits.pool_list": "Stays: a key of a list of codes, of no member.",
        "limits.pooled_code": "Stays: a partner's code, sealed, and of which purchase; not of which member.",
        "program.memory": "Stays: what offers count by. Sums and days, and no words.",
        "program.source": "Stays: programmes as they were written, of no member.",
    }
)

"""What a receipt tells of the programme's ruling."""

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from regulars.kernel.nouns import Activity, Reason, Receipt, Ruling

__all__ = ["with_ruling"]


def with_ruling(receipt: Receipt, ruling: Ruling, reasons: Sequence[Reason], fact: Activity) -> Receipt:
    """Add to a receipt what the programme said besides points, and why."""
    return replace(
        receipt,
        discounts=ruling.discounts,
        traits=ruling.traits,
        grants=ruling.grants,
        later=ruling.later,
        claims=ruling.claims,
        returned=fact.returned,
        memories={offer: hashlib.sha256(memory).hexdigest() for offer, memory in ruling.memories.items()},
        reasons=(*ruling.reasons, *reasons),
    )

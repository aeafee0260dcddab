"""What this room keeps: answers to writes, for whoever sends them again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.features.repeats.model import KEPT as REPEATED
from regulars.features.repeats.store import forget_old
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "repeats.answer": (
            "Stays sealed for its period, and cannot be searched: answers hold ids and amounts, and of identifiers at"
            " most how they end."
        )
    }
)
KEPT: Final = (
    Kept(
        name="repeats.answer",
        what="Answers to writes with an Idempotency-Key, sealed, for whoever sends them again.",
        days=REPEATED.days,
        purge=forget_old,
    ),
)

"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.repeats.once import place_of

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="repeats.answer",
        key=("caller", "key"),
        column="wrapped",
        place=lambda row: place_of((row["caller"], row["key"])),
    ),
)
APART: Final = {
    "repeats.answer.digest": "SHA-256 of a request: it is only compared.",
    "repeats.answer.sealed": "Sealed under the answer's own key.",
}

"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.access.signed import place_of

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="access.key",
        key=("id",),
        column="signing",
        place=lambda row: place_of(row["prefix"]),
        reads=("prefix",),
    ),
)
APART: Final = {"access.key.digest": "SHA-256 of 256 random bits: no key is needed."}

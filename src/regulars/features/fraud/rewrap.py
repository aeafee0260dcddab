"""What is sealed for this room with a master key: what members say to a case."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.fraud.store import place_of

__all__ = ["MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(table="fraud.appeal", key=("id",), column="text_wrapped", place=lambda row: place_of(row["id"])),
)

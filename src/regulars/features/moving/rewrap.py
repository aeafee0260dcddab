"""What of this room is made with a master key: nothing."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {"moving.part.digest": "SHA-256 of a file and of how it was read: it is only compared."}

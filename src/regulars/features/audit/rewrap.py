"""What of this room is made with a master key: nothing."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {
    "audit.seal.digest": "SHA-256 of an entry.",
    "audit.seal.hash": "SHA-256 over a link and the one before it.",
}

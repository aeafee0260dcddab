"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {
    "messages.suppressed.digest": "A digest of an address that is not kept; the retired key goes on to know it."
}

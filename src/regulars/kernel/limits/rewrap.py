"""What of this room is made with a master key: nothing but digests of what people carry, which we do not have."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {"limits.code.digest": "A digest of what people carry; the retired key goes on to find it."}

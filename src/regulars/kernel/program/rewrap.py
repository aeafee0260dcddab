"""What of this room is made with a master key: nothing."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {
    "program.memory.digest": "SHA-256 of a memory.",
    "program.source.digest": "SHA-256 of a list.",
}

"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.signing.keys import place_of

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="signing.key",
        key=("number",),
        column="wrapped",
        place=lambda row: place_of(row["kid"]),
        reads=("kid",),
    ),
)
APART: Final = {
    "signing.key.public": "Public.",
    "signing.shown.code": "SHA-256 of a code that was good for half a minute.",
}

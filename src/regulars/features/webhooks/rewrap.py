"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.webhooks.sign import place_of

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="webhooks.secret",
        key=("endpoint_id", "number"),
        column="sealed",
        place=lambda row: place_of(row["endpoint_id"], row["number"]),
    ),
)
APART: Final[dict[str, str]] = {}

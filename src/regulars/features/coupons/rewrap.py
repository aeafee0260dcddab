"""What is sealed for this room with a master key: partners' lists and members' own codes, which the limits keep."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.coupons import own, partners

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="limits.pool_list",
        key=("ceiling_id", "batch"),
        column="wrapped_key",
        place=lambda row: partners.place_of(row["ceiling_id"], row["batch"]),
    ),
    Sealed(table="limits.code", key=("digest",), column="sealed", place=lambda row: own.place_of(row["digest"])),
)
APART: Final = {
    "limits.pooled_code.digest": "A digest of what partners gave; the retired key goes on to know it.",
    "limits.pooled_code.cipher": "Sealed under its list's own key.",
}

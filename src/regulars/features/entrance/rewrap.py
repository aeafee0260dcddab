"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.entrance.store import place_of

__all__ = ["APART", "MADE"]


def _seal(table: str, column: str, what: str) -> Sealed:
    return Sealed(table=table, key=("id",), column=column, place=lambda row: place_of(what, row["id"]))


MADE: Final[tuple[Made, ...]] = (
    _seal("entrance.attempt", "contact_wrapped", "new"),
    _seal("entrance.message", "body_wrapped", "message"),
    _seal("entrance.change", "old_wrapped", "old"),
    _seal("entrance.change", "new_wrapped", "new"),
)
RANDOM: Final = "SHA-256 of 256 random bits: no key is needed."
TOLD: Final = "What the browser told: it is no secret."
APART: Final = {
    "entrance.attempt.digest": RANDOM,
    "entrance.attempt.code_digest": "A digest of what people carry; the retired key goes on to know it.",
    "entrance.session.digest": RANDOM,
    "entrance.session.last_digest": RANDOM,
    "entrance.ceremony.digest": RANDOM,
    "entrance.change.digest": RANDOM,
    "entrance.passkey.credential_id": TOLD,
    "entrance.passkey.public_key": TOLD,
    "entrance.pace.digest": "Tries are counted from the start again.",
}

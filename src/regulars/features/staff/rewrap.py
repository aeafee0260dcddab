"""What of this room is made with a master key."""

from typing import Final

from regulars.base.crypto import Keyring, open_sealed
from regulars.base.db import Record
from regulars.base.rewrap import Blind, Made, Sealed
from regulars.features.staff.approvals.store import place_of as place_of_approval
from regulars.features.staff.store import EMAIL, place_of, place_of_errand, place_of_link

__all__ = ["APART", "MADE"]


def _read(keyring: Keyring, row: Record) -> tuple[str, str]:
    key = keyring.unwrap(row["wrapped_key"], place_of(row["id"], "key"))
    return EMAIL, open_sealed(key, row["email_cipher"], place_of(row["id"], "email")).decode()


MADE: Final[tuple[Made, ...]] = (
    Sealed(table="staff.account", key=("id",), column="wrapped_key", place=lambda row: place_of(row["id"], "key")),
    Blind(
        table="staff.account",
        key=("id",),
        column="email_blind",
        named="email_blind_key_id",
        read=_read,
        reads=("wrapped_key", "email_cipher"),
    ),
    Sealed(table="staff.link", key=("digest",), column="totp_wrapped", place=lambda row: place_of_link(row["digest"])),
    Sealed(
        table="staff.errand",
        key=("digest",),
        column="verifier_wrapped",
        place=lambda row: place_of_errand(row["digest"]),
    ),
    Sealed(table="staff.approval", key=("id",), column="body_wrapped", place=lambda row: place_of_approval(row["id"])),
)
OWN: Final = "Sealed under the account's own key."
RANDOM: Final = "SHA-256 of 256 random bits: no key is needed."
APART: Final = {
    "staff.account.email_cipher": OWN,
    "staff.account.name_cipher": OWN,
    "staff.account.totp_cipher": OWN,
    "staff.recovery.digest": "A digest of what people carry; the retired key goes on to know it.",
    "staff.link.digest": RANDOM,
    "staff.session.digest": RANDOM,
    "staff.session.last_digest": RANDOM,
    "staff.address.digest": "Failures of an address are counted from the start again.",
    "staff.errand.digest": RANDOM,
    "staff.approval.body_digest": "Finds the same request while it waits; asked again after, it waits twice.",
}

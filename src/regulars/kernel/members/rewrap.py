"""What of this room is made with a master key."""

from typing import Final

from regulars.base.crypto import Keyring, open_sealed
from regulars.base.db import Record
from regulars.base.rewrap import Blind, Made, Owner, Sealed
from regulars.kernel.members.store import place_of

__all__ = ["APART", "MADE"]


def _read(keyring: Keyring, row: Record) -> tuple[str, str]:
    key = keyring.unwrap(row["owner_key"], row["member_id"].bytes)
    return row["kind"], open_sealed(key, row["cipher"], place_of(row["member_id"], row["kind"])).decode()


MADE: Final[tuple[Made, ...]] = (
    Sealed(table="members.member", key=("id",), column="wrapped_key", place=lambda row: row["id"].bytes),
    Blind(
        table="members.identifier",
        key=("kind", "blind"),
        column="blind",
        named="blind_key_id",
        read=_read,
        reads=("member_id", "cipher"),
        owner=Owner(table="members.member", on=("id", "member_id"), key="wrapped_key"),
    ),
)
APART: Final = {"members.identifier.cipher": "Sealed under the member's own key."}

"""Codes that one member alone may use, such as one given by hand: kept sealed, so that their wallet shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.features.coupons.wallet import list_coupons
from regulars.kernel import limits, program

__all__ = ["Own", "place_of", "read_own", "seal_own"]

SHOWN_MAX: Final = 200
"""Codes that a wallet shows: those that were added last."""
FIRST: Final = "code:"
"""How the name of a code begins, before the coupon's."""
ORDER: Final = {"usable": 0, "used": 1, "ended": 2}


class Own(Struct, frozen=True, kw_only=True):
    """A code that nobody but the member can use."""

    code: str
    """What is sent in `coupons` to use it."""
    coupon: str
    title: Mapping[str, str]
    batch: str
    added_at: datetime
    valid_from: datetime | None
    valid_until: datetime | None
    """It is valid before this moment."""
    state: Literal["usable", "used", "ended"]


def seal_own(keyring: Keyring, code: str, member: UUID | None, digest: bytes) -> bytes | None:
    """Seal a code for its member; one that anybody may use is not kept."""
    return None if member is None else keyring.wrap(code.encode(), place_of(digest))


def place_of(digest: bytes) -> bytes:
    """What a code is sealed to: moved beside another digest it does not open."""
    return b"coupon\0" + digest


async def read_own(
    read: Read, keyring: Keyring, versions: program.Versions, member: UUID, at: datetime
) -> tuple[Own, ...]:
    """Read the codes that a member alone may use, those first that can be used; at most SHOWN_MAX.

    Those of coupons that the programme has no more are left out. Raises NoProgram.
    """
    known = await list_coupons(read, versions, at)
    found = [
        Own(
            code=keyring.unwrap(each.sealed, place_of(each.digest)).decode(),
            coupon=coupon,
            title=known[coupon].title,
            batch=each.batch.removeprefix(f"{coupon}:"),
            added_at=each.added_at,
            valid_from=each.code.valid_from,
            valid_until=each.code.valid_until,
            state=_judge(each, at),
        )
        for each in await limits.own_codes(read, member, most=SHOWN_MAX)
        if (coupon := _coupon_of(each.code.name)) in known
    ]
    return tuple(sorted(found, key=lambda it: ORDER[it.state]))


def _coupon_of(name: str) -> str:
    return name.removeprefix(FIRST).rpartition(":")[0]


def _judge(own: limits.OwnCode, at: datetime) -> Literal["usable", "used", "ended"]:
    if own.is_used:
        return "used"
    return "ended" if own.code.valid_until is not None and own.code.valid_until <= at else "usable"

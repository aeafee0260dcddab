"""Codes of partners: lists are uploaded and ended, and each code is shown to the member whom it was handed to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base import clock
from regulars.base.crypto import Keyring, new_member_key, open_sealed, seal
from regulars.base.db import Read, Tx
from regulars.features.coupons.codes import (
    CODES_MAX,
    LENGTH_MAX,
    NAME_MAX,
    BatchExists,
    CodesInvalid,
    CouponUnknown,
)
from regulars.features.coupons.pool import name_pool
from regulars.features.coupons.wallet import find_coupon
from regulars.kernel import limits, spine

__all__ = ["Handed", "PartnerCodes", "add_partner_codes", "end_partner_list", "read_handed", "seal_codes"]

SHOWN_MAX: Final = 200
"""Codes that a wallet shows: those handed out last."""


class Handed(Struct, frozen=True, kw_only=True):
    """A code of a partner that a member was handed."""

    coupon: str
    code: str
    """What the member shows to the partner."""
    batch: str
    handed_at: datetime
    valid_until: datetime | None
    """As the partner says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCodes:
    """A list of codes, sealed and ready to be stored."""

    coupon: str
    batch: str
    valid_until: datetime | None
    wrapped_key: bytes
    sealed: Sequence[tuple[bytes, bytes]]
    """(digest, ciphertext) of each."""
    known: Sequence[bytes]
    """Digests under older keys, by which one may have been stored before."""


async def seal_codes(
    keyring: Keyring, coupon: str, batch: str, codes: Sequence[str], valid_until: datetime | None
) -> PartnerCodes:
    """Seal a list of codes, away from whoever else is being answered. Raises CodesInvalid, with counts."""
    return await asyncio.to_thread(_seal, keyring, coupon, batch, codes, valid_until)


async def add_partner_codes(tx: Tx, house: spine.House, codes: PartnerCodes) -> int:
    """Add a list to the codes that a coupon hands out; gives how many are left to be handed out. All, or none.

    Raises CouponUnknown, CodesInvalid where the coupon is none of a partner, BatchExists, PoolCodesKnown, NoProgram.
    """
    now = await clock.now(tx)
    coupon = await find_coupon(tx, house.versions, codes.coupon, now)
    if not coupon.partner:
        message = f"The coupon {codes.coupon} is used here and not at a partner: add its codes to `codes`."
        raise CodesInvalid(message, coupon=codes.coupon)
    pool = name_pool(codes.coupon)
    if await limits.has_pool_list(tx, pool, codes.batch):
        message = f"The coupon {codes.coupon} has the list {codes.batch} already. Choose another name for more codes."
        raise BatchExists(message, coupon=codes.coupon, batch=codes.batch)
    return await limits.fill_pool(
        tx,
        pool,
        codes.batch,
        codes.sealed,
        wrapped_key=codes.wrapped_key,
        known=codes.known,
        valid_until=codes.valid_until,
        at=now,
    )


async def end_partner_list(tx: Tx, coupon: str, batch: str) -> int:
    """Forget those codes of a list that nobody was handed; gives how many. Raises CouponUnknown."""
    if not await limits.has_pool_list(tx, name_pool(coupon), batch):
        raise CouponUnknown("There is no such list of codes.", coupon=coupon[:NAME_MAX], batch=batch[:NAME_MAX])
    return await limits.end_pool_list(tx, name_pool(coupon), batch)


async def read_handed(read: Read, keyring: Keyring, members: Sequence[UUID]) -> tuple[Handed, ...]:
    """Read the codes that members were handed, the last ones first, at most SHOWN_MAX."""
    keys: dict[bytes, bytes] = {}
    found: list[Handed] = []
    for each in await limits.handed_codes(read, members, most=SHOWN_MAX):
        if each.wrapped_key not in keys:
            keys[each.wrapped_key] = keyring.unwrap(each.wrapped_key, place_of(each.pool, each.batch))
        code = open_sealed(keys[each.wrapped_key], each.cipher, each.digest).decode()
        found.append(
            Handed(
                coupon=each.pool.removeprefix(name_pool("")),
                code=code,
                batch=each.batch,
                handed_at=each.at,
                valid_until=each.valid_until,
            )
        )
    return tuple(found)


def _seal(
    keyring: Keyring, coupon: str, batch: str, codes: Sequence[str], valid_until: datetime | None
) -> PartnerCodes:
    if not 0 < len(codes) <= CODES_MAX:
        message = f"{len(codes)} codes: from 1 to {CODES_MAX} are added at once. Send longer lists in parts."
        raise CodesInvalid(message, codes=len(codes), codes_max=CODES_MAX)
    for place, code in enumerate(codes, start=1):
        if not 0 < len(code) <= LENGTH_MAX or not code.isprintable() or code != code.strip():
            message = f"The code at place {place} is not 1 to {LENGTH_MAX} visible characters without space around."
            raise CodesInvalid(message, place=place)
    if doubled := len(codes) - len(set(codes)):
        message = f"{doubled} of the {len(codes)} codes are there a second time; none was added."
        raise CodesInvalid(message, doubled=doubled)
    pool, key = name_pool(coupon), new_member_key()
    digests = [keyring.digest_tokens(pool, code) for code in codes]
    return PartnerCodes(
        coupon=coupon,
        batch=batch,
        valid_until=valid_until,
        wrapped_key=keyring.wrap(key, place_of(pool, batch)),
        # The digest stands for the pool and the code: a ciphertext that is moved elsewhere does not open there.
        sealed=[
            (each[0].value, seal(key, code.encode(), each[0].value)) for code, each in zip(codes, digests, strict=True)
        ],
        known=[digest.value for each in digests for digest in each[1:]],
    )


def place_of(pool: str, batch: str) -> bytes:
    return f"{pool}\0{batch}".encode()

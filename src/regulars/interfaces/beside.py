"""Where what is moved meets other rooms: consents in and out, codes of coupons in, and the key that signs files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from regulars.base import clock
from regulars.base.db import Database, Read, Tx
from regulars.features import consent, moving, signing
from regulars.features.consent.store import read_entries
from regulars.features.coupons import codes
from regulars.features.coupons.arriving import Arriving, bring_codes
from regulars.kernel.spine import House

__all__ = ["find_signing", "join_rooms", "list_beside", "verify_with"]


def join_rooms(house: House) -> moving.Joins:
    """Say what other rooms do with codes and consents that are brought."""

    async def issue(tx: Tx, told: Sequence[tuple[moving.CouponRow, UUID | None]], source: str) -> int:
        arrived = [Arriving(code=row.code, terms=_bind(row, member, source)) for row, member in told]
        return await bring_codes(tx, house, arrived)

    async def tell(tx: Tx, told: Sequence[tuple[moving.ConsentRow, UUID]], source: str, as_of: datetime) -> int:
        choices = [_choose(row, member, source, as_of) for row, member in told]
        return await consent.record(tx, choices, new_id=house.new_id, at=await clock.now(tx))

    return moving.Joins(
        issue_codes=issue,
        tell_consents=tell,
        purposes=frozenset(consent.PURPOSES),
        channels=frozenset(consent.CHANNELS),
    )


def _bind(row: moving.CouponRow, member: UUID | None, source: str) -> codes.Terms:
    return codes.Terms(
        coupon=row.coupon,
        batch=source,
        uses=row.uses,
        member=member,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _choose(row: moving.ConsentRow, member: UUID, source: str, as_of: datetime) -> consent.Choice:
    at = row.told_at or as_of
    return consent.Choice(
        member=member,
        purpose=msgspec.convert(row.purpose, consent.Purpose),
        channel=msgspec.convert(row.channel or "any", consent.Channel),
        is_given=row.granted,
        door="import",
        reference=f"{source}:{row.purpose}:{row.channel or 'any'}:{at.isoformat()}",
        proof=row.proof or (f"{source}, text {row.text}" if row.text else ""),
        occurred_at=at,
    )


def list_beside() -> moving.Beside:
    """List the tables of other rooms that are taken along."""

    async def read_consents(read: Read, members: Collection[UUID]) -> Sequence[consent.ConsentEntry]:
        return await read_entries(read, members)

    return {"consents": (consent.ConsentEntry, read_consents)}


async def find_signing(database: Database, house: House) -> moving.Signing:
    """Find the key that signs at this moment; where there is none, the first is made."""

    async def find(tx: Tx) -> signing.Signer:
        return await signing.find_signer(tx, house.keyring, at=await clock.now(tx))

    signer = await database.run(find)
    return signer.kid, signer.key.sign


def verify_with(keys: signing.PublicKeys, kid: str, signature: bytes, content: bytes) -> bool:
    """Say whether a key of ours signed this."""
    if kid not in keys:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(keys[kid].key).verify(signature, content)
    except InvalidSignature:
        return False
    return True

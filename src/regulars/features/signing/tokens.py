"""How vouchers and codes are written, signed and read back. Pure: keys and the time are handed in.

A token is `<mark>.<payload>.<signature>`, both parts as base64url without padding. Ed25519 signs the characters of
`<mark>.<payload>`. Numbers are big-endian, times whole seconds since 1970.
"""

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from regulars.features.signing.model import (
    CODE_SECONDS,
    TOLERANCE_SECONDS,
    Code,
    CodeInvalid,
    CodeStale,
    PublicKey,
    Signer,
    Voucher,
    VoucherElsewhere,
    VoucherInvalid,
    VoucherStale,
)

__all__ = ["check_voucher", "read_code", "read_voucher", "sign_code", "sign_voucher"]

VOUCHER: Final = "RV1"
CODE: Final = "RM1"
CHARACTERS_MAX: Final = 640
STORE_BYTES_MAX: Final = 200
SECONDS_MAX: Final = 253_402_300_799
"""The last second that has a date."""
# Key id, voucher, member, worth, money, begin, end, length of the store's name; the name follows.
VOUCHER_PARTS: Final = struct.Struct(">4s16s16sQ3sQQB")
# Key id, member, time of issue.
CODE_PARTS: Final = struct.Struct(">4s16sQ")
MONEY: Final = re.compile(rb"[A-Z]{3}")
TOLERANCE: Final = timedelta(seconds=TOLERANCE_SECONDS)


class _Unreadable(Exception):
    """It is not what we wrote: each reader says so in its own words."""


def sign_voucher(voucher: Voucher, signer: Signer) -> str:
    """Write a voucher as its token: 177 characters and a third more than its store's name has bytes."""
    store = voucher.store.encode()
    assert len(store) <= STORE_BYTES_MAX, "the command keeps names short"
    payload = VOUCHER_PARTS.pack(
        bytes.fromhex(signer.kid),
        voucher.voucher.bytes,
        voucher.member.bytes,
        voucher.worth_minor,
        voucher.money.encode(),
        int(voucher.not_before.timestamp()),
        int(voucher.not_after.timestamp()),
        len(store),
    )
    return _sign(VOUCHER, payload + store, signer)


def sign_code(code: Code, signer: Signer) -> str:
    """Write a member's code: 129 characters."""
    payload = CODE_PARTS.pack(bytes.fromhex(signer.kid), code.member.bytes, int(code.issued_at.timestamp()))
    return _sign(CODE, payload, signer)


def read_voucher(token: str, keys: Mapping[str, PublicKey]) -> Voucher:
    """Read a voucher that one of these keys signed while it was the one that signs. Raises VoucherInvalid.

    Whether its time and place are right, `check_voucher` says.
    """
    try:
        payload, key = _open(VOUCHER, token, keys)
        read = _parse_voucher(payload)
        _refuse_retired(key, read.not_before)
    except _Unreadable as error:
        message = "This is no voucher of ours: it was cut or changed, or signed with a key that does not count."
        raise VoucherInvalid(message) from error
    return read


def check_voucher(voucher: Voucher, *, at: datetime, store: str) -> None:
    """Raise VoucherStale or VoucherElsewhere where a voucher must not be taken at this moment, in this store."""
    if not voucher.not_before - TOLERANCE <= at <= voucher.not_after:
        message = (
            f"The voucher is good from {voucher.not_before.isoformat()} to {voucher.not_after.isoformat()},"
            f" and it is {at.isoformat()}."
        )
        raise VoucherStale(message, not_after=voucher.not_after.isoformat())
    if voucher.store not in {"", store}:
        message = f"The voucher is for the store {voucher.store!r} only."
        raise VoucherElsewhere(message, store=voucher.store)


def read_code(token: str, keys: Mapping[str, PublicKey], *, at: datetime) -> Code:
    """Read a member's code that was shown at this moment. Raises CodeInvalid or CodeStale."""
    try:
        payload, key = _open(CODE, token, keys)
        code = _parse_code(payload)
        _refuse_retired(key, code.issued_at)
    except _Unreadable as error:
        message = "This is no member's code of ours: it was cut or changed, or signed with a key that does not count."
        raise CodeInvalid(message) from error
    ends = code.issued_at + timedelta(seconds=CODE_SECONDS)
    if not code.issued_at - TOLERANCE <= at <= ends + TOLERANCE:
        message = f"The code was good until {ends.isoformat()}; it was shown at {at.isoformat()}. Ask for a fresh one."
        raise CodeStale(message, valid_until=ends.isoformat())
    return code


def _sign(mark: str, payload: bytes, signer: Signer) -> str:
    signed = f"{mark}.{_write(payload)}"
    return f"{signed}.{_write(signer.key.sign(signed.encode()))}"


def _open(mark: str, token: str, keys: Mapping[str, PublicKey]) -> tuple[bytes, PublicKey]:
    """Answer the payload with the key that signed it. Raises _Unreadable, whatever is wrong."""
    if len(token) > CHARACTERS_MAX or not token.isascii():
        raise _Unreadable
    signed, _, signature = token.rpartition(".")
    marked, _, written = signed.partition(".")
    payload = _read(written)
    key = keys.get(payload[:4].hex())
    if marked != mark or key is None:
        raise _Unreadable
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(_read(signature), signed.encode())
    except InvalidSignature:
        raise _Unreadable from None
    return payload, key


def _parse_voucher(payload: bytes) -> Voucher:
    if len(payload) < VOUCHER_PARTS.size:
        raise _Unreadable
    _, voucher, member, worth, money, begins, ends, length = VOUCHER_PARTS.unpack_from(payload)
    store = payload[VOUCHER_PARTS.size :]
    if len(store) != length or MONEY.fullmatch(money) is None or not worth:
        raise _Unreadable
    try:
        return Voucher(
            voucher=UUID(bytes=voucher),
            member=UUID(bytes=member),
            worth_minor=worth,
            money=money.decode(),
            not_before=_moment(begins),
            not_after=_moment(ends),
            store=store.decode(),
        )
    except UnicodeDecodeError:
        raise _Unreadable from None


def _parse_code(payload: bytes) -> Code:
    if len(payload) != CODE_PARTS.size:
        raise _Unreadable
    _, member, issued = CODE_PARTS.unpack(payload)
    return Code(member=UUID(bytes=member), issued_at=_moment(issued))


def _refuse_retired(key: PublicKey, signed_at: datetime) -> None:
    """A key that has ended signs nothing more, whoever may have it by now."""
    if key.ends is not None and signed_at >= key.ends:
        raise _Unreadable


def _write(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def _read(written: str) -> bytes:
    """Read base64url that is written the one way in which we write it: the last character has bits to spare."""
    try:
        part = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _Unreadable from None
    if _write(part) != written:
        raise _Unreadable
    return part


def _moment(seconds: int) -> datetime:
    if seconds > SECONDS_MAX:
        raise _Unreadable
    return datetime.fromtimestamp(seconds, tz=UTC)

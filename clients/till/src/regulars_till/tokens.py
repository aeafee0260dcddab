"""Signed vouchers and member codes, checked without the server: with its public keys and a clock.

A token is `<mark>.<payload>.<signature>`: an Ed25519 signature over the mark and the payload, so that a member code is
never taken for a voucher. Needs the package `cryptography`, the extra `regulars-till[vouchers]`.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

from regulars_till.basket import Json
from regulars_till.clock import read_moment

__all__ = ["Code", "Keys", "TokenRefused", "Voucher", "read_code", "read_keys", "read_voucher"]

TOKEN_CHARACTERS_MAX = 640
STORE_BYTES_MAX = 200
KEY_BYTES = 32
VOUCHER = struct.Struct(">4s16s16sQ3sQQB")
CODE = struct.Struct(">4s16sQ")
SECONDS_MAX = 253_402_300_799
"""The last second that a calendar has a date for."""
MONEY = re.compile(rb"[A-Z]{3}")


class TokenRefused(Exception):
    """A voucher or a member code that is not taken. `code` says why, and never changes its meaning."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class PublicKey:
    """A key of the server, and until when it signs."""

    raw: bytes
    ends: datetime | None


@dataclass(frozen=True)
class Keys:
    """What the server told: its keys, vouchers that are not taken any more, and when it told so."""

    as_of: datetime
    keys: Mapping[str, PublicKey]
    revoked: frozenset[UUID]
    tolerance: timedelta = timedelta(seconds=90)
    """How far the clocks of a till and of a member's telephone may be from the server's."""
    code_life: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Voucher:
    """Points that left a member's account as a piece of paper worth money."""

    id: UUID
    member: UUID
    worth_minor: int
    money: str
    not_before: datetime
    not_after: datetime
    store: str
    """Where it is taken; empty: everywhere."""


@dataclass(frozen=True)
class Code:
    """A member's code: it says who stands there, for half a minute."""

    member: UUID
    issued_at: datetime


def read_keys(told: Json) -> Keys:
    """Read the answer of `GET /v1/tills/keys`; raises ValueError or KeyError when it is none."""
    keys = {
        str(each["kid"]): PublicKey(
            raw=_read_part(each["key"]), ends=None if each.get("ends") is None else read_moment(each["ends"])
        )
        for each in told["keys"]
    }
    return Keys(
        as_of=read_moment(told["as_of"]),
        keys=keys,
        revoked=frozenset(UUID(each) for each in told["revoked"]),
        tolerance=timedelta(seconds=int(told.get("tolerance_seconds", 90))),
        code_life=timedelta(seconds=int(told.get("code_seconds", 30))),
    )


def read_voucher(token: str, keys: Keys, *, store: str, now: datetime) -> Voucher:
    """Check a voucher as far as a till can alone; raises TokenRefused. Whether it was used before is not told here."""
    payload, key = _open(token, "RV1", keys)
    if len(payload) < VOUCHER.size:
        raise TokenRefused("voucher_invalid")
    _, id_, member, worth_minor, money, not_before, not_after, length = VOUCHER.unpack_from(payload)
    place = payload[VOUCHER.size :]
    if length != len(place) or length > STORE_BYTES_MAX or not worth_minor or not MONEY.fullmatch(money):
        raise TokenRefused("voucher_invalid")
    if not not_before < not_after <= SECONDS_MAX:
        raise TokenRefused("voucher_invalid")
    try:
        scope = place.decode("utf-8")
    except UnicodeDecodeError:
        raise TokenRefused("voucher_invalid") from None
    voucher = Voucher(
        id=UUID(bytes=id_),
        member=UUID(bytes=member),
        worth_minor=worth_minor,
        money=money.decode("ascii"),
        not_before=_moment(not_before),
        not_after=_moment(not_after),
        store=scope,
    )
    if key.ends is not None and voucher.not_before >= key.ends:
        raise TokenRefused("voucher_invalid")
    _judge_voucher(voucher, keys, store=store, now=now)
    return voucher


def _judge_voucher(voucher: Voucher, keys: Keys, *, store: str, now: datetime) -> None:
    if now < voucher.not_before - keys.tolerance:
        raise TokenRefused("voucher_not_yet")
    if now > voucher.not_after:
        raise TokenRefused("voucher_over")
    if voucher.store not in {"", store}:
        raise TokenRefused("voucher_elsewhere")
    if voucher.id in keys.revoked:
        raise TokenRefused("voucher_revoked")


def read_code(token: str, keys: Keys, *, now: datetime) -> Code:
    """Check a member code; raises TokenRefused."""
    payload, key = _open(token, "RM1", keys)
    if len(payload) != CODE.size:
        raise TokenRefused("code_invalid")
    _, member, issued = CODE.unpack(payload)
    if issued > SECONDS_MAX:
        raise TokenRefused("code_invalid")
    code = Code(member=UUID(bytes=member), issued_at=_moment(issued))
    if key.ends is not None and code.issued_at >= key.ends:
        raise TokenRefused("code_invalid")
    if not code.issued_at - keys.tolerance <= now <= code.issued_at + keys.code_life + keys.tolerance:
        raise TokenRefused("code_stale")
    return code


def _open(token: str, mark: str, keys: Keys) -> tuple[bytes, PublicKey]:
    """Check the signature of a token and give its payload, and the key that signed it."""
    invalid = "voucher_invalid" if mark == "RV1" else "code_invalid"
    parts = token.split(".")
    if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii() or len(parts) != 3 or parts[0] != mark:  # noqa: PLR2004
        raise TokenRefused(invalid)
    try:
        payload, signature = _read_part(parts[1]), _read_part(parts[2])
    except ValueError:
        raise TokenRefused(invalid) from None
    key = keys.keys.get(payload[:4].hex())
    if key is None:
        # Newer than the list: to be asked for, not a forgery for sure.
        raise TokenRefused("key_unknown")
    _verify(key, signature, f"{mark}.{parts[1]}".encode("ascii"), invalid)
    return payload, key


def _verify(key: PublicKey, signature: bytes, signed: bytes, invalid: str) -> None:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra: sales go on without it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - the same
    except ImportError:
        raise TokenRefused("signatures_unsupported") from None
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise TokenRefused(invalid) from None


def _read_part(text: str) -> bytes:
    """Read base64url without padding, written in the one way that it can be; raises ValueError."""
    try:
        read = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if base64.urlsafe_b64encode(read).rstrip(b"=").decode("ascii") != text:
        raise ValueError("it is not written in the one way")
    return read


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)

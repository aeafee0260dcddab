"""Requests that are signed with a key instead of sending it: HMAC-SHA256 over what is asked, and when."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from regulars.features.access.model import PREFIX_CHARACTERS, SignatureInvalid

__all__ = ["SIGNED_SCHEME", "SIGNED_SECONDS", "Signed", "check_signature", "place_of", "read_signed", "sign"]

SIGNED_SCHEME: Final = "regulars-hmac-sha256"
SIGNED_SECONDS: Final = 300
"""How far the time of signing may be from ours, either way."""
WRITTEN: Final = re.compile(
    rf'key="?(?P<prefix>[a-z2-7]{{{PREFIX_CHARACTERS}}})"?\s*,\s*signature="?(?P<signature>[0-9a-f]{{64}})"?'
)
DATE_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request with its signature."""

    prefix: str
    signature: str = field(repr=False)
    date: str
    """When it was signed, as it is written: ISO 8601 with its zone."""
    method: str
    target: str
    """The path and the query, as they were sent."""
    body: bytes = field(repr=False)


def sign(token: str, *, method: str, target: str, date: str, body: bytes) -> str:
    """Sign a request: the value of its header `Authorization`. Send `date` as `X-Regulars-Date`."""
    _, prefix, _ = token.split("_")
    return f'{SIGNED_SCHEME} key="{prefix}", signature="{_digest(token.encode(), method, target, date, body)}"'


def read_signed(credentials: str, *, method: str, target: str, date: str, body: bytes) -> Signed:
    """Read what follows the scheme in the header. Raises SignatureInvalid."""
    written = WRITTEN.fullmatch(credentials.strip())
    if written is None or not 0 < len(date) <= DATE_MAX:
        raise _refuse()
    prefix, signature = written["prefix"], written["signature"]
    return Signed(prefix=prefix, signature=signature, date=date, method=method, target=target, body=body)


def check_signature(signed: Signed, secret: bytes, *, at: datetime) -> None:
    """Raise SignatureInvalid unless the request is as it was signed, within five minutes."""
    expected = _digest(secret, signed.method, signed.target, signed.date, signed.body)
    if not hmac.compare_digest(expected, signed.signature):
        raise _refuse()
    try:
        signed_at = datetime.fromisoformat(signed.date)
    except ValueError as error:
        raise _refuse() from error
    if signed_at.tzinfo is None or abs(signed_at - at) > timedelta(seconds=SIGNED_SECONDS):
        message = f"The request was signed more than {SIGNED_SECONDS} seconds from now. Is the sender's clock right?"
        raise SignatureInvalid(message)


def place_of(prefix: str) -> bytes:
    """What a sealed key is, so that it opens as nothing else."""
    return b"access/signing/" + prefix.encode()


def _digest(secret: bytes, method: str, target: str, date: str, body: bytes) -> str:
    signed = "\n".join((method, target, date, hashlib.sha256(body).hexdigest()))
    return hmac.digest(secret, signed.encode(), "sha256").hex()


def _refuse() -> SignatureInvalid:
    return SignatureInvalid("The signature is not that of this request, with this date, by this API key.")

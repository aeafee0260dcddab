"""Standard Webhooks: how a message is signed, so that whoever gets it knows who sent it, when, and that it is whole."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes, token_hex
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.features.webhooks.model import Secret

__all__ = ["make_secret", "open_secrets", "seal_secret", "sign", "write_secret", "write_trace"]

SECRET_BYTES: Final = 32
PREFIX: Final = "whsec_"
SPAN_BYTES: Final = 8


def make_secret() -> bytes:
    """Make a secret."""
    return token_bytes(SECRET_BYTES)


def write_secret(secret: bytes) -> str:
    """Write a secret as it is given to people."""
    return PREFIX + base64.b64encode(secret).decode()


def seal_secret(keyring: Keyring, endpoint: UUID, number: int, secret: bytes) -> bytes:
    """Seal a secret so that it may be stored; it opens as nothing else."""
    return keyring.wrap(secret, place_of(endpoint, number))


def open_secrets(keyring: Keyring, endpoint: UUID, secrets: Sequence[Secret], at: datetime) -> list[bytes]:
    """Open the secrets that sign now, the newest first."""
    live = sorted((each for each in secrets if each.is_live(at)), key=lambda each: -each.number)
    return [keyring.unwrap(each.sealed, place_of(endpoint, each.number)) for each in live]


def sign(secrets: Sequence[bytes], *, event: str, at: datetime, body: bytes) -> dict[str, str]:
    """Write the headers of a message: its name, when it is sent, and a signature for each secret that is live."""
    assert secrets, "nothing is sent without a signature"
    second = int(at.timestamp())
    told = b".".join((event.encode(), str(second).encode(), body))
    signatures = [base64.b64encode(hmac.digest(secret, told, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": event,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }


def write_trace(event: str) -> dict[str, str]:
    """Write the header that says which trace a message is part of (W3C Trace Context).

    The trace is named by the activity, as receipts tell it; each attempt is a part of it.
    """
    trace = event.removeprefix("evt_").partition("_")[0]
    return {"traceparent": f"00-{trace}-{token_hex(SPAN_BYTES)}-01"}


def place_of(endpoint: UUID, number: int) -> bytes:
    return b"webhooks/" + endpoint.bytes + number.to_bytes(4, "big")

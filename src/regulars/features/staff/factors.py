"""The second factor: codes of thirty seconds from an app, and ten codes on paper for when the app is gone."""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final

from pyotp import random_base32
from pyotp.totp import TOTP

from regulars.base.crypto import Keyring

__all__ = [
    "RECOVERY_CODES",
    "STEP_SECONDS",
    "digest_recovery",
    "draw_recovery",
    "draw_secret",
    "find_step",
    "write_address",
]

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
GROUP: Final = 4
STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
ISSUER: Final = "Regulars"


def draw_secret() -> str:
    """Draw a secret for an app: 160 random bits in base 32."""
    return random_base32()


def write_address(secret: str, *, name: str) -> str:
    """Write what an app reads from a QR code: `otpauth://...`."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def find_step(secret: str, code: str, *, at: datetime) -> int | None:
    """Find for which step of thirty seconds a code is right: this one, the one before or after; None for no code."""
    written = code.replace(" ", "")
    if not (written.isascii() and written.isdigit()):
        return None
    totp, now = TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    steps = range(now + DRIFT_STEPS, now - DRIFT_STEPS - 1, -1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), written)), None)


def draw_recovery() -> tuple[str, ...]:
    """Draw codes for paper: 80 random bits each, in groups of four."""
    return tuple(_draw_code() for _ in range(RECOVERY_CODES))


def _draw_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def digest_recovery(keyring: Keyring, code: str) -> list[bytes]:
    """Digest a code as it may be kept, however it was typed: with the current key first."""
    bare = "".join(sign for sign in code.lower() if sign.isalnum())
    return [digest.value for digest in keyring.digest_tokens("staff recovery", bare)]

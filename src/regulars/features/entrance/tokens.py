"""What members carry: tokens of sessions, of codes that were asked for, and of links that undo."""

import base64
import hashlib
import secrets
from typing import Final

__all__ = ["ATTEMPT", "CODE_DIGITS", "SESSION", "UNDO", "digest_of", "draw", "draw_challenge", "draw_code"]

SESSION: Final = "rm_"
ATTEMPT: Final = "ra_"
UNDO: Final = "ru_"
BYTES: Final = 32
CODE_DIGITS: Final = 6


def draw(kind: str) -> str:
    """Draw a token of a kind: 256 random bits, written so that a double click selects it."""
    return kind + base64.b32encode(secrets.token_bytes(BYTES)).decode().rstrip("=").lower()


def draw_code() -> str:
    """Draw six digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def draw_challenge() -> bytes:
    """Draw what a passkey is asked to sign."""
    return secrets.token_bytes(BYTES)


def digest_of(token: str | bytes) -> bytes:
    """What is kept of a token. It has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token if isinstance(token, bytes) else token.encode()).digest()

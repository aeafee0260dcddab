"""What people carry: tokens of sessions, of sign-ins that are half done, and of one-time links."""

import base64
import hashlib
import secrets
from typing import Final

__all__ = ["LINK", "PENDING", "SESSION", "digest_of", "draw"]

SESSION: Final = "rs_"
PENDING: Final = "rp_"
LINK: Final = "rl_"
BYTES: Final = 32


def draw(kind: str) -> str:
    """Draw a token of a kind: 256 random bits, written so that a double click selects it."""
    return kind + base64.b32encode(secrets.token_bytes(BYTES)).decode().rstrip("=").lower()


def digest_of(token: str) -> bytes:
    """What is kept of a token. It has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()

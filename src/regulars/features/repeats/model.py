"""A write with a name, and how it is told from another one. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = ["KEPT", "NAME_MAX", "NAME_PATTERN", "Answered", "RepeatTooEarly", "fingerprint"]

KEPT: Final = timedelta(days=400)
"""How long a name is remembered: longer than a year and any backlog of it."""
NAME_MAX: Final = 128
NAME_PATTERN: Final = r"^[\x21-\x7e][\x20-\x7e]*$"
"""Printable characters of ASCII, the first of which is no space: what a header carries unharmed."""

encode: Final = msgspec.json.Encoder(order="deterministic").encode


class RepeatTooEarly(Refusal):
    """A request of this name is still being worked on."""

    code, kind, retryable = "key_in_progress", "conflict", True


class Answered(Struct, frozen=True, kw_only=True):
    """What a write was answered, to the byte."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Digest what a request asks for: where, and what, however its JSON is laid out."""
    said = encode(msgspec.json.decode(body)) if body else b""
    parts = (method.encode(), path.encode(), said)
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()

"""Codes that somebody shows, each standing for a ceiling; and codes of partners, handed out from a pool. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

__all__ = ["Code", "HandedCode", "OwnCode", "PoolList", "find_void"]


class Code(Struct, frozen=True, kw_only=True, gc=False):
    """What a code stands for."""

    name: str
    """The ceiling that is claimed when it is used; this may be journalled."""
    member: UUID | None = None
    """The only one who may use it; None: anybody."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """It is valid before this moment."""

    def is_valid(self, member: UUID, at: datetime) -> bool:
        """Whether a member may use it at a moment, as far as the code itself says."""
        if self.member not in {None, member}:
            return False
        begun = self.valid_from is None or self.valid_from <= at
        return begun and (self.valid_until is None or at < self.valid_until)


class OwnCode(Struct, frozen=True, kw_only=True, gc=False):
    """A code that one member alone may use, as it is kept for that member's wallet."""

    code: Code
    batch: str
    digest: bytes
    sealed: bytes
    is_used: bool
    """Whether no use is left."""
    added_at: datetime


class PoolList(Struct, frozen=True, kw_only=True, gc=False):
    """A list of codes in a pool."""

    pool: str
    batch: str
    codes: int
    handed: int
    """How many of them are handed out."""
    valid_until: datetime | None
    """As the partner says: for people to read."""


class HandedCode(Struct, frozen=True, kw_only=True, gc=False):
    """A code of a partner that was handed to a member: sealed with the key of its list, which is sealed itself."""

    pool: str
    number: int
    batch: str
    digest: bytes
    cipher: bytes
    wrapped_key: bytes
    at: datetime
    """When it was handed out."""
    valid_until: datetime | None


def find_void(codes: Mapping[str, Code], shown: Collection[str], member: UUID, at: datetime) -> frozenset[str]:
    """Which of the coupons shown are codes that this member may not use at this moment."""
    if not shown:
        return frozenset()
    return frozenset(name for name in shown if (code := codes.get(name)) is not None and not code.is_valid(member, at))

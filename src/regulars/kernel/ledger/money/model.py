"""A lot as it was issued, and each thing that moved it. Pure."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

__all__ = ["IssuedLot", "LotKey", "LotPart"]

LotKey = tuple[UUID, str, int]
"""Whose, in which currency, under which number."""


class IssuedLot(Struct, frozen=True, kw_only=True, gc=False):
    """A lot on the day of its issue."""

    member: UUID
    currency: str
    number: int
    amount: int
    issued_at: datetime
    activity: UUID
    kind: str
    """Of the entry that issued it."""
    funder: str
    value_micro: int
    """Fair value of one point in millionths of a minor unit of money."""
    parent: LotKey | None = None
    """The lot out of which it was handed on."""

    @property
    def key(self) -> LotKey:
        """What names it."""
        return (self.member, self.currency, self.number)


class LotPart(Struct, frozen=True, kw_only=True, gc=False):
    """What one entry took from one lot (negative) or gave back to it (positive)."""

    member: UUID
    currency: str
    lot: int
    account: str
    """`points`; or `breakage`, where points that had ended unused were taken back after all."""
    version: int
    amount: int
    kind: str
    at: datetime

    @property
    def key(self) -> LotKey:
        """The lot."""
        return (self.member, self.currency, self.lot)

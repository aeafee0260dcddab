"""Ceilings and the claims under them, in memory while their rows are locked. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Ceiling", "Ceilings", "ClaimRow"]


class Ceiling(Struct, frozen=True, kw_only=True, gc=False):
    """So much there is of something scarce, and so much of it is promised."""

    id: str
    amount: int
    taken: int
    reserved: int

    @property
    def left(self) -> int:
        """How much may still be promised."""
        return self.amount - self.taken - self.reserved


class ClaimRow(Struct, frozen=True, kw_only=True, gc=False):
    """One member's part, named by the ceiling and the activity that claimed it."""

    ceiling: str
    activity: UUID
    member: UUID
    amount: int
    state: Literal["reserved", "taken", "released", "returned"]
    at: datetime
    until: datetime | None = None


class Ceilings:
    """The ceilings that this transaction has locked. Threaded through the fold; written once."""

    def __init__(self, locked: Mapping[str, Ceiling]) -> None:
        self._stored: Final = locked
        self._now: dict[str, Ceiling] = dict(locked)
        self.left: dict[str, int] = {ceiling.id: ceiling.left for ceiling in locked.values()}
        """What is left under each, by id."""
        self.claims: list[ClaimRow] = []

    def take(self, ceiling: str, amount: int, *, activity: UUID, member: UUID, at: datetime) -> None:
        """Take a part for good. What the fold claims it was shown as left: more would be a bug."""
        before = self._now[ceiling]
        assert 0 < amount <= before.left
        self._now[ceiling] = replace(before, taken=before.taken + amount)
        self.left[ceiling] = before.left - amount
        self.claims.append(
            ClaimRow(ceiling=ceiling, activity=activity, member=member, amount=amount, state="taken", at=at)
        )

    def all(self) -> list[Ceiling]:
        """List the ceilings as they now stand, by id."""
        return [self._now[id_] for id_ in sorted(self._now)]

    def moved(self) -> list[Ceiling]:
        """List those that changed, by id."""
        return [ceiling for ceiling in self.all() if ceiling != self._stored[ceiling.id]]

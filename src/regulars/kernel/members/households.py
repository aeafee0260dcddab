"""Who shares points with whom, and since when: for the members of one transaction, and what it changes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.kernel.members.model import Member, State

__all__ = ["HOUSEHOLD_MAX", "HOUSEHOLD_TRAIT", "Home", "Homes", "Household", "Move"]

HOUSEHOLD_MAX: Final = 10
"""Members of one household: as many are locked when one of them uses the points of all."""
HOUSEHOLD_TRAIT: Final = "#household"
"""The trait that dates a member's household; null after leaving. No programme can set one of this name."""
TICK: Final = timedelta(microseconds=1)


class Home(Struct, frozen=True, kw_only=True, gc=False):
    """A member of a household."""

    member: UUID
    state: State
    since: datetime


class Household(Struct, frozen=True, kw_only=True):
    """Members who share their points, whoever earned them."""

    id: UUID
    created_at: datetime
    homes: tuple[Home, ...]
    """Its members today, by the time at which they joined."""


class Move(Struct, frozen=True, kw_only=True, gc=False):
    """A member joins a household, or (None) leaves the one they are in, or (the same) goes on in it."""

    member: UUID
    household: UUID | None
    at: datetime


@dataclass(slots=True, kw_only=True)
class Homes:
    """The households of members who are locked, as the facts taken so far have left them."""

    locked: Mapping[UUID, Member] = field(default_factory=dict[UUID, Member], repr=False)
    since: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    """When members who ask to join or leave joined the household that they are in."""
    changed: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    """When such members last joined or left one, or were said to go on in it."""
    joins: dict[UUID, set[datetime]] = field(default_factory=dict[UUID, set[datetime]])
    """Every time at which such members joined one."""
    left: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """The household that such members left last."""
    sizes: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """How many members there are, of households that somebody asks to join. Their rows are locked."""
    moved: dict[UUID, UUID | None] = field(default_factory=dict[UUID, "UUID | None"])
    founded: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    rows: dict[tuple[UUID, UUID, datetime], datetime | None] = field(
        default_factory=dict[tuple[UUID, UUID, datetime], "datetime | None"]
    )
    """Memberships that change: (member, household, since) and until when; None for those that go on."""

    def of(self, member: UUID) -> UUID | None:
        """The household of a member; None where there is none."""
        return self.moved[member] if member in self.moved else self.locked[member].household_id

    def size(self, household: UUID) -> int:
        """How many members a household has."""
        return self.sizes.get(household, 0)

    def pool(self, member: UUID, others: Iterable[UUID]) -> list[UUID]:
        """Of the others, those whose points a member may use: of the same household, and free to use them."""
        return [other for other in others if self.of(other) == self.of(member) is not None and self._is_free(other)]

    def _is_free(self, member: UUID) -> bool:
        # Whoever was part of another is so no longer, if they have just come back to a household.
        return self.locked[member].state == "active" or (
            self.locked[member].state == "merged" and self.moved.get(member) is not None
        )

    def moment(self, member: UUID, at: datetime) -> datetime:
        """When a member's next move is: now, but after the last one."""
        last = self.changed.get(member)
        return at if last is None or last < at else last + TICK

    def apply(self, move: Move) -> None:
        """Let a move have happened. A household that nobody knew begins with it."""
        member, home = move.member, self.of(move.member)
        self.changed[member] = move.at
        if home is not None and move.household == home:
            return
        assert (home is None) != (move.household is None), "a member leaves one household before joining another"
        if move.household is None:
            assert home is not None
            self.sizes[home] = self.size(home) - 1
            self.left[member] = home
            if member in self.since:
                self.rows[member, home, self.since.pop(member)] = move.at
        else:
            if move.household not in self.sizes:
                self.founded[move.household] = move.at
            self.sizes[move.household] = self.size(move.household) + 1
            self.rows[member, move.household, move.at] = None
            self.since[member] = move.at
            self.joins.setdefault(member, set()).add(move.at)
        self.moved[member] = move.household

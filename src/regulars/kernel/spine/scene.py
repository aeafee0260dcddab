"""What a command sees and may do while it is recorded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from regulars.kernel import activity as journal
from regulars.kernel import ledger, members, program
from regulars.kernel.members.burning import Stops
from regulars.kernel.nouns import Activity, Body, Original, Posted, Reason, Scalar, TraitChange
from regulars.kernel.spine.house import House

__all__ = ["Cast", "Doing", "Scene"]


class Doing(Struct, frozen=True, kw_only=True):
    """The activity that is being recorded: whose, under which id, when, and by which programme."""

    body: Body
    member: UUID
    id: UUID
    at: datetime
    """The member's ledger time."""
    program: str
    past: journal.Past | None = None
    original: Original | None = None
    parent: UUID | None = None

    @property
    def stamp(self) -> ledger.Stamp:
        """What the ledger writes on every change that this activity makes."""
        return ledger.Stamp(activity=self.id, at=self.at)


@dataclass(slots=True, kw_only=True)
class Cast:
    """An activity at work. Where it moves points of others, each of them gets an activity of their own."""

    book: ledger.Book
    doing: Doing
    locked: Mapping[UUID, members.Member]
    begin: Callable[[UUID, str, Doing], Doing]
    """Begin an activity of another member that this one causes: (member, kind, parent)."""
    heir: Callable[[UUID], UUID | None]
    """The member that another has become part of; None for one of their own."""
    others: dict[UUID, tuple[Doing, list[Posted]]] = field(default_factory=dict[UUID, tuple[Doing, list[Posted]]])

    moves: list[members.Move] = field(default_factory=list[members.Move])
    """Who joins or leaves a household by this, in order."""
    told: list[TraitChange] = field(default_factory=list[TraitChange])
    """What somebody told about the member who asks."""

    @property
    def member(self) -> UUID:
        """Who asks."""
        return self.doing.member

    @property
    def by(self) -> ledger.Stamp:
        """The stamp of the asking activity."""
        return self.doing.stamp

    def today(self, member: UUID) -> UUID:
        """Who a member is today, merge by merge."""
        while (kept := self.heir(member)) is not None:
            member = kept
        return member

    def list_traits(self, member: UUID) -> list[TraitChange]:
        """The dated facts that this activity sets about a member: those told, and the household that they are in."""
        told = self.told if member == self.member else []
        return told + [
            TraitChange(
                name=members.HOUSEHOLD_TRAIT,
                value=None if move.household is None else str(move.household),
                since=move.at,
            )
            for move in self.moves
            if move.member == member
        ]

    def stamp_of(self, owner: UUID, kind: str) -> ledger.Stamp:
        """The stamp for changes to `owner`: the asking activity's, or that of one begun in the owner's journal."""
        if owner == self.member:
            return self.by
        if owner not in self.others:
            self.others[owner] = (self.begin(owner, kind, self.doing), [])
        return self.others[owner][0].stamp

    def tell(self, owner: UUID, postings: Sequence[Posted]) -> list[Posted]:
        """Write down in the owner's own activity what was posted for them; gives it as the asking one has it."""
        if owner == self.member:
            return list(postings)
        self.others[owner][1].extend(postings)
        return [replace(posted, owner=owner) for posted in postings]


@dataclass(slots=True, kw_only=True)
class Scene(Cast):
    """One command at work."""

    house: House
    plan: program.Plan
    fact: Activity
    owners: Sequence[UUID]
    """The members whose points this member may use together: the household, or only themselves."""
    to: UUID | None
    homes: members.Homes
    """Who is in which household."""
    stops: Stops
    """Who may not use points now."""
    traits: Mapping[str, Scalar]
    """The member's, as of when it happened."""
    guests: frozenset[UUID] = frozenset()
    """Members known by a receipt only."""
    history: Sequence[journal.Past] | None = None
    """What happened since the merge that is to be undone; None where that is more than can be."""
    joined: UUID | None = None
    """A member that has just become part of this one."""
    parted: UUID | None = None
    """A member that has just become one of their own again."""
    reasons: list[Reason] = field(default_factory=list[Reason])
    """What the receipt is to say of it."""

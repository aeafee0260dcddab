"""What a simulation is asked and what it answers. Points are whole, money is in millionths of a minor unit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.program import Document, Releases

__all__ = ["LIVE", "Ask", "Draft", "Group", "Scene", "Simulated", "Tally"]

LIVE = "live"
"""The name under which what really decided is simulated beside the drafts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document under the name by which a report speaks of it."""

    name: str
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is rehearsed: a name, and which version decides when."""

    name: str
    releases: Releases
    since: datetime
    """From here on its figures count; what came before it only leads up to it."""
    until: datetime
    zone: ZoneInfo
    """Where its months begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a fact would take of a ceiling if there were no end to it."""

    ceiling: str
    seq: int
    member: UUID
    taken: int
    """Points, times, or millionths of money, as the ceiling counts."""
    amount: int
    """How much the ceiling was then."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one version came to. Everything is a count, so that parts add up, and what is done anew is taken off."""

    facts: int = 0
    """Activities from outside within the time that counts."""
    members: int = 0
    points: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By (offer, currency): points given, less what returns took back, within the time that counts."""
    times: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    worth: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """The same in money: points at the fair value of their lots."""
    moved: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """By (month such as 2026-03, currency, kind of entry): points, signed as the member sees them. Of all time."""
    owed: Counter[str] = field(default_factory=Counter[str])
    """By month: by how much its entries changed what all outstanding points are worth. Of all time."""
    sources: Counter[str] = field(default_factory=Counter[str])
    """By who sent them: the activities that `facts` counts."""
    levels: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By (trait, level): members at the end."""
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """By (trait, level at the start, level at the end): members."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """By code: facts that would be refused."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """By kind: activities that speak of other members or of holds, and are not rehearsed."""
    values: Counter[UUID] = field(default_factory=Counter[UUID])
    """By member: what the points given within the time that counts are worth."""
    group_of: dict[UUID, tuple[str, str]] = field(default_factory=dict[UUID, tuple[str, str]])
    """By member: the trait that tells the level, and the level at the end."""

    def add(self, other: "Tally", sign: int = 1) -> None:
        """Add another part, or (sign -1) take it off."""
        self.facts += sign * other.facts
        self.members += sign * other.members
        self.group_of.update(other.group_of)
        for name in COUNTERS:
            mine, theirs = getattr(self, name), getattr(other, name)
            for key, count in theirs.items():
                mine[key] += sign * count


COUNTERS = [each.name for each in fields(Tally) if each.name not in {"facts", "members", "group_of"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Members of one level (as it really was at the end), and how a draft differs for them."""

    trait: str
    level: str
    members: int
    gain: int
    lose: int
    difference_micro: int
    """What the draft gives all of them together, less what they really got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of it: a tally of what really decided, then one of each draft."""

    since: datetime
    until: datetime
    tallies: Mapping[str, Tally]
    groups: Mapping[str, Sequence[Group]]
    """By draft: who gains and who loses."""
    passes: int
    """How often members were rehearsed again because a shared budget was gone."""
    seconds: float

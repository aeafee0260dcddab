"""Traits over time: which were in force when, and what a change makes of it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from regulars.kernel.nouns import Scalar, TraitChange

__all__ = ["TraitHistory"]

NONE: Final[Mapping[str, Scalar]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    """One member's traits: `states[i]` is in force from `sinces[i]` until the next."""

    changes: tuple[TraitChange, ...]
    sinces: tuple[datetime, ...]
    states: tuple[Mapping[str, Scalar], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitHistory:
    """The traits of some members from `since` on. A value: a change makes another one, and shares the rest."""

    since: datetime
    timelines: Mapping[UUID, _Timeline] = field(default_factory=dict[UUID, _Timeline], repr=False)

    @classmethod
    def build(cls, changes: Mapping[UUID, Sequence[TraitChange]], *, since: datetime) -> "TraitHistory":
        """Lay out the changes of each member, given in any order; of two at one instant the later given wins."""
        return cls(since=since, timelines={member: _lay_out(given) for member, given in changes.items()})

    def as_of(self, member: UUID, at: datetime) -> Mapping[str, Scalar]:
        """Answer the traits in force at a time: a change counts from its very instant. Empty for none.

        `at` is not before `since`: what was in force then was never read.
        """
        assert at >= self.since, "traits are asked for as of a time before they were read"
        timeline = self.timelines.get(member)
        if timeline is None:
            return NONE
        place = bisect_right(timeline.sinces, at)
        return timeline.states[place - 1] if place else NONE

    def changes_of(self, member: UUID) -> tuple[TraitChange, ...]:
        """The changes of one member, in the order in which they came into force."""
        timeline = self.timelines.get(member)
        return () if timeline is None else timeline.changes

    def add(self, member: UUID, changes: Iterable[TraitChange]) -> "TraitHistory":
        """Make the history in which these changes have happened too, as the next fact of the member sees it."""
        added = tuple(changes)
        if not added:
            return self
        timeline = self.timelines.get(member)
        known = timeline.changes if timeline is not None else ()
        return TraitHistory(since=self.since, timelines={**self.timelines, member: _lay_out(known + added)})


def _lay_out(changes: Sequence[TraitChange]) -> _Timeline:
    latest = {(change.since, change.name): change for change in changes}
    ordered = sorted(latest.values(), key=lambda change: change.since)
    state: dict[str, Scalar] = {}
    states: dict[datetime, Mapping[str, Scalar]] = {}
    for change in ordered:
        state = {**state, change.name: change.value}
        states[change.since] = state
    return _Timeline(changes=tuple(ordered), sinces=tuple(states), states=tuple(states.values()))

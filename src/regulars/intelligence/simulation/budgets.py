"""Shared budgets and limits, given in the order of time: what each fact finds left when others asked before it."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from regulars.intelligence.simulation.model import Ask

__all__ = ["Asks", "Dealt", "Shorts", "deal", "find_changed", "find_relieved"]

Asks = dict[tuple[str, int], Ask]
"""By (ceiling, number in the journal)."""
Shorts = dict[UUID, Sequence[Ask]]
"""By member: facts that got all that was left, be it nothing, and may have wanted more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """How a budget went: after the fact of number `seqs[i]`, `taken[i]` of it was gone."""

    seqs: Sequence[int]
    taken: Sequence[int]

    def taken_before(self, seq: int) -> int:
        """How much was gone when the fact of this number came."""
        place = bisect_left(self.seqs, seq)
        return self.taken[place - 1] if place else 0


def deal(asks: Iterable[Ask]) -> dict[str, Dealt]:
    """Deal out each ceiling over what is asked of it, first come first served."""
    seqs: dict[str, list[int]] = {}
    taken: dict[str, list[int]] = {}
    for ask in sorted(asks, key=lambda it: it.seq):
        gone = taken.setdefault(ask.ceiling, [])
        before = gone[-1] if gone else 0
        part = min(ask.taken, max(ask.amount - before, 0))
        if part:
            seqs.setdefault(ask.ceiling, []).append(ask.seq)
            gone.append(before + part)
    return {ceiling: Dealt(seqs=seqs[ceiling], taken=taken[ceiling]) for ceiling in seqs}


def find_changed(
    asks: Iterable[Ask], before: Mapping[str, Dealt] | None, after: Mapping[str, Dealt]
) -> frozenset[UUID]:
    """Find the members who get something else than when they were last rehearsed (`before` None: without an end)."""

    def given(ask: Ask, dealt: Mapping[str, Dealt] | None) -> int:
        if dealt is None:
            return ask.taken
        known = dealt.get(ask.ceiling)
        gone = known.taken_before(ask.seq) if known is not None else 0
        return min(ask.taken, max(ask.amount - gone, 0))

    return frozenset(ask.member for ask in asks if given(ask, before) != given(ask, after))


def find_relieved(shorts: Iterable[Ask], after: Mapping[str, Dealt]) -> frozenset[UUID]:
    """Find the members with a fact that would now find more than the little that it found (its `taken`)."""

    def left(ask: Ask) -> int:
        known = after.get(ask.ceiling)
        return ask.amount - (known.taken_before(ask.seq) if known is not None else 0)

    return frozenset(ask.member for ask in shorts if left(ask) > ask.taken)

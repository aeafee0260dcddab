"""What one offer may still give in one step: all its caps together, drawn on award by award."""

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

import msgspec

from regulars.kernel.nouns import Scalar, Step
from regulars.kernel.program.caps import LIMITS, Cap, Used, afford, cost_micro, count_back, count_in
from regulars.kernel.program.model import Value
from regulars.kernel.program.plan import BoundOffer, MemoryUnreadable

__all__ = ["Room", "give_back", "owner_of", "say_why"]

NOTHING: Final = Used()

decoder = msgspec.json.Decoder(Used)
encoder = msgspec.json.Encoder(order="sorted")


class Room:
    """Not a value: it is filled while one offer gives, and then closed.

    `left` is what earlier offers of this step left under ceilings, and is drawn on here; `claimed` says how much.
    """

    __slots__ = ("_claimed", "_counted", "_left", "_lefts", "_names", "_offer", "_points", "_step", "_used", "shut")

    def __init__(
        self,
        offer: BoundOffer,
        step: Step,
        memories: Mapping[str, bytes],
        *,
        left: dict[str, int],
        claimed: dict[str, int],
    ) -> None:
        self._offer = offer
        self._step = step
        self._left = left
        self._claimed = claimed
        self._used = read_used(offer.id, memories) if offer.counts else NOTHING
        self._points = 0
        self._counted = False
        # By cap, in the same order. Nobody else draws on these within the step: a ceiling is of one offer.
        self._names: list[str] = []
        self._lefts: list[int] = []
        self.shut: Cap | None = None
        """The first cap under which nothing is left; None while there is room."""
        for cap in offer.caps:
            if cap.is_budget:
                name = cap.name
                there = left[name] if name in left else step.left[name]
            else:
                name = self._name(cap)
                there = self._look(cap, name)
            self._names.append(name)
            self._lefts.append(there)
            if there <= 0 and self.shut is None:
                self.shut = cap

    def list_lefts(self) -> Iterator[tuple[Cap, int, int]]:
        """List the caps with what was left under each when the offer's turn came, and what it has drawn since."""
        for cap, name, there in zip(self._offer.caps, self._names, self._lefts, strict=True):
            remembered = self._points if cap.unit == "points" else int(self._counted)
            drawn = self._claimed.get(name, 0) if name else remembered
            yield cap, there + drawn, drawn

    def clip(self, points: int, value: Value | None) -> tuple[int, Cap | None]:
        """How many of these points may be given, and the cap that decided, if fewer."""
        decided = self.shut
        if decided is not None:
            return 0, decided
        fits, place = points, -1
        for cap in self._offer.caps:
            place += 1
            if cap.unit == "points":
                most = self._lefts[place]
            elif cap.unit == "money":
                most = afford(self._lefts[place], points, value)
            else:
                continue
            if most < fits:
                fits, decided = most, cap
        return fits, decided

    def draw(self, points: int, value: Value | None) -> None:
        """Count points that are given."""
        self._points += points
        for place, cap in enumerate(self._offer.caps):
            if cap.unit == "points":
                self._take(place, points)
            elif cap.unit == "money":
                self._take(place, cost_micro(points, value))
            elif not self._counted:
                self._take(place, 1)
        self._counted = True

    def count(self) -> None:
        """Count this time, if it is not counted yet: something was given that is not points."""
        if not self._counted:
            self._counted = True
            for place, cap in enumerate(self._offer.caps):
                if cap.unit == "times":
                    self._take(place, 1)

    def close(self) -> Mapping[str, bytes]:
        """What the envelope now remembers of the member, if that is anything new."""
        if not (self._counted and self._offer.counts):
            return {}
        used = count_in(self._used, self._offer.caps, self._step.day, points=self._points, times=1)
        return {self._offer.id + LIMITS: encoder.encode(used)}

    def _name(self, cap: Cap) -> str:
        """The ceiling that a limit is under in this step; empty where the member's memory counts."""
        if cap.per == "member":
            return ""
        return cap.id_of(self._step.day, owner_of(self._step), self._step.activity.store)

    def _look(self, cap: Cap, name: str) -> int:
        """How much is left under a limit. Less than nothing where it was lowered."""
        if not name:
            return cap.left_of(self._used, self._step.day)
        # A limit that nobody has drawn on has no ceiling yet.
        return self._left[name] if name in self._left else self._step.left.get(name, cap.most)

    def _take(self, place: int, amount: int) -> None:
        if not amount:
            return
        self._lefts[place] -= amount
        if name := self._names[place]:
            self._left[name] = self._lefts[place]
            self._claimed[name] = self._claimed.get(name, 0) + amount


def owner_of(step: Step) -> UUID:
    """Whose household limits are: the household's, or those of a member in none."""
    return step.household or step.member


def say_why(cap: Cap) -> dict[str, Scalar]:
    """What a reason tells of the cap that decided."""
    return {} if cap.is_budget else {"per": cap.per, "period": cap.period}


def read_used(offer: str, memories: Mapping[str, bytes]) -> Used:
    """Read what an envelope remembers of a member; nothing where there is none."""
    stored = memories.get(offer + LIMITS)
    if stored is None:
        return Used()
    try:
        return decoder.decode(stored)
    except msgspec.DecodeError as problem:
        raise MemoryUnreadable(f"The memory of the limits of {offer!r} cannot be read: {problem}") from problem


def give_back(offer: BoundOffer, memories: Mapping[str, bytes], day: int, points: int) -> Mapping[str, bytes]:
    """Open a member's limits again by what a return takes back, in the periods of the purchase's day."""
    if not offer.counts or offer.id + LIMITS not in memories:
        return {}
    used = read_used(offer.id, memories)
    opened = count_back(used, day, points)
    return {} if opened == used else {offer.id + LIMITS: encoder.encode(opened)}

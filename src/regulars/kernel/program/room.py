"""What one offer may still give in one step: all its caps together, drawn on award by award."""

from collections.abc import Mapping
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

    __slots__ = ("_claimed", "_counted", "_left", "_offer", "_points", "_step", "_used", "shut")

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
        self.shut: Cap | None = None
        """The first cap under which nothing is left; None while there is room."""
        for cap in offer.caps:
            if self.left_under(cap) <= 0:
                self.shut = cap
                break

    def left_under(self, cap: Cap) -> int:
        """How much is left: points, times or millionths of money. Less than nothing where a cap was lowered."""
        if cap.per == "member":
            left = cap.left_of(self._used, self._step.day)
            return left - self._points if cap.unit == "points" else left - self._counted
        name = self.name_of(cap)
        if name in self._left:
            return self._left[name]
        # A limit that nobody has drawn on has no ceiling yet. A budget always has one.
        return self._step.left[name] if cap.is_budget else self._step.left.get(name, cap.most)

    def drawn_under(self, cap: Cap) -> int:
        """How much this offer has drawn on in this step."""
        if cap.per == "member":
            return self._points if cap.unit == "points" else int(self._counted)
        # A ceiling is of one offer only.
        return self._claimed.get(self.name_of(cap), 0)

    def name_of(self, cap: Cap) -> str:
        """The ceiling that a cap is under in this step."""
        if cap.is_budget:
            return cap.name
        return cap.id_of(self._step.day, owner_of(self._step), self._step.activity.store)

    def clip(self, points: int, value: Value | None) -> tuple[int, Cap | None]:
        """How many of these points may be given, and the cap that decided, if fewer."""
        decided = self.shut
        fits = points if decided is None else 0
        for cap in self._offer.caps:
            if cap.unit == "times":
                continue
            left = self.left_under(cap)
            most = max(left, 0) if cap.unit == "points" else afford(left, points, value)
            if most < fits:
                fits, decided = most, cap
        return fits, decided

    def draw(self, points: int, value: Value | None) -> None:
        """Count points that are given."""
        for cap in self._offer.caps:
            if cap.per != "member" and cap.unit != "times":
                self._take(cap, points if cap.unit == "points" else cost_micro(points, value))
        self._points += points
        self.count()

    def count(self) -> None:
        """Count this time, once however much is given."""
        if self._counted:
            return
        self._counted = True
        for cap in self._offer.caps:
            if cap.per != "member" and cap.unit == "times":
                self._take(cap, 1)

    def close(self) -> Mapping[str, bytes]:
        """What the envelope now remembers of the member, if that is anything new."""
        if not (self._counted and self._offer.counts):
            return {}
        used = count_in(self._used, self._offer.caps, self._step.day, points=self._points, times=1)
        return {self._offer.id + LIMITS: encoder.encode(used)}

    def _take(self, cap: Cap, amount: int) -> None:
        if amount:
            name, left = self.name_of(cap), self.left_under(cap)
            self._left[name] = left - amount
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

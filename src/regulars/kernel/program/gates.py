"""What stands between an activity and an offer: gates, each of which lets it pass or does not, and can say why.

A gate decides by `admits`, on every basket; `tell` is asked only when somebody wants to know.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from regulars.kernel.nouns import Scalar, Step

__all__ = ["Fact", "Gate", "Sight"]

Fact = Scalar | tuple[Scalar, ...]


class Sight:
    """One step as gates see it. What several ask for is worked out once. Not a value: it fills as it is used."""

    __slots__ = ("_walls", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self._walls: dict[str, datetime] = {}

    def wall(self, zone: ZoneInfo) -> datetime:
        """What the clock on the wall of a time zone shows when the activity happens."""
        shown = self._walls.get(zone.key)
        if shown is None:
            shown = self._walls[zone.key] = self.step.activity.occurred_at.astimezone(zone)
        return shown


class Gate(Protocol):
    """One condition of an offer's envelope."""

    @property
    def name(self) -> str:
        """Which part of the envelope it is: schedule, window, holiday, audience, when."""
        ...

    def admits(self, sight: Sight) -> bool:
        """Whether the step may pass."""
        ...

    def tell(self, sight: Sight) -> tuple[Mapping[str, Fact], Mapping[str, Fact]]:
        """The values that decide; and, where it does not admit, what they would have to be."""
        ...

"""What stands between an activity and an offer: gates, each of which lets it pass or does not, and can say why.

A gate decides by `admits`, on every basket; `tell` is asked only when somebody wants to know.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from regulars.kernel.nouns import Scalar, Step
from regulars.kernel.program.conditions import Condition, ConditionFailed, Environment, Explained, Need, View, look

__all__ = ["Fact", "Gate", "Sight", "Told", "WhenGate"]

Fact = Scalar | tuple[Scalar, ...]


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gate says of one step."""

    gate: str
    """Which part of the envelope it is: kind, schedule, window, holiday, audience, when, limit, budget, stacking."""
    admits: bool
    values: Mapping[str, Fact] = {}
    """What decided."""
    needs: Mapping[str, Fact] = {}
    """What would have to be otherwise; of several values one is enough."""
    condition: Explained | None = None
    """For `when`: the condition, part by part."""


class Sight:
    """One step as gates see it. What several ask for is worked out once. Not a value: it fills as it is used."""

    __slots__ = ("_view", "_walls", "failure", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.failure = ""
        """Why the last condition could not be judged; empty where it could."""
        self._walls: dict[str, datetime] = {}
        self._view: View | None = None

    def wall(self, zone: ZoneInfo) -> datetime:
        """What the clock on the wall of a time zone shows when the activity happens."""
        shown = self._walls.get(zone.key)
        if shown is None:
            shown = self._walls[zone.key] = self.step.activity.occurred_at.astimezone(zone)
        return shown

    def view(self, environment: Environment, zone: ZoneInfo) -> View:
        """The step as conditions see it. All of a programme share one environment."""
        if self._view is None or self._view.environment is not environment:
            self._view = look(environment, self.step, zone)
        return self._view


class Gate(Protocol):
    """One condition of an offer's envelope."""

    @property
    def name(self) -> str:
        """Which part of the envelope it is."""
        ...

    def admits(self, sight: Sight) -> bool:
        """Whether the step may pass."""
        ...

    def tell(self, sight: Sight) -> Told:
        """The values that decide; and, where it does not admit, what they would have to be."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenGate:
    """The offer's own condition. One that cannot be judged for a basket does not hold."""

    condition: Condition[bool]
    zone: ZoneInfo
    name: str = "when"

    def admits(self, sight: Sight) -> bool:
        """Whether it holds."""
        try:
            return self.condition.judge(sight.view(self.condition.environment, self.zone))
        except ConditionFailed as problem:
            sight.failure = problem.why
            return False

    def tell(self, sight: Sight) -> Told:
        """Part by part: what each came to, and the values of what it names."""
        said = self.condition.explain(sight.view(self.condition.environment, self.zone))
        values: dict[str, Fact] = {} if said.failed is None else {"failed": said.failed}
        for part in _list_parts(said):
            values.update(part.values)
        return Told(
            gate=self.name,
            admits=said.value is True,
            values=values,
            needs={need.what: _write_need(need) for part in _list_parts(said) if (need := part.needs) is not None},
            condition=said,
        )


def _list_parts(said: Explained) -> Iterator[Explained]:
    yield said
    for part in said.parts:
        yield from _list_parts(part)


def _write_need(need: Need) -> str:
    than = ", ".join(str(each) for each in need.than) if isinstance(need.than, tuple) else str(need.than)
    return f"{need.operator} {than}"

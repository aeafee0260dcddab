"""What stops points from being used, and whom. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = ["BurningOff", "CoolingOff", "Stop", "Stops"]


class BurningOff(Refusal):
    """Points cannot be used at present: that was turned off, for everybody or for this member. Earning goes on."""

    code, kind = "burning_off", "conflict"


class CoolingOff(Refusal):
    """The member changed how they are reached; for a day after that points are neither used nor given away."""

    code, kind = "cooling_off", "conflict"


class Stop(Struct, frozen=True, kw_only=True):
    """Something that keeps points from being used."""

    id: UUID
    member: UUID | None
    """None: everybody."""
    cause: Literal["switch", "cooling"]
    reason: str
    by: str
    since: datetime
    until: datetime | None
    """When it ends by itself; None where somebody has to end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """What stops the members of a batch."""

    rows: Sequence[Stop] = ()

    def find(self, member: UUID, at: datetime) -> Stop | None:
        """Find what stops a member at a moment: first what stops everybody, then what lasts longest."""
        found = [
            stop
            for stop in self.rows
            if stop.member in {None, member} and stop.since <= at and (stop.until is None or at < stop.until)
        ]
        # A switch says more than a day that passes.
        return min(found, key=lambda stop: (stop.member is not None, stop.cause != "switch", stop.id), default=None)

    def leave_out(self, members: Iterable[UUID], at: datetime) -> list[UUID]:
        """List those of these members whom nothing stops."""
        return [member for member in members if self.find(member, at) is None]

    def check(self, member: UUID, at: datetime) -> None:
        """Raises BurningOff or CoolingOff. The reason stays in the house: it may speak of a suspicion."""
        stop = self.find(member, at)
        if stop is None:
            return
        if stop.until is not None:
            message = (
                "This member's contact was changed lately: points can be used and given away again from"
                f" {stop.until.isoformat()} on. They are earned as always."
            )
            raise CoolingOff(message, member=str(member), until=stop.until.isoformat())
        whose = "Points" if stop.member is None else "This member's points"
        raise BurningOff(f"{whose} cannot be used at present; they are earned as always.", member=str(member))

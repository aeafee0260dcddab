"""What waits for members: activities that the clock will bring, those left behind in this batch among them."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.activity import Waiting
from regulars.kernel.nouns import Due

__all__ = ["Waits"]

DueKey = tuple[UUID, UUID, str]


@dataclass(slots=True, kw_only=True)
class Waits:
    """By member what was found waiting; and what is to be written of it: what was added, and what ended how."""

    found: dict[UUID, list[Waiting]]
    added: dict[DueKey, tuple[Waiting, str]] = field(default_factory=dict[DueKey, tuple[Waiting, str]])
    ended: dict[DueKey, str] = field(default_factory=dict[DueKey, str])

    def take_next(self, member: UUID, at: datetime, refused: Sequence[Waiting]) -> Waiting | None:
        """Take out what is due first by `at`, but for what was refused: it stands aside while it happens.

        What it leaves behind may then take the place of others of its name.
        """
        due = [each for each in self.found.get(member, ()) if each.at <= at and each not in refused]
        if not due:
            return None
        first = min(due, key=lambda each: (each.at, each.parent, each.name))
        self.found[member].remove(first)
        return first

    def put_back(self, waiting: Waiting) -> None:
        """Let what could not be done go on waiting."""
        self.found[waiting.member].append(waiting)

    def end(self, waiting: Waiting, state: str) -> None:
        """Write down that this waits no longer: it is `done` or `cancelled`."""
        if waiting.key in self.added:
            self.added[waiting.key] = (waiting, state)
        else:
            self.ended[waiting.key] = state

    def hand_on(self, gone: UUID, kept: UUID, parent: UUID | None = None) -> None:
        """Let what waits for a member who is gone wait for whoever was kept: in a merge, or left by others since."""
        for waiting in self.found.pop(gone, []):
            self.end(waiting, "cancelled")
            name = f"{waiting.name}@{waiting.parent}"
            handed = replace(waiting, member=kept, parent=parent or waiting.parent, name=name)
            self.added[handed.key] = (handed, "open")
            self.found.setdefault(kept, []).append(handed)

    def leave(self, later: Sequence[Due], member: UUID, activity: UUID, *, here: Container[UUID]) -> None:
        """Add what an activity of a member leaves for later. For whoever is `here` it may come due in this batch."""
        for due in later:
            if due.replaces:
                for waiting in [each for each in self.found.get(member, ()) if each.name == due.replaces]:
                    self.found[member].remove(waiting)
                    self.end(waiting, "cancelled")
            waiting = Waiting(
                member=due.member or member,
                parent=activity,
                name=due.name,
                kind=due.kind,
                at=due.at,
                data=due.data,
            )
            self.added[waiting.key] = (waiting, "open")
            if waiting.member in here:
                self.found.setdefault(waiting.member, []).append(waiting)

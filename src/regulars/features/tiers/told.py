"""What is told of a memory: levels by day, with invitations laid over what is counted, and when to look again."""

from collections.abc import Sequence

from regulars.features.tiers.ladder import Prepared
from regulars.features.tiers.memory import Invitation, Memory

__all__ = ["find_invitation", "find_review", "list_levels"]

NO_PLACE = -1


def list_levels(prepared: Prepared, memory: Memory) -> list[tuple[int, str]]:
    """The levels that a memory tells of: (day, level from that day on; empty for none)."""
    measured = [(change.day, change.level) for change in memory.changes]
    if not memory.invitations:
        return measured
    ends = [each.until + 1 for each in memory.invitations if each.until and each.until < memory.latest]
    days = {day for day, _ in measured} | {each.day for each in memory.invitations} | set(ends)
    told: list[tuple[int, str]] = []
    level = ""
    for day in sorted(days):
        invitation = find_invitation(memory.invitations, day)
        for taken in [it for at, it in measured if at == day] or [level]:
            level = taken
            told.append((day, _better(prepared, level, "" if invitation is None else invitation.level)))
    return told


def find_invitation(invitations: Sequence[Invitation], day: int) -> Invitation | None:
    """The invitation that holds on a day: the last one by then, unless it has ended or was taken back."""
    heard = [each for each in invitations if each.day <= day]
    if not heard or not heard[-1].level or (heard[-1].until and heard[-1].until < day):
        return None
    return heard[-1]


def find_review(memory: Memory) -> int:
    """The last day before which nothing is to be looked at again; 0: nothing ever."""
    ends = [memory.changes[-1].until] if memory.changes else []
    invitation = find_invitation(memory.invitations, memory.latest)
    if invitation is not None:
        ends.append(invitation.until)
    return min([end for end in ends if end], default=0)


def _better(prepared: Prepared, level: str, other: str) -> str:
    return max(level, other, key=lambda it: prepared.places.get(it, NO_PLACE))

"""The ceilings that one transaction has locked, and every claim made, kept or ended under them. No I/O in here.

A verb changes them in memory; the store writes the changes at the end, all together. `mark` and `undo` take a refused
step back, so that a refusal leaves no trace. What is left is a function of ledger time: each verb first ends what has
run out by then, so it makes no difference whether a sweeper came by.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from regulars.base.errors import DatabaseContention
from regulars.kernel.limits.model import (
    Ceiling,
    CeilingSpent,
    CeilingUnknown,
    ClaimEnded,
    ClaimName,
    ClaimNotTaken,
    ClaimRow,
    ClaimTooSmall,
    ClaimUnknown,
)

__all__ = ["Ceilings"]

ABSENT: Final = object()


class Ceilings:
    """What this transaction has locked. Threaded through the fold; written once.

    `locked` has the ceilings found; `stored` the claims that were read: those named, and all that may run out.
    `ensured` says of some ceilings how much there is, whether they were found or not: one that is not there yet comes
    into being with the first claim. Of one that is, more may be promised than there is now said to be: then less than
    nothing is left. `asked` and `named` are the ids and claims that were looked for, found or not: a verb on any other
    is a bug. `seen` are those that were found, and not locked: they are locked when the changes are written.
    """

    def __init__(
        self,
        locked: Mapping[str, Ceiling],
        *,
        stored: Iterable[ClaimRow] = (),
        ensured: Mapping[str, int] = MappingProxyType({}),
        asked: Iterable[str] = (),
        named: Iterable[ClaimName] = (),
        seen: Iterable[str] = (),
    ) -> None:
        self.asked: Final = frozenset((*locked, *ensured, *asked))
        self.named: Final = frozenset(named)
        self.seen: Final = frozenset(seen)
        self._locked: Final = locked
        self._now: dict[str, Ceiling] = dict(locked)
        for id_, amount in ensured.items():
            kept = locked.get(id_) or Ceiling(id=id_, amount=amount, taken=0, reserved=0)
            self._now[id_] = replace(kept, amount=amount)
        self.left: dict[str, int] = {ceiling.id: ceiling.left for ceiling in self._now.values()}
        """What is left under each, by id, as of the last verb or `end_due`."""
        self._stored: Final = {claim.name: claim for claim in stored}
        self._claims: dict[ClaimName, ClaimRow] = dict(self._stored)
        self._ends = [_end_of(claim) for claim in self._claims.values() if claim.state == "reserved"]
        heapify(self._ends)
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    # -- taking steps back ---------------------------------------------------------------------------------------

    def mark(self) -> int:
        """Remember this point; `undo` comes back to it."""
        return len(self._undo)

    def undo(self, mark: int) -> None:
        """Forget everything that changed since the mark."""
        while len(self._undo) > mark:
            where, key, old = self._undo.pop()
            if old is ABSENT:
                del where[key]
                continue
            where[key] = old
            if isinstance(old, ClaimRow) and old.state == "reserved":
                # It may have run out within the step, and then waits no longer.
                heappush(self._ends, _end_of(old))

    def _put(self, where: dict[Any, Any], key: object, value: object) -> None:
        self._undo.append((where, key, where.get(key, ABSENT)))
        where[key] = value

    # -- making claims -------------------------------------------------------------------------------------------

    def take(self, ceiling: str, amount: int, *, activity: UUID, member: UUID, at: datetime) -> ClaimName:
        """Take a part for good; gives the claim's name. Taken twice by one activity it is one claim, and larger.

        Raises CeilingUnknown, CeilingSpent.
        """
        row = ClaimRow(ceiling=ceiling, activity=activity, member=member, amount=amount, state="taken", at=at)
        return self._make(row)

    def reserve(
        self, ceiling: str, amount: int, *, activity: UUID, member: UUID, at: datetime, until: datetime
    ) -> ClaimName:
        """Set a part aside until a moment; gives the claim's name, by which it is confirmed or released.

        Raises CeilingUnknown, CeilingSpent.
        """
        assert at < until
        row = ClaimRow(
            ceiling=ceiling, activity=activity, member=member, amount=amount, state="reserved", at=at, until=until
        )
        return self._make(row)

    def _make(self, row: ClaimRow) -> ClaimName:
        assert row.amount > 0
        self.end_due(row.at)
        self._check_left(row)
        if row.state == "taken":
            self._move(row.ceiling, taken=row.amount)
        else:
            self._move(row.ceiling, reserved=row.amount)
        before = self._claims.get(row.name)
        if before is not None:
            # An activity has one claim under a ceiling. Its name is new to the database, or a constraint will say so.
            assert row.name not in self._stored
            assert replace(before, amount=row.amount) == row
            row = replace(row, amount=before.amount + row.amount)
        self._put_claim(row)
        return row.name

    # -- what becomes of them ------------------------------------------------------------------------------------

    def find(self, claim: ClaimName, *, member: UUID) -> ClaimRow:
        """Find a claim of this member, made here or named when the ceilings were locked. Raises ClaimUnknown."""
        found = self._claims.get(claim)
        assert found is not None or claim in self.named, f"{claim} was not named"
        if found is None or found.member != member:
            message = f"This member has no claim on {claim[0]} by the activity {claim[1]}."
            raise ClaimUnknown(message, ceiling=claim[0], activity=str(claim[1]))
        return found

    def confirm(self, claim: ClaimName, *, member: UUID, at: datetime) -> ClaimRow:
        """Take for good what was reserved; gives the claim as it now stands.

        A reservation that ran out is claimed anew, if there is still room. Raises ClaimUnknown, and ClaimEnded when
        it was taken or released before, or has run out and there is no room.
        """
        self.end_due(at)
        found = self.find(claim, member=member)
        if found.ran_out:
            left = self.left[found.ceiling]
            if left < found.amount:
                message = (
                    f"The reservation of {found.amount} of {found.ceiling} ran out at {found.until:%Y-%m-%d %H:%M:%S},"
                    f" and only {left} are left."
                )
                raise ClaimEnded(message, ceiling=found.ceiling, state="released", left=left)
            self._move(found.ceiling, taken=found.amount)
        elif found.state == "reserved":
            # What was promised is kept, also where the ceiling was lowered since.
            self._move(found.ceiling, reserved=-found.amount, taken=found.amount)
        else:
            raise _ended(found)
        return self._put_claim(replace(found, state="taken", returned=0, ended_at=None))

    def release(self, claim: ClaimName, *, member: UUID, at: datetime) -> ClaimRow:
        """Let go of what was reserved; gives the claim as it now stands.

        Raises ClaimUnknown, and ClaimEnded when it was taken or released before, or has run out.
        """
        self.end_due(at)
        found = self.find(claim, member=member)
        if found.state != "reserved":
            raise _ended(found)
        return self._free(found, ended_at=at)

    def give_back(self, claim: ClaimName, amount: int, *, member: UUID, at: datetime) -> ClaimRow:
        """Bring back a part, or all, of what was taken: others may claim it. Gives the claim as it now stands.

        Raises ClaimUnknown, ClaimNotTaken, ClaimEnded when all of it came back before, and ClaimTooSmall.
        """
        assert amount > 0
        self.end_due(at)
        found = self.find(claim, member=member)
        if found.state == "reserved":
            message = f"The claim on {found.ceiling} is only reserved: release it."
            raise ClaimNotTaken(message, ceiling=found.ceiling)
        if found.state != "taken":
            raise _ended(found)
        if amount > found.held:
            message = f"{amount} of {found.ceiling} cannot come back: of this claim {found.held} are still out."
            raise ClaimTooSmall(message, ceiling=found.ceiling, held=found.held)
        self._move(found.ceiling, taken=-amount)
        back = replace(found, returned=found.returned + amount)
        return self._put_claim(back if back.held else replace(back, state="returned", ended_at=at))

    def end_due(self, at: datetime) -> int:
        """End the reservations that have run out by `at`, each at its own last moment; gives how many."""
        ended = 0
        while self._ends and self._ends[0][0] <= at:
            until, name = heappop(self._ends)
            claim = self._claims.get(name)
            # What was confirmed, released or undone since is still listed here.
            if claim is not None and claim.state == "reserved" and claim.until == until:
                self._free(claim, ended_at=until)
                ended += 1
        return ended

    def _free(self, claim: ClaimRow, *, ended_at: datetime) -> ClaimRow:
        self._move(claim.ceiling, reserved=-claim.amount)
        return self._put_claim(replace(claim, state="released", returned=claim.amount, ended_at=ended_at))

    def _put_claim(self, claim: ClaimRow) -> ClaimRow:
        self._put(self._claims, claim.name, claim)
        if claim.state == "reserved":
            heappush(self._ends, _end_of(claim))
        return claim

    def _check_left(self, row: ClaimRow) -> None:
        id_ = row.ceiling
        ceiling = self._now.get(id_)
        if ceiling is None:
            assert id_ in self.asked, f"{id_} was not locked"
            message = f"Nothing is set aside as {id_}: it was never created."
            raise CeilingUnknown(message, ceiling=id_)
        if row.amount > ceiling.left:
            left = max(ceiling.left, 0)
            message = f"{row.amount} of {id_} are asked for, and {left} are left."
            raise CeilingSpent(message, ceiling=id_, left=left, asked=row.amount)

    def _move(self, id_: str, *, taken: int = 0, reserved: int = 0) -> None:
        before = self._now[id_]
        after = replace(before, taken=before.taken + taken, reserved=before.reserved + reserved)
        assert after.taken >= 0
        assert after.reserved >= 0
        self._put(self._now, id_, after)
        self._put(self.left, id_, after.left)

    # -- what there is, and what is to be written ----------------------------------------------------------------

    def all(self) -> list[Ceiling]:
        """List the ceilings as they now stand, by id."""
        return [self._now[id_] for id_ in sorted(self._now)]

    @property
    def claims(self) -> list[ClaimRow]:
        """The claims made in this transaction, in order."""
        return [claim for name, claim in self._claims.items() if name not in self._stored]

    def moved_claims(self) -> list[ClaimRow]:
        """List the claims that were there and have changed."""
        return [self._claims[name] for name, before in self._stored.items() if self._claims[name] != before]

    def added(self) -> list[Ceiling]:
        """List the ceilings that came into being with a first claim, by id."""
        used = {claim.ceiling for claim in self.claims}
        return [_raised(it) for it in self.all() if it.id not in self._locked and it.id in used]

    def moved(self) -> list[Ceiling]:
        """List those that were there and of which more or less is promised than before, by id."""
        found: list[Ceiling] = []
        for now in self.all():
            before = self._locked.get(now.id, now)
            if (now.taken, now.reserved) != (before.taken, before.reserved):
                found.append(_raised(now))
        return found

    def carry_over(self, moved: Ceiling, now: Ceiling) -> Ceiling:
        """One that was only seen, as it must be written now that it is locked: what others did meanwhile stays.

        Raises DatabaseContention where there is no longer room for what was promised here.
        """
        before = self._locked[moved.id]
        after = replace(
            now,
            amount=now.amount if moved.amount == before.amount else moved.amount,
            taken=now.taken + moved.taken - before.taken,
            reserved=now.reserved + moved.reserved - before.reserved,
        )
        if after.left < 0:
            message = f"Others drew on {moved.id} at this very moment, and too little is left. Try again."
            raise DatabaseContention(message)
        return after


def _raised(ceiling: Ceiling) -> Ceiling:
    """Never below what is promised, whatever is now said to be there."""
    return replace(ceiling, amount=max(ceiling.amount, ceiling.taken + ceiling.reserved))


def _end_of(claim: ClaimRow) -> tuple[datetime, ClaimName]:
    assert claim.until is not None
    return (claim.until, claim.name)


def _ended(claim: ClaimRow) -> ClaimEnded:
    if claim.ran_out:
        how = "ran out"
    else:
        how = {"taken": "was already taken", "released": "was released"}.get(claim.state, "came back")
    message = f"The claim on {claim.ceiling} {how}: that is final."
    return ClaimEnded(message, ceiling=claim.ceiling, state=claim.state)

"""What would come of facts under some releases: the one fold, in memory, for one member; nothing is kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from msgspec.structs import replace as remake

from regulars.base.errors import Refusal
from regulars.kernel import ledger, limits, members, program
from regulars.kernel.members.burning import Stops
from regulars.kernel.nouns import Body, Receipt, Scalar, TraitChange
from regulars.kernel.spine.batch import Batch
from regulars.kernel.spine.commands import COMMANDS
from regulars.kernel.spine.house import House
from regulars.kernel.spine.waiting import Waits

__all__ = ["ALONE", "Past", "Rehearsed", "find_scarce", "rehearse"]

ALONE = frozenset(COMMANDS) & {"redeem", "reverse", "adjust", "donate", "convert", "opening", "invite", "traits"}
"""Commands that concern one member, and name nothing by an id that another run would give otherwise."""
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A fact of history: when it was taken, in ledger time, and its number in the journal."""

    body: Body
    text: bytes
    """The body as it is journalled."""
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of it."""

    receipts: Sequence[Receipt]
    """Of the facts, and of what the clock brought, in the order in which they were made."""
    refused: Sequence[tuple[Past, Refusal]]
    """What the clock could not bring stands with the last fact."""
    book: ledger.Book
    traits: members.TraitHistory
    verdicts: Mapping[tuple[str, str], Sequence[program.Verdict]]
    """What each offer came to, by the name of the fact; where that was asked for."""

    def traits_at(self, at: datetime) -> Mapping[str, Scalar]:
        """The member's traits as of a time, as they then would have been."""
        member = next(iter(self.book.opened))
        return self.traits.as_of(member, at)


def find_scarce(releases: program.Releases, member: members.Member, fact: Body) -> dict[str, int]:
    """List what a fact may draw on, and how much there is of it: every budget of then, and limits of the fact."""
    found: dict[str, int] = {}
    for plan in releases.plans_at(fact.occurred_at):
        owner = member.household_id or member.id
        _, limited = plan.scarce(fact.kind, plan.day_of(fact.occurred_at), owner, fact.store)
        for name, most in (*plan.ceilings, *limited.items()):
            # Of two versions that disagree the stricter holds.
            found[name] = min(most, found.get(name, most))
    # A code that was used then can be used in the rehearsal, once.
    found.update(dict.fromkeys(fact.coupons, 1))
    return found


def rehearse(
    house: House,
    releases: program.Releases,
    member: members.Member,
    history: Sequence[Past],
    *,
    traits: Sequence[TraitChange],
    left: Callable[[Past], Mapping[str, int]],
    until: datetime,
    explain: Collection[tuple[str, str]] = (),
) -> Rehearsed:
    """Fold a member's history, from nothing, in the order given; then bring the clock to `until`.

    `traits` are those that no offer sets. `left` tells what a fact may draw on: how much, by ceiling; what it took
    shows in its receipt. `explain` names facts that are to be explained. No I/O: the same facts and releases come to
    the same, every time.
    """
    numbers = count(1)
    book = ledger.Book({})
    book.open([member.id], (), ())
    batch = Batch(
        house=replace(house, new_id=lambda: UUID(int=next(numbers))),
        releases=releases,
        locked={member.id: _as_active(member)},
        keys={},
        kept={},
        originals={},
        answers={},
        book=book,
        memories={},
        traits=members.TraitHistory.build({member.id: traits} if traits else {}, since=EARLIEST),
        stops=Stops(),
        waits=Waits(found={}),
        ceilings=limits.Ceilings({}),
        households={},
        guests=frozenset(),
        histories={},
        homes=members.Homes(locked={member.id: _as_active(member)}),
        absorbed={},
    )
    refused: list[tuple[Past, Refusal]] = []
    verdicts: dict[tuple[str, str], Sequence[program.Verdict]] = {}
    for past in history:
        batch.ceilings = limits.Ceilings({}, ensured=left(past))
        batch.verdicts = verdicts if (past.body.source, past.body.id) in explain else None
        outcome = batch.take_body(past.body, past.text, member.id, None, past.at)
        if outcome.refusal is not None:
            refused.append((past, outcome.refusal))
    batch.bring_clock(member.id, until)
    refused += [(history[-1], refusal) for _, refusal in batch.stuck]
    receipts = [row.receipt for row in batch.recorded.values()]
    return Rehearsed(receipts=receipts, refused=refused, book=book, traits=batch.traits, verdicts=verdicts)


def _as_active(member: members.Member) -> members.Member:
    """Whoever has left since was there then."""
    return member if member.state == "active" else remake(member, state="active", merged_into=None)

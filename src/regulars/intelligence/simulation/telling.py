"""What really happened, told by the books: nothing is folded that they know already."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.base.db import Read
from regulars.intelligence.simulation.counting import count_levels
from regulars.intelligence.simulation.model import Ask, Scene, Tally
from regulars.kernel import activity as journal
from regulars.kernel import spine
from regulars.kernel.ledger import sums
from regulars.kernel.members import Member, TraitHistory

__all__ = ["Told", "find_told", "tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A member whose books are the whole story, and what came in for them."""

    member: Member
    history: Sequence[spine.Past]


async def find_told(read: Read, members: Sequence[Member], *, seq: int, until: datetime) -> set[UUID]:
    """Find the members of whom the books tell all that a fold of the journal up to `seq` would, up to `until`.

    Not those who left or were merged, for whom something is still due before then, or to whom something came that
    another member's activity led to: of them a rehearsal shows less, as it does under a draft.
    """
    ids = [member.id for member in members if member.state == "active"]
    if not ids:
        return set()
    waiting = await sums.list_waiting(read, ids, until=until)
    return set(ids) - waiting - await journal.list_unsettled(read, ids, until=seq, at=until)


async def tell(
    read: Read, scene: Scene, told: Sequence[Told], traits: TraitHistory, levels: Sequence[str], *, seq: int
) -> tuple[Tally, list[Ask]]:
    """Count what the books hold of these members, as `count_up` does of a rehearsal, and list what was asked."""
    ids = [each.member.id for each in told]
    tally = Tally(members=len(told))
    if not told:
        return tally, []
    known = await sums.sum_up(read, ids, since=scene.since, until=scene.until, zone=scene.zone.key)
    tally.moved, tally.owed, tally.points = known.moved, known.owed, known.points
    tally.times, tally.worth, tally.values = known.times, known.worth, known.values
    for each in told:
        sources = Counter(past.body.source for past in each.history if past.at >= scene.since)
        tally.sources += sources
        tally.facts += sources.total()
        member = each.member.id
        count_levels(tally, member, traits.as_of(member, scene.since), traits.as_of(member, scene.until), levels)
    return tally, await _list_asks(read, scene, told, seq=seq)


async def _list_asks(read: Read, scene: Scene, told: Sequence[Told], *, seq: int) -> list[Ask]:
    taken: defaultdict[tuple[UUID, int], list[tuple[str, int]]] = defaultdict(list)
    for member, number, ceiling, amount in await journal.list_claims(
        read, [each.member.id for each in told], until=seq
    ):
        taken[member, number].append((ceiling, amount))
    asks: list[Ask] = []
    for each in told:
        for past in each.history:
            claims = taken.get((each.member.id, past.seq))
            if claims:
                amounts = spine.find_scarce(scene.releases, each.member, past.body)
                asks += [
                    Ask(ceiling=ceiling, seq=past.seq, member=each.member.id, taken=amount, amount=amounts[ceiling])
                    for ceiling, amount in claims
                    # What no version of then names had another end: it is not dealt out.
                    if ceiling in amounts
                ]
    return asks

"""Two members become one, and within a window two again. A guest's receipts are claimed the same way.

What the one who goes holds is handed on lot by lot, so ends, funders and worth stay. What is set aside stays where it
is, usable by whoever was kept, and is handed on when it comes back. A place in a household is handed on too. Undoing
hands back what is left of it: what was used stays used, and what happened since stays with the member who was kept.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from regulars.kernel import activity as journal
from regulars.kernel import ledger, program
from regulars.kernel.ledger import ARREARS, TRANSFER
from regulars.kernel.nouns import AMOUNT_MAX, Posted, Scalar, Step
from regulars.kernel.spine.households import give_back_place, hand_on_place
from regulars.kernel.spine.model import MergeRefused
from regulars.kernel.spine.returns import fact_of, is_priced, list_borne, list_paid, original_of
from regulars.kernel.spine.scene import Cast, Scene

__all__ = [
    "CLAIM",
    "HISTORY_MAX",
    "MERGE",
    "UNMERGE",
    "Claim",
    "Merge",
    "Unmerge",
    "hand_back",
    "join",
    "list_moved",
    "merge",
    "refold",
    "run_out",
    "unmerge",
]

MERGE: Final = "merge"
CLAIM: Final = "claim"
UNMERGE: Final = "unmerge"
HISTORY_MAX: Final = 10_000
"""Activities since a merge, beyond which it is not undone."""
NO_TRAITS: Final[Mapping[str, Scalar]] = MappingProxyType({})

Note = Annotated[str, Meta(min_length=1, max_length=200)]


class Merge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep this member; the one in `to` becomes part of it."""

    by: Note
    reason: Note


class Claim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Claim what a guest (in `to`, known by a receipt only) was given. Once: the guest is gone afterwards."""


class Unmerge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Undo the merge named by `origin`."""

    by: Note
    reason: Note


def merge(scene: Scene, _ask: Merge | Claim) -> list[Posted]:
    """Hand on everything that the member in `to` holds, and let them be one from now on."""
    gone = scene.to
    if gone is None or gone == scene.member:
        message = "A merge needs another member in `to`."
        raise MergeRefused(message)
    if scene.fact.kind == CLAIM and gone not in scene.guests:
        message = "Only what a guest was given can be claimed; members are merged by the service desk."
        raise MergeRefused(message)
    if scene.locked[gone].state != "active":
        message = f"The member in `to` is {scene.locked[gone].state} and cannot be merged."
        raise MergeRefused(message, state=scene.locked[gone].state)
    scene.joined = gone
    # The receipt names the other as a whole.
    postings = [posted for posted in hand_on(scene, gone, scene.member) if posted.owner is None]
    hand_on_place(scene, gone)
    return postings


def hand_on(cast: Cast, gone: UUID, kept: UUID) -> list[Posted]:
    """Move all that one member owes and has free to another; gives the postings as the asking activity has them.

    What is on hold stays where it is until the hold ends: then it is handed on too (see `hand_back`).
    """
    book = cast.book
    giver = cast.stamp_of(gone, "merged")
    told: dict[UUID, list[Posted]] = {gone: [], kept: []}
    for currency in book.currencies(gone):
        ended = book.expire(gone, currency, by=giver)
        told[gone] += [] if ended is None else [ended]
        owed = -book.balance(gone, currency, ARREARS)
        lots = [(lot, lot.remaining) for lot in book.open_lots(gone, currency)]
        if not (owed or lots):
            # All that came back may have ended: then the other has no part in it.
            continue
        taker = cast.stamp_of(kept, "merged")
        if owed:
            book.move(gone, currency, (TRANSFER, ARREARS), owed, kind="merge", by=giver)
            book.move(kept, currency, (ARREARS, TRANSFER), owed, kind="merge", by=taker)
            told[gone].append(Posted(currency=currency, points=owed, kind="merge", arrears=-owed))
            told[kept].append(Posted(currency=currency, points=-owed, kind="merge", arrears=owed))
        if lots:
            told[gone].append(ledger.take(book, lots, kind="merge", house=TRANSFER, by=giver))
            told[kept] += [
                ledger.receive(
                    book, lot, part, expires_at=lot.expires_at, house=TRANSFER, kind="merge", by=taker, member=kept
                )
                for lot, part in lots
            ]
        book.recompute_due(gone, currency)
    return [posted for each, postings in told.items() if postings for posted in cast.tell(each, postings)]


def hand_back(cast: Cast) -> list[Posted]:
    """Hand on what has just come back to members who are part of another by now: nobody else could use it."""
    postings: list[Posted] = []
    for gone in sorted(cast.book.opened):
        # Whoever it was handed to may be part of another in turn.
        kept = cast.heir(gone)
        while kept is not None and any(cast.book.open_lots(gone, each) for each in cast.book.currencies(gone)):
            postings += hand_on(cast, gone, kept)
            gone, kept = kept, cast.heir(kept)  # noqa: PLW2901 - on along the merges
    return postings


def run_out(cast: Cast, held: ledger.Hold) -> list[Posted]:
    """Give back what a hold still holds when its time is over, to whoever its owners are today."""
    return [ledger.release(cast.book, held, at=cast.by.at, state="expired"), *hand_back(cast)]


def unmerge(scene: Scene, _ask: Unmerge) -> list[Posted]:
    """Hand back what is left of what came with a merge, and let the two be two again."""
    past = scene.doing.past
    assert past is not None
    gone = past.receipt.other
    if past.body.kind not in {MERGE, CLAIM} or past.member != scene.member or gone is None:
        message = f"{past.body.id} is not a merge of this member."
        raise MergeRefused(message, origin=past.body.id)
    if scene.heir(gone) != scene.member:
        message = "That merge was undone before."
        raise MergeRefused(message, origin=past.body.id)
    until = past.receipt.recorded_at + timedelta(days=scene.house.unmerge_days_max)
    if scene.by.at > until:
        message = f"That merge could be undone until {until.isoformat()}."
        raise MergeRefused(message, until=until.isoformat())
    if scene.history is None:
        message = f"More than {HISTORY_MAX} activities have happened since that merge."
        raise MergeRefused(message, origin=past.body.id)
    postings: list[Posted] = []
    back: list[Posted] = []
    by = scene.stamp_of(gone, "unmerged")
    for lot in _list_handed(scene, gone, [past, *scene.history]):
        postings.append(ledger.take(scene.book, [(lot, lot.remaining)], kind="unmerge", house=TRANSFER, by=scene.by))
        back.append(
            ledger.receive(
                scene.book,
                lot,
                lot.remaining,
                expires_at=lot.expires_at,
                house=TRANSFER,
                kind="unmerge",
                by=by,
                member=gone,
            )
        )
    scene.tell(gone, back)
    for currency in scene.book.currencies(scene.member):
        scene.book.recompute_due(scene.member, currency)
    give_back_place(scene, gone, past, scene.history)
    scene.parted = gone
    return postings


def _list_handed(scene: Scene, gone: UUID, history: Sequence[journal.Past]) -> list[ledger.Lot]:
    """List what is left of lots that a member handed on, in the merge and when holds of before it ended.

    What went on with a second merge and came back with its undoing is a new lot by now.
    """
    kinds = {lot: kind for past in history for lot, kind in list_moved(past).items()}
    lots = [scene.book.lot(*lot) for lot in kinds]
    return [lot for lot in lots if lot is not None and lot.remaining and _giver_of(scene.book, lot, kinds) == gone]


def list_moved(past: journal.Past) -> dict[tuple[UUID, str, int], str]:
    """List the lots that a member got by a merge, or got back by the undoing of one: (member, currency, number)."""
    return {
        (past.member, posted.currency, posted.lot): posted.kind
        for posted in past.receipt.postings
        if posted.kind in {MERGE, UNMERGE} and posted.lot and posted.owner is None
    }


def _giver_of(book: ledger.Book, lot: ledger.Lot, kinds: Mapping[tuple[UUID, str, int], str]) -> UUID | None:
    """Tell who handed a lot on; None for the member's own."""
    found = (lot.member, lot.currency, lot.number)
    # What came back is followed to what it was before it went.
    while found is not None and (found[0] != lot.member or kinds.get(found) == UNMERGE):
        found = book.parent(found)
    if found is None or kinds.get(found) != MERGE:
        return None
    giver = book.parent(found)
    return None if giver is None else giver[0]


def join(plan: program.Plan, kept: Mapping[str, bytes], gone: Mapping[str, bytes]) -> dict[str, bytes]:
    """Join two members' memories, offer by offer; only those that change."""
    joined = {
        offer: plan.merge(offer, kept[offer], memory) if offer in kept else memory for offer, memory in gone.items()
    }
    return {offer: memory for offer, memory in joined.items() if memory != kept.get(offer)}


def refold(
    releases: program.Releases,
    before: Mapping[str, bytes],
    history: Sequence[journal.Past],
    originals: Mapping[tuple[str, str], journal.Past],
    traits: Callable[[datetime], Mapping[str, Scalar]],
    *,
    joined_at: datetime,
) -> dict[str, bytes]:
    """Work out a member's memories from an earlier state and what happened since, by the same rules."""
    memories = dict(before)
    for past in history:
        # The version that decided then, whoever else it was tried on.
        plan = releases.plans.get(past.receipt.program) or releases.plan_at(past.body.occurred_at)
        fact = fact_of(past.body, past.member)
        original = None
        if past.body.kind == program.RETURN:
            bought = originals.get((past.body.source, past.body.origin))
            if bought is None:
                continue
            original = original_of(bought.member, bought, ())
            fact = fact_of(past.body, past.member, returned=past.receipt.returned)
        elif not plan.earns(past.body.kind):
            continue
        step = Step(
            member=past.member,
            activity=fact,
            at=past.receipt.recorded_at,
            day=plan.day_of(past.body.occurred_at),
            traits=traits(past.body.occurred_at),
            balances={},
            # What was claimed then was there.
            left=dict.fromkeys(
                (*(ceiling for ceiling, _ in plan.ceilings), *(claim.ceiling for claim in past.receipt.claims)),
                AMOUNT_MAX,
            ),
            original=original,
            joined_at=joined_at,
            priced=is_priced(fact),
            usable=list_paid(past.receipt),
            promised=list_borne(past.receipt),
        )
        memories.update(program.rule(plan, memories, step).memories)
    return memories

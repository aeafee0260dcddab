"""Two members become one, and within a window two again. A guest's receipts are claimed the same way.

What the one who goes holds is handed on lot by lot, so ends, funders and worth stay. Undoing hands back what is left
of it: what was used stays used, and what happened since stays with the member who was kept.
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
from regulars.kernel.spine.model import MergeRefused
from regulars.kernel.spine.returns import fact_of, original_of
from regulars.kernel.spine.scene import Scene

__all__ = [
    "CLAIM",
    "HISTORY_MAX",
    "MERGE",
    "UNMERGE",
    "Claim",
    "Merge",
    "Unmerge",
    "hand_on",
    "join",
    "merge",
    "refold",
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
    if any(
        held.state == "open" for currency in scene.book.currencies(gone) for held in scene.book.holds_of(gone, currency)
    ):
        message = "The member in `to` has points on hold. Capture or release them first."
        raise MergeRefused(message)
    scene.joined = gone
    return hand_on(scene, gone, scene.member)


def hand_on(scene: Scene, gone: UUID, kept: UUID) -> list[Posted]:
    """Move all that one member holds and owes to another; gives the postings of the asking member."""
    book = scene.book
    giver, taker = scene.stamp_of(gone, "merged"), scene.stamp_of(kept, "merged")
    told: dict[UUID, list[Posted]] = {gone: [], kept: []}
    for currency in book.currencies(gone):
        owed = -book.balance(gone, currency, ARREARS)
        if owed:
            book.move(gone, currency, (TRANSFER, ARREARS), owed, kind="merge", by=giver)
            book.move(kept, currency, (ARREARS, TRANSFER), owed, kind="merge", by=taker)
            told[gone].append(Posted(currency=currency, points=owed, kind="merge", arrears=-owed))
            told[kept].append(Posted(currency=currency, points=-owed, kind="merge", arrears=owed))
        lots = [(lot, lot.remaining) for lot in book.open_lots(gone, currency)]
        if lots:
            told[gone].append(ledger.take(book, lots, kind="merge", house=TRANSFER, by=giver))
            told[kept] += [
                ledger.receive(
                    book, lot, part, expires_at=lot.expires_at, house=TRANSFER, kind="merge", by=taker, member=kept
                )
                for lot, part in lots
            ]
        book.recompute_due(gone, currency)
    other = gone if kept == scene.member else kept
    scene.tell(other, told[other])
    return told[scene.member]


def unmerge(scene: Scene, _ask: Unmerge) -> list[Posted]:
    """Hand back what is left of what came with a merge, and let the two be two again."""
    past = scene.doing.past
    assert past is not None
    gone = past.receipt.other
    if past.body.kind not in {MERGE, CLAIM} or past.member != scene.member or gone is None:
        message = f"{past.body.id} is not a merge of this member."
        raise MergeRefused(message, origin=past.body.id)
    if scene.locked[gone].merged_into != scene.member:
        message = "That merge was undone before."
        raise MergeRefused(message, origin=past.body.id)
    until = past.receipt.recorded_at + timedelta(days=scene.house.unmerge_days_max)
    if scene.by.at > until:
        message = f"That merge could be undone until {until.isoformat()}."
        raise MergeRefused(message, until=until.isoformat())
    book = scene.book
    by = scene.stamp_of(gone, "unmerged")
    postings: list[Posted] = []
    for posted in past.receipt.postings:
        lot = book.lot(scene.member, posted.currency, posted.lot) if posted.lot and posted.kind == "merge" else None
        if lot is None or not lot.remaining:
            continue
        postings.append(ledger.take(book, [(lot, lot.remaining)], kind="unmerge", house=TRANSFER, by=scene.by))
        back = ledger.receive(
            book, lot, lot.remaining, expires_at=lot.expires_at, house=TRANSFER, kind="unmerge", by=by, member=gone
        )
        scene.tell(gone, [back])
    for currency in book.currencies(scene.member):
        book.recompute_due(scene.member, currency)
    scene.parted = gone
    return postings


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
            left=dict.fromkeys((ceiling for ceiling, _ in plan.ceilings), AMOUNT_MAX),
            original=original,
            joined_at=joined_at,
        )
        memories.update(program.rule(plan, memories, step).memories)
    return memories

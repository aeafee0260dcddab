"""What would come of facts if they were recorded now: the same path, from the same rows, without locks or writing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.kernel import members
from regulars.kernel.members import Member, MemberUnknown
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.program import Verdict
from regulars.kernel.spine.batch import Batch
from regulars.kernel.spine.codes import name_codes
from regulars.kernel.spine.house import House
from regulars.kernel.spine.model import Outcome
from regulars.kernel.spine.reading import Asked, read_batch
from regulars.kernel.spine.waiting import Waits

__all__ = ["Previewed", "preview", "preview_apart"]

SHOWN_IN_A_ROW: Final = 4
"""Facts that are folded before others on the loop have a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What would become of one activity."""

    outcome: Outcome
    """Ids of activities, and of a newcomer, are of this preview only."""
    is_newcomer: bool
    """Whoever is meant would become a member with it."""
    verdicts: Sequence[Verdict] = ()
    """What each offer came to, and why; only where that was asked for."""
    memories: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """By offer: what would be remembered of the member then; only where that was asked for."""


async def preview(
    read: Read, house: House, facts: Sequence[Activity], at: datetime, *, explain: bool = False
) -> list[Previewed]:
    """Show what would come of facts at ledger time `at`: facts of one member see each other, as if recorded together.

    `read` is a snapshot; nothing is written, and nobody waits. When nothing has changed by then, recording the same
    facts at the same time comes to the same.
    """
    batch, asked, strangers = await _read(read, house, facts, at)
    return [_take(batch, each, strangers, explain=explain) for each in asked]


async def preview_apart(read: Read, house: House, facts: Sequence[Activity], at: datetime) -> list[Previewed]:
    """Show what would come of each of these facts if only that were recorded now: none sees another.

    What is read is read for all at once, so that many cost little more than one.
    """
    batch, asked, strangers = await _read(read, house, facts, at)
    shown: list[Previewed | None] = []
    seen: set[UUID | Refusal] = set()
    for place, each in enumerate(asked, start=1):
        if each.member in seen:
            # Whoever comes twice is read anew: what one fact leaves of a member's book is not all taken back.
            shown.append(None)
            continue
        seen.add(each.member)
        marks = batch.book.mark(), batch.ceilings.mark()
        shown.append(_take(_set_apart(batch), each, strangers))
        batch.book.undo(marks[0])
        batch.ceilings.undo(marks[1])
        if place % SHOWN_IN_A_ROW == 0:
            await asyncio.sleep(0)
    again = [fact for fact, it in zip(facts, shown, strict=True) if it is None]
    rest = iter(await preview_apart(read, house, again, at) if again else ())
    return [next(rest) if it is None else it for it in shown]


async def _read(
    read: Read, house: House, facts: Sequence[Activity], at: datetime
) -> tuple[Batch, list[Asked], Mapping[UUID | Identifier, Member]]:
    """Read what facts need; gives who would become a member with them, too."""
    facts, codes = await name_codes(read, house.keyring, facts)
    refs = [fact.member for fact in facts] + [fact.to for fact in facts if fact.to is not None]
    found = await members.resolve_many(read, house.keyring, refs, auto_enrol=False, new_ids=(), at=at, source="")
    strangers: dict[UUID | Identifier, Member] = {}
    if house.auto_enrol:
        for ref, member in zip(refs, found, strict=True):
            if isinstance(member, MemberUnknown) and isinstance(ref, Identifier) and ref not in strangers:
                strangers[ref] = _welcome(house.new_id(), at)
    meant: dict[UUID | Identifier, UUID | Refusal] = {
        ref: strangers[ref].id if ref in strangers else member for ref, member in zip(refs, found, strict=True)
    }
    asked = [
        Asked(fact=fact, member=meant[fact.member], to=None if fact.to is None else meant[fact.to], at=at)
        for fact in facts
    ]
    batch = await read_batch(read, house, asked, strangers={each.id: each for each in strangers.values()}, codes=codes)
    batch.strangers = frozenset(each.id for each in strangers.values())
    return batch, asked, strangers


def _take(
    batch: Batch, each: Asked, strangers: Mapping[UUID | Identifier, Member], *, explain: bool = False
) -> Previewed:
    batch.verdicts = {} if explain else None
    outcome = batch.take(each.fact, each.member, each.to, each.at)
    kept = {} if outcome.receipt is None else batch.memories.get(outcome.receipt.member, {})
    return Previewed(
        outcome=outcome,
        is_newcomer=each.fact.member in strangers,
        verdicts=(batch.verdicts or {}).get((each.fact.source, each.fact.id), ()),
        memories=dict(kept) if explain else {},
    )


def _set_apart(batch: Batch) -> Batch:
    """Make a batch of its own for one fact: what was read is shared, and what changes is not, or is undone."""
    return replace(
        batch,
        answers={activity: list(receipts) for activity, receipts in batch.answers.items()},
        memories={member: dict(kept) for member, kept in batch.memories.items()},
        waits=Waits(found={member: list(waiting) for member, waiting in batch.waits.found.items()}),
        absorbed={member: set(gone) for member, gone in batch.absorbed.items()},
        gone={},
        parted={},
        recorded={},
        changed_memories={},
        changed_traits=[],
        depths={},
        stuck=[],
    )


def _welcome(id_: UUID, at: datetime) -> Member:
    return Member(id=id_, state="active", region="", household_id=None, joined_at=at, merged_into=None)

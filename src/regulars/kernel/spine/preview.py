"""What would come of facts if they were recorded now: the same path, from the same rows, without locks or writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.kernel import members
from regulars.kernel.members import Member, MemberUnknown
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.program import Verdict
from regulars.kernel.spine.codes import name_codes
from regulars.kernel.spine.house import House
from regulars.kernel.spine.model import Outcome
from regulars.kernel.spine.reading import Asked, read_batch

__all__ = ["Previewed", "preview"]


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
    verdicts: dict[tuple[str, str], Sequence[Verdict]] = {}
    batch.verdicts = verdicts if explain else None
    batch.strangers = frozenset(each.id for each in strangers.values())
    shown: list[Previewed] = []
    for each in asked:
        outcome = batch.take(each.fact, each.member, each.to, each.at)
        kept = {} if outcome.receipt is None else batch.memories.get(outcome.receipt.member, {})
        shown.append(
            Previewed(
                outcome=outcome,
                is_newcomer=each.fact.member in strangers,
                verdicts=verdicts.get((each.fact.source, each.fact.id), ()),
                memories=dict(kept) if explain else {},
            )
        )
    return shown


def _welcome(id_: UUID, at: datetime) -> Member:
    return Member(id=id_, state="active", region="", household_id=None, joined_at=at, merged_into=None)

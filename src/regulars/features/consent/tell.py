"""Letting the rules know whether a member wants offers made for them alone: a trait, told like any from outside."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.consent.model import TRAIT, choose
from regulars.features.consent.record import list_entries
from regulars.features.consent.store import end_telling, list_untold
from regulars.kernel import program
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import TRAITS, House, record_many

__all__ = ["tell_rules", "tell_untold"]

SOURCE: Final = "consent"


async def tell_untold(tx: Tx, house: House, *, at: datetime, most: int) -> int:
    """Tell the rules of members whom nobody told them of yet; gives of how many."""
    return await tell_rules(tx, house, await list_untold(tx, most=most), at=at)


async def tell_rules(tx: Tx, house: House, members: Collection[UUID], *, at: datetime) -> int:
    """Tell the rules what members chose, as the trait `consent.personalisation`; gives of how many members.

    Where the programme's catalogue has no such trait, no offer can read it, and the members wait until it has.
    """
    plan = (await house.versions.read(tx)).release_at(at)
    if plan is None or not members:
        return 0
    document = (await house.versions.read(tx)).plans[plan.hash].document
    if TRAIT not in program.describe_outside(document):
        return 0
    facts: list[Activity] = []
    for member in sorted(members):
        entries = await list_entries(tx, member)
        chosen = choose(entries, "personalisation", "any")
        facts.append(
            Activity(
                id=f"personalisation:{member}:{entries[-1].id if entries else member}",
                source=SOURCE,
                kind=TRAITS,
                occurred_at=at,
                member=member,
                ask={TRAIT: chosen.is_allowed},
            )
        )
    # A member who was closed or merged meanwhile is refused: there is nobody to tell of any more.
    await record_many(tx, house, facts, at)
    await end_telling(tx, members)
    return len(facts)

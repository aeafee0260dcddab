"""Proof that nothing is said without a cause, and nothing twice: each message is of an activity that says so."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.faults import Fault
from regulars.features.messages.gather import MEMBERSHIP_ENDING, NOTICES
from regulars.features.messages.model import Kind
from regulars.features.messages.store import Caused, list_caused, list_doubled
from regulars.kernel.activity import receipts
from regulars.kernel.nouns import Receipt
from regulars.kernel.spine import TRAITS

__all__ = ["prove"]

PAGE: Final = 1_000
LOOK_BACK: Final = timedelta(days=90)
"""As long as messages are kept: older ones wait for somebody to look at them, and their cause may be archived."""
CAUSES: Final[Mapping[Kind, str]] = {
    **{kind: notice for notice, kind in NOTICES.items()},
    "membership": MEMBERSHIP_ENDING,
    "receipt": "purchase",
}
"""By kind of message: the kind of activity that gives rise to it. Levels come with any."""


async def prove(read: Read, *, most: int = 20) -> tuple[list[Fault], int]:
    """Hold messages against the journal (I11). Gives faults, and how many messages were looked at.

    News have no cause in the journal: somebody wrote them.
    """
    faults = [
        Fault(code="messages_i11_twice", rule="I11", sentence=sentence)
        for sentence in await list_doubled(read, most=most)
    ]
    since, after, looked = await clock.now(read) - LOOK_BACK, 0, 0
    while page := await list_caused(read, after=after, since=since, most=PAGE):
        after, looked = page[-1].number, looked + len(page)
        for caused in await _find_baseless(read, page):
            words = f"Message number {caused.number} ({caused.kind}) to member {caused.member} has no cause"
            faults.append(Fault(code="messages_i11_cause", rule="I11", sentence=f"{words} in the journal."))
    return faults[:most], looked


async def _find_baseless(read: Read, page: Sequence[Caused]) -> list[Caused]:
    named = {each.number: _read_cause(each) for each in page}
    pairs = {(each.member, cause) for each in page if (cause := named[each.number]) is not None}
    found = await receipts(read, sorted(pairs))
    return [each for each in page if not _gives_rise(found.get(named[each.number] or UUID(int=0)), each)]


def _read_cause(caused: Caused) -> UUID | None:
    told = caused.cause or caused.reference.partition(":")[0]
    try:
        return UUID(hex=told)
    except ValueError:
        return None


def _gives_rise(receipt: Receipt | None, caused: Caused) -> bool:
    if receipt is None or receipt.member != caused.member:
        return False
    if caused.kind == "level":
        trait = caused.reference.partition(":")[2]
        return receipt.kind != TRAITS and any(change.name == trait for change in receipt.traits)
    return receipt.kind == CAUSES[caused.kind]

"""From what one member's rehearsal came to, to counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.intelligence.simulation.model import Ask, Scene, Tally
from regulars.kernel.ledger import POINTS, Lot
from regulars.kernel.members import Member
from regulars.kernel.nouns import Scalar
from regulars.kernel.spine import Past, Rehearsed, find_scarce

__all__ = ["count_levels", "count_up", "find_asks"]


CLOCK: Final = "clock"


def count_up(scene: Scene, member: Member, done: Rehearsed, levels: Sequence[str]) -> Tally:
    """Count what a member's history came to. `levels` are the traits whose moves are told."""
    tally = Tally(members=1)
    for receipt in done.receipts:
        if receipt.source != CLOCK and receipt.recorded_at >= scene.since:
            tally.facts += 1
            tally.sources[receipt.source] += 1
    _count_entries(scene, done, tally)
    _count_lots(scene, member, done, tally)
    count_levels(tally, member.id, done.traits_at(scene.since), done.traits_at(scene.until), levels)
    for past, refusal in done.refused:
        if past.at >= scene.since:
            tally.refused[refusal.code] += 1
    return tally


def count_levels(
    tally: Tally, member: UUID, before: Mapping[str, Scalar], after: Mapping[str, Scalar], levels: Sequence[str]
) -> None:
    """Count the levels that a member has at the end, and the moves since the start."""
    for trait in levels:
        start, end = _word(before, trait), _word(after, trait)
        tally.levels[trait, end] += 1
        if start != end:
            tally.moves[trait, start, end] += 1
    tally.group_of[member] = (levels[0], _word(after, levels[0])) if levels else ("", "")


def _word(traits: Mapping[str, Scalar], name: str) -> str:
    value = traits.get(name)
    return "" if value is None else str(value)


def _count_entries(scene: Scene, done: Rehearsed, tally: Tally) -> None:
    for entry in done.book.entries:
        if entry.account == POINTS:
            tally.moved[_month(scene.zone, entry.at), entry.currency, entry.kind] += entry.amount


# What one activity does is done at one moment.
@lru_cache(maxsize=1024)
def _month(zone: ZoneInfo, at: datetime) -> str:
    local = at.astimezone(zone)
    return f"{local.year}-{local.month:02}"


def _count_lots(scene: Scene, member: Member, done: Rehearsed, tally: Tally) -> None:
    """Give each lot's points and worth to its offer and its month, and take off what was taken from it."""
    lots: dict[tuple[str, int], Lot] = {}
    for (_, currency), numbered in done.book.lots.items():
        for lot in numbered.values():
            lots[currency, lot.number] = lot
            worth = lot.amount * lot.value_micro
            tally.owed[_month(scene.zone, lot.issued_at)] += worth
            if lot.issued_at >= scene.since:
                tally.points[lot.offer, currency] += lot.amount
                tally.times[lot.offer, currency] += 1
                tally.worth[lot.offer, currency] += worth
                tally.values[member.id] += worth
    if not done.book.allocations:
        return
    entries = {(it.currency, it.account, it.version): it for it in done.book.entries}
    for taken in done.book.allocations:
        lot = lots[taken.currency, taken.lot]
        entry = entries[taken.currency, taken.account, taken.version]
        if entry.account != POINTS:
            continue
        worth = taken.amount * lot.value_micro
        tally.owed[_month(scene.zone, entry.at)] += worth
        if entry.kind == "return" and entry.at >= scene.since:
            tally.points[lot.offer, taken.currency] += taken.amount
            tally.worth[lot.offer, taken.currency] += worth
            tally.values[member.id] += worth


def find_asks(scene: Scene, member: Member, history: Sequence[Past], done: Rehearsed) -> list[Ask]:
    """List what each fact took of ceilings."""
    places = {(past.body.source, past.body.id): past for past in history}
    asks: list[Ask] = []
    for receipt in done.receipts:
        past = places.get((receipt.source, receipt.id)) if receipt.claims else None
        if past is None:
            continue
        amounts = find_scarce(scene.releases, member, past.body)
        asks += [
            Ask(
                ceiling=claim.ceiling,
                seq=past.seq,
                member=member.id,
                taken=claim.amount,
                amount=amounts[claim.ceiling],
            )
            for claim in receipt.claims
        ]
    return asks

"""Why an activity of the past came to what its receipt says: the member's history is rehearsed up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.kernel import activity as journal
from regulars.kernel import limits, members, program
from regulars.kernel.nouns import Receipt
from regulars.kernel.spine.batch import CLOCK
from regulars.kernel.spine.commands import COMMANDS
from regulars.kernel.spine.house import House
from regulars.kernel.spine.rehearsal import ALONE, Past, find_scarce, rehearse

__all__ = ["ActivityUnknown", "Explained", "explain_receipt", "list_past"]

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class ActivityUnknown(Refusal):
    """This member has no such activity."""

    code, kind = "activity_unknown", "not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A receipt, and what each offer came to."""

    receipt: Receipt
    verdicts: Sequence[program.Verdict]
    """Empty for a return or a command, which no offer answers."""
    is_exact: bool
    """The rehearsal gave the same points. Where others' gifts, merges or holds came before, it may differ."""


def list_past(told: Sequence[journal.Told]) -> list[Past]:
    """Make the history to be rehearsed out of what came in: what speaks of others, or of holds, is left out."""
    return [
        Past(body=row.body, text=row.text, at=row.at, seq=row.seq)
        for row in told
        if row.body.source != CLOCK and (row.body.kind not in COMMANDS or row.body.kind in ALONE)
    ]


async def explain_receipt(read: Read, house: House, member: UUID, activity: UUID) -> Explained:
    """Say what each offer came to when an activity was recorded, with the values of then. Raises ActivityUnknown."""
    found = await journal.find(read, member, activity)
    known = (await members.look_many(read, [member])).get(member)
    if found is None or known is None:
        message = "This member has no such activity."
        raise ActivityUnknown(message)
    seq, receipt = found
    history = list_past(await journal.history(read, [member], until=seq))
    if not history or history[-1].seq != seq:
        return Explained(receipt=receipt, verdicts=(), is_exact=True)
    releases = await house.versions.read(read)
    asked = history[-1]
    amounts = find_scarce(releases, known, asked.body)
    taken = await limits.taken_before(read, amounts, at=receipt.recorded_at)
    traits = await members.traits_many(read, [member], since=EARLIEST)
    own = {name for plan in releases.plans.values() for name in program.list_set_traits(plan.document)}

    def left(past: Past) -> Mapping[str, int]:
        if past is not asked:
            # What was given before is known: nothing that was not is rehearsed into being.
            return dict.fromkeys(find_scarce(releases, known, past.body), 2**62)
        return {name: amount - taken.get(name, 0) for name, amount in amounts.items()}

    done = rehearse(
        house,
        releases,
        known,
        history,
        traits=[change for change in traits.changes_of(member) if change.name not in own],
        left=left,
        until=asked.at,
        explain={(asked.body.source, asked.body.id)},
    )
    again = next((it for it in done.receipts if (it.source, it.id) == (receipt.source, receipt.id)), None)
    return Explained(
        receipt=receipt,
        verdicts=done.verdicts.get((receipt.source, receipt.id), ()),
        is_exact=again is not None and _points(again) == _points(receipt),
    )


def _points(receipt: Receipt) -> list[tuple[str, str, int]]:
    return [(posted.offer, posted.currency, posted.points) for posted in receipt.postings]

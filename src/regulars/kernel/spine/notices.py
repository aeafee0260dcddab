"""Telling members in time: what will end, and what has become usable. Activities for whoever follows the journal.

They move no points. Each has a name made of what it tells, so a run that is late, doubled or cut short tells all once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from regulars.base import clock
from regulars.base.db import Database, Tx
from regulars.kernel import activity as journal
from regulars.kernel import ledger, members
from regulars.kernel.nouns import Body, Receipt
from regulars.kernel.spine.batch import CLOCK, write_body
from regulars.kernel.spine.house import House

__all__ = ["ENDING", "USABLE", "find_notices"]

ENDING: Final = "points.ending"
USABLE: Final = "points.usable"
SLICE: Final = 500
LOOK_BACK: Final = timedelta(days=7)
"""How long the finder may have stood still and still tell what became usable meanwhile."""

Watch = tuple[Literal["ending", "becoming_usable"], str, str, datetime, datetime]
"""(what turns, kind of activity, which watch, since, until)"""


async def find_notices(database: Database, house: House, *, at: datetime | None = None) -> int:
    """Write down what members should be told (live, or as of `at`); gives how many notices are new."""
    async with database.snapshot() as read:
        now = at or await clock.now(read)
    watches: list[Watch] = [
        ("ending", ENDING, f"{days}", now, now + timedelta(days=days)) for days in sorted(house.notice_days)
    ]
    watches.append(("becoming_usable", USABLE, "", now - LOOK_BACK, now))
    told = 0
    for turns, kind, watch, since, until in watches:
        last: ledger.Turn | None = None
        while True:
            async with database.snapshot() as read:
                found = await ledger.turning(read, turns, since=since, until=until, after=last, most=SLICE)
            if not found:
                break
            last = found[-1]

            async def work(tx: Tx, kind: str = kind, watch: str = watch, found: Sequence[ledger.Turn] = found) -> int:
                return await _tell(tx, house, [_say(kind, watch, turn, now) for turn in found], found, now)

            told += await database.run(work)
    return told


def _say(kind: str, watch: str, turn: ledger.Turn, now: datetime) -> Body:
    return Body(
        id=f"{kind}{watch}:{turn.member}:{turn.currency}:{turn.at.isoformat()}",
        source=CLOCK,
        kind=kind,
        occurred_at=now,
        data={"currency": turn.currency, "points": turn.points, "at": turn.at.isoformat()},
    )


async def _tell(tx: Tx, house: House, bodies: Sequence[Body], turns: Sequence[ledger.Turn], now: datetime) -> int:
    await members.lock_many(tx, {turn.member for turn in turns})
    known = await journal.find_keys(tx, [(body.source, body.id) for body in bodies])
    rows = [
        journal.record(
            body,
            write_body(body),
            Receipt(
                activity=house.new_id(),
                member=turn.member,
                source=body.source,
                id=body.id,
                kind=body.kind,
                occurred_at=now,
                recorded_at=now,
                program="",
            ),
        )
        for body, turn in zip(bodies, turns, strict=True)
        if (body.source, body.id) not in known
    ]
    await journal.append(tx, rows)
    return len(rows)

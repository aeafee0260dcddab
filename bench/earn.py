"""One lot for each of 200 members in a transaction: the ledger alone, without journal, rules or HTTP; and by hand.

As many processes as there are workers, each with two transactions under way at once, as the server has. By hand, two
statements lock the members and make the same entries, lots and versions under the same constraints, and nothing is
read, decided or sent but the members' ids: the least that PostgreSQL can do for these rows.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import uvloop

from regulars.base import clock
from regulars.base.apart import Tell, run_apart
from regulars.base.db import Database, Tx
from regulars.base.settings import Settings
from regulars.interfaces.cli.opening import open_house
from regulars.kernel import ledger, members, spine
from regulars.kernel.nouns import Posting

EARNS: Final = 200
LANES: Final = 2
"""Transactions under way at once in a process. No two have members in common, so that none waits for another's."""
HAND: Final = """
WITH chosen AS MATERIALIZED (
    SELECT id, gen_random_uuid() AS activity_id FROM unnest(cast($1 AS uuid[])) AS named (id)
),
moved AS (
    UPDATE ledger.account AS kept
    SET
        version = kept.version + 1,
        balance = kept.balance + CASE kept.account WHEN 'points' THEN 10 ELSE -10 END,
        at = greatest(kept.at, $2),
        due_at = CASE kept.account WHEN 'points' THEN least(kept.due_at, $3) END
    FROM chosen
    WHERE kept.member_id = chosen.id AND kept.currency = 'points' AND kept.account IN ('points', 'issuance')
    RETURNING kept.member_id, kept.currency, kept.account, kept.version, kept.balance, kept.at, chosen.activity_id
),
written AS (
    INSERT INTO ledger.entry (member_id, currency, account, version, activity_id, kind, amount, balance, at)
    SELECT
        member_id, currency, account, version, activity_id, 'issue',
        CASE account WHEN 'points' THEN 10 ELSE -10 END, balance, at
    FROM moved
)
INSERT INTO ledger.lot (
    member_id, currency, number, amount, remaining, issued_at, usable_from, expires_at, activity_id, offer, program,
    funder, value_micro
)
SELECT member_id, currency, version, 10, 10, at, at, $3, activity_id, 'bench', 'bench', 'house', 5000
FROM moved
WHERE account = 'points'
"""


async def earn(seconds: float, *, processes: int, by_hand: bool) -> dict[str, Any]:
    """Give lots for so long, or by hand; gives how many in a second, counted while all processes were at it."""
    works = [partial(_share, seconds, part, processes, by_hand) for part in range(processes)]
    shares = await run_apart(works, lambda _: None)
    since, until = max(times[0] for times in shares), min(times[-1] for times in shares)
    assert since < until, "no moment had all processes at work: give them more seconds"
    return {"rate": EARNS * sum(since < each <= until for times in shares for each in times) / (until - since)}


def _share(seconds: float, part: int, parts: int, by_hand: bool, _tell: Tell) -> list[float]:  # noqa: FBT001 - a partial's
    return uvloop.run(_give(seconds, part, parts, by_hand=by_hand))


async def _give(seconds: float, part: int, parts: int, *, by_hand: bool) -> list[float]:
    """Give lots in one process; gives when it began, and when each transaction had ended."""
    async with open_house(Settings.read()) as (database, house):
        async with database.snapshot() as read:
            rows = await read.rows("SELECT id FROM members.member ORDER BY id LIMIT 10000")
        lanes = [[row["id"] for row in rows[part * LANES + lane :: parts * LANES]] for lane in range(LANES)]
        times = [time.monotonic()]
        work = _by_hand if by_hand else partial(_by_ledger, house)
        await asyncio.gather(*(_go(database, work, lane, times, times[0] + seconds) for lane in lanes))
        return times


async def _go(
    database: Database,
    work: Callable[..., Awaitable[None]],
    everybody: Sequence[UUID],
    times: list[float],
    until: float,
) -> None:
    die = random.Random(everybody[0].int)  # noqa: S311 - whom it is, no secret
    while times[-1] < until:
        await database.run(partial(work, die.sample(everybody, EARNS)))
        times.append(time.monotonic())


async def _by_ledger(house: spine.House, chosen: Sequence[UUID], tx: Tx) -> None:
    await members.lock_many(tx, chosen)
    at = await clock.now(tx)
    book = await ledger.read_accounts(tx, chosen)
    await ledger.open_members(tx, book, ())
    posting = Posting(
        points=10,
        currency="points",
        offer="bench",
        expires_at=at + timedelta(days=365),
        funder="house",
        value_micro=5_000,
    )
    for member in chosen:
        book.ensure_account(member, "points", at=at)
        by = ledger.Stamp(activity=house.new_id(), at=book.time(member, at))
        book.issue(member, posting, program="bench", by=by)
    await ledger.write(tx, book)


async def _by_hand(chosen: Sequence[UUID], tx: Tx) -> None:
    await members.lock_many(tx, chosen)
    at = await clock.now(tx)
    await tx.run(HAND, chosen, at, at + timedelta(days=365))

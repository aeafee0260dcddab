"""What the clock brings to a crowd at night, beside SQL written by hand: run by the bench, which reads the last line.

By hand, one statement after the other makes the same entries, allocations and versions, in one transaction, for all at
once. It writes no journal and no receipt, seals nothing and lets nobody else in between: the least that can be done.
"""

import argparse
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import uvloop

from bench.crowd import Days, make_crowd
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.cli.opening import open_house
from regulars.kernel import spine

EXPIRY: Final = """
CREATE TEMPORARY TABLE ended ON COMMIT DROP AS
SELECT lot.member_id, lot.currency, lot.number, lot.remaining
FROM ledger.account AS account
INNER JOIN ledger.lot AS lot ON account.member_id = lot.member_id AND account.currency = lot.currency
WHERE account.account = 'points' AND account.due_at <= $1 AND lot.remaining > 0 AND lot.expires_at <= $1;

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
SELECT
    summed.member_id, summed.currency, summed.points, gen_random_uuid() AS activity_id, points.version + 1 AS version,
    coalesce(breakage.version, 0) + 1 AS other, points.balance - summed.points AS balance,
    coalesce(breakage.balance, 0) + summed.points AS broken
FROM (SELECT member_id, currency, sum(remaining)::bigint AS points FROM ended GROUP BY member_id, currency) AS summed
INNER JOIN ledger.account AS points
    ON summed.member_id = points.member_id AND summed.currency = points.currency AND points.account = 'points'
LEFT JOIN ledger.account AS breakage
    ON summed.member_id = breakage.member_id AND summed.currency = breakage.currency AND breakage.account = 'breakage';

INSERT INTO ledger.entry (member_id, currency, account, version, activity_id, kind, amount, balance, at)
SELECT member_id, currency, account, version, activity_id, 'expire', amount, balance, cast($1 AS timestamptz)
FROM (
    SELECT member_id, currency, 'points' AS account, version, activity_id, -points AS amount, balance FROM moved
    UNION ALL
    SELECT member_id, currency, 'breakage', other, activity_id, points, broken FROM moved
) AS made;

INSERT INTO ledger.allocation (member_id, currency, lot, account, version, amount)
SELECT ended.member_id, ended.currency, ended.number, 'points', moved.version, -ended.remaining
FROM ended INNER JOIN moved ON ended.member_id = moved.member_id AND ended.currency = moved.currency;

UPDATE ledger.lot AS lot SET remaining = 0, expired = lot.expired + ended.remaining
FROM ended
WHERE lot.member_id = ended.member_id AND lot.currency = ended.currency AND lot.number = ended.number;

UPDATE ledger.account AS account
SET version = moved.version, balance = moved.balance, at = $1, due_at = (
    SELECT min(lot.expires_at) FROM ledger.lot AS lot
    WHERE lot.member_id = moved.member_id AND lot.currency = moved.currency AND lot.remaining > 0
)
FROM moved
WHERE account.member_id = moved.member_id AND account.currency = moved.currency AND account.account = 'points';

INSERT INTO ledger.account AS kept (member_id, currency, account, version, balance, at)
SELECT member_id, currency, 'breakage', other, broken, $1 FROM moved
ON CONFLICT (member_id, currency, account) DO UPDATE
SET version = excluded.version, balance = excluded.balance, at = excluded.at;
"""
REVIEW: Final = """
CREATE TEMPORARY TABLE looked ON COMMIT DROP AS
SELECT member_id, parent_id, name, gen_random_uuid() AS activity_id FROM activity.due
WHERE state = 'open' AND at <= $1;

UPDATE activity.due AS due SET state = 'done' FROM looked
WHERE due.member_id = looked.member_id AND due.parent_id = looked.parent_id AND due.name = looked.name;

INSERT INTO members.trait (member_id, name, since, value, activity_id)
SELECT member_id, 'tier', $1, cast('"green"' AS jsonb), activity_id FROM looked;

UPDATE program.memory AS memory SET updated_at = $1 FROM looked
WHERE memory.member_id = looked.member_id AND memory.offer = 'tiers';
"""

SUMS: Final = {
    "ended lots": "SELECT count(*) FROM ledger.lot WHERE expired > 0",
    "ended points": "SELECT sum(expired) FROM ledger.lot",
    "left": "SELECT sum(remaining) FROM ledger.lot",
    "entries": "SELECT count(*) FROM ledger.entry",
    "moved": "SELECT sum(abs(amount) * version) FROM ledger.entry",
    "allocations": "SELECT count(*) FROM ledger.allocation",
    "taken": "SELECT sum(amount * version * lot) FROM ledger.allocation",
    "versions": "SELECT sum(version) FROM ledger.account",
    "balances": "SELECT sum(abs(balance) * version) FROM ledger.account",
    "due": "SELECT count(due_at) FROM ledger.account",
    "reviews": "SELECT count(*) FROM activity.due WHERE state = 'done'",
}


def list_statements(text: str) -> list[str]:
    """Tell the statements apart."""
    return [statement for statement in text.split(";\n") if statement.strip()]


async def work_by_hand(url: str, text: str, at: datetime) -> float:
    """Run the statements in one transaction, and commit; gives seconds."""
    connection: Any = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        async with connection.transaction():
            for statement in list_statements(text):
                await connection.execute(statement, *([at] if "$1" in statement else []))
        return time.perf_counter() - began
    finally:
        await connection.close()


async def bring(database: Database, house: spine.House, at: datetime) -> Mapping[str, float]:
    """Bring what is due by a moment, as the worker does; gives how many activities, and seconds."""
    began = time.perf_counter()
    brought = await spine.bring_due(database, house, at=at)
    return {"brought": brought, "seconds": time.perf_counter() - began}


async def sum_up(url: str) -> dict[str, int]:
    """Sum up what both ways must have come to alike: entries, allocations, versions, balances and what is due."""
    connection: Any = await asyncpg.connect(url)
    try:
        return {name: int(await connection.fetchval(statement) or 0) for name, statement in SUMS.items()}
    finally:
        await connection.close()


async def main() -> None:
    """Do what is asked for."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("what", choices=["crowd", "bring", "bring-review", "expiry", "review", "sums"])
    asking.add_argument("--members", type=int, default=1_000_000)
    asked = asking.parse_args()
    url, now = os.environ["REGULARS_DATABASE_URL"], datetime.now(tz=UTC)
    at = Days.before(now).review if asked.what in {"bring-review", "review"} else now
    told: Mapping[str, object]
    if asked.what in {"crowd", "bring", "bring-review"}:
        async with open_house(Settings.read()) as (database, house):
            if asked.what == "crowd":
                told = {"activities": await make_crowd(database, house, url, asked.members, now=now)}
            else:
                told = await bring(database, house, at)
    elif asked.what == "sums":
        told = await sum_up(url)
    else:
        told = {"seconds": await work_by_hand(url, EXPIRY if asked.what == "expiry" else REVIEW, at)}
    print(json.dumps(told))


if __name__ == "__main__":
    uvloop.run(main())

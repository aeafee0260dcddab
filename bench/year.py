"""A grocer's year, replayed by two processes as in `regulars demo`, and one by one."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bench.stand import GROCER
from regulars.base import clock
from regulars.base.db import Database, Tx
from regulars.base.settings import Settings
from regulars.interfaces.cli.journey import Journey, Outline
from regulars.interfaces.cli.lanes import replay_in_lanes
from regulars.interfaces.cli.opening import open_house
from regulars.interfaces.cli.recording import Tally, replay
from regulars.kernel import program, spine

LANES = 2
START, END = datetime(2016, 1, 1, tzinfo=UTC), datetime(2018, 3, 1, tzinfo=UTC)
"""Before and after all that the data tells of."""
SAME = {
    "accounts": "SELECT member_id, currency, account, version, balance FROM ledger.account",
    "lots": (
        "SELECT member_id, currency, number, amount, remaining, expired, issued_at, usable_from, expires_at, offer,"
        " funder, value_micro FROM ledger.lot"
    ),
    "memories": "SELECT member_id, offer, data FROM program.memory",
}
"""What must be the same, whoever else was in the transaction."""
ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST = re.compile('"[0-9a-f]{16}"')
"""Of an id, in memories that keep many."""


async def replay_year(database: Database, settings: Settings, *, every: int) -> dict[str, Any]:
    """Replay the year of one household in `every`; gives how many baskets and in what time."""
    tally, total = Tally(), Outline.load(every=every, campaigns=True).total
    await _publish(database)
    await replay_in_lanes(settings, partial(load_lane, every), tally, _ignore, lanes=LANES)
    assert not tally.refused, tally.first_refused[0]
    return {"baskets": total, "seconds": tally.seconds}


async def compare_years(settings: Settings, other: str, *, every: int) -> dict[str, Any]:
    """Replay it here by processes in large batches and in `other` one by one: what members hold must be the same."""
    async with open_house(settings) as (database, house):
        await replay_year(database, settings, every=every)
        await spine.bring_due(database, house, at=END)
        here = await _read_all(database)
    async with open_house(replace(settings, database_url=other)) as (database, house):
        await _publish(database)
        tally = Tally()
        await replay(database, house, Journey.load(every=every, campaigns=True), tally, _ignore, size=1)
        assert not tally.refused, tally.first_refused[0]
        await spine.bring_due(database, house, at=END)
        there = await _read_all(database)
    differing = [name for name in SAME if here[name] != there[name]]
    told = [sorted(set(here[name]) ^ set(there[name]))[:2] for name in differing]
    assert not differing, f"{differing} came out otherwise one by one: {told}"
    return {"members": len({row[0] for row in here["accounts"]}), **{name: len(rows) for name, rows in here.items()}}


def load_lane(every: int, lane: int, lanes: int) -> Journey:
    """Read one lane's households, in the lane's own process."""
    return Journey.load(every=every, part=(lane, lanes), campaigns=True)


async def _publish(database: Database) -> None:
    document = program.parse(GROCER.read_text(encoding="utf-8"))

    async def work(tx: Tx) -> None:
        await clock.begin_sandbox(tx, START)
        await spine.publish(tx, document, live_from=START, by="bench", at=await clock.now(tx))

    await database.run(work)


async def _read_all(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Read what members hold, each known by their card: ids differ from one database to the next."""
    async with database.snapshot() as read:
        cards = await read.rows("SELECT member_id, encode(blind, 'hex') FROM members.identifier")
        names = {str(row[0]): str(row[1]) for row in cards}
        names |= {str(row[0]): row[1] for row in await read.rows("SELECT activity_id, id FROM activity.key")}

        def tell(value: object) -> str:
            # What the clock brought is named by what led to it.
            text = ID.sub(lambda found: names[found[0]], str(value))
            return DIGEST.sub("", ID.sub(lambda found: names[found[0]], text))

        return {
            name: sorted(tuple(map(tell, row)) for row in await read.rows(statement))
            for name, statement in SAME.items()
        }


def _ignore(_read: int, _made: int) -> None:
    """Tell nobody how far it has come."""

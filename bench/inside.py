"""Measurements within one process, without HTTP: run by the bench, which reads the last line that they print."""

import argparse
import asyncio
import json
import os
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import uvloop

from bench.baskets import make_basket, now
from bench.earn import earn
from bench.year import compare_years, replay_year
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.interfaces.cli.opening import make_house, open_house
from regulars.interfaces.http.gather import Gathering
from regulars.interfaces.http.wire import ActivityIn
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier

HOT = 1_000
HOT_POINTS = 1_000_000
CLIENTS = 32
COMPARED = 600


async def redeem(database: Database, house: spine.House, seconds: float) -> dict[str, Any]:
    """Set a point aside and use it, of 1,000 members, by 32 clients at once. A redemption is both, in order."""
    row = Gathering(partial(spine.record_together, database, house), partial(spine.record, database, house))
    run, at = new_id().hex, datetime.now(tz=UTC)

    def ask(kind: str, name: str, card: int, **asked: str | int | bool) -> Activity:
        return Activity(
            id=f"{run}-{name}",
            source="bench",
            kind=kind,
            occurred_at=at,
            member=Identifier(kind="card", value=f"hot-{card}"),
            ask=asked,
        )

    opened = [
        ask("opening", f"o{card}", card, currency="points", points=HOT_POINTS, endless=True) for card in range(HOT)
    ]
    before = _sum(await spine.record(database, house, opened))
    began, done, lost = time.perf_counter(), 0, 0

    async def go(client: int) -> None:
        nonlocal done, lost
        die = random.Random(client)  # noqa: S311 - whom it is, no secret
        number = 0
        while time.perf_counter() - began < seconds:
            number += 1
            card, name = die.randrange(HOT), f"{client}-{number}"
            (held,) = await row.record([ask("hold", f"h{name}", card, currency="points", points=1)])
            if held.receipt is None:
                lost += 1
                continue
            (taken,) = await row.record([ask("capture", f"c{name}", card, hold=str(held.receipt.postings[0].hold))])
            done, lost = done + (taken.receipt is not None), lost + (taken.receipt is None)

    await asyncio.gather(*(go(client) for client in range(CLIENTS)))
    passed = time.perf_counter() - began
    opened = [
        ask("adjust", f"a{card}", card, currency="points", points=1, reason="count", by="bench") for card in range(HOT)
    ]
    after = _sum(await spine.record(database, house, opened)) - HOT
    assert before - after == done, f"{done} points were used and {before - after} are missing"
    assert not lost, f"{lost} were refused"
    return {"rate": done / passed}


def _sum(outcomes: Sequence[spine.Outcome]) -> int:
    refused = [each.refusal for each in outcomes if each.refusal is not None]
    assert not refused, refused[0]
    return sum(each.receipt.balances["points"] for each in outcomes if each.receipt is not None)


async def compare(database: Database, house: spine.House, other: Database) -> dict[str, Any]:
    """Send the same baskets one by one into one database, and gathered into another: all they gave must be the same."""
    die, at = random.Random(5), now()  # noqa: S311 - baskets, no secrets
    facts: list[Activity] = []
    for number in range(COMPARED):
        basket = make_basket(die, lines=10, at=at)
        card = {"identifier": {"kind": "card", "value": f"{die.randrange(40)}"}}
        facts.append(msgspec.convert({**basket, "id": f"f-{number}", "member": card}, ActivityIn).to_activity())
    alone = [(await spine.record(database, house, [fact]))[0] for fact in facts]
    same_house = make_house(Settings.read())
    row = Gathering(partial(spine.record_together, other, same_house), partial(spine.record, other, same_house))
    gathered: dict[str, spine.Outcome] = {}

    async def shop(member: object) -> None:
        # Whoever sends at once says nothing of the order, and a member is at one till at a time.
        for fact in (each for each in facts if each.member == member):
            (gathered[fact.id],) = await row.record([fact])

    await asyncio.gather(*(shop(member) for member in {each.member for each in facts}))
    pairs = zip(facts, alone, strict=True)
    differing = [fact.id for fact, one in pairs if _told(one) != _told(gathered[fact.id])]
    assert not differing, f"{len(differing)} of {COMPARED} gave something else: {differing[:3]}"
    return {"compared": COMPARED, "points": sum(posted.points for each in alone for posted in _told(each)[0])}


def _told(outcome: spine.Outcome) -> tuple[Any, ...]:
    receipt = outcome.receipt
    assert receipt is not None, outcome.refusal
    return receipt.postings, receipt.balances, receipt.reasons, receipt.discounts, receipt.grants


async def main() -> None:
    """Measure what is asked for."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("what", choices=["earn", "earn-by-hand", "redeem", "compare", "year", "same-year"])
    asking.add_argument("--seconds", type=float, default=5)
    asking.add_argument("--every", type=int, default=1)
    asking.add_argument("--processes", type=int, default=1)
    asked = asking.parse_args()
    settings = Settings.read()
    async with open_house(settings) as (database, house):
        if asked.what == "compare":
            other = await Database.open(os.environ["BENCH_OTHER_URL"])
            told = await compare(database, house, other)
            await other.close()
        elif asked.what == "year":
            told = await replay_year(database, settings, every=asked.every)
        elif asked.what == "same-year":
            told = await compare_years(settings, os.environ["BENCH_OTHER_URL"], every=asked.every)
        elif asked.what == "redeem":
            told = await redeem(database, house, asked.seconds)
        else:
            told = await earn(asked.seconds, processes=asked.processes, by_hand=asked.what == "earn-by-hand")
    print(json.dumps(told))


if __name__ == "__main__":
    uvloop.run(main())

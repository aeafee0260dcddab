"""The sweeper is killed midway, comes late, and comes twice at once: no answer changes, and nothing ends twice."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from regulars.base.db import Database
from regulars.kernel import ledger, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from regulars.kernel.spine.check import check
from tests.faults.process import Orders, run_process
from tests.invariants.history import CURRENCY, SOURCE, make_house

PROGRAM: Final = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, days: 40}
    value: {minor: 1, per_points: 2}
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
    expiry: {model: never}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 10}
  - id: stars
    mechanic: spend
    on: [purchase]
    settings: {currency: stars, points: 1, per_minor: 100}
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      window_days: 30
      keep_days: 10
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿卡}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金卡}, at: 5}
"""
START: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATE: Final = START + timedelta(days=120)
MEMBERS: Final = 30
HELD: Final = 20
SWEEP_BATCH: Final = 7
FACTS: Final = "SELECT kind, count(*) AS count FROM activity.journal WHERE kind <> 'hold' GROUP BY kind"


async def fill(database: Database) -> list[UUID]:
    """Let members buy, and each hold something for a week: points that end, holds that run out, levels to review."""
    house = make_house()
    async with database.transaction() as tx:
        since = START - timedelta(days=30)
        await spine.publish(tx, program.parse(PROGRAM), live_from=since, by="test", at=START)
    lines = (Line(sku="tea", amount_minor=1_000),)
    facts = [make(f"buy-{n}", "purchase", n, lines=lines) for n in range(MEMBERS)]
    ask = {"currency": CURRENCY, "points": HELD, "valid_seconds": 7 * 86_400}
    facts += [make(f"hold-{n}", "hold", n, ask=ask) for n in range(MEMBERS)]
    outcomes = await database.run(lambda tx: spine.record_many(tx, house, facts, START))
    receipts = [outcome.receipt for outcome in outcomes if outcome.receipt is not None]
    assert len(receipts) == 2 * MEMBERS, outcomes
    return [receipt.member for receipt in receipts[:MEMBERS]]


def make(name: str, kind: str, number: int, **more: object) -> Activity:
    member = Identifier(kind="card", value=str(number))
    return Activity(id=name, source=SOURCE, kind=kind, occurred_at=START, member=member, **more)  # pyright: ignore[reportArgumentType]


async def look(
    database: Database, members: list[UUID]
) -> tuple[list[list[ledger.Standing]], dict[str, int], list[str]]:
    """Tell how all stand at the late moment, how much of what kind was recorded, and what the check finds."""
    async with database.snapshot() as read:
        standings = [await ledger.standing(read, member, at=LATE) for member in members]
        kinds = {row["kind"]: row["count"] for row in await read.rows(FACTS)}
        report = await check(read)
    return standings, kinds, [f"{fault.code}: {fault.sentence}" for fault in report.faults]


async def sweep(url: str, folder: Path, *, place: str = "", after: int = 1) -> asyncio.subprocess.Process:
    """Begin to sweep in a process."""
    return await run_process(
        Orders(what="sweep", url=url, folder=str(folder), place=place, after=after, sweep_batch=SWEEP_BATCH, at=LATE)
    )


async def finish(process: asyncio.subprocess.Process) -> int:
    """Wait for a sweeper, and tell how much it brought."""
    told, _ = await process.communicate()
    assert process.returncode == 0
    return int(told)


@pytest.mark.parametrize(("place", "after"), [("between_writes", 3), ("after_transaction", 3)])
async def test_killed_midway(place: str, after: int, database: Database, database_url: str, tmp_path: Path) -> None:
    members = await fill(database)
    shown, _, _ = await look(database, members)
    first = await sweep(database_url, tmp_path, place=place, after=after)
    assert await first.wait() == -signal.SIGKILL
    assert (tmp_path / "died").read_text() == place
    half, kinds, faults = await look(database, members)
    # Everybody has a hold that runs out, and points that end.
    assert 0 < kinds["expire"] < 2 * MEMBERS
    assert not faults
    # Two at once do the rest.
    others = [await sweep(database_url, tmp_path) for _ in range(2)]
    rest = await asyncio.gather(*(finish(each) for each in others))
    assert sum(rest) > 0
    whole, kinds, faults = await look(database, members)
    assert not faults
    assert kinds["expire"] == 2 * MEMBERS
    # One level after the other is lost, by one review each; everybody's went alike.
    assert kinds["tier.review"] >= MEMBERS
    assert kinds["tier.review"] % MEMBERS == 0
    assert await spine.bring_due(database, make_house(), at=LATE) == 0
    # What a member is shown is the same however far the sweeper came.
    for before, midway, after_ in zip(shown, half, whole, strict=True):
        assert [tell(each) for each in before] == [tell(each) for each in midway] == [tell(each) for each in after_]


def tell(standing: ledger.Standing) -> tuple[str, int]:
    return standing.currency, standing.available


async def test_a_second_sweep_finds_nothing(database: Database) -> None:
    members, house = await fill(database), make_house()
    assert await spine.bring_due(database, house, at=LATE) > MEMBERS
    first = await look(database, members)
    assert await spine.bring_due(database, house, at=LATE) == 0
    assert await look(database, members) == first
    assert not first[2]

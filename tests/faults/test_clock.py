"""Time: the very moment at which points end, a clock that jumps by hours and months under load, tills that lie."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from msgspec.structs import replace

from regulars.base import clock
from regulars.base.db import Database
from regulars.kernel import ledger, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.invariants.history import (
    CURRENCY,
    PROGRAM,
    SOURCE,
    Call,
    Clerk,
    Journal,
    Kernel,
    Past,
    choose_seed,
    make_house,
    open_shop,
    read_journals,
)
from tests.invariants.history_judge import judge_all

START: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
JUMPS: Final = (timedelta(hours=1), timedelta(days=29), timedelta(days=150), timedelta(days=150), timedelta(days=400))
CLERKS: Final = 6
LIE: Final = timedelta(hours=30)


def make(name: str, kind: str, at: datetime, **more: object) -> Activity:
    member = Identifier(kind="card", value="1")
    return Activity(id=name, source=SOURCE, kind=kind, occurred_at=at, member=member, **more)  # pyright: ignore[reportArgumentType]


async def test_points_end_at_their_very_moment(database: Database) -> None:
    """A tick before its end a lot can be used; at its end it cannot, swept or not, and the sweeper ends it then."""
    house = make_house()
    async with database.transaction() as tx:
        since = START - timedelta(days=30)
        await spine.publish(tx, program.parse(PROGRAM), live_from=since, by="test", at=START)

    async def send(fact: Activity, at: datetime) -> spine.Outcome:
        return (await database.run(lambda tx: spine.record_many(tx, house, [fact], at)))[0]

    bought = await send(make("buy", "purchase", START, lines=(Line(sku="tea", amount_minor=1_000),)), START)
    assert bought.receipt is not None
    async with database.snapshot() as read:
        lots = await ledger.lots(read, bought.receipt.member, most=10)
    (end,) = {lot.expires_at for lot in lots}
    assert end is not None
    spend = {"currency": CURRENCY, "points": 1}
    before = await send(make("before", "redeem", end - TICK, ask=spend), end - TICK)
    assert before.receipt is not None
    assert await spine.bring_due(database, house, at=end - TICK) == 0
    async with database.snapshot() as read:
        (early,) = await ledger.standing(read, bought.receipt.member, at=end - TICK)
        (late,) = await ledger.standing(read, bought.receipt.member, at=end)
    assert (early.available, late.available) == (109, 0)
    assert await spine.bring_due(database, house, at=end) == 1
    after = await send(make("after", "redeem", end, ask=spend), end)
    assert after.refusal is not None
    assert after.refusal.code == "points_not_enough"
    async with database.snapshot() as read:
        assert {kind: points for _, kind, points, _ in await ledger.moved(read)} == {
            "issue": 110,
            "redeem": -1,
            "expire": -109,
        }


async def test_not_one_tick_late_without_a_sweeper(database: Database) -> None:
    house = make_house()
    async with database.transaction() as tx:
        since = START - timedelta(days=30)
        await spine.publish(tx, program.parse(PROGRAM), live_from=since, by="test", at=START)
    end = datetime(2026, 6, 1, tzinfo=UTC)
    opening = make("o", "opening", START, ask={"currency": CURRENCY, "points": 50, "expires_at": end.isoformat()})
    spend = make("s", "redeem", end, ask={"currency": CURRENCY, "points": 50})
    for at, code in ((START, None), (end, "points_not_enough")):
        fact = opening if at == START else spend
        (outcome,) = await database.run(lambda tx, fact=fact, at=at: spine.record_many(tx, house, [fact], at))
        assert (outcome.refusal.code if outcome.refusal else None) == code


class LyingClerk(Clerk):
    """A till whose clock is wrong: nothing may depend on it but what is refused for it."""

    def _fact(self, kind: str, card: str, **more: object) -> Activity:
        fact = Clerk._fact(self, kind, card, **more)
        off = self.die.choice((timedelta(), -LIE, timedelta(minutes=5), LIE))
        return replace(fact, occurred_at=self.at(off))

    def at(self, off: timedelta) -> datetime:
        """What this till believes the time to be."""
        return datetime.now(tz=UTC) + ahead[0] + off


def forget_looks(calls: Sequence[Call]) -> list[Call]:
    """Leave out what was seen: points that have ended count for nothing before their end is booked."""
    reads = {(call.client, call.number) for call in calls if call.facts == ()}
    kept = [call for call in calls if (call.client, call.number) not in reads]
    return [
        call
        if call.answers is None
        else replace(call, answers=tuple(replace(answer, available=None) for answer in call.answers))
        for call in kept
    ]


ahead = [timedelta()]
"""How far the shop's clock has been moved, which tills are told."""


@pytest.mark.parametrize("sweeps", [True, False])
async def test_the_clock_jumps_under_load(database: Database, tmp_path: Path, sweeps: bool) -> None:
    """Points end, holds run out, and nothing ends twice or comes back; ledger time is the database's alone."""
    house, die, ahead[0] = make_house(), Random(choose_seed()), timedelta()
    door = Kernel(database=database, house=house, members=await open_shop(database, house))
    journal, past = Journal(tmp_path / "journal"), Past()
    clerks = [
        LyingClerk(number=n, die=Random(die.random()), door=door, journal=journal, past=past) for n in range(CLERKS)
    ]
    for jump in JUMPS:
        working = asyncio.gather(*(clerk.work(6) for clerk in clerks))
        async with database.transaction() as tx:
            await clock.set_now(tx, await clock.now(tx) + jump)
        ahead[0] += jump
        if sweeps:
            await spine.bring_due(database, house)
        await working
    await spine.bring_due(database, house)
    journal.close()
    calls = forget_looks(read_journals([tmp_path / "journal"]))
    verdict = await judge_all(calls, database)
    assert not verdict.faults, verdict.show()
    async with database.snapshot() as read:
        kinds = {kind: points for _, kind, points, _ in await ledger.moved(read)}
        (left,) = await ledger.outstanding(read, at=await clock.now(read))
    assert kinds["expire"] < 0, "the clock did not jump over an end"
    assert left["ended"] == 0
    codes = {answer.code for call in calls for answer in call.answers or ()}
    assert "activity_in_future" in codes, "no till lied"

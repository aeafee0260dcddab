"""Ledger time: the database's, until a sandbox moves it ahead."""

from datetime import UTC, datetime, timedelta

import pytest

from regulars.base import clock
from regulars.base.db import ConstraintBroken, Database

pytestmark = pytest.mark.smoke


async def test_ledger_time_is_the_databases(database: Database) -> None:
    async with database.snapshot() as read:
        first, second = await clock.now(read), await clock.now(read)
        assert not await clock.is_sandbox(read)
    assert first < second
    assert first.tzinfo is UTC
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_sandbox_moves_forward_and_goes_on_from_there(database: Database) -> None:
    # Over a leap day and a change to summer time: a moment is a moment.
    at = datetime(2032, 4, 1, 12, tzinfo=UTC)
    async with database.transaction() as tx:
        await clock.set_now(tx, at)
    async with database.snapshot() as read:
        now = await clock.now(read)
        assert at <= now < at + timedelta(minutes=1)
        assert await clock.is_sandbox(read)
        assert await clock.now(read) > now


async def test_a_clock_is_never_moved_back(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(clock.ClockBackwards, match="only goes forward"):
            await clock.set_now(tx, datetime.now(UTC) - timedelta(minutes=5))
        ahead = datetime.now(UTC) + timedelta(days=400)
        await clock.set_now(tx, ahead)
        with pytest.raises(clock.ClockBackwards):
            await clock.set_now(tx, ahead - timedelta(days=1))
        assert await clock.now(tx) >= ahead


async def test_a_time_without_a_zone_is_no_time(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(AssertionError, match="zone"):
            await clock.set_now(tx, datetime(2032, 4, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("INSERT INTO base.clock (one) VALUES (TRUE)", "clock_pkey"),
        ("INSERT INTO base.clock (one) VALUES (FALSE)", "clock_has_one_row"),
    ],
)
async def test_the_database_keeps_one_clock(database: Database, sql: str, constraint: str) -> None:
    with pytest.raises(ConstraintBroken) as broken:
        async with database.transaction() as tx:
            await tx.run(sql)
    assert broken.value.constraint == constraint


async def test_a_sandbox_may_begin_in_the_past_and_only_once(database: Database) -> None:
    past = datetime(2017, 1, 1, tzinfo=UTC)
    async with database.transaction() as tx:
        await clock.begin_sandbox(tx, past)
        assert past <= await clock.now(tx) < past + timedelta(minutes=5)
        assert await clock.is_sandbox(tx)
        await clock.set_now(tx, past + timedelta(days=1))
        with pytest.raises(clock.ClockBackwards):
            await clock.begin_sandbox(tx, past)
        with pytest.raises(clock.ClockBackwards):
            await clock.set_now(tx, past)

"""A replay by several processes comes to what a replay by one comes to."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from regulars.base import ids
from regulars.base.apart import WorkBroken
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.migrations import migrate
from regulars.base.settings import Settings
from regulars.interfaces.cli.feed import Feed, RowInvalid
from regulars.interfaces.cli.journey import Journey
from regulars.interfaces.cli.lanes import replay_in_lanes
from regulars.interfaces.cli.recording import Tally, replay
from regulars.kernel import ledger, program, spine
from regulars.kernel.program import ProgramInvalid
from regulars.kernel.program.model import Problem
from tests.cli.calls import PROGRAM

LIVE_FROM = datetime(2016, 1, 1, tzinfo=UTC)
EVERY = 300


def load(every: int, lane: int, lanes: int) -> Journey:
    return Journey.load(every=every, part=(lane, lanes))


def refuse(lane: int, lanes: int) -> Feed:
    if lane == lanes - 1:
        raise ProgramInvalid([Problem(message="No further.", line=7)])
    return Journey.load(every=EVERY, part=(lane, lanes))


def break_down(lane: int, lanes: int) -> Feed:
    raise ZeroDivisionError(lane, lanes)


async def publish(database: Database) -> None:
    async with database.transaction() as tx:
        await spine.publish(tx, program.parse(PROGRAM), live_from=LIVE_FROM, by="test", at=LIVE_FROM)


@pytest.fixture
def settings(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("REGULARS_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("REGULARS_SECRET", bytes(range(32)).hex())
    return replace(Settings.read(), data_dir=tmp_path)


async def read_books(database: Database) -> tuple[object, object]:
    async with database.snapshot() as read:
        return [dict(row.items()) for row in await ledger.moved(read)], await ledger.totals(read)


@pytest.mark.slow
async def test_lanes_change_nothing_but_the_time(database: Database, settings: Settings) -> None:
    await publish(database)
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    alone = Tally()
    await replay(database, house, Journey.load(every=EVERY), alone, lambda *_: None, size=100)
    assert settings.database_url is not None
    other = await Database.open(settings.database_url)
    try:
        await migrate(other)
        await publish(other)
        reads: list[int] = []
        tally = Tally()
        taken = await replay_in_lanes(
            settings, partial(load, EVERY), tally, lambda read, _: reads.append(read), lanes=2, size=100
        )
        assert tally.recorded == alone.recorded == alone.total == reads[-1]
        assert reads == sorted(reads)
        assert len(taken) == 2
        assert all(10 < mb < 1_000 for mb in taken)
        # The programme lets points end in the middle of the year, so the order within a member matters.
        assert await read_books(database) == await read_books(other)
        again = Tally()
        await replay_in_lanes(settings, partial(load, EVERY), again, lambda *_: None, lanes=2)
        assert (again.recorded, again.repeated) == (0, alone.total)
    finally:
        await other.close()


@pytest.mark.slow
async def test_a_refusal_of_a_lane_is_told_as_it_was(settings: Settings) -> None:
    with pytest.raises(ProgramInvalid) as raised:
        await replay_in_lanes(settings, refuse, Tally(), lambda *_: None, lanes=2)
    assert raised.value.problems[0].line == 7
    assert "No further." in raised.value.detail


@pytest.mark.slow
async def test_a_bug_in_a_lane_is_no_refusal(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkBroken):
        await replay_in_lanes(settings, break_down, Tally(), lambda *_: None, lanes=1)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_refusal_crosses_processes_whole() -> None:
    import pickle

    before: Refusal = RowInvalid("No row.", line=3)
    after = pickle.loads(pickle.dumps(before))
    assert (type(after), after.detail, after.context, str(after)) == (RowInvalid, "No row.", {"line": 3}, "No row.")

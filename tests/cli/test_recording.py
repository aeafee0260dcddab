"""A feed is recorded batch by batch, and a second time changes nothing."""

from datetime import UTC, datetime

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.interfaces.cli.feed import Batch, RowInvalid
from regulars.interfaces.cli.journey import Journey
from regulars.interfaces.cli.recording import Tally, replay
from regulars.kernel import program, spine
from tests.cli.calls import PROGRAM

LIVE_FROM = datetime(2016, 1, 1, tzinfo=UTC)
EVERY = 100


async def open_house(database: Database) -> spine.House:
    async with database.transaction() as tx:
        await spine.publish(tx, program.parse(PROGRAM), live_from=LIVE_FROM, by="test", at=LIVE_FROM)
    keyring = Keyring.derive({1: bytes(range(32))}, current=1)
    return spine.House(keyring=keyring, versions=program.Versions(), new_id=ids.new_id)


async def record(database: Database, house: spine.House) -> Tally:
    tally = Tally()
    reads: list[int] = []
    journey = Journey.load(every=EVERY)
    await replay(database, house, journey, tally, lambda read, _: reads.append(read), size=100)
    assert reads == sorted(reads)
    assert reads[-1] == journey.total == tally.total
    return tally


async def test_a_second_replay_changes_nothing(database: Database) -> None:
    house = await open_house(database)
    once = await record(database, house)
    again = await record(database, house)
    assert once.recorded == once.total == again.repeated == again.total > 0
    assert again.recorded == 0


class Breaking:
    """A feed that refuses to be read on, as an unsorted file does."""

    total = 10
    unit = "rows"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def batches(self, size: int):  # noqa: ANN201 - a generator of batches
        first = next(iter(Journey.load(every=EVERY).batches(size)))
        yield Batch(facts=first.facts, lines=first.lines, read=5)
        raise self.error


async def test_what_was_read_before_a_refusal_is_recorded(database: Database) -> None:
    tally = Tally()
    refusal = RowInvalid("No further.")
    with pytest.raises(Refusal) as raised:
        await replay(database, await open_house(database), Breaking(refusal), tally, lambda *_: None)
    assert raised.value is refusal
    assert tally.recorded == tally.total > 0


async def test_a_bug_in_a_feed_is_no_refusal(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await replay(database, await open_house(database), Breaking(ZeroDivisionError()), Tally(), lambda *_: None)

"""A crowd is as good as recorded: its books are right, its members are known, and its nights end what by hand ends."""

from datetime import UTC, datetime

from bench.crowd import SAMPLE, Days, make_crowd
from bench.night import EXPIRY, REVIEW, sum_up, work_by_hand
from bench.stand import GROCER
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.migrations import find, migrate
from regulars.kernel import members, program, spine
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine.check import check

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COUNT = 2 * SAMPLE


async def fill(url: str) -> tuple[Database, spine.House]:
    """Have a crowd under the grocer's programme."""
    house = spine.House(keyring=Keyring.derive({1: b"1" * 32}, current=1), versions=program.Versions(), new_id=new_id)
    database = await Database.open(url)
    await migrate(database, find())
    async with database.transaction() as tx:
        document = program.parse(GROCER.read_text(encoding="utf-8"))
        await spine.publish(tx, document, live_from=datetime(2016, 1, 1, tzinfo=UTC), by="test", at=NOW)
    await make_crowd(database, house, url, COUNT, now=NOW)
    return database, house


async def test_the_books_of_a_crowd_are_right_and_everybody_in_it_is_known(database_url: str) -> None:
    database, house = await fill(database_url)
    async with database.snapshot() as read:
        assert (await check(read)).faults == ()
        assert await members.count(read) == COUNT + SAMPLE
        known = {await members.lookup(read, house.keyring, card(number)) for number in range(COUNT)}
    assert len(known) == COUNT
    await database.close()


async def test_a_night_ends_what_is_ended_by_hand(database_url: str, empty_database_url: str) -> None:
    database, house = await fill(database_url)
    by_hand, _ = await fill(empty_database_url)
    for text, at in ((REVIEW, Days.before(NOW).review), (EXPIRY, NOW)):
        await spine.bring_due(database, house, at=at)
        await work_by_hand(empty_database_url, text, at)
        sums = await sum_up(database_url)
        assert sums == await sum_up(empty_database_url)
    assert sums["ended lots"] > COUNT // 2
    assert sums["reviews"] == COUNT // SAMPLE + 1
    async with database.snapshot() as read:
        assert (await check(read)).faults == ()
    await database.close()
    await by_hand.close()


def card(number: int) -> Identifier:
    return Identifier(kind="card", value=str(number))

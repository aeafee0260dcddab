"""The server is killed at its worst moments. What was answered is there once; what was not is there once or never."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from regulars.base.db import Database
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.faults.shop import MANY, TILLS, open_site
from tests.invariants.history import CARDS, SOURCE, choose_seed

# Where it dies, and at the how manieth time.
PLACES: Final = [
    ("before_commit", 25),
    ("between_writes", 25),
    ("before_answer", 25),
]
DEATHS_OF_SOAK: Final = 30

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("place", "after"), PLACES)
async def test_killed_at_a_place(place: str, after: int, database: Database, database_url: str, tmp_path: Path) -> None:
    async with open_site(database, database_url, tmp_path, seed=choose_seed()) as shop:
        await shop.start(place=place, after=after)
        async with shop.busy():
            await shop.wait_for_death()
            seconds = await shop.start()
            await asyncio.sleep(0.5)
        assert shop.unanswered > 0
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        print(f"{place}: ready after {seconds:.1f} s, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201


async def test_killed_between_the_transactions_of_one_request(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Of a request of 400 the first 256 are recorded, and nobody is told. Sent again, each is there once."""
    async with open_site(database, database_url, tmp_path, seed=choose_seed()) as shop:
        await shop.start(place="before_answer", after=1)
        shop.open_tills()
        clerk = shop.clerks[0]
        clerk.insists = False
        facts = [buy(number) for number in range(MANY)]
        sent = asyncio.create_task(clerk.send(facts))
        await shop.wait_for_death()
        assert {answer.result for answer in await sent} == {"unknown"}
        await shop.start()
        again = await clerk.send(facts)
        assert [answer.result for answer in again].count("repeated") == 256
        assert [answer.result for answer in again].count("recorded") == MANY - 256
        assert [answer.receipt for answer in await clerk.send(facts)] == [answer.receipt for answer in again]
        await shop.judge()


def buy(number: int) -> Activity:
    return Activity(
        id=f"many-{number}",
        source=SOURCE,
        kind="purchase",
        occurred_at=datetime.now(tz=UTC) - timedelta(seconds=1),
        member=Identifier(kind="card", value=CARDS[number % len(CARDS)]),
        lines=(Line(sku="tea", amount_minor=500),),
    )


@pytest.mark.soak
async def test_killed_again_and_again(database: Database, database_url: str, tmp_path: Path) -> None:
    async with open_site(database, database_url, tmp_path, seed=choose_seed()) as shop:
        slowest = 0.0
        shop.open_tills()
        die = shop.clerks[0].die
        for number in range(DEATHS_OF_SOAK):
            place, _ = PLACES[number % len(PLACES)]
            await shop.start(place=place, after=die.randrange(5, 100))
            async with shop.busy():
                await shop.wait_for_death()
                slowest = max(slowest, await shop.start())
                await asyncio.sleep(die.random() * 2)
                assert shop.process is not None
                shop.process.send_signal(signal.SIGKILL)
                await shop.process.wait()
                slowest = max(slowest, await shop.start())
            await shop.close()
        await shop.start()
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        assert shop.unanswered > TILLS
        deaths = 2 * DEATHS_OF_SOAK
        print(f"{deaths} deaths, {doubtful} in doubt, ready within {slowest:.1f} s, {dict(verdict.counts)}")  # noqa: T201

"""A grocer's small year, recorded in the order of time."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.cli.journey import Journey
from regulars.interfaces.cli.recording import Tally, replay
from regulars.kernel import program, spine
from tests.conftest import make_database

PROGRAM = (Path(__file__).parents[2] / "programs" / "grocer.yaml").read_text()
BUDGET = 700
"""Few enough points that the summer's offer ends early also for one household in a hundred."""
YEAR = (datetime(2017, 1, 1, tzinfo=UTC), datetime(2018, 1, 2, tzinfo=UTC))


def edit(text: str = PROGRAM, **changed: str) -> program.Document:
    """The grocer's programme with some words exchanged."""
    for old, new in {"150000": str(BUDGET), **changed}.items():
        assert old in text
        text = text.replace(old, new)
    return program.parse(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grocer:
    """A database in which the year has happened."""

    database: Database
    settings: Settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grocer(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Grocer]:
    """The year happens once for all who simulate it: that changes nothing, which a test sees."""
    async for url in make_database(server_url, template):
        grocer = await live_through(url, tmp_path_factory.mktemp("grocer"))
        yield grocer
        await grocer.database.close()


async def live_through(url: str, folder: Path) -> Grocer:
    """Record the year, and do what is due at its end."""
    environment = {"REGULARS_DATABASE_URL": url, "REGULARS_SECRET": bytes(range(32)).hex()}
    settings = replace(Settings.read(environment), data_dir=folder)
    database = await Database.open(url)
    async with database.transaction() as tx:
        await spine.publish(tx, edit(), live_from=YEAR[0], by="test", at=YEAR[0])
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    tally = Tally()
    await replay(database, house, Journey.load(every=100), tally, lambda *_: None)
    assert tally.recorded == tally.total > 1_000
    await spine.bring_due(database, house, at=YEAR[1])
    return Grocer(database=database, settings=settings)

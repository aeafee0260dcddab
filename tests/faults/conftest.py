"""A database server of the test's own, that may be killed."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from regulars.base import embedded
from regulars.base.db import Database
from regulars.base.migrations import migrate
from tests.base.servers import make_folder, remove_folder


@pytest.fixture(scope="session")
def seed() -> Generator[Path]:
    """A migrated database that was stopped: copied, for making one takes seconds. Nothing about it is made faster."""
    folder = make_folder()
    server = embedded.start(folder)

    async def prepare() -> None:
        database = await Database.open(server.url)
        await migrate(database)
        await database.close()

    asyncio.run(prepare())
    embedded.release(server)
    yield folder
    remove_folder(folder)


@pytest.fixture
def place() -> Generator[Path]:
    """An empty folder for a server."""
    folder = make_folder()
    yield folder
    remove_folder(folder)


@pytest.fixture
async def away(place: Path) -> AsyncGenerator[Path]:
    """Where things are kept that must outlast the server's folder."""
    kept = place.with_name(f"{place.name}-kept")
    kept.mkdir()
    yield kept
    for each in kept.iterdir():
        each.unlink()
    kept.rmdir()

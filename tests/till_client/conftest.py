"""A till's folder, and a server for it to speak to."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from regulars.base.db import Database
from tests.till_client.engine import Engine, open_engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "till"


@pytest.fixture
async def engine(database: Database, database_url: str, tmp_path: Path) -> AsyncGenerator[Engine]:
    async with open_engine(database, database_url, tmp_path) as opened:
        yield opened

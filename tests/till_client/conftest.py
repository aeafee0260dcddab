"""A till's folder, and a server for it to speak to."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from regulars.base.db import Database
from tests.till_client.engine import Engine, open_engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "till"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is answered matters here, and not when: other programs run on this machine too."""
    for name in ("till.HARD_SECONDS", "till.SOFT_SECONDS", "server.SOFT_SECONDS"):
        monkeypatch.setattr(f"regulars_till.{name}", 60.0)
    # Nor is the Date of an answer, which a server on such a machine renews late.
    monkeypatch.setattr("regulars_till.clock.TRUSTED", timedelta(minutes=1))


@pytest.fixture
async def engine(database: Database, database_url: str, tmp_path: Path) -> AsyncGenerator[Engine]:
    async with open_engine(database, database_url, tmp_path) as opened:
        yield opened

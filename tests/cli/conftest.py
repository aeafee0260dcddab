"""A shop at the command line: a fresh database, with the small programme live for years."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.base.db import Database
from regulars.kernel import program, spine
from tests.cli.calls import PROGRAM, Shell, make_shell

LIVE_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> Shell:
    return make_shell(tmp_path, REGULARS_DATABASE_URL=database_url)


@pytest.fixture
async def shop(shell: Shell, database: Database) -> Shell:
    async with database.transaction() as tx:
        await spine.publish(tx, program.parse(PROGRAM), live_from=LIVE_FROM, by="test", at=datetime.now(UTC))
    return shell

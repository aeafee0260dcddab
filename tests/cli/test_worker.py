"""The worker: brings what is due, outlives its database, and ends when it is told to."""

import asyncio
import signal
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.cli.calls import Shell
from tests.cli.test_replay import ndjson, purchase
from tests.conftest import run

SECONDS_MAX = 120


async def read_until(running: "subprocess.Popen[str]", words: str) -> str:
    assert running.stderr is not None

    def read() -> str:
        assert running.stderr is not None
        said = list[str]()
        for line in running.stderr:
            said.append(line)
            if words in line:
                return line
        raise AssertionError(f"ended without {words!r}; it said: {''.join(said)}")

    return await asyncio.wait_for(asyncio.to_thread(read), SECONDS_MAX)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_brings_what_is_due_and_ends_when_told(shop: Shell, database_url: str, number: signal.Signals) -> None:
    # Points of January end after 100 days: long ago, but nobody has touched the member since.
    shop("replay", shop.write("facts.ndjson", ndjson([purchase(1)])))
    with shop.started("worker", "--every", "0.1") as running:
        assert await read_until(running, "Brought 1 that were due.")
        running.send_signal(number)
        assert await asyncio.to_thread(running.wait, SECONDS_MAX) == 0
    kinds = [entry["kind"] for entry in shop("statement", "card:7", "--json").value["entries"]]
    assert kinds == ["expire", "issue"]


async def test_it_outlives_its_database(shop: Shell, database_url: str, server_url: str) -> None:
    name = urlsplit(database_url).path.removeprefix("/")
    with shop.started("worker", "--every", "0.1") as running:
        assert await read_until(running, "Bringing what is due.")
        await run(server_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await run(server_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert await read_until(running, "Next attempt in")
        await run(server_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert await read_until(running, "The database is back.")
        running.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(running.wait, SECONDS_MAX) == 0


def test_a_database_that_is_not_there_is_refused_at_the_start(shell: Shell) -> None:
    done = shell("worker", REGULARS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.status == 1
    assert len(done.err.splitlines()) == 1

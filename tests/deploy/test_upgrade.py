"""An upgrade while tills sell: the release before goes on serving while the new one migrates and begins beside it."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from regulars.base.db import Database
from regulars.base.migrations import find_differing, migrate
from tests.cli.calls import PROGRAM
from tests.http.site import BARE
from tests.ports import find_port
from tests.privacy.test_books import prove_all

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 180
TILLS = 3
AGAIN = 503
RETRIES_MAX = 100
ADDED = ("log", "--diff-filter=A", "--format=%H", "-1", "--", "src/regulars/**/migrations/*.sql")
"""Finds what brought the newest migration: the release before it is the one that everybody has."""


def ask_git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False, timeout=SECONDS_MAX)
    return done.stdout if done.returncode == 0 else b""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the release before, in a folder of their own."""
    newest = ask_git(*ADDED).decode().strip()
    archive = ask_git("archive", f"{newest}~1", "src") if newest else b""
    if not archive:
        pytest.skip("this checkout has no history, so there is no release before")
    folder = tmp_path_factory.mktemp("before")
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True, timeout=SECONDS_MAX)
    return folder / "src"


@dataclass(slots=True, kw_only=True)
class Till:
    """Somebody who sells, and sends again what was not answered."""

    name: str
    sold: int = 0
    retried: int = 0
    failed: list[str] = field(default_factory=list[str])

    async def sell(self, client: httpx.AsyncClient, urls: list[str], stopping: asyncio.Event) -> None:
        """Sell until told to stop, at whichever server is next."""
        while not stopping.is_set():
            fact = {
                "id": f"{self.name}-{self.sold}",
                "source": "till",
                "kind": "purchase",
                "occurred_at": datetime.now(UTC).isoformat(),
                "member": {"identifier": {"kind": "card", "value": f"{self.name}{self.sold % 5}"}},
                "lines": [{"sku": "tea", "amount_minor": 1000}],
            }
            answer = await client.post(f"{urls[self.sold % len(urls)]}/v1/activities", json=fact)
            while answer.status_code == AGAIN and self.retried < RETRIES_MAX:
                self.retried += 1
                await asyncio.sleep(0.05)
                answer = await client.post(f"{urls[self.sold % len(urls)]}/v1/activities", json=fact)
            if answer.status_code not in {200, 201}:
                self.failed.append(answer.text)
            self.sold += 1
            await asyncio.sleep(0.005)


CALL = "from regulars.interfaces.cli.main import app; app()"


def call(env: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CALL, *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@asynccontextmanager
async def serving(env: Mapping[str, str], folder: Path) -> AsyncGenerator[str]:
    """Run a server of some release until the block ends; gives its address."""
    port = find_port()
    told: dict[str, Any] = {**os.environ, **env, "REGULARS_PORT": str(port)}
    with (folder / f"{port}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", CALL, "serve", env=told, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(verify=BARE) as client, asyncio.timeout(SECONDS_MAX):
            while True:
                try:
                    await client.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def test_tills_sell_on_while_the_new_release_migrates_and_begins(
    before: Path, empty_database_url: str, tmp_path: Path
) -> None:
    env = {"REGULARS_DATABASE_URL": empty_database_url, "REGULARS_DATA_DIR": str(tmp_path / "data")}
    old = {**env, "PYTHONPATH": str(before)}
    (tmp_path / "corner.yaml").write_text(PROGRAM, encoding="utf-8")
    call(old, "program", "publish", str(tmp_path / "corner.yaml"), "--from", "2020-01-01T00:00+00:00")
    key = call(old, "keys", "new", "till", "--scope", "activities:write").strip().splitlines()[-1]
    tills = [Till(name=f"t{number}") for number in range(TILLS)]
    stopping = asyncio.Event()
    async with (
        serving(old, tmp_path) as first,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS_MAX, verify=BARE) as client,
    ):
        urls = [first]
        selling = [asyncio.create_task(till.sell(client, urls, stopping)) for till in tills]
        database = await Database.open(empty_database_url)
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while not all(till.sold for till in tills):  # noqa: ASYNC110 - tills count, they do not ring
                    await asyncio.sleep(0.02)
            async with database.snapshot() as read:
                assert await find_differing(read), "there is something to migrate"
            began = time.perf_counter()
            done = await migrate(database)
            took = time.perf_counter() - began
            assert done
            counts = [till.sold for till in tills]
            # The old server, whose code knows nothing of what is new, and the new one beside it.
            async with serving(env, tmp_path) as second:
                urls.append(second)
                ready = [(await client.get(f"{url}/readyz")).status_code for url in urls]
                assert ready == [AGAIN, 200], "a proxy takes the old one out"
                await asyncio.sleep(0.5)
                stopping.set()
                await asyncio.gather(*selling)
            assert [till.failed for till in tills] == [[]] * TILLS
            assert sum(till.sold for till in tills) > sum(counts), "and went on selling after"
            async with database.snapshot() as read:
                sold = await read.value("SELECT count(*) FROM activity.journal WHERE kind = 'purchase'")
            assert sold == sum(till.sold for till in tills), "each once"
            assert took < SECONDS_MAX
            await prove_all(database)
        finally:
            stopping.set()
            await asyncio.gather(*selling, return_exceptions=True)
            await database.close()

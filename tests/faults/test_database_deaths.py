"""PostgreSQL is killed, hurt and stopped under load, with everything that makes it durable switched on."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import httpx
import pytest

from regulars.base import embedded
from regulars.base.db import Database
from tests.base.servers import postmaster
from tests.faults.shop import Shop, open_site
from tests.invariants.history import choose_seed

STOPPED_SECONDS: Final = 1.5
QUIET_SECONDS: Final = 1.0
STILL_SECONDS_MAX: Final = 10
"""Less than the time after which a request is given up."""
BUSY_SECONDS: Final = 0.7
DEATHS_OF_SOAK: Final = 40


@asynccontextmanager
async def open_own_site(seed: Path, place: Path) -> AsyncGenerator[tuple[Shop, embedded.Server]]:
    """A shop over a PostgreSQL of its own."""
    copy(seed, place)
    server = await asyncio.to_thread(embedded.start, place)
    database = await Database.open(server.url)
    folder = place / "site"
    folder.mkdir()
    try:
        async with open_site(database, server.url, folder, seed=choose_seed()) as shop:
            await shop.start()
            yield shop, server
    finally:
        await database.close()
        await asyncio.to_thread(embedded.release, server)


def copy(seed: Path, place: Path) -> None:
    """Copy a stopped server's folder."""
    subprocess.run(["cp", "-a", f"{seed}/.", place], check=True)
    place.chmod(0o711)


async def list_backends(url: str) -> list[int]:
    """List the processes that serve the shop, those at work first."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'regulars' AND pid <> pg_backend_pid()"
            " ORDER BY state = 'idle', pid"
        )
    finally:
        await connection.close()
    return [row["pid"] for row in rows]


async def kill_postmaster(place: Path) -> embedded.Server:
    """Kill the head of the server, as the kernel does when memory runs out, and start it again as a supervisor does."""
    os.kill(postmaster(place), signal.SIGKILL)
    return await asyncio.to_thread(embedded.start, place)


async def test_the_whole_server_is_killed(seed: Path, place: Path) -> None:
    async with open_own_site(seed, place) as (shop, _):
        async with shop.busy():
            await asyncio.sleep(BUSY_SECONDS)
            began = time.monotonic()
            again = await kill_postmaster(place)
            await shop.wait_until_ready()
            seconds = time.monotonic() - began
            await asyncio.sleep(BUSY_SECONDS)
        assert again.started_by_us
        assert shop.unanswered > 0
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        embedded.release(again)
        print(f"postmaster: ready after {seconds:.1f} s, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201


async def test_one_of_its_processes_is_killed(seed: Path, place: Path) -> None:
    """PostgreSQL then throws everybody out, recovers by itself, and the server finds it again."""
    async with open_own_site(seed, place) as (shop, server):
        pid = postmaster(place)
        async with shop.busy():
            await asyncio.sleep(BUSY_SECONDS)
            began = time.monotonic()
            os.kill((await list_backends(server.url))[0], signal.SIGKILL)
            async with asyncio.timeout(60):
                while not shop.unanswered:  # noqa: ASYNC110 - clerks count, they do not ring
                    await asyncio.sleep(0.01)
            await shop.wait_until_ready()
            seconds = time.monotonic() - began
            await asyncio.sleep(BUSY_SECONDS)
        assert postmaster(place) == pid
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        print(f"backend: ready after {seconds:.1f} s, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201


async def test_it_stands_still_for_a_moment(seed: Path, place: Path) -> None:
    """Nobody is told what is not so, the server itself answers meanwhile, and everything goes on afterwards."""
    async with open_own_site(seed, place) as (shop, _):
        head = postmaster(place)
        async with shop.busy():
            await asyncio.sleep(BUSY_SECONDS)
            stopped = [head, *read_children(head)]
            for pid in stopped:
                # One of its processes may have ended by itself meanwhile.
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            try:
                before = await wait_until_still(shop.folder / "journal")
                assert (await shop.client.get("/healthz", timeout=STILL_SECONDS_MAX)).status_code == httpx.codes.OK
                await asyncio.sleep(STOPPED_SECONDS)
                # It did stand still: nobody was answered, and so nobody could go on.
                assert measure(shop.folder / "journal") == before
            finally:
                for pid in reversed(stopped):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGCONT)
            await shop.wait_until_ready()
            await asyncio.sleep(BUSY_SECONDS)
        await shop.ask_again()
        verdict = await shop.judge()
        assert verdict.counts["unknown"] == 0


async def wait_until_still(journal: Path) -> int:
    """Wait until what was answered before is written down, and all wait; gives how much is written."""
    async with asyncio.timeout(STILL_SECONDS_MAX):
        while True:
            size = measure(journal)
            await asyncio.sleep(QUIET_SECONDS)
            if measure(journal) == size:
                return size


def measure(journal: Path) -> int:
    return journal.stat().st_size


def read_children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.soak
async def test_killed_again_and_again(seed: Path, place: Path) -> None:
    async with open_own_site(seed, place) as (shop, server):
        shop.open_tills()
        die, slowest, used = shop.clerks[0].die, 0.0, [server]
        async with shop.busy():
            for number in range(DEATHS_OF_SOAK):
                await asyncio.sleep(die.random() * 3)
                began = time.monotonic()
                if number % 2:
                    used.append(await kill_postmaster(place))
                else:
                    os.kill((await list_backends(server.url))[0], signal.SIGKILL)
                    await asyncio.sleep(0.2)
                await shop.wait_until_ready()
                slowest = max(slowest, time.monotonic() - began)
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        assert shop.unanswered > DEATHS_OF_SOAK
        for each in used[1:]:
            embedded.release(each)
        print(  # noqa: T201
            f"{DEATHS_OF_SOAK} deaths, {doubtful} in doubt, ready within {slowest:.1f} s, {dict(verdict.counts)}"
        )

"""The disk fills up under load and is freed again: nothing that was answered is lost, nobody has to repair anything."""

import asyncio
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from regulars.base import embedded
from regulars.base.db import Database
from tests.base.servers import needs_root
from tests.faults.shop import open_site
from tests.faults.test_database_deaths import copy
from tests.invariants.history import choose_seed, read_journals

SIZE: Final = "160m"
BUSY_SECONDS: Final = 0.7
FULL_SECONDS_MAX: Final = 180


@contextmanager
def small_disk(place: Path) -> Generator[Path]:
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("this root may not mount")
    try:
        yield disk
    finally:
        embedded.stop(disk)
        subprocess.run(["umount", disk], check=True)


def fill(path: Path) -> None:
    """Take all the space that is left; that it ran out is what `dd` fails of."""
    done = subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=4k"], check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr


@needs_root
async def test_the_disk_fills_up_and_is_freed(seed: Path, place: Path, away: Path) -> None:
    with small_disk(place) as disk:
        copy(seed, disk)
        server = await asyncio.to_thread(embedded.start, disk)
        database = await Database.open(server.url)
        async with open_site(database, server.url, away, seed=choose_seed()) as shop:
            await shop.start()
            async with shop.busy():
                await asyncio.sleep(BUSY_SECONDS)
                await asyncio.to_thread(fill, disk / "filler")
                codes = await wait_until_full(away)
                (disk / "filler").unlink()
                began = time.monotonic()
                again = await asyncio.to_thread(embedded.start, disk)
                await shop.wait_until_ready()
                seconds = time.monotonic() - began
                await asyncio.sleep(BUSY_SECONDS)
            doubtful = await shop.ask_again()
            verdict = await shop.judge()
            print(f"disk: {codes}, ready after {seconds:.1f} s, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201
        await database.close()
        embedded.release(server)
        embedded.release(again)


async def wait_until_full(away: Path) -> set[str]:
    """Wait until tills are told that it cannot be done; gives what they are told."""
    async with asyncio.timeout(FULL_SECONDS_MAX):
        while True:
            calls = await asyncio.to_thread(read_journals, [away / "journal"])
            codes = {answer.code for call in calls for answer in call.answers or () if answer.result == "undone"}
            if codes:
                return codes
            await asyncio.sleep(0.1)

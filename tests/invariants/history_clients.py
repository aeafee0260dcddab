"""A process full of clients: `python -m tests.invariants.history_clients '{"url": ..., ...}'`.

It connects, says `ready`, begins when it is told to by a line, and ends when its clerks have done what they were to do.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

import msgspec
import uvloop
from msgspec import Struct

from regulars.base.db import Database
from tests.faults import canaries
from tests.invariants.history import Clerk, Journal, Kernel, Past, make_house

ROOT: Final = Path(__file__).parents[2]


class Orders(Struct, frozen=True, kw_only=True):
    """What one process is to do."""

    url: str
    journal: str
    members: tuple[UUID, ...]
    seed: int
    first: int
    """Number of its first clerk."""
    clerks: int
    calls: int
    """Of each clerk."""


async def work(orders: Orders) -> None:
    """Let the clerks work."""
    database = await Database.open(orders.url, pool_max=orders.clerks)
    door, past = Kernel(database=database, house=make_house(), members=orders.members), Past()
    journal = Journal(Path(orders.journal))
    print("ready", flush=True)  # noqa: T201 - heard by who started us
    await asyncio.to_thread(sys.stdin.readline)
    async with asyncio.TaskGroup() as group:
        for number in range(orders.first, orders.first + orders.clerks):
            die = Random(f"{orders.seed}:{number}")  # noqa: S311 - drawn again from the same seed
            clerk = Clerk(number=number, die=die, door=door, journal=journal, past=past)
            group.create_task(clerk.work(orders.calls))
    journal.close()
    await database.close()


async def let_work(
    url: str, folder: Path, members: Sequence[UUID], *, seed: int, processes: int, clerks: int, calls: int
) -> list[Path]:
    """Let so many processes of so many clerks do so many calls each, all at once; gives their journals."""
    paths = [folder / f"journal-{number}" for number in range(processes)]
    running: list[asyncio.subprocess.Process] = []
    for number, path in enumerate(paths):
        orders = Orders(
            url=url,
            journal=str(path),
            members=tuple(members),
            seed=seed,
            first=number * clerks,
            clerks=clerks,
            calls=calls,
        )
        command = (sys.executable, "-m", __spec__.name, msgspec.json.encode(orders).decode())
        running.append(
            await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
    try:
        for each in running:
            assert each.stdout is not None
            assert await each.stdout.readline() == b"ready\n"
        await asyncio.gather(*(each.communicate(b"go\n") for each in running))
    finally:
        for each in running:
            if each.returncode is None:
                each.kill()
    assert [each.returncode for each in running] == [0] * processes
    return paths


if __name__ == "__main__":
    canaries.apply()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(msgspec.json.decode(sys.argv[1], type=Orders)))

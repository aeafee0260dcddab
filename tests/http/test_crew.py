"""Several processes at one address: they count together, one that dies is replaced, and none outlives the first."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.fellows import share
from tests.http.site import BARE, Purchase

PROCESS = """
import sys
from pathlib import Path
from regulars.base.settings import Settings
from regulars.interfaces.http import serve_together

if __name__ == "__main__":
    settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], port=0, metrics_open=True)
    serve_together(settings, workers=2, tell=lambda at: print(at, flush=True))
    print("ended", flush=True)
"""
SECONDS_MAX = 180
PAUSE_SECONDS = 0.02


@asynccontextmanager
async def start(folder: Path, url: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """Serve with two workers in processes of their own; gives the first process and the address."""
    program = folder / "program.py"
    program.write_text(PROCESS, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), str(folder), url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = await asyncio.wait_for(process.stdout.readline(), timeout=SECONDS_MAX)
        assert told, (await process.communicate())[1].decode()
        yield process, told.decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def list_workers(process: asyncio.subprocess.Process) -> set[int]:
    """The processes that answer for this one."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    return {int(each) for each in children if b"spawn_main" in read_command(each)}


def read_command(process: str) -> bytes:
    """Read how a process was called; one that is gone by now was not."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


async def ask(url: str, path: str) -> httpx.Response:
    """Ask over a connection of its own, so that any worker may answer."""
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS_MAX, verify=BARE) as client:
        return await client.get(path)


async def wait_until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Look at other processes until something is so."""
    async with asyncio.timeout(SECONDS_MAX):
        while not await is_so():  # noqa: ASYNC110 - no event tells what other processes do
            await asyncio.sleep(PAUSE_SECONDS)


def is_there(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # What nobody has waited for yet is dead all the same.
    return state != "Z"


async def is_ready(url: str) -> bool:
    return (await ask(url, "/readyz")).status_code == 200


async def is_replaced(process: asyncio.subprocess.Process, dead: int) -> bool:
    return len(list_workers(process) - {dead}) == 2


async def are_gone(processes: set[int]) -> bool:
    return not any(is_there(each) for each in processes)


async def count(url: str, name: str) -> float:
    lines = (await ask(url, "/metrics")).text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


async def has_open(url: str, number: int) -> bool:
    """Whether so many requests are being answered, this one among them."""
    return await count(url, "regulars_http_requests_open") == number


async def issue_key(database: Database) -> dict[str, str]:
    async with database.transaction() as tx:
        now = await clock.now(tx)
        issued = await access.issue_key(tx, id=new_id(), name="t", scopes=["activities:write"], at=now)
    return {"Authorization": f"Bearer {issued.token}"}


async def test_workers_count_together_are_replaced_and_end_together(
    database: Database, database_url: str, published: None, purchase: Purchase, tmp_path: Path
) -> None:
    headers = await issue_key(database)
    async with start(tmp_path, database_url) as (process, url):
        workers = list_workers(process)
        assert len(workers) == 2
        await wait_until(lambda: is_ready(url))

        sent = [purchase(f"r-{number}", card=f"{number}") for number in range(12)]
        async with httpx.AsyncClient(base_url=url, timeout=SECONDS_MAX, verify=BARE) as client:
            answers = await asyncio.gather(
                *(client.post("/v1/activities", json=each, headers=headers) for each in sent)
            )
        assert {each.status_code for each in answers} == {201}
        # Whoever answers tells what all have counted, and what the database holds only once.
        recorded = 'regulars_activities_total{code="",kind="purchase",outcome="recorded"}'
        assert [await count(url, recorded) for _ in range(6)] == [12] * 6
        assert await count(url, "regulars_database_up") == 1

        dead = min(workers)
        os.kill(dead, signal.SIGKILL)
        await wait_until(lambda: is_replaced(process, dead))
        await wait_until(lambda: is_ready(url))
        now = list_workers(process)
        assert max(workers) in now, "the other one went on"
        assert await count(url, recorded) == 12, "what the dead one counted still counts"
        # What it was about to answer does not; what another has just answered is taken off in a moment.
        await wait_until(lambda: has_open(url, 1))

        process.send_signal(signal.SIGTERM)
        output, log = await asyncio.wait_for(process.communicate(), timeout=SECONDS_MAX)
    assert (process.returncode, output) == (0, b"ended\n"), log.decode()
    assert not any(is_there(each) for each in now)
    assert b'"event":"a worker died"' in log


async def test_workers_do_not_outlive_the_first_process(database_url: str, published: None, tmp_path: Path) -> None:
    async with start(tmp_path, database_url) as (process, url):
        workers = list_workers(process)
        assert len(workers) == 2
        assert (await ask(url, "/healthz")).status_code == 200
        process.kill()
        await process.wait()
        await wait_until(lambda: are_gone(workers))


def test_what_is_bounded_for_all_is_divided(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, pool_max=20, key_rate=600)
    halves, quarters = share(settings, 2), share(settings, 4)
    assert (halves.pool_max, halves.key_rate) == (10, 300)
    # Fewer connections would leave nothing to read with, and a rate of none would let nobody in.
    assert (quarters.pool_max, quarters.key_rate) == (6, 150)
    assert share(Settings(data_dir=tmp_path, key_rate=3), 8).key_rate == 1

"""A server as a process: what it answered stays, it ends when told, and says why when it cannot begin."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from regulars.base import clock, embedded
from regulars.base.db import Database
from regulars.base.errors import PortInUse
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.app import app
from regulars.interfaces.http.serve import address_of, open_socket, serve
from regulars.kernel import spine
from tests.http.site import BARE, Purchase, run_site
from tests.limits.test_races import wait_until_waiting

PROCESS = """
import sys
from pathlib import Path
from regulars.base.settings import Settings
from regulars.interfaces.http import serve

url = sys.argv[2] or None
serve(Settings(data_dir=Path(sys.argv[1]), database_url=url, port=0), tell=lambda at: print(at, flush=True))
print("ended", flush=True)
"""


@asynccontextmanager
async def start(folder: Path, url: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """Serve in a process of its own and give it with its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, str(folder), url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = await asyncio.wait_for(process.stdout.readline(), timeout=180)
        assert told, (await process.communicate())[1].decode()
        yield process, told.decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def issue_key(database: Database) -> dict[str, str]:
    async with database.transaction() as tx:
        now = await clock.now(tx)
        issued = await access.issue_key(tx, id=new_id(), name="t", scopes=["activities:write"], at=now)
    return {"Authorization": f"Bearer {issued.token}"}


async def test_what_was_answered_is_committed(
    database: Database, database_url: str, house: spine.House, settings: Settings, published: None, purchase: Purchase
) -> None:
    """When the first byte of an answer leaves, another connection already sees the row."""
    seen: list[int] = []
    other = await Database.open(database_url)
    made = app(settings, database, house)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def look(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/v1/activities":
                async with other.snapshot() as read:
                    seen.append(await read.value("SELECT count(*) FROM activity.journal"))
            await send(message)

        await made(scope, receive, look)

    async for site in run_site(database, house, watched):
        for number in range(1, 4):
            answer = await site.client.post("/v1/activities", json=purchase(f"r-{number}"))
            assert answer.status_code == 201
    await other.close()
    assert seen == [1, 2, 3]


async def test_what_was_answered_outlives_the_server(
    database: Database, database_url: str, published: None, purchase: Purchase, tmp_path: Path
) -> None:
    headers = await issue_key(database)
    async with (
        start(tmp_path, database_url) as (process, url),
        httpx.AsyncClient(base_url=url, verify=BARE, timeout=60) as client,
    ):
        answer = await client.post("/v1/activities", json=purchase(), headers=headers)
        process.send_signal(signal.SIGKILL)
    assert answer.status_code == 201
    async with database.snapshot() as read:
        assert str(await read.value("SELECT id FROM activity.journal")) == answer.json()["activity"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_answers_what_was_asked(
    database: Database, database_url: str, published: None, purchase: Purchase, tmp_path: Path, number: signal.Signals
) -> None:
    headers = await issue_key(database)
    async with (
        start(tmp_path, database_url) as (process, url),
        httpx.AsyncClient(base_url=url, timeout=180, verify=BARE) as client,
    ):
        await client.get("/healthz")
        sent = {"activities": [purchase(f"r-{each}", card=str(each)) for each in range(1000)]}
        async with database.transaction() as tx:
            # What is asked cannot be answered before it was told to stop.
            await tx.run("LOCK TABLE activity.journal IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(client.post("/v1/activities", json=sent, headers=headers))
            await wait_until_waiting(tx, 1)
            process.send_signal(number)
        answer = await asked
        assert answer.status_code == 200
        assert {each["status"] for each in answer.json()["results"]} == {"recorded"}
        output, log = await asyncio.wait_for(process.communicate(), timeout=180)
    assert (process.returncode, output) == (0, b"ended\n"), log.decode()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"answered"} <= {line["event"] for line in lines}, "the log is JSON, every line of it"
    async with database.snapshot() as read:
        (key,) = await access.list_keys(read)
    assert key.last_used_at is not None


@pytest.mark.slow
async def test_the_embedded_database_ends_with_the_server(tmp_path: Path) -> None:
    async with start(tmp_path / "data", "") as (process, url):
        async with httpx.AsyncClient(base_url=url, verify=BARE, timeout=60) as client:
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["code"]) == (503, "not_ready"), "it has no programme yet"
            assert embedded.status(tmp_path / "data") is not None
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(process.communicate(), timeout=180)
    assert process.returncode == 0, log.decode()
    assert embedded.status(tmp_path / "data") is None


def test_a_port_that_is_taken_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match="set REGULARS_PORT") as refused:
            serve(Settings(data_dir=tmp_path / "data", port=port))
    assert str(port) in refused.value.detail
    assert not (tmp_path / "data").exists(), "nothing was begun"


@pytest.mark.parametrize(("host", "hint"), [("no.such.host.invalid", "REGULARS_HOST"), ("192.0.2.1", "REGULARS_HOST")])
def test_an_address_of_another_machine_is_refused(host: str, hint: str) -> None:
    with pytest.raises(PortInUse, match=hint):
        open_socket(host, 0)


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_an_address_is_told_as_a_url(host: str, url: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with open_socket(host, 0) as listening:
        assert address_of(listening).startswith(url)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True

"""A server in a process of its own, that can be killed, and what members have by it."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.features import access
from regulars.interfaces.http.app import list_scopes
from regulars.kernel import program, spine
from regulars_till import Basket, Line, Member, Till
from tests.faults.process import Orders, run_process
from tests.faults.shop import find_port

PROGRAM: Final = """
program: corner
name: {en: Corner shop, zh-CN: 街角小店}
time_zone: Asia/Shanghai
money: CNY
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, months: 12}
    value: {minor: 1, per_points: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
"""
READY_SECONDS_MAX: Final = 60
OK: Final = 200
CARD: Final = Member(kind="card", value="2469 0001")
BASKET: Final = Basket(lines=(Line(sku="tea", amount_minor=1_250, categories=("DRINKS",)),), member=CARD)
POINTS: Final = 12
"""What one such basket gives."""


async def publish(database: Database) -> str:
    """Make the programme live, and give an API key that may do everything."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(PROGRAM), live_from=now - timedelta(days=365), by="a test", at=now)
        issued = await access.issue_key(tx, id=new_id(), name="tills", scopes=list_scopes(), at=now)
    return issued.token


@dataclass(slots=True, kw_only=True)
class Engine:
    """The server, as far as it runs."""

    url: str
    folder: Path
    port: int
    key: str
    process: asyncio.subprocess.Process | None = None

    def open_till(self, folder: Path, *, port: int | None = None, **more: Any) -> Till:
        """Open a till that asks the server, or whoever listens on that port."""
        url = f"http://127.0.0.1:{port or self.port}"
        return Till(url, self.key, **{"till": "t17", "store": "367", "folder": folder, **more})

    async def start(self, *, place: str = "", after: int = 1) -> None:
        """Start the server, to die at a place."""
        orders = Orders(what="serve", url=self.url, folder=str(self.folder), port=self.port, place=place, after=after)
        self.process = await run_process(orders)
        until = time.monotonic() + READY_SECONDS_MAX
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            while time.monotonic() < until:
                assert self.process.returncode is None, (self.folder / "log").read_text()[-2_000:]
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == OK:
                        return
                await asyncio.sleep(0.02)
        raise AssertionError("the server did not become ready")

    async def kill(self) -> None:
        """Kill it, wherever it is."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def wait_for_death(self) -> None:
        """Wait until it has killed itself at its place."""
        assert self.process is not None
        assert await asyncio.wait_for(self.process.wait(), READY_SECONDS_MAX) == -signal.SIGKILL
        told = self.folder / "died"
        assert told.exists(), "it died of something else"
        told.unlink()

    async def count_points(self, member: Member = CARD) -> int:
        """Read what the member has."""
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers) as client:
            return await count_points(client, member)


async def count_points(client: httpx.AsyncClient, member: Member = CARD) -> int:
    """Read what a member has; 0 for nobody."""
    sought = {"identifier": {"kind": member.kind, "value": member.value}}
    found = await client.post("/v1/members/lookup", json=sought)
    if found.status_code != OK:
        return 0
    shown = (await client.get(f"/v1/members/{found.json()['member']}")).json()
    return sum(balance["shown"] for balance in shown["balances"])


@asynccontextmanager
async def open_engine(database: Database, url: str, folder: Path) -> AsyncGenerator[Engine]:
    """Have a programme and a key; the server is started by the test."""
    place = folder / "engine"
    place.mkdir()
    engine = Engine(url=url, folder=place, port=find_port(), key=await publish(database))
    try:
        yield engine
    finally:
        if engine.process is not None and engine.process.returncode is None:
            engine.process.terminate()
            await engine.process.wait()

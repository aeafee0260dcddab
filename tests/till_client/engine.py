"""A server that comes and goes, or is killed in a process of its own; and what members have by it."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.app import app, list_scopes
from regulars.interfaces.http.serve import Server, configure, open_socket
from regulars.kernel import program, spine
from regulars_till import Basket, Line, Member, Till
from regulars_till.clock import read_wall
from tests.faults.process import Orders, run_process
from tests.http.site import BARE
from tests.invariants.history import make_house
from tests.ports import find_port

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
  - id: ten
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: ten
      title: {en: Ten off, zh-CN: 立减十元}
      effect: {type: amount, minor: 1000}
  - id: week
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: week
      title: {en: Tea week, zh-CN: 茶周}
      effect: {type: percent, permille: 100}
      lines: {skus: [tea]}
      everybody: true
  - id: paying
    mechanic: pay
    on: [purchase]
    settings: {currency: points, points: 10, minor: 10, step: 10, minimum: 20, share_permille: 500}
"""
READY_SECONDS_MAX: Final = 120
"""On a machine that others use too."""
OK: Final = 200
CARD: Final = Member(kind="card", value="2469 0001")
BASKET: Final = Basket(lines=(Line(sku="tea", amount_minor=1_250, categories=("DRINKS",)),), member=CARD)
POINTS: Final = 12
"""What one such basket gives."""


async def publish(database: Database) -> str:
    """Make the programme live, and give an API key that may do everything."""
    await change(database, PROGRAM, since=timedelta(days=365))
    async with database.transaction() as tx:
        now = await clock.now(tx)
        issued = await access.issue_key(tx, id=new_id(), name="tills", scopes=list_scopes(), at=now)
    return issued.token


async def change(database: Database, text: str, *, since: timedelta = timedelta()) -> None:
    """Publish a version of the programme."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(text), live_from=now - since, by="a test", at=now)


@dataclass(slots=True, kw_only=True)
class Engine:
    """The server, as far as it runs."""

    url: str
    folder: Path
    port: int
    key: str
    database: Database
    process: asyncio.subprocess.Process | None = None
    server: Server | None = None
    serving: asyncio.Task[None] | None = None

    def open_till(
        self, folder: Path, *, name: str = "t17", port: int | None = None, wall: Callable[[], datetime] = read_wall
    ) -> Till:
        """Open a till that asks the server, or whoever listens on that port."""
        url = f"http://127.0.0.1:{port or self.port}"
        return Till(url, self.key, till=name, store="367", folder=folder, wall=wall)

    async def issue(self, *scopes: str) -> str:
        """Issue another key."""
        async with self.database.transaction() as tx:
            now = await clock.now(tx)
            issued = await access.issue_key(tx, id=new_id(), name="a test", scopes=scopes, at=now)
        return issued.token

    async def start(self) -> None:
        """Start the server, in the loop of the test: that takes no time."""
        # With the keys of the process, so that cards are found again.
        self.server = Server(configure(app(Settings(data_dir=self.folder), self.database, make_house())))
        self.serving = asyncio.create_task(self._serve(self.server))
        while not self.server.started:
            assert not self.serving.done(), self.serving
            await asyncio.sleep(0.005)

    async def _serve(self, server: Server) -> None:
        with open_socket("127.0.0.1", self.port) as listening:
            await server.serve(sockets=[listening])

    async def stop(self) -> None:
        """Stop it; whoever asks now finds nobody."""
        if self.server is not None and self.serving is not None:
            self.server.stop()
            await self.serving
            self.server = self.serving = None

    async def start_process(self, *, place: str = "", after: int = 1) -> None:
        """Start the server in a process of its own, to die at a place."""
        orders = Orders(what="serve", url=self.url, folder=str(self.folder), port=self.port, place=place, after=after)
        self.process = await run_process(orders)
        until = time.monotonic() + READY_SECONDS_MAX
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", verify=BARE, timeout=60) as client:
            while time.monotonic() < until:
                assert self.process.returncode is None, (self.folder / "log").read_text()[-2_000:]
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == OK:
                        return
                await asyncio.sleep(0.02)
        raise AssertionError("the server did not become ready")

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
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", headers=headers, verify=BARE, timeout=60
        ) as client:
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
    engine = Engine(url=url, folder=place, port=find_port(), key=await publish(database), database=database)
    try:
        yield engine
    finally:
        await engine.stop()
        if engine.process is not None and engine.process.returncode is None:
            engine.process.kill()
            await engine.process.wait()

"""The drill itself: five tills, a server that is killed, tills that are killed, and uploads in any order."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx

from drill.baskets import read_baskets
from drill.judge import Report, judge, read_sent
from drill.till import JOURNAL, ORDERS, PHASE, read_journal
from regulars.base import clock
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.migrations import migrate
from regulars.features import access
from regulars.interfaces.http.app import list_scopes
from regulars.kernel import program, spine

__all__ = ["LONG", "SHORT", "Plan", "run"]

ROOT: Final = Path(__file__).parents[1]
PROGRAM: Final = """
program: drill
name: {en: Drill, zh-CN: 演练}
time_zone: Asia/Shanghai
money: USD
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
    settings: {currency: points, points: 1, per_minor: 1}
  - id: paying
    mechanic: pay
    on: [purchase]
    settings: {currency: points, points: 1, minor: 1}
"""
TILLS: Final = 5
OPENING_POINTS: Final = 100_000
VOUCHER_POINTS: Final = 500
PAID_POINTS: Final = 100
"""Points that a customer wishes to pay with."""
OK: Final = 200
UNAVAILABLE: Final = 503
ATTEMPTS_MAX: Final = 100
READY_SECONDS_MAX: Final = 120
ENDING_SECONDS_MAX: Final = 300
LOOK_SECONDS: Final = 0.05
TOGETHER: Final = 40
HOUSEHOLDS: Final = 20
PORTS: Final = (20_000, 30_000)

Say = Callable[[str], None]
Crash = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the drill is."""

    baskets: int
    vouchers: int
    doubled: int
    """Vouchers that are shown twice, at two tills."""
    returned: int
    """Baskets that are taken back at the till that sold them, all of them."""
    paying: int
    """Baskets that are paid with points, as far as they reach, while the server is there."""
    outage_seconds: float
    """The server is away so long at least, and until all is sold that is to be sold without it."""
    pace_seconds: float
    """Between two customers of a till."""
    hurry: bool
    """Probe the server ten times as often as a till does."""


SHORT: Final = Plan(
    baskets=120,
    vouchers=12,
    doubled=2,
    returned=10,
    paying=10,
    outage_seconds=1.5,
    pace_seconds=0.03,
    hurry=True,
)
LONG: Final = Plan(
    baskets=2_000,
    vouchers=200,
    doubled=20,
    returned=100,
    paying=100,
    outage_seconds=120,
    pace_seconds=0.35,
    hurry=False,
)


@dataclass(slots=True, kw_only=True)
class Town:
    """The server and the tills, as far as they run."""

    url: str
    folder: Path
    port: int
    plan: Plan
    die: Random
    key: str = ""
    server: asyncio.subprocess.Process | None = None
    tills: dict[Path, asyncio.subprocess.Process] = field(default_factory=dict[Path, asyncio.subprocess.Process])

    @property
    def base_url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start_server(self) -> None:
        """Start `regulars serve`, and wait until it is ready."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")},
            "REGULARS_DATABASE_URL": self.url,
            "REGULARS_DATA_DIR": str(self.folder / "data"),
            "REGULARS_PORT": str(self.port),
        }
        self.server = await _start(
            Path(sys.executable).with_name("regulars"), "serve", log=self.folder, env=environment
        )
        await self.wait_until_ready()

    async def wait_until_ready(self) -> None:
        """Wait until the server has all that it needs."""
        assert self.server is not None
        until = time.monotonic() + READY_SECONDS_MAX
        async with self.call() as client:
            while time.monotonic() < until:
                assert self.server.returncode is None, (self.folder / "log").read_text()[-2_000:]
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == OK:
                        return
                await asyncio.sleep(LOOK_SECONDS)
        raise AssertionError("the server did not become ready")

    @asynccontextmanager
    async def call(self) -> AsyncGenerator[httpx.AsyncClient]:
        """Speak to the server."""
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=90) as client:
            yield client

    async def start_till(self, folder: Path) -> None:
        """Start a till, or start it again."""
        paths = os.pathsep.join([str(ROOT), str(ROOT / "clients" / "till" / "src")])
        environment = {**os.environ, "PYTHONPATH": paths}
        self.tills[folder] = await _start(
            Path(sys.executable), "-m", "drill.till", str(folder), log=folder, env=environment
        )

    async def kill_till(self, folder: Path, *, after: int) -> None:
        """Kill a till once it has done so many tasks, and start it again."""
        while _count_ended(folder) < after:
            assert self.tills[folder].returncode is None, (folder / "log").read_text()[-2_000:]
            await asyncio.sleep(LOOK_SECONDS)
        await _kill(self.tills[folder])
        await self.start_till(folder)

    async def wait_for(self, folders: Sequence[Path], counts: Sequence[int]) -> None:
        """Wait until each till has done so many tasks."""
        while any(_count_ended(folder) < count for folder, count in zip(folders, counts, strict=True)):
            for folder in folders:
                code = self.tills[folder].returncode
                assert code in {None, 0, -signal.SIGKILL}, (folder / "log").read_text()[-2_000:]
            await asyncio.sleep(LOOK_SECONDS)

    async def send(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Upload, as somebody would who has no idea what was uploaded before."""
        async with self.call() as client:
            for start in range(0, len(bodies), TOGETHER):
                part = {"activities": bodies[start : start + TOGETHER]}
                answered = await client.post("/v1/activities", json=part)
                for _ in range(ATTEMPTS_MAX):
                    if answered.status_code != UNAVAILABLE:
                        break
                    await asyncio.sleep(LOOK_SECONDS)
                    answered = await client.post("/v1/activities", json=part)
                answered.raise_for_status()

    async def close(self) -> None:
        """End what still runs."""
        for process in (*self.tills.values(), *([] if self.server is None else [self.server])):
            if process.returncode is None:
                await _kill(process)


async def run(url: str, folder: Path, plan: Plan, *, seed: int, tell: Say, crash: Crash | None = None) -> Report:
    """Hold the drill on a database of its own; `folder` is for the tills. The report says what did not hold.

    `crash` kills PostgreSQL, which somebody else must bring back; without it that is left out.
    """
    began, report, die = time.monotonic(), Report(), Random(seed)  # noqa: S311 - drawn again from the same seed
    town = Town(url=url, folder=folder, port=_find_port(die), plan=plan, die=die)
    database = await Database.open(url)
    try:
        town.key = await _prepare(database)
        await town.start_server()
        vouchers = await _issue(town)
        tell(f"{len(vouchers)} vouchers issued, {plan.baskets} baskets to sell, seed {seed}")
        doubled = frozenset(die.sample(sorted(vouchers), plan.doubled))
        folders = _give_orders(town, {name: token for name, (_, token) in vouchers.items()}, doubled)
        outage_seconds = await _hold(town, folders, tell, crash)
        tell("all is sold and sent; everything is sent twice more, in any order")
        bodies = [record["activity"] for each in folders for record in read_sent(each).values()]
        for _ in range(2):
            die.shuffle(bodies)
            await town.send(bodies)
        report.facts = {"server away": f"{outage_seconds:.1f} s", "tills killed": TILLS, "sent again": 2 * len(bodies)}
        members = {name: member for name, (member, _) in vouchers.items()}
        await judge(database, url, folders, sales=plan.baskets, vouchers=members, doubled=doubled, report=report)
        report.facts["seconds"] = round(time.monotonic() - began)
    finally:
        await town.close()
        await database.close()
    return report


async def _hold(town: Town, folders: Sequence[Path], tell: Say, crash: Crash | None) -> float:
    """Let the tills sell, and kill what can be killed meanwhile; gives how long the server was away."""
    phases = [[task["phase"] for task in json.loads((folder / ORDERS).read_bytes())["tasks"]] for folder in folders]
    before, until_back = ([sum(each <= last for each in tasks) for tasks in phases] for last in (0, 1))
    (town.folder / PHASE).write_text("")
    for folder in folders:
        await town.start_till(folder)
    # Killed while they sell: the first half is sold with it.
    await town.wait_for(folders, [count // 2 for count in before])
    assert town.server is not None
    away_since = time.monotonic()
    await _kill(town.server)
    (town.folder / PHASE).write_text("x")
    tell("the server is killed")
    middle = [(first + last) // 2 for first, last in zip(before, until_back, strict=True)]
    await asyncio.gather(*(town.kill_till(folders[place], after=middle[place]) for place in range(2)))
    tell("two tills were killed and go on")
    await town.wait_for(folders, until_back)
    await asyncio.sleep(max(0.0, town.plan.outage_seconds - (time.monotonic() - away_since)))
    await town.start_server()
    away_seconds = time.monotonic() - away_since
    (town.folder / PHASE).write_text("xx")
    tell("the server is back")
    if crash is not None:
        await town.wait_for(folders, [count + 1 for count in until_back])
        crash()
        tell("PostgreSQL is killed while the tills sell and send")
        await town.wait_until_ready()
        tell("PostgreSQL is back")
    bodies = [record["activity"] for folder in folders for record in read_sent(folder).values()]
    town.die.shuffle(bodies)
    await asyncio.gather(
        # Some are sent by the service desk too, in any order, while the tills send theirs.
        town.send(bodies[: len(bodies) // 2]),
        *(town.kill_till(folders[place], after=until_back[place] + 1) for place in range(2, TILLS)),
    )
    async with asyncio.timeout(ENDING_SECONDS_MAX):
        codes = [await town.tills[folder].wait() for folder in folders]
    assert not any(codes), [(folder / "log").read_text()[-2_000:] for folder in folders]
    return away_seconds


def _give_orders(town: Town, tokens: Mapping[UUID, str], doubled: frozenset[UUID]) -> list[Path]:
    """Deal baskets and vouchers out to the tills: a third is sold before the server goes, and a third without it."""
    tasks: list[list[dict[str, Any]]] = [[] for _ in range(TILLS)]
    baskets = read_baskets(town.plan.baskets, town.die)
    for number, basket in enumerate(baskets):
        tasks[number % TILLS].append({**basket, "phase": number * 3 // len(baskets)})
    shown = [(name, place) for name in sorted(tokens) for place in town.die.sample(range(TILLS), 1 + (name in doubled))]
    for name, place in shown:
        # Shown while nobody can be asked.
        first = next(number for number, task in enumerate(tasks[place]) if task["phase"])
        last = sum(task["phase"] <= 1 for task in tasks[place])
        task = {"phase": 1, "voucher": str(name), "token": tokens[name]}
        tasks[place].insert(town.die.randint(first, last), task)
    _let_pay(town, tasks)
    _let_return(town, tasks)
    folders = [town.folder / f"t{number}" for number in range(1, TILLS + 1)]
    for folder, each in zip(folders, tasks, strict=True):
        folder.mkdir()
        orders = {
            "url": town.base_url,
            "key": town.key,
            "till": folder.name,
            "tasks": each,
            "pace_seconds": town.plan.pace_seconds,
            "hurry": town.plan.hurry,
        }
        (folder / ORDERS).write_text(json.dumps(orders))
    return folders


def _let_pay(town: Town, tasks: Sequence[list[dict[str, Any]]]) -> None:
    """Let some of the first customers pay with points: who pays so while the server dies is for people to look at."""
    early = [task for each in tasks for task in each[: sum(it["phase"] == 0 for it in each) // 2] if task.get("card")]
    for task in town.die.sample(early, min(town.plan.paying, len(early))):
        task.update(quoted=True, pay={"points": PAID_POINTS}, card=f"V{town.die.randrange(HOUSEHOLDS)}")


def _let_return(town: Town, tasks: Sequence[list[dict[str, Any]]]) -> None:
    """Take some baskets back, at any later time: with the server, without it, before the sale itself was sent."""
    for number in range(town.plan.returned):
        each = tasks[number % TILLS]
        known = {task["back"] for task in each if "back" in task}
        sold = [
            place for place, task in enumerate(each) if "lines" in task and "pay" not in task and place not in known
        ]
        place = town.die.choice(sold)
        # At the end of its till's day: what stands before it keeps its number.
        each.append({"phase": 2, "back": place})


async def _prepare(database: Database) -> str:
    """Make the tables and the programme, and give an API key."""
    await migrate(database)
    async with database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(PROGRAM), live_from=now - timedelta(days=365), by="drill", at=now)
        issued = await access.issue_key(tx, id=new_id(), name="drill", scopes=list_scopes(), at=now)
    return issued.token


async def _issue(town: Town) -> dict[UUID, tuple[UUID, str]]:
    """Give members points, and vouchers for them: by the voucher's name, its member and its token."""
    now = datetime.now(tz=UTC).isoformat()
    issued: dict[UUID, tuple[UUID, str]] = {}
    async with town.call() as client:
        members: list[str] = []
        for number in range(HOUSEHOLDS):
            opening = {
                "id": f"opening-{number}",
                "source": "desk",
                "kind": "purchase",
                "occurred_at": now,
                "member": {"identifier": {"kind": "card", "value": f"V{number}"}},
                "lines": [{"sku": "opening", "amount_minor": OPENING_POINTS}],
            }
            members.append((await client.post("/v1/activities", json=opening)).raise_for_status().json()["member"])
        asked = {"source": "app", "occurred_at": now, "currency": "points", "points": VOUCHER_POINTS}
        for number in range(town.plan.vouchers):
            member = members[number % len(members)]
            path, named = f"/v1/members/{member}/vouchers", {"Idempotency-Key": f"v-{number}"}
            told = (await client.post(path, json=asked, headers=named)).raise_for_status().json()
            issued[UUID(told["voucher"])] = (UUID(member), told["token"])
    return issued


async def _start(program_: Path, *given: str, log: Path, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    with (log / "log").open("ab") as opened:
        return await asyncio.create_subprocess_exec(program_, *given, cwd=ROOT, env=env, stdout=opened, stderr=opened)


async def _kill(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


def _count_ended(folder: Path) -> int:
    return sum(each["event"] == "end" for each in read_journal(folder)) if (folder / JOURNAL).exists() else 0


def _find_port(die: Random) -> int:
    """Find a port that nobody listens on, to be used again after the death: not one that the system gives away."""
    while True:
        port = die.randrange(*PORTS)
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)):
                return port

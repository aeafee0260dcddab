"""A shop under load whose parts die: the server as a process, tills that keep journals, and what must hold."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
from msgspec import Raw

from regulars.base import clock, ids
from regulars.base.db import Database
from regulars.features import access
from regulars.interfaces.http.app import list_scopes
from regulars.kernel.nouns import Activity
from tests.faults.process import Orders, run_process
from tests.http.site import BARE
from tests.invariants.history import (
    Answer,
    Clerk,
    Journal,
    Past,
    Result,
    Standing,
    make_house,
    open_shop,
    read_journals,
)
from tests.invariants.history_judge import KNOWN, Verdict, judge_all
from tests.ports import find_port

TILLS: Final = 8
OK, CREATED, BROKEN, UNAVAILABLE = 200, 201, 500, 503
READY_SECONDS_MAX: Final = 180
"""On a machine that others use too. What was measured stands in docs/reliability.md."""
ASKED_AGAIN: Final = 2
MANY: Final = 400
"""Activities in one request that is recorded in two transactions."""


@dataclass(slots=True, kw_only=True)
class Till:
    """The way in over HTTP. Whatever is not a clear answer is none."""

    client: httpx.AsyncClient
    members: Sequence[UUID]
    gives: bool = False

    async def send(self, facts: Sequence[Activity]) -> list[Answer]:
        """Send one as one, several as several."""
        bodies = [_body_of(fact) for fact in facts]
        try:
            if len(bodies) == 1:
                answered = await self.client.post("/v1/activities", json=bodies[0])
                return [_answer_of(answered.status_code, Raw(answered.content))]
            answered = await self.client.post("/v1/activities", json={"activities": bodies})
        except httpx.TransportError as error:
            return [Answer(result="unknown", code=type(error).__name__)] * len(facts)
        if answered.status_code != OK:
            told = _answer_of(answered.status_code, Raw(answered.content))
            # Of several, some may have been recorded before the trouble.
            result: Result = "unknown" if told.result == "undone" else told.result
            return [Answer(result=result, code=told.code)] * len(facts)
        return [_read_result(result) for result in msgspec.json.decode(answered.content, type=Results).results]

    async def read(self, die: Random) -> tuple[dict[str, Standing], int]:
        """Read one member; nothing when nobody answers."""
        member = str(die.choice(self.members))
        with suppress(httpx.TransportError):
            answered = await self.client.get(f"/v1/members/{member}")
            if answered.status_code == OK:
                (balance,) = answered.json()["balances"]
                return {member: msgspec.convert(balance, Standing)}, 0
        return {}, 0


class ResultView(msgspec.Struct, frozen=True):
    """One of several."""

    status: Result
    receipt: Raw = Raw(b"null")
    problem: Raw = Raw(b"null")


class Results(msgspec.Struct, frozen=True):
    """The answer to several."""

    results: list[ResultView]


def _body_of(fact: Activity) -> dict[str, Any]:
    body = msgspec.to_builtins(fact)
    return {**body, "member": {"identifier": body["member"]}}


def _read_result(result: ResultView) -> Answer:
    if result.status == "refused":
        return _answer_of(msgspec.json.decode(result.problem)["status"], result.problem)
    return Answer(result=result.status, receipt=result.receipt)


def _answer_of(status: int, content: Raw) -> Answer:
    if status in {OK, CREATED}:
        return Answer(result="recorded" if status == CREATED else "repeated", receipt=content)
    problem = msgspec.json.decode(content)
    code = str(problem["code"])
    if status == UNAVAILABLE:
        return Answer(result="unknown" if code == "commit_unknown" else "undone", code=code)
    if status >= BROKEN:
        return Answer(result="broken", code=code)
    return Answer(result="refused", code=code, available=problem.get("context", {}).get("available"))


@dataclass(slots=True, kw_only=True)
class Shop:
    """The server and its tills."""

    database: Database
    """A connection of the test's own, past whatever is broken on purpose."""
    url: str
    """Of the database, as the server reaches it."""
    folder: Path
    members: Sequence[UUID]
    client: httpx.AsyncClient
    journal: Journal
    seed: int
    port: int
    process: asyncio.subprocess.Process | None = None
    clerks: list[Clerk] = field(default_factory=list[Clerk])

    async def start(self, *, place: str = "", after: int = 1) -> float:
        """Start the server, to die at a place; gives the seconds until it was ready."""
        began = time.monotonic()
        orders = Orders(what="serve", url=self.url, folder=str(self.folder), port=self.port, place=place, after=after)
        self.process = await run_process(orders)
        await self.wait_until_ready()
        return time.monotonic() - began

    async def wait_until_ready(self) -> float:
        """Wait until activities can be recorded; gives the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() < began + READY_SECONDS_MAX:
            if self.process is not None and self.process.returncode is not None:
                raise AssertionError("the server ended: " + (self.folder / "log").read_text()[-2_000:])
            with suppress(httpx.TransportError):
                if (await self.client.get("/readyz", timeout=20)).status_code == OK:
                    return time.monotonic() - began
            await asyncio.sleep(0.02)
        raise AssertionError("the server did not become ready")

    async def wait_for_death(self) -> None:
        """Wait until the server has killed itself, and see that it was at the place that was meant."""
        assert self.process is not None
        assert await asyncio.wait_for(self.process.wait(), READY_SECONDS_MAX) == -signal.SIGKILL
        told = self.folder / "died"
        assert told.exists(), "it died of something else"
        told.unlink()

    def open_tills(self) -> None:
        """Put clerks at the tills."""
        till, past = Till(client=self.client, members=self.members), Past()
        for number in range(len(self.clerks), len(self.clerks) + TILLS):
            die = Random(f"{self.seed}:{number}")  # noqa: S311 - drawn again from the same seed
            self.clerks.append(Clerk(number=number, die=die, door=till, journal=self.journal, past=past))

    @asynccontextmanager
    async def busy(self) -> AsyncGenerator[None]:
        """Let all clerks work for the length of the block, and finish what they have in hand."""
        closing = asyncio.Event()

        async def work(clerk: Clerk) -> None:
            while not closing.is_set():
                await clerk.act()

        if not self.clerks:
            self.open_tills()
        tasks = [asyncio.create_task(work(clerk)) for clerk in self.clerks]
        try:
            yield
        finally:
            closing.set()
            await asyncio.gather(*tasks)

    async def serve_some(self, calls: int = 4) -> None:
        """Let all clerks do so many things."""
        if not self.clerks:
            self.open_tills()
        await asyncio.gather(*(clerk.work(calls) for clerk in self.clerks))

    @property
    def unanswered(self) -> int:
        """How many calls got no answer, or one that said that nothing was done."""
        return sum(clerk.unanswered for clerk in self.clerks)

    async def ask_again(self) -> int:
        """Send everything again of which it is not known what became of it, twice; gives how much that was."""
        known: set[str] = set()
        facts: dict[str, Activity] = {}
        pending: dict[tuple[int, int], tuple[Activity, ...]] = {}
        for call in read_journals([self.folder / "journal"]):
            if call.facts is not None:
                pending[call.client, call.number] = call.facts
                facts.update({fact.id: fact for fact in call.facts})
            for fact, answer in zip(pending[call.client, call.number], call.answers or (), strict=False):
                if answer.result in {*KNOWN, "refused"}:
                    known.add(fact.id)
        doubtful = [fact for name, fact in facts.items() if name not in known]
        clerk = self.clerks[0]
        for _ in range(ASKED_AGAIN):
            for fact in doubtful:
                answers = await clerk.send([fact])
                assert answers[0].result in {*KNOWN, "refused"}, answers
        return len(doubtful)

    async def judge(self) -> Verdict:
        """Lay the journals beside the database."""
        verdict = await judge_all(read_journals([self.folder / "journal"]), self.database)
        assert not verdict.faults, verdict.show()
        assert verdict.counts["recorded"] > 0
        return verdict

    async def close(self) -> None:
        """End the server politely."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@asynccontextmanager
async def open_site(
    database: Database, url: str, folder: Path, *, seed: int, http_port: int | None = None
) -> AsyncGenerator[Shop]:
    """Open the shop; the server is started by the test. `http_port` is where clients go, if not to the server."""
    members = await open_shop(database, make_house())
    async with database.transaction() as tx:
        now = await clock.now(tx)
        issued = await access.issue_key(tx, id=ids.new_id(), name="tills", scopes=list_scopes(), at=now)
    port = find_port()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{http_port or port}",
        timeout=180,
        verify=BARE,
        headers={"Authorization": f"Bearer {issued.token}"},
    ) as client:
        shop = Shop(
            database=database,
            url=url,
            folder=folder,
            members=members,
            client=client,
            journal=Journal(folder / "journal"),
            seed=seed,
            port=port,
        )
        try:
            yield shop
        finally:
            await shop.close()
            shop.journal.close()

"""Simulations over HTTP, and the long work beneath: taken up, watched, cancelled, taken up again after a death."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from regulars.base.errors import Refusal
from regulars.base.secret import Secret
from regulars.base.settings import Settings
from regulars.features import tasks
from regulars.features.tasks import Bench, Work, run_next
from regulars.features.tasks.model import RUNS_MAX, STALE_SECONDS
from regulars.interfaces.works import find_works
from regulars.interfaces.works.hands import Hands
from regulars.kernel.spine import Workplace
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

SPRING = PROGRAM.replace("points: 1, per_minor: 100", "points: 2, per_minor: 100")
START = datetime(2026, 3, 1, tzinfo=UTC)
Done = Callable[[Bench], Awaitable[object]]


class TooDear(Refusal):
    """What is asked cannot be done, for a test."""

    code, kind = "too_dear_for_a_test", "conflict"


class Clock:
    """The world's time, as a test turns it."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def place(site: Site, settings: Settings) -> Workplace:
    return Workplace(database=site.database, house=site.house, settings=settings, stopping=asyncio.Event())


def works(run: Done) -> dict[str, Work]:
    return {"simulation": Work(kind="simulation", run=run)}


async def begin(site: Site, *, at: datetime = START, files: tuple[tasks.File, ...] = ()) -> UUID:
    id_ = site.house.new_id()
    async with site.database.transaction() as tx:
        await tasks.start_task(
            tx, site.house.keyring, id_, "simulation", b'{"drafts":[]}', title="a test", by="me", at=at, files=files
        )
    return id_


async def read(site: Site, id_: UUID) -> Any:  # noqa: ANN401 - JSON
    return (await site.client.get(f"/v1/tasks/{id_}")).json()


async def see_running(site: Site, id_: UUID) -> None:
    """Ask, as a page does, until somebody has taken it up."""
    async with asyncio.timeout(60):
        while (await read(site, id_))["state"] != "running":  # noqa: ASYNC110 - what a page does
            await asyncio.sleep(0.01)


async def test_a_task_is_done_and_its_result_is_kept(site: Site, place: Workplace) -> None:
    async def run(bench: Bench) -> object:
        bench.tell(3, 7)
        await bench.keep_file(tasks.File(name="out", content=await bench.read_file("in") + b"!"))
        return {"sum": 7}

    id_ = await begin(site, files=(tasks.File(name="in", content=b"seven"),))
    assert await run_next(place, works(run), now=Clock()) == 1
    assert await run_next(place, works(run), now=Clock()) == 0
    told = await read(site, id_)
    assert (told["state"], told["done"], told["total"], told["has_result"]) == ("done", 7, 7, True)
    async with site.database.snapshot() as snapshot:
        task = await tasks.find_task(snapshot, id_)
        assert task is not None
        assert msgspec.json.decode(task.result or b"") == {"sum": 7}
        assert await tasks.open_file(snapshot, site.house.keyring, id_, "out") == b"seven!"


async def test_one_at_a_time_and_the_oldest_first(site: Site, place: Workplace) -> None:
    clock, begun, taken, go_on = Clock(), list[UUID](), asyncio.Event(), asyncio.Event()

    async def run(bench: Bench) -> object:
        begun.append(bench.task.id)
        taken.set()
        await go_on.wait()
        return None

    first = await begin(site)
    second = await begin(site, at=START + timedelta(seconds=1))
    doing = asyncio.create_task(run_next(place, works(run), now=clock))
    await taken.wait()
    assert await run_next(place, works(run), now=clock) == 0, "another is worked on"
    go_on.set()
    assert await doing == 1
    assert await run_next(place, works(run), now=clock) == 1
    assert begun == [first, second]


async def test_what_a_dead_worker_left_is_taken_up_again(site: Site, place: Workplace) -> None:
    clock, runs, taken = Clock(), list[int](), asyncio.Event()

    async def die(bench: Bench) -> object:
        runs.append(bench.task.runs)
        taken.set()
        await asyncio.Event().wait()
        return None

    id_ = await begin(site)
    for _ in range(RUNS_MAX):
        taken.clear()
        doing = asyncio.create_task(run_next(place, works(die), now=clock))
        await taken.wait()
        # As by kill -9: nothing of it is written down.
        doing.cancel()
        await asyncio.wait([doing])
        assert (await read(site, id_))["state"] == "running"
        assert await run_next(place, works(die), now=clock) == 0, "it may be alive still"
        clock.at += timedelta(seconds=STALE_SECONDS + 1)
    assert await run_next(place, works(die), now=clock) == 1
    told = await read(site, id_)
    assert (told["state"], told["code"], runs) == ("failed", "work_unfinished", [1, 2, 3])


async def test_whoever_was_too_slow_writes_nothing_over_another(site: Site, place: Workplace) -> None:
    clock, slow = Clock(), asyncio.Event()

    async def wait(bench: Bench) -> object:
        await slow.wait()
        return "slow"

    async def answer(bench: Bench) -> object:
        return "quick"

    id_ = await begin(site)
    late = asyncio.create_task(run_next(place, works(wait), now=clock))
    await see_running(site, id_)
    clock.at += timedelta(seconds=STALE_SECONDS + 1)
    assert await run_next(place, works(answer), now=clock) == 1
    slow.set()
    await late
    async with site.database.snapshot() as snapshot:
        task = await tasks.find_task(snapshot, id_)
    assert task is not None
    assert msgspec.json.decode(task.result or b"") == "quick"


async def test_a_task_is_cancelled_waiting_or_running(site: Site, place: Workplace) -> None:
    ended = list[bool]()

    async def run(bench: Bench) -> object:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    id_ = await begin(site)
    assert (await site.client.post(f"/v1/tasks/{id_}/cancel")).json()["state"] == "cancelled"
    assert (await site.client.post(f"/v1/tasks/{id_}/cancel")).json()["code"] == "task_ended"
    assert await run_next(place, works(run), now=Clock()) == 0
    id_ = await begin(site)
    doing = asyncio.create_task(run_next(place, works(run), now=Clock()))
    await see_running(site, id_)
    assert (await site.client.post(f"/v1/tasks/{id_}/cancel")).json()["is_stopping"] is True
    await doing
    assert ((await read(site, id_))["state"], ended) == ("cancelled", [True])


async def test_a_worker_that_ends_puts_its_task_back(site: Site, place: Workplace) -> None:
    async def run(bench: Bench) -> object:
        await asyncio.Event().wait()
        return None

    id_ = await begin(site)
    doing = asyncio.create_task(run_next(place, works(run), now=Clock()))
    await see_running(site, id_)
    place.stopping.set()
    await doing
    assert (await read(site, id_))["state"] == "waiting"


async def test_a_refusal_is_told_and_a_bug_is_not(site: Site, place: Workplace) -> None:
    async def refuse(bench: Bench) -> object:
        raise TooDear("It costs too much. Ask for less.")

    async def break_(bench: Bench) -> object:
        raise KeyError("a secret")

    id_ = await begin(site)
    await run_next(place, works(refuse), now=Clock())
    told = await read(site, id_)
    assert (told["state"], told["code"]) == ("failed", "too_dear_for_a_test")
    assert told["error"] == "It costs too much. Ask for less."
    id_ = await begin(site)
    await run_next(place, works(break_), now=Clock())
    told = await read(site, id_)
    assert (told["state"], told["code"], "secret" in told["error"]) == ("failed", "internal", False)


async def test_who_may_not_hear_of_a_kind_does_not_find_its_tasks(site: Site) -> None:
    id_ = await begin(site)
    blind = site.using(await site.issue("tasks:read"))
    assert (await site.client.get(f"/v1/tasks/{id_}", headers=blind)).status_code == 404
    assert (await site.client.get("/v1/tasks", headers=blind)).json()["tasks"] == []
    page = (await site.client.get("/v1/tasks?limit=1")).json()
    assert [it["id"] for it in page["tasks"]] == [str(id_)]
    assert (await site.client.get(f"/v1/tasks?cursor={page['next']}")).json() == {"tasks": [], "next": None}


async def test_a_draft_is_simulated_over_what_was_bought(
    site: Site, purchase: Purchase, place: Workplace, database_url: str
) -> None:
    for number in range(3):
        assert (await site.client.post("/v1/activities", json=purchase(f"r-{number}", minor=1000))).status_code == 201
    asked = {"drafts": [{"name": "spring", "content": {"text": SPRING}}]}
    answer = await site.client.post("/v1/simulations", json=asked)
    task = answer.json()
    assert (answer.status_code, task["state"], task["title"]) == (202, "waiting", "spring")
    assert answer.headers["location"] == f"/v1/tasks/{task['id']}"
    its = replace(place, settings=replace(place.settings, database_url=database_url, secret=Secret.single(b"k" * 32)))
    assert await run_next(its, find_works(), now=lambda: datetime.now(UTC)) == 1
    told = (await site.client.get(f"/v1/simulations/{task['id']}")).json()
    assert told["task"]["state"] == "done", told
    versions = told["result"]["versions"]
    assert {name: it["points"]["base"]["points"] for name, it in versions.items()} == {"live": 30, "spring": 60}
    assert told["result"]["told"]["zh"]["tables"][0]["rows"]
    page = await site.client.get(f"/v1/simulations/{task['id']}/report?lang=zh")
    assert page.headers["content-type"].startswith("text/html")
    assert "spring" in page.text


async def test_a_server_alone_has_hands_that_do_what_waits(
    site: Site, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long the child takes on a busy machine.
    monkeypatch.setattr("regulars.interfaces.works.hands.REST_SECONDS", 3_600)
    hands = Hands(replace(settings, database_url=database_url, secret=Secret.single(b"k" * 32)))
    app: Any = site.app
    monkeypatch.setattr(app.state, "hands", hands, raising=False)
    # Nothing happened yet, so that it is refused: by the child, in its own time.
    asked = {"drafts": [{"name": "spring", "content": {"text": SPRING}}]}
    task = (await site.client.post("/v1/simulations", json=asked)).json()
    try:
        async with asyncio.timeout(180):
            while (told := await read(site, task["id"]))["state"] in {"waiting", "running"}:  # noqa: ASYNC110 - as a page
                await asyncio.sleep(0.1)
        assert (told["state"], told["code"]) == ("failed", "simulation_not_possible")
        child = hands.child
        assert child is not None
        await asyncio.to_thread(child.join, 180)
        assert child.exitcode == 0, "it ends when nothing waits"
        hands.wake(is_asked=False)
        assert hands.child is child, "and is not begun again for whoever only looks"
    finally:
        hands.stop()


async def test_what_cannot_be_simulated_is_said_at_once(site: Site) -> None:
    for asked, code in (
        ({"drafts": [{}]}, "written_twice"),
        ({"drafts": [{"version": "000000"}]}, "version_unknown"),
        ({"drafts": [{"content": {"text": "program: x"}}]}, "program_invalid"),
        ({"drafts": [{"name": "live", "content": {"text": SPRING}}]}, "simulation_not_possible"),
        (
            {
                "drafts": [{"content": {"text": SPRING}}],
                "since": "2026-02-01T00:00:00Z",
                "until": "2026-01-01T00:00:00Z",
            },
            "simulation_not_possible",
        ),
    ):
        answer = await site.client.post("/v1/simulations", json=asked)
        assert (answer.status_code in {404, 422}, answer.json()["code"]) == (True, code), asked

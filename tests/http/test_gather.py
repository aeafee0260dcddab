"""What arrives together is recorded together, and each has an outcome of their own."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from regulars.base.db import Database
from regulars.base.errors import CommitUnknown, DatabaseTimeout, DatabaseUnavailable
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.interfaces.http.gather import (
    COMPANY,
    HELD_UP_SECONDS,
    LANES,
    LANES_MAX,
    LINES_TOGETHER_MAX,
    PRESS,
    TOGETHER_MAX,
    WAIT_SECONDS_MAX,
    WAITING_MAX,
    Gathering,
)
from regulars.interfaces.http.problems import Overloaded
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.http.site import Purchase, Site, codes, run_site


def fact(name: str, *, minor: int = 1000, card: str = "1", lines: int = 1) -> Activity:
    return Activity(
        id=name,
        source="till",
        kind="purchase",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        member=Identifier(kind="card", value=card),
        lines=(Line(sku="tea", amount_minor=minor),) * lines,
    )


class Path:
    """The way to the path, which a test can hold shut, and where it may spoil a batch; it notes who went together."""

    def __init__(self, record: Callable[[Sequence[Activity]], Any] | None = None) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()
        self.batches: list[list[str]] = []
        self.spoils: dict[str, Exception] = {}
        self._record = record

    async def take(self, facts: Sequence[Activity]) -> list[spine.Outcome]:
        self.batches.append([each.id for each in facts])
        self.begun.set()
        await self.open.wait()
        for each in facts:
            if each.id in self.spoils:
                raise self.spoils[each.id]
        if self._record is not None:
            return await self._record(facts)
        # Each outcome says whose it is.
        return [spine.Outcome(refusal=Overloaded(each.id)) for each in facts]


def told(outcomes: Sequence[spine.Outcome]) -> list[str]:
    return [outcome.refusal.detail for outcome in outcomes if outcome.refusal is not None]


async def step(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def begin(row: Gathering, *facts: Activity) -> list[asyncio.Task[list[spine.Outcome]]]:
    """Ask for each fact alone, in order, without waiting for answers."""
    tasks = [asyncio.create_task(row.record([each])) for each in facts]
    await step()
    return tasks


async def fill(row: Gathering, path: Path) -> list[asyncio.Task[list[spine.Outcome]]]:
    """Occupy every lane, so that what comes next waits."""
    path.open.clear()
    tasks: list[asyncio.Task[list[spine.Outcome]]] = []
    for number in range(LANES):
        tasks += await begin(row, fact(f"first-{number}"))
    assert path.batches == [[f"first-{number}"] for number in range(LANES)]
    path.batches.clear()
    return tasks


async def test_who_comes_alone_goes_in_alone_and_at_once() -> None:
    path = Path()
    row = Gathering(path.take, path.take)
    assert told(await row.record([fact("a")])) == ["a"]
    assert told(await row.record([fact("b")])) == ["b"]
    assert path.batches == [["a"], ["b"]]


async def test_what_comes_meanwhile_goes_in_together_and_in_order() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, *(fact(f"{number}") for number in range(5)))
    assert path.batches == [], "nothing goes in while every lane is taken"
    path.open.set()
    assert [told(each) for each in await asyncio.gather(*rest)] == [[f"{number}"] for number in range(5)]
    assert path.batches == [["0", "1", "2", "3", "4"]]
    assert [told(each) for each in await asyncio.gather(*first)] == [["first-0"], ["first-1"]]


async def test_in_a_press_who_comes_waits_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    # A lane is not held up by a machine that stands still for a moment.
    monkeypatch.setattr("regulars.interfaces.http.gather.HELD_UP_SECONDS", 3_600)
    path = Path()
    row = Gathering(path.take, path.take, lanes=2, lanes_max=2)
    path.open.clear()
    few = [*await begin(row, fact("a")), *await begin(row, fact("b"))]
    assert path.batches == [["a"], ["b"]], "beside a few, nobody waits for anybody"
    path.open.set()
    await asyncio.gather(*few)
    path.open.clear()
    path.batches.clear()
    pressing = [asyncio.create_task(row.record([fact(f"press-{number}")])) for number in range(PRESS)]
    await step()
    waiting = await begin(row, *(fact(f"{number}") for number in range(COMPANY - 1)))
    assert [len(batch) for batch in path.batches] == [PRESS], "a lane is free, and not taken by one of them alone"
    waiting += await begin(row, fact("last"))
    assert [len(batch) for batch in path.batches] == [PRESS, COMPANY]
    path.open.set()
    await asyncio.gather(*pressing, *waiting)


async def test_who_knocks_while_answers_go_out_is_let_in() -> None:
    """All who send again as soon as they are answered are found in the row by the next transaction."""
    path = Path()
    row = Gathering(path.take, path.take, lanes=1, lanes_max=1)

    async def send(name: str) -> None:
        for number in range(3):
            await row.record([fact(f"{name}-{number}")])

    await asyncio.gather(*(send(f"{number}") for number in range(6)))
    assert [len(batch) for batch in path.batches] == [6, 6, 6]


@pytest.mark.parametrize(
    ("count", "lines", "together"),
    [
        (TOGETHER_MAX + 3, 1, [TOGETHER_MAX, 3]),
        (TOGETHER_MAX, 1, [TOGETHER_MAX]),
        # Lines are what takes the time of the fold.
        (20, 256, [LINES_TOGETHER_MAX // 256, 20 - LINES_TOGETHER_MAX // 256]),
        # One that is larger than all of a batch goes in all the same.
        (2, LINES_TOGETHER_MAX + 1, [1, 1]),
    ],
)
async def test_a_transaction_has_bounds(count: int, lines: int, together: list[int]) -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, *(fact(f"{number}", lines=lines) for number in range(count)))
    path.open.set()
    await asyncio.gather(*first, *rest)
    assert [len(batch) for batch in path.batches] == together


async def test_facts_of_one_request_stay_together() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    several = asyncio.create_task(row.record([fact(f"s-{number}") for number in range(10)]))
    await step()
    rest = await begin(row, *(fact(f"{number}") for number in range(TOGETHER_MAX - 5)))
    path.open.set()
    assert told(await several) == [f"s-{number}" for number in range(10)]
    await asyncio.gather(*first, *rest)
    assert path.batches[0][:10] == [f"s-{number}" for number in range(10)]


async def test_who_spoils_a_transaction_is_found_and_nobody_else_is_hurt() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, *(fact(f"{number}") for number in range(9)))
    path.spoils["6"] = RuntimeError("a bug in one rule")
    path.open.set()
    ended = await asyncio.gather(*rest, return_exceptions=True)
    assert [each is path.spoils["6"] for each in ended] == [number == 6 for number in range(9)]
    assert [told(each) for each in ended if isinstance(each, list)] == [[f"{it}"] for it in range(9) if it != 6]
    assert len(path.batches) <= 9, "found by halves, not one by one"
    await asyncio.gather(*first)


async def test_a_member_who_is_locked_by_others_is_waited_for_alone() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, *(fact(f"{number}") for number in range(4)))
    path.spoils["2"] = DatabaseTimeout("too long")
    path.open.set()
    ended = await asyncio.gather(*rest, return_exceptions=True)
    assert [isinstance(each, DatabaseTimeout) for each in ended] == [False, False, True, False]
    assert path.batches == [["0", "1", "2", "3"], ["0"], ["1"], ["2"], ["3"]]
    await asyncio.gather(*first)


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), CommitUnknown("who knows")])
async def test_without_the_database_nobody_is_tried_again(error: Exception) -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, *(fact(f"{number}") for number in range(4)))
    path.spoils["2"] = error
    path.open.set()
    assert await asyncio.gather(*rest, return_exceptions=True) == [error] * 4
    assert len(path.batches) == 1
    await asyncio.gather(*first)


async def test_who_goes_away_before_their_turn_is_left_out() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, fact("a"), fact("b"), fact("c"))
    rest[1].cancel()
    await step()
    path.open.set()
    ended = await asyncio.gather(*rest, return_exceptions=True)
    assert isinstance(ended[1], asyncio.CancelledError)
    assert path.batches == [["a", "c"]]
    await asyncio.gather(*first)


async def test_who_goes_away_while_it_is_recorded_takes_nobody_along() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, fact("a"), fact("b"))
    first[0].cancel()
    path.open.set()
    assert told(await rest[1]) == ["b"]
    await asyncio.gather(*first, *rest, return_exceptions=True)
    assert told(await row.record([fact("later")])) == ["later"], "the lane goes on"


async def test_a_lane_that_is_held_up_makes_room_for_another() -> None:
    path, free = Path(), Path()

    async def take(facts: Sequence[Activity]) -> list[spine.Outcome]:
        return await (path if facts[0].member == Identifier(kind="card", value="1") else free).take(facts)

    row, elapsed = Gathering(take, take), asyncio.get_running_loop().time
    began, first = elapsed(), await fill(row, path)
    (other,) = await begin(row, fact("free", card="2"))
    assert free.batches == [] or elapsed() > began + HELD_UP_SECONDS
    async with asyncio.timeout(60):
        assert told(await other) == ["free"]
    # However many are held up, the pool keeps connections for those who read.
    many = await begin(row, *(fact(f"{number}", lines=LINES_TOGETHER_MAX) for number in range(LANES_MAX * 2)))
    async with asyncio.timeout(60):
        while len(path.batches) + LANES < LANES_MAX:  # noqa: ASYNC110 - lanes open by the clock
            await asyncio.sleep(0.01)
    await asyncio.sleep(HELD_UP_SECONDS * 2)
    assert len(path.batches) + LANES == LANES_MAX
    path.open.set()
    await asyncio.gather(*first, *many)


async def test_who_would_wait_too_long_is_told_to_come_back() -> None:
    path, now = Path(), 100.0
    row = Gathering(path.take, path.take, lanes_max=LANES, elapsed=lambda: now)
    first = await fill(row, path)
    rest = await begin(row, fact("a"))
    now += WAIT_SECONDS_MAX
    rest += await begin(row, fact("b"))
    now += 0.1
    with pytest.raises(Overloaded, match="again") as refused:
        await row.record([fact("c")])
    assert refused.value.context["retry_after_seconds"] == 1
    path.open.set()
    await asyncio.gather(*first, *rest)
    assert path.batches == [["a", "b"]], "who was let in is served, who was not is not recorded"
    assert told(await row.record([fact("c")])) == ["c"]


async def test_the_row_has_an_end() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    size = WAITING_MAX // 20
    rest = [asyncio.create_task(row.record([fact(f"{part}-{number}") for number in range(size)])) for part in range(20)]
    await step()
    with pytest.raises(Overloaded):
        await row.record([fact("one more")])
    path.open.set()
    await asyncio.gather(*first, *rest)
    assert told(await row.record([fact("one more")])) == ["one more"]


async def test_who_comes_again_as_soon_as_they_are_answered_is_served() -> None:
    """A lane that is about to close takes nobody; whoever comes in that moment needs another one."""
    path = Path()
    row = Gathering(path.take, path.take, lanes=1, lanes_max=1)
    async with asyncio.timeout(60):
        for number in range(20):
            assert told(await row.record([fact(f"{number}")])) == [f"{number}"]


async def test_what_waits_at_the_end_is_recorded_before_it() -> None:
    path = Path()
    row = Gathering(path.take, path.take, lanes_max=LANES)
    first = await fill(row, path)
    rest = await begin(row, fact("a"), fact("b"))
    draining = asyncio.create_task(row.drain())
    await step()
    assert not draining.done()
    path.open.set()
    await draining
    assert [told(each.result()) for each in (*first, *rest)] == [["first-0"], ["first-1"], ["a"], ["b"]]


# -- with the real path ------------------------------------------------------------------------------------------------


async def test_tills_that_send_at_once_share_transactions(
    database: Database, house: spine.House, settings: Settings, published: None, purchase: Purchase
) -> None:
    """A refusal, a repetition, a conflict and an unreadable one among many: each has the answer that it has alone."""
    async for site in run_site(database, house, app(settings, database, house)):
        sent = [purchase(f"r-{number}", card=f"c-{number % 7}") for number in range(60)]
        sent[10] = purchase("r-10", kind="handstand")
        sent[20] = sent[21]
        sent[30] = {**sent[31], "store": "s9"}
        sent[40] = purchase("r-40", minor=-1)
        answers = await asyncio.gather(*(site.client.post("/v1/activities", json=each) for each in sent))
        got = [each.status_code for each in answers]
        assert [got[number] for number in (10, 40)] == [422, 422]
        assert sorted((got[20], got[21])) == [200, 201]
        assert sorted((got[30], got[31])) == [201, 422]
        assert {got[number] for number in range(60) if number not in {10, 20, 21, 30, 31, 40}} == {201}
        metrics = (await site.client.get("/metrics")).text
        counted = {line.split(" ")[0]: float(line.split(" ")[1]) for line in metrics.splitlines() if line[0] != "#"}
        assert counted["regulars_activities_per_transaction_sum"] == 59
        assert counted["regulars_activities_per_transaction_count"] < 40, "they went in together"
    async with database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM activity.journal") == 56


async def test_one_member_in_one_batch_is_served_in_order(
    database: Database, house: spine.House, published: None
) -> None:
    path = Path(partial(spine.record_together, database, house))
    row = Gathering(path.take, path.take, lanes_max=LANES)
    at = datetime.now(tz=UTC)
    first = await fill(row, path)
    rest: list[asyncio.Task[list[spine.Outcome]]] = []
    for number in range(6):
        rest += await begin(row, replace(fact(f"{number}", card="2"), occurred_at=at))
    path.open.set()
    outcomes = [each for (each,) in await asyncio.gather(*rest)]
    assert path.batches == [[f"{number}" for number in range(6)]]
    assert [each.receipt and each.receipt.balances["points"] for each in outcomes] == [10, 20, 30, 40, 50, 60]
    await asyncio.gather(*first)


async def test_an_order_names_a_quote_that_went_in_with_others(site: Site, purchase: Purchase) -> None:
    baskets = [
        {name: value for name, value in purchase(f"o-{number}", card=f"c-{number}").items() if name != "kind"}
        for number in range(12)
    ]
    quoted = await asyncio.gather(
        *(
            site.client.post("/v1/quotes", json={**each, "id": f"q{each['id']}", "reserve_seconds": 60})
            for each in baskets
        )
    )
    assert {each.status_code for each in quoted} == {201}, quoted[0].text
    orders = await asyncio.gather(
        *(site.client.post("/v1/orders", json={**each, "quote": f"q{each['id']}"}) for each in baskets)
    )
    assert {each.status_code for each in orders} == {201}, orders[0].text


async def test_many_at_once_wait_in_a_row_of_their_own(
    database: Database, house: spine.House, settings: Settings, published: None, purchase: Purchase
) -> None:
    made, path = app(settings, database, house), Path(partial(spine.record, database, house))
    made.state.many = Gathering(path.take, path.take)
    path.open.clear()
    many = [purchase(f"m-{number}", card=f"m-{number % 9}") for number in range(20)]
    async for site in run_site(database, house, made):
        bulk = asyncio.create_task(site.client.post("/v1/activities", json={"activities": many}))
        await path.begun.wait()
        till = await site.client.post("/v1/activities", json=purchase("till"))
        assert till.status_code == 201, "it does not wait for them"
        path.open.set()
        assert set(codes((await bulk).json()["results"])) == {"recorded"}

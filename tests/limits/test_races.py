"""Many want the same at the same moment. Nobody gets more than there is, and nothing has two ends."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar

import pytest

from regulars.base.db import Database, Tx
from regulars.base.errors import DatabaseContention, Refusal
from regulars.kernel import limits
from regulars.kernel.limits import Ceilings, CeilingSpent, ClaimName, ClaimRow
from tests.limits.story import (
    ANN,
    BOB,
    LAMP,
    change,
    find_faults,
    later,
    read_ceiling,
    read_claims,
    reserve,
    set_up,
    take,
)

CLIENTS = 32
T = TypeVar("T")


@pytest.fixture
async def crowded(database_url: str) -> AsyncGenerator[Database]:
    """A database with a connection for each client."""
    opened = await Database.open(database_url, pool_max=CLIENTS + 2)
    yield opened
    await opened.close()


async def answer(work: Awaitable[T]) -> T | Refusal:
    """What one is told: the result, or why not."""
    try:
        return await work
    except Refusal as refusal:
        return refusal


async def wait_until_waiting(tx: Tx, clients: int) -> None:
    """Return once so many others wait for a lock; fail when they do not come to."""
    async with asyncio.timeout(120):
        while clients != await tx.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)
            # A view of the activity is kept for the whole transaction unless it is thrown away.
            await tx.value("SELECT pg_stat_clear_snapshot()")


async def let_in_together(
    database: Database, work: Callable[[int], Coroutine[Any, Any, T]], *, ids: list[str]
) -> list[T]:
    """Keep the ceilings locked until all clients stand at the door; then let them in at once."""
    async with asyncio.TaskGroup() as group, database.transaction() as tx:
        await limits.lock(tx, ids)
        tasks = [group.create_task(work(number)) for number in range(CLIENTS)]
        await wait_until_waiting(tx, CLIENTS)
    return [task.result() for task in tasks]


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_a_budget_is_spent_to_the_last_point_and_no_further(crowded: Database, all_or_nothing: bool) -> None:
    await set_up(crowded, {"budget": 1_000})

    def claim(ceilings: Ceilings, asked: int) -> int:
        given = asked if all_or_nothing else min(asked, ceilings.left["budget"])
        if given:
            take(ceilings, given, id_="budget")
        return given

    async def spend(number: int) -> int:
        chance, granted, asked = random.Random(number), 0, 9
        while asked:
            given = await answer(change(crowded, partial(claim, asked=asked), ids=["budget"]))
            if isinstance(given, int):
                granted += given
                asked = chance.randint(1, 9) if given else 0
            else:
                assert isinstance(given, CeilingSpent)
                # Whoever asked for too much asks for what is left, if others leave it.
                asked = int(str(given.context["left"]))
        return granted

    granted = await let_in_together(crowded, spend, ids=["budget"])
    assert sum(granted) == 1_000
    assert sum(1 for each in granted if each) > CLIENTS // 2, "they were not there at the same time"
    assert await read_ceiling(crowded, "budget") == (1_000, 1_000, 0)


async def shop(database: Database, minutes: Iterator[int], shelves: list[str], number: int) -> None:
    """Reserve this and that, and do with it what people do. What is gone is gone: then on to the next."""
    chance = random.Random(number)
    for _ in range(12):
        id_, at = chance.choice(shelves), later(next(minutes))
        reserving = partial(reserve, amount=1 + number % 3, id_=id_, at=at, until=at + timedelta(minutes=60))
        claim = await answer(change(database, reserving, ids=[id_], at=at))
        if not isinstance(claim, Refusal):
            how = chance.choice([["buy"], ["buy", "return"], ["buy", "return"], ["leave"], ["forget"], ["sweep"]])
            for verb in how:
                await answer(go_on(database, claim, verb, at=later(next(minutes)), shelves=shelves))


async def go_on(database: Database, claim: ClaimName, verb: str, *, at: datetime, shelves: list[str]) -> None:
    """Do one thing more about a reservation."""
    verbs: dict[str, Callable[[Ceilings], object]] = {
        "buy": lambda it: it.confirm(claim, member=ANN, at=at),
        "return": lambda it: it.give_back(claim, 1, member=ANN, at=at),
        "leave": lambda it: it.release(claim, member=ANN, at=at),
    }
    if verb in verbs:
        await change(database, verbs[verb], claims=[claim], ids=[], at=at)
    if verb == "sweep":
        await database.run(lambda tx: limits.sweep(tx, reversed(shelves), at=at))


async def test_stock_that_is_reserved_confirmed_released_and_returned_is_exact(crowded: Database) -> None:
    shelves = [f"stock:{number}" for number in range(4)]
    await set_up(crowded, dict.fromkeys(shelves, 20))
    minutes = count()
    await let_in_together(crowded, partial(shop, crowded, minutes, shelves), ids=shelves)
    claims = await read_claims(crowded)
    assert {state for state, _ in claims.values()} >= {"taken", "released", "returned"}
    sold = 0
    for id_ in shelves:
        amount, taken, reserved = await read_ceiling(crowded, id_)
        assert taken + reserved <= amount
        sold += taken
    assert sold == sum(held for state, held in claims.values() if state == "taken")
    # Who comes last, long after, finds exactly what is not sold.
    async with crowded.snapshot() as read:
        left = await limits.left_many(read, shelves, at=later(10_000))
    assert sum(left.values()) == 4 * 20 - sold


async def test_a_code_is_used_once_however_many_hold_it(crowded: Database) -> None:
    codes = [f"code:{number}" for number in range(40)]
    async with crowded.transaction() as tx:
        await limits.add_ceilings(tx, codes)

    async def use(number: int) -> int:
        used = 0
        for code in random.Random(number).sample(codes, len(codes)):
            try:
                await change(crowded, lambda it, code=code: take(it, 1, id_=code), ids=[code])
                used += 1
            except CeilingSpent:
                pass
        return used

    used = await let_in_together(crowded, use, ids=codes)
    assert sum(used) == len(codes)
    claims = await read_claims(crowded)
    assert sorted(name[0] for name in claims) == sorted(codes)


async def test_of_confirmation_release_and_time_one_wins(crowded: Database) -> None:
    """One lamp, reserved by Ann; Bob waits for it. Each hears the same story whoever came first."""
    heard: set[str] = set()
    for round_ in range(40):
        lamp = f"{LAMP}:{round_}"
        await set_up(crowded, {lamp: 1})
        claim = await change(crowded, lambda it, id_=lamp: reserve(it, 1, id_=id_, until=later(10)), ids=[lamp])

        async def confirm(claim: ClaimName = claim) -> ClaimRow:
            return await change(crowded, lambda it: it.confirm(claim, member=ANN, at=later(9)), claims=[claim], ids=[])

        async def release(claim: ClaimName = claim) -> ClaimRow:
            return await change(crowded, lambda it: it.release(claim, member=ANN, at=later(9)), claims=[claim], ids=[])

        async def sweep(lamp: str = lamp) -> int:
            return await crowded.run(lambda tx: limits.sweep(tx, [lamp], at=later(10)))

        async def snatch(lamp: str = lamp) -> ClaimName:
            return await change(crowded, lambda it: take(it, 1, id_=lamp, member=BOB, at=later(10)), ids=[lamp])

        works = [confirm, release, sweep, sweep, snatch]
        random.Random(round_).shuffle(works)
        told = await asyncio.gather(*(answer(work()) for work in works))
        answers: dict[str, list] = {}
        for work, what in zip(works, told, strict=True):
            answers.setdefault(work.__name__, []).append(what)
        confirmed = not isinstance(answers["confirm"][0], Refusal)
        released = not isinstance(answers["release"][0], Refusal)
        ran_out = sum(answers["sweep"])
        snatched = not isinstance(answers["snatch"][0], Refusal)
        assert ran_out <= 1
        # Ann bought it or Bob did, or she let go of it before Bob came too early.
        assert confirmed + snatched <= 1
        assert not (confirmed and released)
        assert not (released and ran_out)
        assert confirmed or released or ran_out or snatched
        state, _ = (await read_claims(crowded))[claim]
        assert state == ("taken" if confirmed else "released")
        assert await read_ceiling(crowded, lamp) == (1, confirmed + snatched, 0)
        heard.add("confirmed" if confirmed else "released" if released else "ran out")
    assert len(heard) >= 2, f"only ever {heard}: nothing raced"


async def test_clients_that_lock_in_opposite_orders_do_not_deadlock(crowded: Database) -> None:
    ids = [f"shelf:{number:02}" for number in range(12)]
    await set_up(crowded, dict.fromkeys(ids, 10_000))

    async def claim(number: int) -> None:
        chance = random.Random(number)
        for _ in range(4):
            mine = chance.sample(ids, 8)
            # No second attempt: a deadlock would be raised here.
            async with crowded.transaction() as tx:
                ceilings = await limits.lock(tx, mine if number % 2 else reversed(mine))
                for id_ in mine:
                    take(ceilings, 1, id_=id_)
                await limits.write(tx, ceilings)

    await let_in_together(crowded, claim, ids=ids)
    async with crowded.snapshot() as read:
        assert sum(it.taken for it in await limits.ceilings(read)) == CLIENTS * 4 * 8
        assert await find_faults(read) == []


async def test_ceilings_are_locked_by_id_and_not_as_they_lie(crowded: Database) -> None:
    for id_ in ("c", "b", "a"):
        await set_up(crowded, {id_: 1})

    async def lock_all() -> None:
        async with crowded.transaction() as tx:
            # Read as they lie: only the query's own order puts a before c.
            await tx.run("SET LOCAL enable_indexscan = off")
            await tx.run("SET LOCAL enable_bitmapscan = off")
            await limits.lock(tx, ["c", "a", "b"])

    async with crowded.transaction() as first:
        await limits.lock(first, ["b"])
        second = asyncio.create_task(lock_all())
        await wait_until_waiting(first, 1)
        assert await is_free(crowded, "c")
        assert not await is_free(crowded, "a")
    await second


async def is_free(database: Database, id_: str) -> bool:
    async with database.transaction() as tx:
        found = await tx.rows("SELECT id FROM limits.ceiling WHERE id = $1 FOR UPDATE SKIP LOCKED", id_)
        return len(found) == 1


async def test_what_was_claimed_while_one_waited_is_seen(crowded: Database) -> None:
    """The claims are read after the lock, not with it: else a reservation made meanwhile would never end."""
    await set_up(crowded)
    async with crowded.transaction() as first:
        ceilings = await limits.lock(first, [LAMP])

        async def come_later() -> int:
            async with crowded.transaction() as tx:
                locked = await limits.lock(tx, [LAMP], at=later(10))
                return locked.end_due(later(10))

        second = asyncio.create_task(come_later())
        await wait_until_waiting(first, 1)
        reserve(ceilings, 10, until=later(10))
        await limits.write(first, ceilings)
    assert await second == 1


async def test_a_cap_that_all_of_them_begin_at_once_is_one_cap(crowded: Database) -> None:
    barrier = asyncio.Barrier(CLIENTS)

    async def begin(number: int) -> str:
        async with crowded.transaction() as tx:
            ceilings = await limits.lock(tx, [], ensure={"cap": 10})
            await barrier.wait()
            take(ceilings, 1, id_="cap")
            await limits.write(tx, ceilings)
        return "begun"

    begun = await asyncio.gather(*(begin(number) for number in range(CLIENTS)), return_exceptions=True)
    raced = [each for each in begun if isinstance(each, DatabaseContention)]
    assert begun.count("begun") == 1
    assert len(raced) == CLIENTS - 1
    # As in the spine: a race is over when it is seen, and the next attempt finds what there is.
    again = [
        answer(change(crowded, lambda it: take(it, 1, id_="cap"), ids=[], ensure={"cap": 10})) for _ in range(CLIENTS)
    ]
    assert sum(not isinstance(each, Refusal) for each in await asyncio.gather(*again)) == 9
    assert await read_ceiling(crowded, "cap") == (10, 10, 0)


async def test_of_many_who_begin_a_cap_nobody_is_told_of_the_race(crowded: Database) -> None:
    barrier, first = asyncio.Barrier(CLIENTS), set(range(CLIENTS))

    async def begin(number: int) -> int:
        async def work(tx: Tx) -> int:
            ceilings = await limits.lock(tx, [], ensure={"cap": 10})
            if number in first:
                first.remove(number)
                await barrier.wait()
            given = min(1, max(ceilings.left["cap"], 0))
            if given:
                take(ceilings, given, id_="cap")
            await limits.write(tx, ceilings)
            return given

        return await crowded.run(work)

    assert sum(await asyncio.gather(*(begin(number) for number in range(CLIENTS)))) == 10
    assert await read_ceiling(crowded, "cap") == (10, 10, 0)


async def test_a_preview_does_not_wait(crowded: Database) -> None:
    await set_up(crowded)
    async with crowded.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP])
        take(ceilings, 4)
        await limits.write(tx, ceilings)
        async with crowded.snapshot() as read:
            assert await limits.left_many(read, [LAMP], at=later(0)) == {LAMP: 10}
        # Whoever locks does wait: the row is not free.
        assert not await is_free(crowded, LAMP)

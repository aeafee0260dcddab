"""What many draw on is only looked at first, and locked when it is written: nobody is overlooked in between."""

import asyncio

import pytest
from msgspec.structs import replace

from regulars.base.db import Database, Tx
from regulars.base.errors import DatabaseContention, DatabaseTimeout
from regulars.base.ids import new_id
from regulars.kernel import limits
from regulars.kernel.limits import Ceiling, Ceilings
from tests.limits.story import ANN, AT, BOB, LAMP, change, later, read_ceiling, reserve, set_up, take
from tests.limits.test_edges import lock_at_once
from tests.limits.test_races import wait_until_waiting

SEEN = Ceiling(id=LAMP, amount=10, taken=2, reserved=1)


def draw(taken: int, reserved: int, *, amount: int = 10) -> tuple[Ceilings, Ceiling]:
    """Take and reserve under a ceiling that was only seen; gives its new row, too."""
    ceilings = Ceilings({LAMP: SEEN}, ensured={LAMP: amount}, seen=[LAMP])
    if taken:
        take(ceilings, taken)
    if reserved:
        reserve(ceilings, reserved)
    (moved,) = ceilings.moved()
    return ceilings, moved


@pytest.mark.parametrize(
    ("taken", "reserved", "now", "after"),
    [
        # What others took, kept and were given meanwhile stays: (amount, taken, reserved).
        (3, 0, (10, 2, 1), (10, 5, 1)),
        (3, 0, (10, 4, 2), (10, 7, 2)),
        (0, 3, (10, 3, 2), (10, 3, 5)),
        (1, 2, (12, 0, 0), (12, 1, 2)),
        # To the last one.
        (3, 0, (10, 5, 2), (10, 8, 2)),
    ],
)
def test_what_others_did_meanwhile_stays(
    taken: int, reserved: int, now: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    ceilings, moved = draw(taken, reserved)
    found = ceilings.carry_over(moved, replace(SEEN, amount=now[0], taken=now[1], reserved=now[2]))
    assert (found.id, found.amount, found.taken, found.reserved) == (LAMP, *after)


@pytest.mark.parametrize("now", [(10, 6, 2), (10, 5, 3), (9, 5, 2)])
def test_what_others_left_too_little_of_is_to_be_tried_again(now: tuple[int, int, int]) -> None:
    ceilings, moved = draw(3, 0)
    with pytest.raises(DatabaseContention, match="Try again"):
        ceilings.carry_over(moved, replace(SEEN, amount=now[0], taken=now[1], reserved=now[2]))


def test_what_a_programme_now_says_there_is_counts() -> None:
    ceilings, moved = draw(3, 0, amount=20)
    found = ceilings.carry_over(moved, replace(SEEN, taken=9))
    assert (found.amount, found.taken, found.reserved) == (20, 12, 1)


async def test_two_draw_at_once_and_neither_is_forgotten(database: Database) -> None:
    await set_up(database)
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP], at=AT, early=False)
        # Nobody waits while we think.
        await change(database, lambda it: take(it, 4, member=BOB))
        take(ceilings, 3)
        await limits.write(tx, ceilings)
        # From now on the others do wait.
        with pytest.raises(DatabaseTimeout):
            await lock_at_once(database)
    assert await read_ceiling(database) == (10, 7, 0)


async def test_of_two_that_say_how_much_there_is_the_last_one_counts(database: Database) -> None:
    await set_up(database)
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP], at=AT, ensure={LAMP: 20}, early=False)
        await set_up(database, {LAMP: 15})
        take(ceilings, 3)
        await limits.write(tx, ceilings)
    assert await read_ceiling(database) == (20, 3, 0)


async def test_who_comes_too_late_is_to_try_again_and_leaves_nothing(database: Database) -> None:
    await set_up(database)

    async def draw_late(tx: Tx) -> None:
        ceilings = await limits.lock(tx, [LAMP], at=AT, early=False)
        await change(database, lambda it: take(it, 8, member=BOB))
        take(ceilings, 3)
        await limits.write(tx, ceilings)

    with pytest.raises(DatabaseContention, match="Others drew on"):
        async with database.transaction() as tx:
            await draw_late(tx)
    assert await read_ceiling(database) == (10, 8, 0)


@pytest.mark.parametrize("why", ["reserved", "named"])
async def test_what_is_reserved_or_named_is_locked_at_once(database: Database, why: str) -> None:
    await set_up(database)
    claim = await change(database, lambda it: reserve(it, 4) if why == "reserved" else take(it, 4))
    claims = [claim] if why == "named" else []
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP], at=later(1), claims=claims, early=False)
        with pytest.raises(DatabaseTimeout):
            await lock_at_once(database)
        if claims:
            ceilings.give_back(claim, 1, member=ANN, at=later(1))
        else:
            take(ceilings, 6, at=later(1))
        await limits.write(tx, ceilings)
    assert await read_ceiling(database) == ((10, 3, 0) if claims else (10, 6, 4))


async def test_what_is_locked_at_once_is_read_again_under_the_lock(database: Database) -> None:
    await set_up(database)
    await change(database, lambda it: reserve(it, 4))

    async def look_late() -> int:
        async with database.transaction() as tx:
            return (await limits.lock(tx, [LAMP], at=AT, early=False)).left[LAMP]

    async with asyncio.TaskGroup() as group, database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP], at=AT)
        take(ceilings, 5)
        await limits.write(tx, ceilings)
        looking = group.create_task(look_late())
        await wait_until_waiting(tx, 1)
    assert looking.result() == 1


async def test_a_snapshot_locks_nothing_early_or_late(database: Database) -> None:
    await set_up(database)
    claim = await change(database, lambda it: reserve(it, 4))
    async with database.snapshot() as read:
        ceilings = await limits.lock(read, [LAMP], at=AT, claims=[claim, (LAMP, new_id())], early=False)
        assert ceilings.left == {LAMP: 6}
        await lock_at_once(database)

"""Several merges of the same members, one into the next, and undone again: everybody gets back what was theirs."""

from uuid import UUID

import pytest

from regulars.kernel import spine
from tests.spine.conftest import Shop, ask
from tests.spine.test_commands import do, earn, refuse
from tests.spine.test_merging_holds import BECAUSE, hold, is_sound


async def begin(shop: Shop) -> tuple[UUID, UUID, UUID]:
    """Three members with 100, 20 and 3 points: cards 9, 8 and 7."""
    return (
        (await earn(shop, "1", 100, card="9")).member,
        (await earn(shop, "2", 20, card="8")).member,
        (await earn(shop, "3", 3)).member,
    )


async def shown(shop: Shop, *members: UUID) -> list[int]:
    assert await is_sound(shop)
    return [(await shop.standing(each)).shown for each in members]


async def test_two_merges_one_into_the_next_are_undone_one_after_the_other(shop: Shop) -> None:
    a, b, c = await begin(shop)
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    assert await shown(shop, a, b, c) == [0, 0, 123]
    # The first merge is of one who is part of another now.
    assert await refuse(shop, "unmerge", "u0", origin="m1", **BECAUSE) == "merge_refused"
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    assert await shown(shop, a, b, c) == [0, 120, 3]
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c) == [100, 20, 3]


async def test_what_was_used_along_the_way_stays_used(shop: Shop) -> None:
    a, b, c = await begin(shop)
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    await do(shop, "redeem", "r1", card="8", currency="points", points=10)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    # All lots end on one day: the older is used first, which is the one that was not handed on.
    await do(shop, "redeem", "r2", currency="points", points=15)
    assert await shown(shop, a, b, c) == [0, 0, 98]
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    await do(shop, "redeem", "r3", card="8", currency="points", points=1)
    assert await shown(shop, a, b, c) == [0, 97, 0]
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c) == [97, 0, 0]


async def test_a_third_merge_is_followed_there_and_back(shop: Shop) -> None:
    a, b, c = await begin(shop)
    d = (await earn(shop, "4", 1_000, card="6")).member
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    await do(shop, "merge", "m3", card="6", to=c, **BECAUSE)
    await do(shop, "unmerge", "u3", card="6", origin="m3", **BECAUSE)
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c, d) == [100, 20, 3, 1_000]


async def test_the_second_merge_is_done_and_undone_twice(shop: Shop) -> None:
    a, b, c = await begin(shop)
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    for time in ("1", "2"):
        await do(shop, "merge", f"m2{time}", to=b, **BECAUSE)
        await do(shop, "unmerge", f"u2{time}", origin=f"m2{time}", **BECAUSE)
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c) == [100, 20, 3]


@pytest.mark.parametrize("stored", [0, 1])
async def test_within_one_batch_as_in_several(shop: Shop, stored: int) -> None:
    a, b, c = await begin(shop)
    d = (await earn(shop, "4", 1_000, card="6")).member
    facts = [
        ask("merge", "m1", at=shop.at, card="8", to=a, **BECAUSE),
        ask("merge", "m2", at=shop.at, to=b, **BECAUSE),
        ask("merge", "m3", at=shop.at, card="6", to=c, **BECAUSE),
        ask("unmerge", "u3", at=shop.at, card="6", origin="m3", **BECAUSE),
        ask("unmerge", "u2", at=shop.at, card="7", origin="m2", **BECAUSE),
        ask("unmerge", "u1", at=shop.at, card="8", origin="m1", **BECAUSE),
    ]
    for fact in facts[:stored]:
        await shop.receipt(fact)
    outcomes = await shop.send(*facts[stored:])
    assert [outcome.refusal for outcome in outcomes] == [None] * (6 - stored)
    assert await shown(shop, a, b, c, d) == [100, 20, 3, 1_000]


async def test_two_who_became_one_with_the_same_member_each_get_their_own(shop: Shop) -> None:
    a, b, c = await begin(shop)
    d = (await earn(shop, "4", 1_000, card="6")).member
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    await do(shop, "merge", "m4", card="8", to=d, **BECAUSE)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c, d) == [100, 1_020, 3, 0]
    await do(shop, "unmerge", "u4", card="8", origin="m4", **BECAUSE)
    assert await shown(shop, a, b, c, d) == [100, 20, 3, 1_000]


@pytest.mark.parametrize("back", ["between", "after"])
async def test_what_was_set_aside_comes_back_to_whom_it_was(shop: Shop, back: str) -> None:
    a, b, c = await begin(shop)
    await hold(shop, 60, "9")
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    if back == "between":
        shop.later(hours=1)
        await spine.bring_due(shop.database, shop.house, at=shop.at)
        assert await shown(shop, a, b, c) == [0, 0, 123]
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    if back == "after":
        shop.later(hours=1)
        await spine.bring_due(shop.database, shop.house, at=shop.at)
        assert await shown(shop, a, b, c) == [0, 120, 3]
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c) == [100, 20, 3]


async def test_a_gift_that_was_given_back_is_not_handed_back(shop: Shop) -> None:
    a, b, c = await begin(shop)
    await do(shop, "merge", "m1", card="8", to=a, **BECAUSE)
    # All of it goes to another as a gift, and comes back as one: it was used, and is the kept one's own now.
    await do(shop, "gift", "t1", card="8", to=c, currency="points", points=120)
    await do(shop, "gift", "t2", to=b, currency="points", points=123)
    await do(shop, "merge", "m2", to=b, **BECAUSE)
    await do(shop, "unmerge", "u2", origin="m2", **BECAUSE)
    await do(shop, "unmerge", "u1", card="8", origin="m1", **BECAUSE)
    assert await shown(shop, a, b, c) == [0, 123, 0]

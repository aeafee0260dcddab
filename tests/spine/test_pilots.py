"""A version is tried beside the live one, comes to live, and is rolled back, while a shop goes on selling."""

from collections import Counter
from datetime import timedelta

import pytest

from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity
from regulars.kernel.program import Pilot
from regulars.kernel.program.audience import number_of
from regulars.kernel.spine import check
from tests.spine.conftest import LEVELS, PROGRAM, START, Shop, buy

DOUBLE = PROGRAM.replace("points: 1, per_minor: 10}", "points: 2, per_minor: 10}")
BUDGET = PROGRAM.replace("  - id: base\n", "  - id: base\n    budget: {points: 1000}\n")
DAY = timedelta(days=1)


async def draft(shop: Shop, text: str) -> str:
    async with shop.database.transaction() as tx:
        return (await program.draft(tx, program.parse(text), by="ana", at=shop.at)).hash


async def try_on(shop: Shop, hash_: str, pilot: Pilot) -> None:
    async with shop.database.transaction() as tx:
        await spine.start_pilot(tx, hash_, pilot, live_from=shop.at, by="ana", at=shop.at)


async def roll_back(shop: Shop) -> program.Release:
    async with shop.database.transaction() as tx:
        return await spine.roll_back(tx, by="ana", at=shop.at)


async def points(shop: Shop, fact: Activity) -> tuple[int, str]:
    """What base gave, and which version said so."""
    receipt = await shop.receipt(fact)
    return sum(posted.points for posted in receipt.postings if posted.offer == "base"), receipt.program


async def amount(shop: Shop, ceiling: str) -> int:
    async with shop.database.snapshot() as read:
        return next(each.amount for each in await limits.ceilings(read) if each.id == ceiling)


async def is_sound(shop: Shop) -> bool:
    async with shop.database.snapshot() as read:
        report = await check(read)
    assert report.faults == ()
    return True


async def test_a_trial_in_one_store_decides_there_and_nowhere_else(shop: Shop) -> None:
    live = (await shop.receipt(buy("before", 1000))).program
    tried = await draft(shop, DOUBLE)
    await try_on(shop, tried, Pilot(stores=("s1",)))
    shop.later(days=1)
    assert await points(shop, buy("in", 1000, store="s1", at=shop.at)) == (200, tried)
    assert await points(shop, buy("out", 1000, store="s2", at=shop.at)) == (100, live)
    assert await points(shop, buy("nowhere", 1000, at=shop.at)) == (100, live)
    assert await points(shop, buy("late", 1000, store="s1", at=START - DAY)) == (100, live), "as it was on that day"
    release = await roll_back(shop)
    assert (release.kind, release.hash) == ("end", tried)
    assert await points(shop, buy("after", 1000, store="s1", at=shop.at)) == (100, live)
    # What was bought in the trial comes back as it was given.
    back = await shop.receipt(Activity(id="r", source="till", kind="return", occurred_at=shop.at, origin="in",
                                       member=buy("x", 1).member))  # fmt: skip
    assert sum(posted.points for posted in back.postings if posted.offer == "base") == -200
    assert await is_sound(shop)


async def test_a_trial_on_a_share_takes_each_member_always_the_same_way(shop: Shop) -> None:
    tried = await draft(shop, DOUBLE)
    await try_on(shop, tried, Pilot(permille=500, salt="spring"))
    said: dict[str, set[int]] = {}
    for visit in range(2):
        for card in range(30):
            receipt = await shop.receipt(buy(f"{card}-{visit}", 1000, card=str(card)))
            given = sum(posted.points for posted in receipt.postings if posted.offer == "base")
            said.setdefault(str(card), set()).add(given)
            is_in = number_of(receipt.member, "spring") < 500
            assert given == (200 if is_in else 100)
    assert all(len(each) == 1 for each in said.values())
    assert min(Counter(min(each) for each in said.values()).values()) >= 5


async def test_a_trial_on_a_trait_looks_at_the_trait_of_the_day(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    tried = await draft(shop, DOUBLE + LEVELS)
    await try_on(shop, tried, Pilot(trait="tier", values=("gold",)))
    assert (await points(shop, buy("1", 2000)))[0] == 200
    shop.later(days=1)
    assert (await points(shop, buy("2", 1000, at=shop.at)))[0] == 200, "gold since, so on trial"
    assert (await points(shop, buy("3", 1000, at=START - DAY)))[0] == 100, "not gold yet on that day"


async def test_rolling_back_is_one_step_and_rewrites_nothing(shop: Shop) -> None:
    old = await points(shop, buy("1", 1000))
    shop.later(days=1)
    await shop.publish(DOUBLE, live_from=shop.at)
    new = await points(shop, buy("2", 1000, at=shop.at))
    assert (old[0], new[0]) == (100, 200)
    shop.later(days=1)
    assert (await roll_back(shop)).hash == old[1]
    assert await points(shop, buy("3", 1000, at=shop.at)) == old
    assert await points(shop, buy("late", 1000, at=START + DAY)) == new, "that day it was the other"
    assert (await shop.receipt(buy("2", 1000, at=START + DAY))).program == new[1]
    assert await is_sound(shop)


async def test_nothing_begins_in_a_past_that_was_decided(shop: Shop) -> None:
    await shop.publish(DOUBLE)  # Nothing happened yet: the past is free.
    await shop.receipt(buy("1", 1000, at=START - timedelta(hours=2)))
    with pytest.raises(spine.AlreadyDecided) as refused:
        await shop.publish(PROGRAM, live_from=START - timedelta(hours=2))
    assert refused.value.code == "already_decided"
    await shop.publish(PROGRAM, live_from=START - timedelta(hours=1))
    assert (await points(shop, buy("2", 1000)))[0] == 100
    tried = await draft(shop, BUDGET)
    async with shop.database.transaction() as tx:
        with pytest.raises(spine.AlreadyDecided):
            await spine.start_pilot(
                tx, tried, Pilot(permille=5), live_from=START - timedelta(hours=3), by="ana", at=shop.at
            )


WITHOUT = PROGRAM.replace("  points:", "  coins:").replace("currency: points", "currency: coins")


async def test_points_that_members_hold_are_not_stranded(shop: Shop) -> None:
    await shop.publish(WITHOUT)
    await shop.publish()  # Nobody holds any yet.
    await shop.receipt(buy("1", 1000))
    with pytest.raises(program.LotsStranded) as refused:
        await shop.publish(WITHOUT, live_from=shop.at)
    assert "members hold points" in str(refused.value)
    with pytest.raises(program.LotsStranded):
        await shop.publish(WITHOUT, live_from=shop.at + DAY)
    with pytest.raises(program.LotsStranded):
        await roll_back(shop)
    both = PROGRAM.replace("  stars:\n", "  coins:\n    kind: spendable\n    name: {en: C, zh-CN: 币}\n  stars:\n")
    await shop.publish(both, live_from=shop.at)
    assert (await points(shop, buy("2", 1000)))[0] == 100


async def test_a_trial_gives_only_points_that_outlive_it(shop: Shop) -> None:
    tried = await draft(shop, WITHOUT)
    with pytest.raises(program.LotsStranded):
        await try_on(shop, tried, Pilot(stores=("s1",)))


async def test_what_is_to_come_counts_what_is_given_until_then(shop: Shop) -> None:
    """Nobody holds any points yet, but the offers of today will have given some by tomorrow."""
    with pytest.raises(program.LotsStranded):
        await shop.publish(WITHOUT, live_from=shop.at + DAY)


async def test_budgets_follow_the_versions(shop: Shop) -> None:
    await shop.publish(BUDGET)
    (ceiling,) = [name for name, _ in program.compile_plan(program.parse(BUDGET)).ceilings]
    await shop.receipt(buy("1", 9000))
    less = await draft(shop, BUDGET.replace("points: 1000", "points: 950"))
    await try_on(shop, less, Pilot(stores=("s1",)))
    assert await amount(shop, ceiling) == 1000, "a trial never lessens what the others have"
    await roll_back(shop)
    shop.later(days=1)
    await shop.publish(BUDGET.replace("points: 1000", "points: 5000"), live_from=shop.at)
    assert await amount(shop, ceiling) == 5000
    assert (await points(shop, buy("2", 20000, at=shop.at)))[0] == 2000
    assert await is_sound(shop)
    await roll_back(shop)
    assert await amount(shop, ceiling) == 5000, "1000 are spent already: what was promised stays"
    assert await is_sound(shop)
    with pytest.raises(program.ProgramInvalid, match="less than what is already spent"):
        await shop.publish(BUDGET.replace("points: 1000", "points: 1200"), live_from=shop.at)


async def test_a_house_that_wants_a_second_person_gets_one(shop: Shop) -> None:
    async with shop.database.transaction() as tx:
        await program.set_policy(tx, program.Policy(review=True), by="owner", at=shop.at)
    with pytest.raises(program.ReviewMissing):
        await shop.publish(DOUBLE, live_from=shop.at)
    hash_ = await draft(shop, DOUBLE)
    async with shop.database.transaction() as tx:
        await program.review(tx, hash_, by="bob", at=shop.at)
    assert await shop.publish(DOUBLE, live_from=shop.at) == hash_
    assert (await roll_back(shop)).kind == "back", "going back to what was live needs nobody's word"

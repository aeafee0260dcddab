"""What time brings: the sweeper, the notices. Late, doubled or cut short, they change no answer."""

from datetime import timedelta

from regulars.kernel import spine
from tests.spine.conftest import PROGRAM, START, Shop, buy


async def test_a_sweeper_changes_no_answer(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000))).member
    shop.later(days=100, hours=16)
    before = await shop.standing(member)
    assert before.shown == 0
    assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 1
    assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 0
    after = await shop.standing(member)
    assert (after.shown, after.available, after.pending) == (0, 0, 0)


async def test_members_are_told_once_before_points_end(shop: Shop) -> None:
    await shop.receipt(buy("1", 1000))
    shop.later(days=65)
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 0
    shop.later(days=6)
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 1
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 0
    shop.later(days=23)
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 1
    shop.later(days=30)
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 0


async def test_members_are_told_once_that_points_are_usable(shop: Shop) -> None:
    await shop.publish(PROGRAM.replace("pending: {days: 0}", "pending: {days: 3}"))
    member = (await shop.receipt(buy("1", 1000))).member
    assert (await shop.standing(member)).pending == 100
    shop.at = START + timedelta(days=4)
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 1
    assert await spine.find_notices(shop.database, shop.house, at=shop.at) == 0
    assert (await shop.standing(member)).available == 100

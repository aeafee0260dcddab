"""A reward that is a coupon: the member holds it with the order, and it goes back unused when that is cancelled."""

import msgspec
import pytest

from regulars.kernel import program
from regulars.kernel.nouns import Grant
from tests.rewards.story import REWARDS, cancel, fund, order, states
from tests.spine.conftest import Shop, buy

pytest.importorskip("regulars.features.coupons")

OFFERS = """
  - id: ten-off
    mechanic: coupons
    on: [purchase]
    settings: {coupon: ten-off, title: {en: Ten off, zh-CN: 九折}, effect: {type: percent, permille: 100}}
  - id: voucher-offer
    mechanic: rewards
    on: [reward]
    settings:
      reward: voucher
      title: {en: Ten per cent off, zh-CN: 九折券}
      sort: coupon
      coupon: ten-off
      price: [{currency: points, points: 30}]
"""


async def test_coupon_is_there_at_once_and_taken_back_with_the_order(shop: Shop) -> None:
    await shop.publish(REWARDS + OFFERS)
    member = await fund(shop)
    receipt = await shop.receipt(order(shop, "o1", "voucher"))
    assert receipt.grants == (Grant(kind="order", what="voucher"), Grant(kind="coupon", what="ten-off"))
    assert receipt.memories.keys() >= {"ten-off", "voucher-offer"}
    assert await states(shop, member, "voucher-offer") == {"o1": "ready"}
    receipt = await shop.receipt(cancel(shop, "c1", "o1"))
    assert receipt.grants == (Grant(kind="coupon", what="ten-off", count=-1),)
    assert "ten-off" in receipt.memories
    assert await states(shop, member, "voucher-offer") == {"o1": "cancelled"}
    assert (await shop.standing(member)).shown == 1000


async def test_points_do_not_come_back_for_a_coupon_that_is_used(shop: Shop) -> None:
    await shop.publish(REWARDS + OFFERS)
    member = await fund(shop)
    await shop.receipt(order(shop, "o1", "voucher"))
    async with shop.database.snapshot() as read:
        stored = (await program.memories(read, [member]))[member, "ten-off"]
    (held,) = msgspec.json.decode(stored)["held"]
    used = await shop.receipt(buy("b", 1000, at=shop.at, coupons=(held,)))
    assert used.coupons == (held,)
    assert await shop.refusal(cancel(shop, "c1", "o1")) == "coupon_used"
    assert await states(shop, member, "voucher-offer") == {"o1": "ready"}

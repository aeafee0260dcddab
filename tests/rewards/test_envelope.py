"""What surrounds an offer keeps orders away; it never keeps away what becomes of them."""

from types import ModuleType

import pytest

from regulars.features.rewards.model import Settings
from regulars.kernel import spine
from regulars.kernel.program.mechanics import MechanicBroken, read_mechanic
from tests.rewards.story import REWARDS, cancel, fund, order, set_stock, states, tell, why_not
from tests.spine.conftest import Shop, ask


@pytest.fixture
async def rewards(shop: Shop) -> Shop:
    """The shop, with a catalogue."""
    await shop.publish(REWARDS)
    await set_stock(shop, mug=20)
    return shop


async def check_books(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()


async def test_limit_of_the_envelope_keeps_the_second_order_away(rewards: Shop) -> None:
    member = await fund(rewards)
    await rewards.receipt(order(rewards, "o1", "tour"))
    assert ("tour-offer", "limit", ["limit_reached"]) in await why_not(rewards, order(rewards, "o2", "tour"))
    assert await states(rewards, member, "tour-offer") == {"o1": "ordered"}
    assert (await rewards.standing(member)).shown == 950
    await check_books(rewards)


async def test_what_nobody_collects_is_refunded_after_the_offer_itself_has_ended(rewards: Shop) -> None:
    member = await fund(rewards)
    rewards.later(days=29)
    await rewards.receipt(order(rewards, "o1", "tour"))
    rewards.later(days=5)
    assert ("tour-offer", "schedule", []) in await why_not(rewards, order(rewards, "o2", "tour"))
    await rewards.receipt(tell(rewards, "s1", "o1", "ready"))
    rewards.later(days=31)
    await spine.bring_due(rewards.database, rewards.house, at=rewards.at)
    assert await states(rewards, member, "tour-offer") == {"o1": "ended"}
    assert (await rewards.standing(member)).shown == 1000
    assert await rewards.refusal(cancel(rewards, "c1", "o1")) == "order_closed"
    await check_books(rewards)


async def test_order_is_handed_over_to_who_is_no_longer_in_the_audience(rewards: Shop) -> None:
    text = REWARDS.replace("  - id: mug-offer\n", "  - id: mug-offer\n    audience: {traits: {vip: [true]}}\n")
    rewards.later(days=1)
    await rewards.publish(text, live_from=rewards.at)
    rewards.later(days=1)
    member = await fund(rewards)
    await rewards.receipt(ask("traits", "t1", at=rewards.at, vip=True))
    await rewards.receipt(order(rewards, "o1"))
    rewards.later(days=1)
    await rewards.receipt(ask("traits", "t2", at=rewards.at, vip=None))
    assert ("mug-offer", "audience", []) in await why_not(rewards, order(rewards, "o2"))
    await rewards.receipt(tell(rewards, "s1", "o1", "fulfilled"))
    assert await states(rewards, member) == {"o1": "fulfilled"}


async def test_orders_since_a_merge_are_known_after_it_was_undone(rewards: Shop) -> None:
    gone, kept = await fund(rewards, "8"), await fund(rewards)
    await rewards.receipt(order(rewards, "o1", card="8"))
    await rewards.receipt(ask("merge", "m", at=rewards.at, to=gone, by="ann", reason="same person"))
    await rewards.receipt(order(rewards, "o2"))
    await rewards.receipt(ask("unmerge", "u", at=rewards.at, origin="m", by="ann", reason="not the same person"))
    assert await states(rewards, kept) == {"o2": "ordered"}
    assert await states(rewards, gone) == {"o1": "ordered"}
    await check_books(rewards)


def test_what_follows_must_be_heard_of() -> None:
    module = ModuleType("follower")
    for name, part in {"PHASE": "state", "KINDS": ("heard",), "FOLLOWS": ("unheard",), "Settings": Settings}.items():
        setattr(module, name, part)
    with pytest.raises(MechanicBroken, match="FOLLOWS names 'unheard'"):
        read_mechanic("follower", module)

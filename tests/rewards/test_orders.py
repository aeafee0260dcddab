"""Ordering a reward: what it takes, what it says when it cannot be had, and what becomes of the order."""

from typing import Any

import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Grant
from tests.rewards.story import REWARDS, cancel, fund, left_of, lots, order, remember, set_stock, states, tell, why_not
from tests.spine.conftest import Shop, ask


@pytest.fixture
async def rewards(shop: Shop) -> Shop:
    """The shop, with a catalogue and twenty mugs."""
    await shop.publish(REWARDS)
    await set_stock(shop, mug=20)
    return shop


async def check_books(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert report.faults == ()


async def test_order_takes_points_and_a_piece(rewards: Shop) -> None:
    member = await fund(rewards, points=150)
    receipt = await rewards.receipt(order(rewards, "o1"))
    (posted,) = receipt.postings
    assert (posted.kind, posted.currency, posted.points, posted.offer) == ("redeem", "points", -100, "mug-offer")
    assert receipt.grants == (Grant(kind="order", what="mug"),)
    assert await left_of(rewards, "mug") == 19
    (made,) = (await remember(rewards, member)).orders
    assert (made.id, made.source, made.state, made.points, made.cash_minor) == ("o1", "till", "ordered", 100, 0)
    assert (await rewards.send(order(rewards, "o1")))[0].repeated
    assert await left_of(rewards, "mug") == 19
    await check_books(rewards)


async def test_member_chooses_how_to_pay_and_how_many(rewards: Shop) -> None:
    member = await fund(rewards, points=150, coins=30)
    await rewards.receipt(order(rewards, "cash", way=1, quantity=3))
    await rewards.receipt(order(rewards, "coins", way=2))
    cash, coins = (await remember(rewards, member)).orders
    assert (cash.points, cash.cash_minor, cash.quantity) == (120, 1500, 3)
    assert (coins.currency, coins.points, coins.cash_minor) == ("coins", 10, 0)
    assert await left_of(rewards, "mug") == 16
    assert (await rewards.standing(member)).shown == 30
    assert (await rewards.standing(member, "coins")).shown == 20


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"way": 3}, ["unknown_way"]),
        ({"quantity": 4}, ["too_many"]),
        ({"quantity": 2}, ["out_of_stock"]),
    ],
)
async def test_it_is_said_why_not(rewards: Shop, asked: dict[str, Any], says: list[str]) -> None:
    await fund(rewards)
    await set_stock(rewards, mug=1)
    assert ("mug-offer", "mechanic", says) in await why_not(rewards, order(rewards, "o1", **asked))
    assert await left_of(rewards, "mug") == 1


async def test_reward_without_a_stock_row_is_not_sold(shop: Shop) -> None:
    await shop.publish(REWARDS)
    await fund(shop)
    assert ("mug-offer", "mechanic", ["no_stock_row"]) in await why_not(shop, order(shop, "o1"))


async def test_reward_that_there_is_not_is_not_available(rewards: Shop) -> None:
    await fund(rewards)
    assert await why_not(rewards, order(rewards, "o1", "yacht")) == [("coffee-offer", "audience", [])]


async def test_too_few_points_buy_nothing(rewards: Shop) -> None:
    member = await fund(rewards, points=99)
    assert await rewards.refusal(order(rewards, "o1")) == "points_not_enough"
    assert await left_of(rewards, "mug") == 20
    assert (await remember(rewards, member)).orders == ()


@pytest.mark.parametrize("asked", [{"way": "first"}, {"quantity": 0}, {"way": -1}, {"colour": "red"}])
async def test_what_cannot_be_read_is_refused(rewards: Shop, asked: dict[str, Any]) -> None:
    await fund(rewards)
    assert await rewards.refusal(order(rewards, "o1", **asked)) == "order_invalid"


async def test_audience_of_the_envelope_keeps_others_away(rewards: Shop) -> None:
    member = await fund(rewards)
    assert await why_not(rewards, order(rewards, "o1", "coffee")) == [("coffee-offer", "audience", [])]
    await rewards.receipt(ask("traits", "t", at=rewards.at, vip=True))
    await rewards.receipt(order(rewards, "o1", "coffee"))
    assert await states(rewards, member, "coffee-offer") == {"o1": "fulfilled"}


async def test_order_goes_forward_only(rewards: Shop) -> None:
    member = await fund(rewards)
    await rewards.receipt(order(rewards, "o1"))
    receipt = await rewards.receipt(tell(rewards, "s1", "o1", "ready"))
    assert [(why.code, why.values["state"]) for why in receipt.reasons] == [("order_changed", "ready")]
    assert await rewards.refusal(tell(rewards, "s2", "o1", "ready")) == "order_state_refused"
    await rewards.receipt(tell(rewards, "s3", "o1", "fulfilled"))
    assert await rewards.refusal(tell(rewards, "s4", "o1", "ready")) == "order_state_refused"
    assert await rewards.refusal(tell(rewards, "s5", "o1", "cancelled")) == "order_invalid"
    assert await rewards.refusal(tell(rewards, "s6", "o2", "ready")) == "not_available"
    assert await states(rewards, member) == {"o1": "fulfilled"}


async def test_desk_tells_of_what_a_till_ordered(rewards: Shop) -> None:
    member = await fund(rewards)
    await rewards.receipt(order(rewards, "o1"))
    said = tell(rewards, "s1", "o1", "fulfilled")
    desk = type(said)(
        id="s1", source="desk", kind=said.kind, occurred_at=said.occurred_at, member=said.member, ask=said.ask
    )
    assert await rewards.refusal(desk) == "not_available"
    named = type(said)(
        id="s2",
        source="desk",
        kind=said.kind,
        occurred_at=said.occurred_at,
        member=said.member,
        ask={**said.ask, "source": "till"},
    )
    await rewards.receipt(named)
    assert await states(rewards, member) == {"o1": "fulfilled"}


async def test_cancelling_restores_everything_exactly(rewards: Shop) -> None:
    member = await fund(rewards, points=60)
    rewards.later(days=1)
    await fund(rewards, points=60)
    before = await lots(rewards, member)
    # More than the first lot has: both are drawn on.
    await rewards.receipt(order(rewards, "o1"))
    assert [left for currency, _, left in await lots(rewards, member) if currency == "points"] == [20]
    receipt = await rewards.receipt(cancel(rewards, "c1", "o1"))
    assert [why.code for why in receipt.reasons] == ["order_cancelled"]
    assert await lots(rewards, member) == before
    assert await left_of(rewards, "mug") == 20
    assert await states(rewards, member) == {"o1": "cancelled"}
    assert await rewards.refusal(tell(rewards, "s1", "o1", "ready")) == "order_state_refused"
    await check_books(rewards)


async def test_part_of_an_order_is_not_cancelled(rewards: Shop) -> None:
    await fund(rewards)
    await rewards.receipt(order(rewards, "o1"))
    assert await rewards.refusal(cancel(rewards, "c1", "o1", points=99)) == "order_indivisible"
    await rewards.receipt(cancel(rewards, "c2", "o1", points=100))
    assert await left_of(rewards, "mug") == 20


async def test_what_was_handed_over_stays_paid(rewards: Shop) -> None:
    member = await fund(rewards)
    await rewards.receipt(order(rewards, "o1"))
    await rewards.receipt(tell(rewards, "s1", "o1", "fulfilled"))
    before = await lots(rewards, member)
    assert await rewards.refusal(cancel(rewards, "c1", "o1")) == "order_fulfilled"
    assert await lots(rewards, member) == before
    assert await left_of(rewards, "mug") == 19


async def test_what_nobody_collects_ends(rewards: Shop) -> None:
    member = await fund(rewards)
    await rewards.receipt(order(rewards, "o1"))
    await rewards.receipt(order(rewards, "o2"))
    for id_ in ("o1", "o2"):
        await rewards.receipt(tell(rewards, f"ready-{id_}", id_, "ready"))
    rewards.later(days=7)
    await spine.bring_due(rewards.database, rewards.house, at=rewards.at)
    assert await states(rewards, member) == {"o1": "ready", "o2": "ready"}
    await rewards.receipt(tell(rewards, "s1", "o1", "fulfilled"))
    rewards.later(days=1)
    await spine.bring_due(rewards.database, rewards.house, at=rewards.at)
    assert await states(rewards, member) == {"o1": "fulfilled", "o2": "ended"}
    assert (await rewards.standing(member)).shown == 800
    assert await rewards.refusal(cancel(rewards, "c1", "o2")) == "order_closed"
    await check_books(rewards)


async def test_two_who_become_one_have_the_orders_of_both(rewards: Shop) -> None:
    gone, kept = await fund(rewards, "8"), await fund(rewards)
    await rewards.receipt(order(rewards, "o1", card="8"))
    await rewards.receipt(order(rewards, "o2"))
    await rewards.receipt(tell(rewards, "s1", "o1", "ready", card="8"))
    await rewards.receipt(ask("merge", "m", at=rewards.at, to=gone, by="ann", reason="same person"))
    assert await states(rewards, kept) == {"o1": "ready", "o2": "ordered"}
    await rewards.receipt(cancel(rewards, "c1", "o1"))
    assert await states(rewards, kept) == {"o1": "cancelled", "o2": "ordered"}
    assert await left_of(rewards, "mug") == 19
    await check_books(rewards)

"""Many tills at once on everything that is scarce: nothing is used twice, and nothing is given that is not there."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.features.coupons.codes import Terms, add_codes
from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity, Receipt
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy

CLIENTS = 32
CODES = 10
SCARCE = """
  - id: budgeted
    mechanic: bonus
    on: [purchase]
    budget: {points: 205}
    settings: {currency: points, points: 10}
  - id: code
    mechanic: coupons
    on: [purchase]
    settings: {coupon: code, title: {en: Off, zh-CN: 立减}, effect: {type: amount, minor: 500}}
  - id: cup
    mechanic: gifts
    on: [purchase]
    settings: {kind: article, what: cup, title: {en: A cup, zh-CN: 杯子}, stock: 15}
  - id: bag
    mechanic: rewards
    on: [reward]
    settings:
      reward: bag
      title: {en: A bag, zh-CN: 布袋}
      stock: true
      price: [{currency: points, points: 20}]
"""


@pytest.fixture
async def crowded(database_url: str) -> AsyncGenerator[Shop]:
    """A shop with a connection for each till."""
    database = await Database.open(database_url, pool_max=CLIENTS + 2)
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    shop = Shop(database=database, house=house)
    await shop.publish(PROGRAM + SCARCE)
    async with database.transaction() as tx:
        codes = [f"CODE-{number}" for number in range(CODES)]
        await add_codes(tx, house.keyring, codes, Terms(coupon="code", batch="one"), at=shop.at)
        await limits.set_ceilings(tx, {"stock:bag": 7})
    yield shop
    await database.close()


async def test_code_stock_budget_and_reward_at_once(crowded: Shop) -> None:
    """Each till buys twice with a code of all, orders a reward, and every other brings its first purchase back."""
    shop, receipts = crowded, list[Receipt]()

    async def send(fact: Activity) -> str:
        (outcome,) = await spine.record(shop.database, shop.house, [fact], replay=True)
        if outcome.receipt is None:
            assert outcome.refusal is not None
            return outcome.refusal.code
        receipts.append(outcome.receipt)
        return ""

    async def work(number: int) -> None:
        card = f"c{number}"
        first = buy(f"{card}-1", 3000, card=card, coupons=(f"CODE-{number % CODES}",))
        assert await send(first) == ""
        assert await send(ask("reward", f"{card}-r", at=START, card=card, reward="bag")) in {"", "not_available"}
        if number % 2:
            back = buy(f"{card}-b", card=card, at=START + timedelta(minutes=1), origin=first.id)
            back = Activity(
                id=back.id,
                source="till",
                kind="return",
                occurred_at=back.occurred_at,
                member=back.member,
                origin=first.id,
            )
            assert await send(back) == ""
        again = buy(f"{card}-2", 3000, card=card, at=START + timedelta(minutes=2), coupons=(f"CODE-{number % CODES}",))
        assert await send(again) == ""

    await asyncio.gather(*(work(number) for number in range(CLIENTS)))
    async with shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()
        rows = {it.id: it for it in await limits.ceilings(read)}
    assert all(0 <= it.taken <= it.amount for it in rows.values())
    used: dict[str, int] = {}
    for receipt in receipts:
        for claim in receipt.claims:
            used[claim.ceiling] = used.get(claim.ceiling, 0) + claim.amount
        for claim in receipt.freed:
            used[claim.ceiling] = used.get(claim.ceiling, 0) - claim.amount
    # What receipts say is what is taken, and what nobody had to give back is taken to the last piece.
    assert {name: count for name, count in used.items() if count} == {
        it.id: it.taken for it in rows.values() if it.taken
    }
    assert sum(it.taken for it in rows.values() if it.id.startswith("code:")) == CODES
    assert rows["stock:bag"].taken == 7
    given = sum(it.points for each in receipts for it in each.postings if it.offer == "budgeted" and it.points > 0)
    assert given == 205

"""What the tests of rewards share: a small catalogue, members with points, and short words for orders."""

from typing import Any
from uuid import UUID

from regulars.base.db import Tx
from regulars.features.rewards.mechanic import Memory, name_stock
from regulars.kernel import ledger, limits, program
from regulars.kernel.nouns import Activity
from tests.spine.conftest import PROGRAM, Shop, ask, buy

CATALOGUE = """
  - id: mug-offer
    mechanic: rewards
    on: [reward, reward_state]
    settings:
      reward: mug
      title: {en: A mug, zh-CN: 马克杯}
      text: {en: Holds coffee., zh-CN: 可盛咖啡。}
      image: /images/mug.png
      price:
        - {currency: points, points: 100}
        - {currency: points, points: 40, cash_minor: 500}
        - {currency: coins, points: 10}
      stock: true
      quantity_max: 3
      collect_days: 7
  - id: tour-offer
    mechanic: rewards
    on: [reward, reward_state]
    limits: [{times: 1, per: member, period: month}]
    schedule: {from: 2026-03-01, until: 2026-03-31}
    settings:
      reward: tour
      title: {en: A tour, zh-CN: 参观}
      sort: experience
      price: [{currency: points, points: 50}]
      collect_days: 30
      uncollected: refund
  - id: coffee-offer
    mechanic: rewards
    on: [reward]
    audience: {traits: {vip: [true]}}
    settings:
      reward: coffee
      title: {en: A coffee, zh-CN: 咖啡}
      sort: service
      price: [{currency: points, points: 5}]
      fulfilment: at_once
"""
REWARDS = (
    PROGRAM.replace("PRODUCE]}", "PRODUCE], traits: [vip]}").replace(
        "  miles:\n",
        "  coins:\n    kind: spendable\n    name: {en: Coins, zh-CN: 金币}\n    expiry: {model: never}\n  miles:\n",
    )
    + CATALOGUE
)


async def set_stock(shop: Shop, **amounts: int) -> None:
    async def put(tx: Tx) -> None:
        await limits.set_ceilings(tx, {name_stock(reward): amount for reward, amount in amounts.items()}, at=shop.at)

    await shop.database.run(put)


async def left_of(shop: Shop, reward: str) -> int:
    async with shop.database.snapshot() as read:
        name = name_stock(reward)
        return (await limits.left_many(read, [name], at=shop.at))[name]


async def fund(shop: Shop, card: str = "7", points: int = 1000, coins: int = 0) -> UUID:
    """Give a member points to spend."""
    member = (await shop.receipt(buy(f"fund-{card}-{shop.at.isoformat()}", points * 10, card=card, at=shop.at))).member
    if coins:
        await shop.receipt(ask("opening", f"coins-{card}", at=shop.at, card=card, currency="coins", points=coins))
    return member


def order(shop: Shop, id: str, reward: str = "mug", *, card: str = "7", **more: Any) -> Activity:  # noqa: A002, ANN401
    return ask("reward", id, at=shop.at, card=card, reward=reward, **more)


def tell(shop: Shop, id: str, order: str, state: str, *, card: str = "7", **more: Any) -> Activity:  # noqa: A002, ANN401
    return ask("reward_state", id, at=shop.at, card=card, order=order, state=state, **more)


def cancel(shop: Shop, id: str, origin: str, *, card: str = "7", **more: Any) -> Activity:  # noqa: A002, ANN401
    return ask("reverse", id, at=shop.at, card=card, origin=origin, **more)


async def why_not(shop: Shop, fact: Activity) -> list[tuple[str, str, list[str]]]:
    """Why something is not available: (offer, gate that decided, reasons)."""
    (outcome,) = await shop.send(fact)
    assert outcome.refusal is not None, outcome.receipt
    assert outcome.refusal.code == "not_available"
    reasons: Any = outcome.refusal.context["reasons"]
    return [(each["offer"], each["decided"], each["reasons"]) for each in reasons]


async def remember(shop: Shop, member: UUID, offer: str = "mug-offer") -> Memory:
    async with shop.database.snapshot() as read:
        plan = (await shop.house.versions.read(read)).plan_at(shop.at)
        stored = {name: data for (_, name), data in (await program.memories(read, [member])).items()}
    memory = plan.offers[offer].read_memory(stored)
    assert isinstance(memory, Memory)
    return memory


async def states(shop: Shop, member: UUID, offer: str = "mug-offer") -> dict[str, str]:
    return {order.id: order.state for order in (await remember(shop, member, offer)).orders}


async def lots(shop: Shop, member: UUID) -> list[tuple[str, int, int]]:
    async with shop.database.snapshot() as read:
        return [(lot.currency, lot.number, lot.remaining) for lot in await ledger.lots(read, member, most=100)]

"""A shop whose points are kept in books."""

from datetime import UTC, datetime
from typing import Any

from regulars.features import money
from regulars.kernel.nouns import Receipt
from tests.spine.conftest import Shop, ask

MONEY_PROGRAM = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: Asia/Shanghai
money: CNY
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    pending: {days: 0}
    expiry: {model: rolling, days: 60}
    value: {minor: 10, per_points: 1}
    funder: house
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
    expiry: {model: never}
  miles:
    kind: spendable
    name: {en: Miles, zh-CN: 里程}
    expiry: {model: never}
    value: {minor: 3, per_points: 1}
conversions:
  - {from: points, into: miles, take: 2, give: 5, spread_permille: 30}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
  - id: brand
    mechanic: spend
    on: [purchase]
    funder: dairy-board
    settings: {currency: points, points: 1, per_minor: 700}
  - id: stars
    mechanic: spend
    on: [purchase]
    settings: {currency: stars, points: 1, per_minor: 100}
"""
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


async def estimate(
    shop: Shop, rate_permille: int, *, since: datetime = LONG_AGO, currency: str = "points"
) -> money.Estimate:
    async with shop.database.transaction() as tx:
        return await money.make_estimate(
            tx,
            currency=currency,
            rate_permille=rate_permille,
            effective_from=since,
            by="ann",
            at=shop.at,
            note="as the auditors agreed",
        )


async def take(shop: Shop, month: str | None = None) -> money.Books:
    place = None if month is None else money.read_month(month)
    return await money.take_books(shop.database, shop.house.versions, at=shop.at, month=place)


async def do(shop: Shop, kind: str, id: str, **settings: Any) -> Receipt:  # noqa: A002, ANN401 - as in an activity
    return await shop.receipt(ask(kind, id, at=shop.at, **settings))


def find(books: money.Books, month: str, *, funder: str = "house", currency: str = "points") -> money.Forward:
    return next(f for f in books.forwards if (f.month, f.funder, f.currency) == (month, funder, currency))


def moved(forward: money.Forward, category: str) -> money.Movement:
    return next(m for m in forward.movements if m.category == category)

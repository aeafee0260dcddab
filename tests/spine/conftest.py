"""A shop with a small programme, on a real database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import ledger, members, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line, Receipt

PROGRAM = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    pending: {days: 0}
    expiry: {model: rolling, days: 100}
    value: {minor: 1, per_points: 2}
    funder: house
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
    expiry: {model: never}
  miles:
    kind: spendable
    name: {en: Miles, zh-CN: 里程}
    pending: {until: delivered}
    expiry: {model: rolling, days: 100}
catalog: {categories: [DAIRY, PRODUCE]}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 10}
  - id: stars
    mechanic: spend
    on: [purchase]
    settings: {currency: stars, points: 1, per_minor: 100}
"""
LEVELS = """
  - id: miles
    mechanic: spend
    on: [purchase]
    settings: {currency: miles, points: 1, per_minor: 50}
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿卡}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金卡}, at: 20}
"""
"""More offers for the same programme: points that wait for delivery, and two levels."""
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Shop:
    """The house under test, with a clock that the test turns."""

    database: Database
    house: spine.House
    at: datetime = START

    async def publish(self, text: str = PROGRAM, *, live_from: datetime = START - timedelta(days=400)) -> str:
        async with self.database.transaction() as tx:
            published = await spine.publish(tx, program.parse(text), live_from=live_from, by="test", at=self.at)
        return published.hash

    async def send(self, *facts: Activity) -> list[spine.Outcome]:
        """Record at the shop's own time."""
        return await self.database.run(lambda tx: spine.record_many(tx, self.house, facts, self.at))

    async def receipt(self, fact: Activity) -> Receipt:
        outcome = (await self.send(fact))[0]
        assert outcome.receipt is not None, outcome.refusal
        return outcome.receipt

    async def refusal(self, fact: Activity) -> str:
        outcome = (await self.send(fact))[0]
        assert outcome.refusal is not None, outcome.receipt
        return outcome.refusal.code

    async def standing(self, member: UUID, currency: str = "points") -> ledger.Standing:
        async with self.database.snapshot() as read:
            found = await ledger.standing(read, member, at=self.at)
        return next(each for each in found if each.currency == currency)

    async def trait(self, member: UUID, name: str = "tier") -> object:
        async with self.database.snapshot() as read:
            return (await members.traits_many(read, [member], since=self.at)).as_of(member, self.at).get(name)

    async def share_points(self, first: UUID, *others: UUID) -> None:
        """Let members be a household."""
        for other in others:
            joining = Activity(
                id=f"join {other}", source="desk", kind="household_join", occurred_at=self.at, member=other, to=first
            )
            await self.receipt(joining)

    def later(self, **span: int) -> None:
        self.at += timedelta(**span)


def buy(
    id: str,  # noqa: A002 - the field's name
    *amounts: int,
    card: str = "7",
    at: datetime = START,
    **more: Any,  # noqa: ANN401 - any field of an activity
) -> Activity:
    """A purchase with one line for each amount."""
    lines = tuple(Line(sku=f"sku-{n}", amount_minor=amount) for n, amount in enumerate(amounts, start=1))
    return Activity(
        id=id,
        source="till",
        kind="purchase",
        occurred_at=at,
        member=Identifier(kind="card", value=card),
        lines=lines,
        **more,
    )


@pytest.fixture
async def shop(database: Database) -> Shop:
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    made = Shop(database=database, house=house)
    await made.publish()
    return made


def ask(kind: str, id: str, *, at: datetime, **settings: Any) -> Activity:  # noqa: A002, ANN401
    """A command. `card`, `origin` and `to` go into the activity, the rest into the ask."""
    fields = {name: settings.pop(name) for name in ("origin", "to") if name in settings}
    member = Identifier(kind="card", value=settings.pop("card", "7"))
    return Activity(id=id, source="till", kind=kind, occurred_at=at, member=member, ask=settings, **fields)

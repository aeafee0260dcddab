"""A shop's two hundred days: purchases, returns and whatever can be asked of the ledger, drawn by a known die."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line, Receipt, Returned

PROGRAM: Final = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, days: 40}
    value: {minor: 1, per_points: 2}
    funder: house
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
  miles:
    kind: spendable
    name: {en: Miles, zh-CN: 里程}
    pending: {until: delivered}
    expiry: {model: rolling, days: 100}
    funder: airline
  sparks:
    kind: spendable
    name: {en: Sparks, zh-CN: 火花}
    expiry: {model: inactivity, months: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 10}
  - id: extra
    mechanic: spend
    on: [purchase]
    budget: {points: 1000}
    funder: growers
    settings: {currency: points, points: 1, per_minor: 100}
  - id: miles
    mechanic: spend
    on: [purchase]
    settings: {currency: miles, points: 1, per_minor: 50}
  - id: sparks
    mechanic: spend
    on: [purchase]
    settings: {currency: sparks, points: 1, per_minor: 70}
  - id: stars
    mechanic: spend
    on: [purchase]
    settings: {currency: stars, points: 1, per_minor: 100}
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      window_days: 60
      keep_days: 30
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿卡}, at: 0}
        - {id: silver, name: {en: Silver, zh-CN: 银卡}, at: 20}
        - {id: gold, name: {en: Gold, zh-CN: 金卡}, at: 60}
  - id: cinema
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: cinema
      title: {en: A ticket, zh-CN: 电影票}
      effect: {type: partner, partner: {en: Roxy, zh-CN: 罗西影院}}
  - id: ticket
    mechanic: gifts
    on: [purchase]
    settings: {kind: coupon, what: cinema, title: {en: A ticket, zh-CN: 电影票}, lines: {minimum_minor: 5000}}
"""
START: Final = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAYS: Final = 200
CARDS: Final = tuple(str(number) for number in range(10))


async def try_another(tx: Tx) -> None:
    """Draft another version, take it through its steps, try it in a store where nobody buys, and retire it."""
    await program.set_policy(tx, program.Policy(review=True), by="owner", at=START)
    other = program.parse(PROGRAM.replace("days: 100", "days: 200", 1))
    hash_ = (await program.draft(tx, other, by="ana", at=START)).hash
    await program.mark_simulated(tx, hash_, report="a" * 64, by="ana", at=START)
    await program.review(tx, hash_, by="bob", at=START)
    elsewhere = program.Pilot(stores=("elsewhere",))
    await spine.start_pilot(tx, hash_, elsewhere, live_from=START, by="ana", at=START)
    await spine.retire(tx, hash_, by="ana", at=START)


@dataclass(slots=True, kw_only=True)
class Story:
    """The shop, and what happened there so far."""

    database: Database
    house: spine.House
    die: Random
    at: datetime = START
    number: int = 0
    purchases: list[tuple[str, Receipt, int]] = field(default_factory=list[tuple[str, Receipt, int]])
    """(card, receipt, amount of its first line)"""
    redemptions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    holds: list[tuple[str, UUID]] = field(default_factory=list[tuple[str, UUID]])
    refused: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    async def begin(cls, database: Database) -> "Story":
        """Publish the programme."""
        house = spine.House(
            keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
        )
        async with database.transaction() as tx:
            live_from = START - timedelta(days=1)
            await spine.publish(
                tx, program.parse(PROGRAM), live_from=live_from, by="test", at=START, text=PROGRAM, note="as agreed"
            )
            await try_another(tx)
            codes = [limits.Code(name=f"code:{number}") for number in range(2)]
            await limits.add_codes(tx, [bytes([number]) * 32 for number in range(2)], codes, batch="summer", at=START)
        return cls(database=database, house=house, die=Random(11))  # noqa: S311 - always the same story

    async def tell(self, kind: str, card: str, **more: Any) -> Receipt | None:  # noqa: ANN401 - fields of an activity
        """Record something now; None when it is refused."""
        self.number += 1
        fact = Activity(
            id=f"{kind}-{self.number}",
            source="till",
            kind=kind,
            occurred_at=self.at,
            member=Identifier(kind="card", value=card),
            **more,
        )
        (outcome,) = await self.database.run(lambda tx: spine.record_many(tx, self.house, [fact], self.at))
        if outcome.refusal is not None:
            self.refused[outcome.refusal.code] = self.refused.get(outcome.refusal.code, 0) + 1
        return outcome.receipt

    async def run(self, days: int = DAYS) -> None:
        """Live through the days."""
        for _ in range(days):
            self.at += timedelta(days=1)
            await self.buy(self.die.choice(CARDS))
            await self.buy(self.die.choice(CARDS))
            await self.die.choice((self.give_back, self.spend, self.hold, self.settle, self.correct, self.deliver))()

    async def buy(self, card: str) -> None:
        """Buy two lines."""
        amount = self.die.randrange(100, 1500)
        lines = (Line(sku="a", amount_minor=amount), Line(sku="b", amount_minor=self.die.randrange(1000)))
        receipt = await self.tell("purchase", card, lines=lines)
        assert receipt is not None, self.refused
        self.purchases.append((card, receipt, amount))

    async def give_back(self) -> None:
        """Return a purchase of the last months, whole or in part."""
        card, receipt, amount = self.die.choice(self.purchases[-120:])
        part = (Returned(line=1, amount_minor=self.die.randrange(1, amount)),) if self.die.random() < 0.5 else ()
        await self.tell("return", card, origin=receipt.id, returned=part)

    async def spend(self) -> None:
        """Redeem, and sometimes put it back later."""
        card = self.die.choice(CARDS)
        if self.redemptions and self.die.random() < 0.4:
            card, origin = self.redemptions.pop()
            ask = {"when_expired": self.die.choice(("forfeit", "grace", "reinstate")), "grace_days": 3}
            await self.tell("reverse", card, origin=origin, ask=ask)
            return
        ask = {"currency": "points", "points": self.die.randrange(1, 150)}
        receipt = await self.tell("redeem", card, ask=ask)
        if receipt is not None:
            self.redemptions.insert(0, (card, receipt.id))

    async def hold(self) -> None:
        """Set points aside."""
        card = self.die.choice(CARDS)
        ask = {"currency": "points", "points": self.die.randrange(1, 100), "valid_seconds": 6 * 86_400}
        receipt = await self.tell("hold", card, ask=ask)
        if receipt is not None:
            held = receipt.postings[0].hold
            assert held is not None
            self.holds.append((card, held))

    async def settle(self) -> None:
        """Use a hold, in part, or give it back; some run out."""
        if self.holds:
            card, held = self.holds.pop()
            kind = self.die.choice(("capture", "release"))
            ask: dict[str, Any] = {"hold": str(held)}
            if kind == "capture" and self.die.random() < 0.6:
                ask |= {"points": 1, "final": self.die.random() < 0.5}
            await self.tell(kind, card, ask=ask)

    async def correct(self) -> None:
        """Correct by hand, give away, donate."""
        card, friend = self.die.sample(CARDS, 2)
        points = {"currency": "points", "points": self.die.randrange(1, 40)}
        match self.die.randrange(3):
            case 0:
                sign = self.die.choice((-1, 1))
                ask = {**points, "points": sign * points["points"], "reason": "goodwill", "by": "ann"}
                await self.tell("adjust", card, ask=ask)
            case 1:
                await self.tell("gift", card, to=Identifier(kind="card", value=friend), ask=points)
            case _:
                await self.tell("donate", card, ask={**points, "charity": "trees"})

    async def deliver(self) -> None:
        """Set miles free."""
        card, receipt, _ = self.die.choice(self.purchases[-20:])
        await self.tell("delivered", card, origin=receipt.id)

    async def finish(self) -> None:
        """Share points in a household, owe some, merge two members, and leave things open."""
        first, second, third = CARDS[:3]
        for card in (third, second):
            assert await self.tell("household_join", card, to=Identifier(kind="card", value=first)) is not None
        assert await self.tell("household_leave", third) is not None
        for card in (first, second, third):
            await self.buy(card)
        assert await self.tell("redeem", first, ask={"currency": "points", "points": 20, "pool": True}) is not None
        await self.owe(CARDS[3])
        await self.hand_out(CARDS[6])
        await spine.bring_due(self.database, self.house, at=self.at)
        gone = Identifier(kind="card", value=CARDS[4])
        await self.buy(CARDS[4])
        assert await self.tell("merge", CARDS[5], to=gone, ask={"by": "ann", "reason": "same person"}) is not None
        for card in (first, second):
            ask = {"currency": "points", "points": 5, "valid_seconds": 6 * 86_400}
            assert await self.tell("hold", card, ask=ask) is not None

    async def owe(self, card: str) -> None:
        """Bring back a purchase whose points are spent, and buy again: the debt is paid first."""
        await self.buy(card)
        *_, (_, receipt, _) = self.purchases
        standing = receipt.balances["points"]
        spent = await self.tell("redeem", card, ask={"currency": "points", "points": standing})
        assert spent is not None, self.refused
        back = await self.tell("return", card, origin=receipt.id)
        assert back is not None
        assert any(posted.arrears for posted in back.postings)
        self.at += timedelta(days=1)
        assert await self.tell("purchase", card, lines=(Line(sku="a", amount_minor=50),)) is not None

    async def hand_out(self, card: str) -> None:
        """Take in two codes of a partner, and hand one out."""
        sealed = [(bytes([number]) * 32, bytes([number]) * 40) for number in range(2)]
        async with self.database.transaction() as tx:
            await limits.fill_pool(
                tx, "pool:cinema", "spring", sealed, wrapped_key=bytes(60), known=(), valid_until=None, at=self.at
            )
        receipt = await self.tell("purchase", card, lines=(Line(sku="a", amount_minor=5000),))
        assert receipt is not None
        assert [claim.ceiling for claim in receipt.claims if claim.ceiling.startswith("pool:")] == ["pool:cinema"]

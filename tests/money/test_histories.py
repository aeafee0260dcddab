"""Whatever happens to points: every month closes, ties to the lots, and is told the same for ever."""

from random import Random
from typing import Any

import msgspec
import pytest

from regulars.features import money
from regulars.kernel.nouns import Activity, Identifier, Returned
from tests.money.story import estimate, take
from tests.spine.conftest import Shop, ask, buy

CARDS = ("7", "8", "9")
SEEDS = range(4)
# What happens how often. Later is drawn often enough for points to end while some are held, given away and owed.
WEIGHTS = {
    "buy": 24,
    "return": 8,
    "redeem": 14,
    "reverse": 8,
    "hold": 6,
    "capture": 4,
    "release": 2,
    "adjust": 4,
    "gift": 6,
    "donate": 3,
    "opening": 2,
    "convert": 4,
    "merge": 1,
    "unmerge": 2,
    "later": 14,
}
ORIGINS = {"return": "buy", "reverse": "redeem", "capture": "hold", "release": "hold", "unmerge": "merge"}


def say_more(kind: str, chance: Random) -> dict[str, Any]:
    """What a command needs besides currency and points."""
    match kind:
        case "adjust":
            return {"reason": "x", "by": "ann"}
        case "hold":
            return {"valid_seconds": 20 * 86_400}
        case "gift":
            return {"to": Identifier(kind="card", value=chance.choice(CARDS))}
        case "donate":
            return {"charity": "trees"}
        case "convert":
            return {"into": "miles"}
        case _:
            return {}


class History:
    """A shop in which things happen by chance; what is refused is left out."""

    def __init__(self, shop: Shop, chance: Random) -> None:
        self.shop = shop
        self.chance = chance
        self.done: dict[str, list[tuple[str, str]]] = {kind: [] for kind in ORIGINS.values()}
        self.count = 0

    def make(self, kind: str, name: str, card: str) -> Activity | None:
        """Make an activity; None where it would speak of something that never happened."""
        at, chance = self.shop.at, self.chance
        if kind == "buy":
            return buy(name, chance.choice((0, 99, 12_345, 40_000, 77_777)), at=at, card=card)
        if kind == "merge":
            to = Identifier(kind="card", value=chance.choice(CARDS))
            return ask(kind, name, at=at, card=card, to=to, by="ann", reason="one person")
        if kind not in ORIGINS:
            points = chance.randint(-150 if kind == "adjust" else 1, 300)
            return ask(kind, name, at=at, card=card, currency="points", points=points, **say_more(kind, chance))
        known = self.done[ORIGINS[kind]][-6:]
        return self.answer(kind, name, *chance.choice(known)) if known else None

    def answer(self, kind: str, name: str, earlier: str, card: str) -> Activity:
        """Make an activity that speaks of an earlier one."""
        at, chance = self.shop.at, self.chance
        if kind == "return":
            line = Returned(line=1, amount_minor=chance.choice((99, 5_000, 12_345)))
            part = () if chance.random() < 0.5 else (line,)
            member = Identifier(kind="card", value=card)
            return Activity(
                id=name, source="till", kind=kind, occurred_at=at, member=member, origin=earlier, returned=part
            )
        said: dict[str, Any] = {"hold" if kind in {"capture", "release"} else "origin": earlier}
        if kind == "capture":
            said["points"] = chance.randint(1, 150)
        elif kind == "reverse":
            said |= {"when_expired": chance.choice(["forfeit", "grace", "reinstate"]), "grace_days": 9}
        elif kind == "unmerge":
            said |= {"by": "ann", "reason": "two people"}
        return ask(kind, name, at=at, card=card, **said)

    async def run(self, steps: int) -> None:
        for kind in self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=steps):
            self.count += 1
            card = self.chance.choice(CARDS)
            if kind == "later":
                self.shop.later(days=self.chance.randint(1, 25))
                continue
            fact = self.make(kind, f"n{self.count}", card)
            if fact is None:
                continue
            outcome = (await self.shop.send(fact))[0]
            if outcome.receipt is not None and kind in self.done:
                name = fact.id if kind != "hold" else str(outcome.receipt.postings[0].hold)
                self.done[kind].append((name, card))


def write(books: money.Books, *, before: str) -> bytes:
    """All that a report tells of the months before one."""
    forwards = [f for f in books.forwards if f.month < before]
    transactions = money.post(forwards, money=books.money)
    texts = (money.write_csv(transactions), money.write_beancount(transactions))
    return msgspec.json.encode((forwards, texts))


def check(books: money.Books) -> None:
    stands: dict[tuple[str, str], money.Stand] = {}
    for forward in books.forwards:
        place = (forward.currency, forward.funder)
        if place in stands:
            assert forward.opening == stands[place]
        stands[place] = forward.closing
        opening, closing = forward.opening, forward.closing
        assert opening.points + sum(m.points for m in forward.movements) == closing.points >= 0
        assert opening.value_micro + sum(m.value_micro for m in forward.movements) == closing.value_micro
        freed = sum(m.deferred_micro for m in forward.movements) - forward.ahead_micro - forward.restated_micro
        assert opening.liability_micro + freed == closing.liability_micro
        assert 0 <= closing.liability_micro <= closing.deferred_micro <= closing.value_micro
        if closing.points == 0:
            assert (closing.deferred_micro, closing.liability_micro) == (0, 0)
    for each in money.post(books.forwards, money=books.money):
        assert sum(leg.minor for leg in each.legs) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_history_closes_and_stays_told(shop: Shop, seed: int) -> None:
    chance = Random(seed)
    history = History(shop, chance)
    rates = chance.choices((0, 333, 700, 850, 1000), k=2)
    await estimate(shop, rates[0])
    await estimate(shop, rates[1], currency="miles")
    await shop.receipt(buy("n0", 5_000, at=shop.at))
    await history.run(90)
    shop.later(seconds=1)
    books = await take(shop)
    check(books)
    told = write(books, before=books.last)
    await estimate(shop, rates[1], since=books.until)
    shop.later(seconds=1)
    restated = await take(shop)
    # A new estimate alone: revenue and liability of this month differ, and nothing else does.
    for old, new in zip(books.forwards, restated.forwards, strict=True):
        assert old.movements == new.movements
        assert (old.closing.points, old.closing.deferred_micro) == (new.closing.points, new.closing.deferred_micro)
        if old.month < books.last:
            assert old == new
    await history.run(60)
    shop.later(seconds=1)
    later = await take(shop)
    check(later)
    assert write(later, before=books.last) == told
    # Also a moment in the middle of a month is told again as it was.
    again = await money.take_books(shop.database, shop.house.versions, at=restated.until)
    assert (again.forwards, again.owed_points) == (restated.forwards, restated.owed_points)
    for month in {f.month for f in later.forwards if f.month < later.last}:
        past = await take(shop, month)
        assert list(past.forwards) == [f for f in later.forwards if f.month <= month]
    happened = {m.category for f in later.forwards for m in f.movements if m.parts}
    # Not every history has everything, but each has what is hard.
    assert happened >= {"issued", "funded", "redeemed", "expired", "returned", "transferred"}

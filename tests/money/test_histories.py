"""Whatever happens to points: every month closes, ties to the lots, and is told the same for ever."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.features import money
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier
from tests.conftest import make_database
from tests.money.story import MONEY_PROGRAM, estimate, take
from tests.spine.conftest import Shop, ask, buy

CARDS = ("7", "8", "9")
points = st.integers(1, 400)
card = st.sampled_from(CARDS)
earlier = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("buy"), card, st.integers(0, 90_000)),
    st.tuples(st.just("buy"), card, st.integers(10_000, 90_000)),
    st.tuples(st.just("return"), card, earlier),
    st.tuples(st.just("redeem"), card, points),
    st.tuples(st.just("reverse"), card, earlier, st.sampled_from(["forfeit", "grace", "reinstate"])),
    st.tuples(st.just("hold"), card, points),
    st.tuples(st.just("capture"), card, earlier, points),
    st.tuples(st.just("release"), card, earlier),
    st.tuples(st.just("adjust"), card, st.integers(-200, 200)),
    st.tuples(st.just("gift"), card, points, card),
    st.tuples(st.just("donate"), card, points),
    st.tuples(st.just("opening"), card, points),
    st.tuples(st.just("later"), card, st.integers(1, 40)),
    st.tuples(st.just("later"), card, st.integers(1, 40)),
)


def say_more(kind: str, more: list[Any]) -> dict[str, Any]:
    """What a command needs besides currency and points."""
    match kind:
        case "adjust":
            return {"reason": "x", "by": "ann"}
        case "hold":
            return {"valid_seconds": 20 * 86_400}
        case "gift":
            return {"to": Identifier(kind="card", value=more[1])}
        case "donate":
            return {"charity": "trees"}
        case _:
            return {}


class History:
    """A shop in which things happen; what is refused is left out."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.done: dict[str, list[tuple[str, str]]] = {"buy": [], "redeem": [], "hold": []}
        self.count = 0

    def find(self, kind: str, back: int) -> tuple[str, str] | None:
        known = self.done[kind]
        return known[-1 - back] if back < len(known) else None

    def make(self, step: tuple[Any, ...], name: str) -> Activity | None:
        """Make the activity; None where it would speak of something that never happened."""
        kind, holder, *more = step
        if kind == "buy":
            return buy(name, more[0], at=self.shop.at, card=holder)
        origin = {"return": "buy", "reverse": "redeem", "capture": "hold", "release": "hold"}.get(kind)
        if origin is None:
            said = {"currency": "points", "points": more[0], **say_more(kind, more)}
            return ask(kind, name, at=self.shop.at, card=holder, **said)
        found = self.find(origin, more[0])
        if found is None:
            return None
        said = {"hold" if origin == "hold" else "origin": found[0]}
        if kind == "reverse":
            said |= {"when_expired": more[1], "grace_days": 9}
        elif kind == "capture":
            said |= {"points": more[1]}
        return ask(kind, name, at=self.shop.at, card=found[1], **said)

    async def run(self, steps: list[tuple[Any, ...]]) -> None:
        for step in steps:
            self.count += 1
            if step[0] == "later":
                self.shop.later(days=step[2])
                continue
            fact = self.make(step, f"n{self.count}")
            if fact is None:
                continue
            outcome = (await self.shop.send(fact))[0]
            if outcome.receipt is not None and step[0] in self.done:
                name = fact.id if step[0] != "hold" else str(outcome.receipt.postings[0].hold)
                self.done[step[0]].append((name, step[1]))


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
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    first=st.lists(STEPS, min_size=5, max_size=25),
    second=st.lists(STEPS, max_size=15),
    rates=st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
)
async def test_every_history_closes_and_stays_told(
    server_url: str,
    template: str,
    first: list[tuple[Any, ...]],
    second: list[tuple[Any, ...]],
    rates: tuple[int, int],
) -> None:
    async for url in make_database(server_url, template):
        database = await Database.open(url)
        keyring = Keyring.derive({1: bytes(range(32))}, current=1)
        house = spine.House(keyring=keyring, versions=program.Versions(), new_id=ids.new_id)
        shop = Shop(database=database, house=house)
        try:
            await shop.publish(MONEY_PROGRAM)
            await play(shop, first, second, rates)
        finally:
            await database.close()


async def play(shop: Shop, first: list[Any], second: list[Any], rates: tuple[int, int]) -> None:
    history = History(shop)
    await estimate(shop, rates[0])
    # Something there is always, and a purchase may be the same day's last.
    await shop.receipt(buy("n0", 5_000, at=shop.at))
    await history.run(first)
    shop.at += timedelta(seconds=1)
    books = await take(shop)
    check(books)
    told = write(books, before=books.last)
    await estimate(shop, rates[1], since=books.until)
    restated = await take(shop)
    # A new estimate alone: revenue and liability of this month differ, and nothing else does.
    for old, new in zip(books.forwards, restated.forwards, strict=True):
        assert old.movements == new.movements
        assert (old.closing.points, old.closing.deferred_micro) == (new.closing.points, new.closing.deferred_micro)
        if old.month < books.last:
            assert old == new
    await history.run(second)
    shop.at += timedelta(seconds=1)
    later = await take(shop)
    check(later)
    assert write(later, before=books.last) == told
    for month in {f.month for f in later.forwards if f.month < later.last}:
        past = await take(shop, month)
        assert list(past.forwards) == [f for f in later.forwards if f.month <= month]

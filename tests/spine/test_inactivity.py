"""Points that end when their member does nothing for so long: what lets them live on, and what does not."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest

from regulars.kernel import ledger, spine
from regulars.kernel.nouns import Activity, Identifier, Receipt
from tests.spine.conftest import START, Shop, ask, buy
from tests.spine.test_statements import EXPECTED, count_statements

PROGRAM = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
catalog: {regions: {cn: [bund, temple], de: [alexanderplatz]}}
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: inactivity, months: 2}
    regions: {de: {model: inactivity, months: 6}}
  stars:
    kind: spendable
    name: {en: Stars, zh-CN: 星}
    expiry: {model: rolling, days: 100}
    regions: {cn: {model: rolling, days: 10}}
offers:
  - id: base
    mechanic: spend
    on: [purchase, check_in]
    settings: {currency: points, points: 1, per_minor: 10}
  - id: stars
    mechanic: spend
    on: [purchase]
    settings: {currency: stars, points: 1, per_minor: 10}
"""


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    """The shop with another programme: the one of the fixture is replaced before anything happens."""
    await shop.publish(PROGRAM)
    return shop


async def lots(shop: Shop, member: UUID, currency: str = "points") -> list[tuple[int, int, datetime | None]]:
    async with shop.database.snapshot() as read:
        found = await ledger.lots(read, member, used_up=True, most=100)
    return [(lot.number, lot.remaining, lot.expires_at) for lot in found if lot.currency == currency]


async def prove(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert report.faults == ()


def prolonged(receipt: Receipt) -> list[tuple[str, int, datetime | None]]:
    return [(each.currency, each.lot, each.expires_at) for each in receipt.postings if each.kind == "prolong"]


def day(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


async def test_each_purchase_lets_all_points_live_on_and_tells_it(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    assert await lots(shop, member) == [(1, 10, day(5, 2))]
    shop.later(days=10)
    second = await shop.receipt(buy("2", 200, at=shop.at))
    assert prolonged(second) == [("points", 1, day(5, 12))]
    assert second.balances == {"points": 30, "stars": 30}
    assert await lots(shop, member) == [(1, 10, day(5, 12)), (2, 20, day(5, 12))]
    # Stars end as they end.
    assert await lots(shop, member, "stars") == [
        (1, 10, day(3, 1) + timedelta(days=101)),
        (2, 20, day(3, 11) + timedelta(days=101)),
    ]
    # A second purchase of the day changes no end, and says nothing of it.
    assert prolonged(await shop.receipt(buy("3", 10, at=shop.at))) == []
    shop.at = day(5, 12) - timedelta(seconds=1)
    assert (await shop.standing(member)).available == 31
    shop.at = day(5, 12)
    assert (await shop.standing(member)).available == 0
    await prove(shop)


async def test_what_is_no_activity_of_the_member(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000))).member
    friend = (await shop.receipt(buy("f", 1000, card="8"))).member
    shop.later(days=20)
    before = await lots(shop, member)
    for fact in (
        ask("redeem", "r", at=shop.at, currency="points", points=10),
        ask("reverse", "v", at=shop.at, origin="r"),
        ask("adjust", "a", at=shop.at, currency="stars", points=5, reason="sorry", by="ann"),
        ask("gift", "g", at=shop.at, card="8", currency="points", points=1, to=member),
        ask("hold", "h", at=shop.at, currency="points", points=10, valid_seconds=60),
        Activity(
            id="b",
            source="till",
            kind="return",
            occurred_at=shop.at,
            member=Identifier(kind="card", value="7"),
            origin="1",
        ),
    ):
        assert prolonged(await shop.receipt(fact)) == []
    assert (await lots(shop, member))[0][2] == before[0][2]
    # A check-in to which an offer answers is one, also without a basket; and it is nobody else's.
    receipt = await shop.receipt(
        Activity(id="c", source="app", kind="check_in", occurred_at=shop.at, member=Identifier(kind="card", value="8"))
    )
    assert prolonged(receipt) == [("points", 1, day(5, 22))]
    assert receipt.member == friend
    assert (await lots(shop, member))[0][2] == before[0][2]
    await prove(shop)


async def test_what_has_ended_does_not_come_back_and_late_facts_never_shorten(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    shop.at = day(5, 1)
    await shop.receipt(buy("2", 100, at=shop.at))
    assert await lots(shop, member) == [(1, 10, day(7, 2)), (2, 10, day(7, 2))]
    # Told late: it happened before what is known already.
    late = await shop.receipt(buy("3", 100, at=day(4, 20)))
    assert prolonged(late) == []
    assert [ends for _, _, ends in await lots(shop, member)] == [day(7, 2), day(7, 2), day(6, 21)]
    shop.at = day(7, 10)
    # It happened while they lived, but was told when they had ended: over is over.
    receipt = await shop.receipt(buy("4", 100, at=day(6, 20)))
    assert prolonged(receipt) == []
    assert (await shop.standing(member)).shown == 10
    await prove(shop)


async def test_what_is_held_lives_on_and_is_honourable(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    held = await shop.receipt(
        ask("hold", "h", at=shop.at, currency="points", points=10, valid_seconds=80 * 86_400, settle_seconds=0)
    )
    shop.later(days=30)
    # All of the lot is held, and nothing remains in it.
    assert prolonged(await shop.receipt(buy("2", 100, at=shop.at))) == [("points", 1, day(6, 1))]
    shop.at = day(5, 15)
    await shop.receipt(ask("release", "x", at=shop.at, hold=str(held.activity)))
    assert (await shop.standing(member)).available == 20
    await prove(shop)


async def test_what_ended_under_a_hold_is_used_but_lives_no_longer(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    held = await shop.receipt(
        ask("hold", "h", at=shop.at, currency="points", points=6, valid_seconds=80 * 86_400, settle_seconds=0)
    )
    shop.at = day(5, 3)
    assert prolonged(await shop.receipt(buy("2", 100, at=shop.at))) == []
    await shop.receipt(ask("capture", "c", at=shop.at, hold=str(held.activity), points=2, final=True))
    assert (await shop.standing(member)).shown == 10
    await prove(shop)


async def test_used_up_points_that_come_back_live_on_with_the_next_activity(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    await shop.receipt(ask("redeem", "r", at=shop.at, currency="points", points=10))
    shop.later(days=10)
    assert prolonged(await shop.receipt(buy("2", 100, at=shop.at))) == []
    await shop.receipt(ask("reverse", "v", at=shop.at, origin="r"))
    shop.later(days=1)
    assert [(currency, ends) for currency, _, ends in prolonged(await shop.receipt(buy("3", 100, at=shop.at)))] == [
        ("points", day(5, 13)),
        ("points", day(5, 13)),
    ]
    assert {ends for _, _, ends in await lots(shop, member)} == {day(5, 13)}
    await prove(shop)


async def test_regions_have_their_months_and_lots_their_ends(shop: Shop) -> None:
    receipt = await shop.receipt(buy("1", 100, store="bund"))
    member = receipt.member
    assert [(each.currency, each.expires_at) for each in receipt.postings] == [
        ("points", day(5, 2)),
        ("stars", day(3, 12)),
    ]
    assert await lots(shop, member, "stars") == [(1, 10, day(3, 12))]
    there = await shop.receipt(buy("2", 100, store="alexanderplatz"))
    assert prolonged(there) == [("points", 1, day(9, 2))]
    # Shorter elsewhere: nothing is taken away.
    shop.later(days=1)
    assert prolonged(await shop.receipt(buy("3", 100, store="bund", at=shop.at))) == []
    # What is given by hand in a store ends as its region says.
    given = ask("adjust", "a", at=shop.at, currency="stars", points=5, reason="sorry", by="ann")
    given = msgspec.structs.replace(given, store="temple")
    assert (await shop.receipt(given)).postings[0].expires_at == day(3, 13)
    await prove(shop)


async def test_facts_of_one_batch_see_each_other(shop: Shop) -> None:
    facts = [buy(str(number), 100, at=START - timedelta(days=20 - number)) for number in range(20)]
    outcomes = await shop.send(*facts)
    last = outcomes[-1].receipt
    assert last is not None
    assert [lot for _, lot, _ in prolonged(last)] == list(range(1, 20))
    assert {ends for _, _, ends in await lots(shop, last.member)} == {day(4, 29)}
    await prove(shop)


async def test_a_refused_fact_lets_nothing_live_on(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 100))).member
    shop.later(days=10)
    lines = buy("x", *[2**53 - 1] * 40).lines
    big = Activity(
        id="2",
        source="till",
        kind="purchase",
        occurred_at=shop.at,
        member=Identifier(kind="card", value="7"),
        lines=lines,
    )
    assert await shop.refusal(big) == "points_overflow"
    assert await lots(shop, member) == [(1, 10, day(5, 2))]
    await prove(shop)


async def test_the_statements_are_bounded_and_none_are_added_where_nothing_ends_so(shop: Shop) -> None:
    cards = [str(number) for number in range(50)]
    await shop.send(*(buy(f"a{card}", 1000, card=card) for card in cards))
    shop.later(days=1)
    single = await count_statements(shop, [buy("b", 1000, at=shop.at)])
    shop.later(days=1)
    batch = await count_statements(
        shop, [buy(f"c{turn}-{card}", 1000, card=card, at=shop.at) for turn in range(3) for card in cards]
    )
    # Two to read lots and holds, one to write the ends: whatever the number of members, facts and lots.
    assert (single, batch) == (EXPECTED + 3, EXPECTED + 3)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_ends_are_those_of_a_plain_reckoning(shop: Shop, seed: int) -> None:
    die = Random(seed)
    member = (await shop.receipt(buy("0", 100))).member
    known: dict[int, datetime] = {1: day(5, 2)}
    for number in range(1, 40):
        shop.later(days=die.choice([0, 1, 7, 25]))
        known = {lot: ends for lot, ends in known.items() if ends > shop.at}
        lag = die.choice([0, 0, 0, 5])
        happened = shop.at - timedelta(days=lag)
        receipt = await shop.receipt(buy(str(number), 100, at=happened))
        months = happened.year * 12 + happened.month - 1 + 2
        # Of a month that has no such day, the last one.
        last = min(happened.date().day, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][months % 12])
        ends = datetime(months // 12, months % 12 + 1, last, tzinfo=UTC) + timedelta(days=1)
        known = {lot: max(ends, before) for lot, before in known.items()}
        issued = next((each.lot for each in receipt.postings if each.kind == "issue" and each.currency == "points"), 0)
        if issued:
            known[issued] = ends
        async with shop.database.snapshot() as read:
            found = await ledger.lots(read, member, most=100)
        assert {lot.number: lot.expires_at for lot in found if lot.currency == "points"} == known
    await prove(shop)

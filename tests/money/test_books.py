"""What is set aside for points, how it comes free again, and that a past month is told the same for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from regulars.base.sql import Queries
from regulars.features import money
from regulars.features.money.store import add_deferrals, queries
from regulars.kernel.ledger.money.store import QUERIES
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine.forgetting import forget_member
from tests.money.story import do, estimate, find, moved, take
from tests.spine.conftest import START, Shop, buy


def purchase(shop: Shop, id: str, minor: int, card: str = "7") -> Activity:  # noqa: A002 - the field's name
    return buy(id, minor, at=shop.at, card=card)


@pytest.mark.smoke
@pytest.mark.parametrize("file", [QUERIES, queries], ids=lambda file: file.source)
async def test_every_query_prepares(shop: Shop, file: Queries) -> None:
    assert file.names
    for name in file.names:
        async with shop.database.transaction() as tx:
            await tx.run("SET LOCAL search_path TO pg_catalog")
            await tx.run(f"PREPARE tidy AS {file.text(name)}")
            await tx.run("DEALLOCATE tidy")


async def test_a_sale_is_shared_by_relative_prices(shop: Shop) -> None:
    # A sale of 2,000.00 with 2,000 points at 0.10, of which 85 % will be used: 2,000 x 170 / 2,170 = 156.68.
    await estimate(shop, 850)
    member = (await shop.receipt(purchase(shop, "1", 200_000))).member
    shop.later(days=1)
    books = await take(shop)
    async with shop.database.snapshot() as read:
        (lot,) = [d for d in (await money.read_deferrals(read, [member])).values() if d.basis == "sale"]
    assert (lot.sale_minor, lot.ssp_micro) == (200_000, 17_000 * 10**6)
    assert lot.deferred_micro == 200_000 * 10**6 * 17_000 // 217_000
    assert money.format_minor(lot.deferred_micro // 10**6, "CNY") == "156.68"
    march = find(books, "2026-03")
    assert (march.closing.points, march.closing.value_micro) == (2_000, 20_000 * 10**6)
    assert march.closing.liability_micro == lot.deferred_micro
    assert (moved(march, "issued").parts, moved(march, "issued").points) == (1, 2_000)
    # What another funds is no part of our price: set aside whole, and owed by them.
    funded = find(books, "2026-03", funder="dairy-board")
    assert moved(funded, "funded").deferred_micro == 285 * 10 * 10**6 * 850 // 1000
    # Stars are worth nothing: counted, and no estimate is asked for.
    stars = find(books, "2026-03", currency="stars")
    assert (stars.closing.points, stars.closing.liability_micro, stars.estimate) == (2_000, 0, 0)


async def test_use_sets_free_and_breakage_follows_it(shop: Shop) -> None:
    await estimate(shop, 500)
    await shop.receipt(purchase(shop, "1", 100_000))
    await do(shop, "redeem", "r", currency="points", points=250)
    shop.later(days=1)
    march = find(await take(shop), "2026-03")
    whole = moved(march, "issued").deferred_micro
    # A quarter is used, half of what ever will be: half of the breakage, that is of the other half, is income.
    used = moved(march, "redeemed").deferred_micro
    assert used == -(whole * 250 // 1_000)
    assert march.ahead_micro == (whole - -used - (whole + used) * 250 // 750) * 250 // 500
    assert abs(march.closing.liability_micro * 2 - whole) < 4
    shop.later(days=70)
    await shop.receipt(purchase(shop, "2", 100))
    shop.later(days=1)
    books = await take(shop)
    may = find(books, "2026-05")
    assert moved(may, "expired").points == -750
    # Nothing is left of the old lot, and so nothing of what was set aside for it.
    assert may.closing.deferred_micro == moved(may, "issued").deferred_micro
    assert may.closing.ahead_micro == 0


async def test_what_goes_with_a_forgotten_member_has_a_word_of_its_own(shop: Shop) -> None:
    await estimate(shop, 500)
    member = (await shop.receipt(purchase(shop, "1", 100_000))).member
    await do(shop, "redeem", "r", currency="points", points=250)
    await shop.database.run(lambda tx: forget_member(tx, shop.house, member, at=shop.at, reason="asked"))
    shop.later(days=1)
    march = find(await take(shop), "2026-03")
    gone = moved(march, "forgotten")
    assert (gone.points, gone.parts, moved(march, "expired").points) == (-750, 1, 0)
    # It is breakage like any other: nothing is owed any more, and the estimate counts it as never used.
    assert (march.closing.points, march.closing.liability_micro) == (0, 0)
    assert gone.deferred_micro == -(moved(march, "issued").deferred_micro + moved(march, "redeemed").deferred_micro)
    accounts = {leg.account for each in money.post([march], money="CNY") for leg in each.legs}
    assert "Income:Loyalty:Forgotten" in accounts


async def test_a_new_estimate_changes_revenue_and_nothing_that_was_set_aside(shop: Shop) -> None:
    await estimate(shop, 900)
    member = (await shop.receipt(purchase(shop, "1", 100_000))).member
    await do(shop, "redeem", "r", currency="points", points=300)
    shop.later(days=31)  # the first of April
    before = await take(shop, "2026-03")
    async with shop.database.snapshot() as read:
        kept = await money.read_deferrals(read, [member])
    # From the first instant of April on: March closed under the old one.
    second = await estimate(shop, 600, since=before.until)
    shop.later(days=1)
    books = await take(shop)
    april = find(books, "2026-04")
    assert (april.estimate, april.rate_permille, second.number) == (2, 600, 2)
    assert april.restated_micro > 0
    assert april.ahead_micro == 0
    assert all((m.parts, m.points, m.deferred_micro) == (0, 0, 0) for m in april.movements)
    assert april.closing.liability_micro == april.opening.liability_micro - april.restated_micro
    assert april.closing.value_micro == april.opening.value_micro
    async with shop.database.snapshot() as read:
        assert await money.read_deferrals(read, [member]) == kept
    assert [f for f in books.forwards if f.month == "2026-03"] == list(before.forwards)


async def test_an_estimate_never_speaks_of_what_is_in_the_books(shop: Shop) -> None:
    await shop.receipt(purchase(shop, "1", 100_000))
    shop.later(days=1)
    with pytest.raises(money.EstimateMissing):
        await take(shop)
    # The first one speaks for all points so far.
    await estimate(shop, 900, since=shop.at)
    await take(shop)
    with pytest.raises(money.EstimateTooEarly):
        await estimate(shop, 800, since=shop.at - timedelta(seconds=1))
    assert (await estimate(shop, 800, since=shop.at)).number == 2


async def test_what_is_set_aside_is_written_once(shop: Shop) -> None:
    await estimate(shop, 900)
    member = (await shop.receipt(purchase(shop, "1", 100_000))).member
    shop.later(days=1)
    await take(shop)
    async with shop.database.transaction() as tx:
        kept = await money.read_deferrals(tx, [member])
        await add_deferrals(tx, [replace(each, deferred_micro=0) for each in kept.values()])
        assert await money.read_deferrals(tx, [member]) == kept


@pytest.mark.parametrize(
    "change",
    [
        {"rate_permille": -1},
        {"rate_permille": 1001},
        {"by": " "},
        {"note": ""},
        {"effective_from": START.replace(tzinfo=None)},
    ],
)
async def test_estimates_that_are_refused(shop: Shop, change: dict[str, Any]) -> None:
    asked: dict[str, Any] = {
        "currency": "points",
        "rate_permille": 1,
        "effective_from": START,
        "by": "ann",
        "at": START,
        "note": "x",
    }
    async with shop.database.transaction() as tx:
        with pytest.raises(money.EstimateInvalid):
            await money.make_estimate(tx, **{**asked, **change})


async def test_months_begin_where_the_programme_is(shop: Shop) -> None:
    await estimate(shop, 900)
    # In Shanghai it is still March, and then April begins.
    shop.at = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    await shop.receipt(purchase(shop, "1", 100_000))
    shop.later(seconds=1)
    await shop.receipt(purchase(shop, "2", 300_000))
    shop.later(hours=1)
    books = await take(shop)
    stars = [(f.month, f.closing.points) for f in books.forwards if f.currency == "stars"]
    assert stars == [("2026-03", 1_000), ("2026-04", 4_000)]
    assert (books.last, books.is_over) == ("2026-04", False)
    march = await take(shop, "2026-03")
    assert (march.until, march.is_over) == (datetime(2026, 3, 31, 16, tzinfo=UTC), True)
    assert list(march.forwards) == [f for f in books.forwards if f.month == "2026-03"]
    for month in ("2026-02", "2026-05"):
        with pytest.raises(money.MonthInvalid):
            await take(shop, month)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "0000-01", "2026-1", "26-01", "2026-0x", "２０２６-01"]
)
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(money.MonthInvalid):
        money.read_month(text)


async def test_points_without_a_sale_are_set_aside_at_their_own_price(shop: Shop) -> None:
    await estimate(shop, 800)
    await shop.receipt(purchase(shop, "1", 0))
    await do(shop, "adjust", "a", currency="points", points=100, reason="sorry", by="ann")
    await do(shop, "opening", "o", currency="points", points=50)
    shop.later(days=1)
    march = find(await take(shop), "2026-03")
    assert moved(march, "adjusted").deferred_micro == 100 * 10 * 10**6 * 800 // 1_000
    assert moved(march, "brought").deferred_micro == 50 * 10 * 10**6 * 800 // 1_000


async def test_gifts_take_along_what_was_set_aside(shop: Shop) -> None:
    await estimate(shop, 900)
    await shop.receipt(purchase(shop, "1", 33_300))
    friend = Identifier(kind="card", value="8")
    stranger = Identifier(kind="card", value="9")
    await shop.receipt(purchase(shop, "2", 100, card="8"))
    await shop.receipt(purchase(shop, "3", 100, card="9"))
    # Twice the same at one moment, and given on at once.
    for number in range(2):
        await do(shop, "gift", f"g{number}", currency="points", points=111, to=friend)
    await do(shop, "gift", "g2", currency="points", points=200, card="8", to=stranger)
    shop.later(days=1)
    march = find(await take(shop), "2026-03")
    given = moved(march, "transferred")
    # Out of one lot twice, then out of three, and each time a lot came of it.
    assert (given.points, given.value_micro, given.deferred_micro, given.parts) == (0, 0, 0, 10)


async def test_a_return_of_what_had_ended_is_no_breakage(shop: Shop) -> None:
    await estimate(shop, 900)
    await shop.receipt(purchase(shop, "1", 10_000))
    shop.later(days=62)
    member = Identifier(kind="card", value="7")
    await shop.receipt(Activity(id="b", source="till", kind="return", occurred_at=shop.at, member=member, origin="1"))
    shop.later(days=1)
    may = find(await take(shop), "2026-05")
    assert (moved(may, "expired").points, moved(may, "returned").points) == (0, -100)
    assert moved(may, "expired").deferred_micro == 0
    assert may.closing.deferred_micro == 0


async def test_damage_is_not_reported_as_books(shop: Shop) -> None:
    await estimate(shop, 900)
    await shop.receipt(purchase(shop, "1", 10_000))
    shop.later(days=1)
    await take(shop)
    async with shop.database.transaction() as tx:
        await tx.run("UPDATE ledger.lot SET remaining = remaining - 1 WHERE currency = 'points'")
    with pytest.raises(money.BooksUntied):
        await take(shop)


async def test_a_rate_is_proposed_by_what_became_of_earlier_points(shop: Shop) -> None:
    for number in range(3):
        await shop.receipt(purchase(shop, f"p{number}", 100_000))
        await do(shop, "redeem", f"r{number}", currency="points", points=200)
        shop.later(days=31)
        await do(shop, "redeem", f"s{number}", currency="points", points=100 * (number + 1))
    history = await money.read_history(shop.database, shop.house.versions, at=shop.at)
    found = money.propose(history.sums, "points", last=history.months.last - 1)
    assert found is not None
    first, second = found.ages[:2]
    # House and funder together: 1,142 points a month.
    # What was bought in March went first, then what was bought in April: the soonest end is used first.
    assert (first.cohorts, first.issued, first.used) == (3, 3 * 1_142, 200)
    assert (second.cohorts, second.issued, second.used) == (2, 2 * 1_142, 100 + 200 + 200 + 200)
    # 200 of 3,426 and then 700 of 2,284. June is not over, and what was used in it counts for nothing yet.
    assert found.rate_permille == 365
    assert money.propose(history.sums, "miles", last=history.months.last) is None

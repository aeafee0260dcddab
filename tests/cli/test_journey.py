"""The Complete Journey as purchases and letters: nothing is lost on the way, and each cent and minute is as meant."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from regulars.interfaces.cli.journey import Journey, Outline
from regulars.kernel.nouns import Activity, Identifier

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def year() -> Journey:
    return Journey.load(campaigns=True)


@pytest.fixture(scope="module")
def facts(year: Journey) -> list[Activity]:
    """All of the year, told once for all who only look at it."""
    return list(tell(year))


@pytest.fixture(scope="module")
def campaigns(facts: list[Activity]) -> list[Activity]:
    """The letters, and the baskets that show coupons."""
    return [fact for fact in facts if fact.kind == "mailing" or fact.coupons]


def tell(journey: Journey, size: int = 5_000) -> Iterator[Activity]:
    return (fact for batch in journey.batches(size) for fact in batch.facts)


def list_baskets(facts: list[Activity]) -> list[Activity]:
    return [fact for fact in facts if fact.kind == "purchase"]


def test_the_whole_year_is_there(year: Journey) -> None:
    assert year.total == 155_848
    cents = lines = baskets = 0
    cards = set()
    for batch in year.batches(5_000):
        purchases = [fact for fact in batch.facts if fact.kind == "purchase"]
        assert len(batch.facts) == len(batch.lines) <= 5_000
        assert batch.read == baskets + len(purchases)
        baskets = batch.read
        for fact in purchases:
            assert isinstance(fact.member, Identifier)
            cards.add(fact.member.value)
            lines += len(fact.lines)
            cents += sum(line.amount_minor for line in fact.lines)
    assert (baskets, lines, len(cards)) == (155_848, 1_469_307, 2_469)
    # The sum of sales_value, to the cent.
    assert cents == 459_603_958


def test_times_are_utc_and_the_year_is_new_yorks(facts: list[Activity]) -> None:
    assert all(before.occurred_at <= after.occurred_at for before, after in pairwise(facts))
    times = [fact.occurred_at for fact in list_baskets(facts)]
    assert times[0] == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert times[0].astimezone(NEW_YORK).date().isoformat() == "2017-01-01"
    assert times[-1].astimezone(NEW_YORK).date().isoformat() == "2017-12-31"
    # Shops are nearly empty before dawn, whatever the season.
    hours = Counter(time.astimezone(NEW_YORK).hour for time in times)
    assert min(hours, key=lambda hour: hours[hour]) in {2, 3, 4, 5}


def test_a_basket_is_what_the_file_says(year: Journey) -> None:
    first = next(fact for fact in tell(year, 1) if fact.kind == "purchase")
    assert (first.id, first.source, first.kind, first.store) == (
        "31198570044",
        "complete-journey",
        "purchase",
        "store-330",
    )
    assert first.member == Identifier(kind="card", value="900")
    (line,) = first.lines
    assert (line.sku, line.amount_minor, line.quantity_milli) == ("1095275", 50, 1000)


def test_fuel_is_counted_in_thousandths_of_a_gallon(facts: list[Activity]) -> None:
    lines = [line for fact in facts for line in fact.lines]
    # The fullest tank of the year took 89.638 gallons; nothing else is bought by the thousands.
    assert max(line.quantity_milli for line in lines) == 144_000
    fuel = [line for line in lines if line.categories == ("FUEL", "COUPON/MISC ITEMS") and line.quantity_milli > 5_000]
    assert len(fuel) > 10_000
    gallons, cents = sum(line.quantity_milli for line in fuel), sum(line.amount_minor for line in fuel)
    # What a gallon cost in 2017.
    assert 200 < cents * 1000 // gallons < 260


def test_a_sample_is_whole_households_and_the_same_baskets(facts: list[Activity]) -> None:
    sample = list(tell(Journey.load(every=100, campaigns=True), 500))
    assert {int(fact.member.value) % 100 for fact in sample if isinstance(fact.member, Identifier)} == {0}
    named = {fact.id: fact for fact in sample}
    whole = {fact.id: fact for fact in facts if fact.id in named}
    assert whole == named
    assert {fact.kind for fact in sample} == {"purchase", "mailing"}
    assert any(fact.coupons for fact in sample)


def test_letters_go_out_as_the_campaigns_say(campaigns: list[Activity]) -> None:
    letters = [fact for fact in campaigns if fact.kind == "mailing"]
    # As many as campaigns.parquet has rows: 27 campaigns.
    assert Counter(fact.data["type"] for fact in letters) == {"A": 3_647, "B": 2_368, "C": 574}
    assert len({fact.data["campaign"] for fact in letters}) == 27
    begins = {fact.data["campaign"]: fact.occurred_at.astimezone(NEW_YORK) for fact in letters}
    # The one began in summer, the other before the year; both are told at midnight.
    assert begins[13] == datetime(2017, 8, 8, tzinfo=NEW_YORK)
    assert begins[24] == datetime(2017, 1, 1, tzinfo=NEW_YORK)


def test_coupons_are_shown_on_the_day_on_which_they_were_used(year: Journey, campaigns: list[Activity]) -> None:
    assert year.shown.left_out == 0
    baskets = [fact for fact in campaigns if fact.coupons]
    names = [name for fact in baskets for name in fact.coupons]
    # As many as coupon_redemptions.parquet has rows.
    assert len(names) == len(set(names)) == year.shown.count == 2_102
    written = {(fact.member, fact.data["type"]): fact.occurred_at for fact in reversed(campaigns) if fact.data}
    for fact in baskets:
        for name in fact.coupons:
            assert written[fact.member, name.split(":")[1][-1].upper()] <= fact.occurred_at
    # The first row: household 1029, campaign 26, on 1 January. It used two.
    first = baskets[0]
    assert (first.member, first.occurred_at.astimezone(NEW_YORK).date().isoformat(), len(first.coupons)) == (
        Identifier(kind="card", value="1029"),
        "2017-01-01",
        2,
    )


@pytest.mark.parametrize("every", [1, 40])
def test_outline_says_what_there_is(every: int) -> None:
    whole, outline = Journey.load(every=every, campaigns=True), Outline.load(every=every, campaigns=True)
    facts = list(tell(whole))
    baskets, letters = list_baskets(facts), [fact.id for fact in facts if fact.kind == "mailing"]
    assert (list(outline.mailings), outline.shown) == (letters, whole.shown)
    assert outline.total == whole.total == len(baskets)
    assert outline.line_count == sum(len(fact.lines) for fact in baskets)
    assert (outline.first, outline.last, outline.last_basket) == (
        baskets[0].occurred_at,
        baskets[-1].occurred_at,
        baskets[-1].id,
    )


def test_without_campaigns_there_are_baskets_only() -> None:
    facts, outline = list(tell(Journey.load(every=100))), Outline.load(every=100)
    assert {fact.kind for fact in facts} == {"purchase"}
    assert not any(fact.coupons for fact in facts)
    assert (outline.total, outline.mailings, outline.shown.count) == (len(facts), (), 0)

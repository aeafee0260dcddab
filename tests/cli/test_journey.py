"""The Complete Journey as purchases: nothing is lost on the way, and each cent and minute is what was meant."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from regulars.interfaces.cli.journey import Journey, Outline
from regulars.kernel.nouns import Identifier

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def year() -> Journey:
    return Journey.load()


def test_the_whole_year_is_there(year: Journey) -> None:
    assert year.total == 155_848
    cents = lines = baskets = 0
    cards = set()
    for batch in year.batches(5_000):
        assert batch.read == baskets + len(batch.facts)
        baskets = batch.read
        for fact in batch.facts:
            assert isinstance(fact.member, Identifier)
            cards.add(fact.member.value)
            lines += len(fact.lines)
            cents += sum(line.amount_minor for line in fact.lines)
    assert (baskets, lines, len(cards)) == (155_848, 1_469_307, 2_469)
    # The sum of sales_value, to the cent.
    assert cents == 459_603_958


def test_times_are_utc_and_the_year_is_new_yorks(year: Journey) -> None:
    times = [fact.occurred_at for batch in year.batches(5_000) for fact in batch.facts]
    assert times[0] == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert times[0].astimezone(NEW_YORK).date().isoformat() == "2017-01-01"
    assert times[-1].astimezone(NEW_YORK).date().isoformat() == "2017-12-31"
    assert all(before <= after for before, after in pairwise(times))
    # Shops are nearly empty before dawn, whatever the season.
    hours = Counter(time.astimezone(NEW_YORK).hour for time in times)
    assert min(hours, key=lambda hour: hours[hour]) in {2, 3, 4, 5}


def test_a_basket_is_what_the_file_says(year: Journey) -> None:
    first = next(iter(year.batches(1))).facts[0]
    assert (first.id, first.source, first.kind, first.store) == (
        "31198570044",
        "complete-journey",
        "purchase",
        "store-330",
    )
    assert first.member == Identifier(kind="card", value="900")
    (line,) = first.lines
    assert (line.sku, line.amount_minor, line.quantity_milli) == ("1095275", 50, 1000)


def test_fuel_is_counted_in_thousandths_of_a_gallon(year: Journey) -> None:
    lines = [line for batch in year.batches(5_000) for fact in batch.facts for line in fact.lines]
    # The fullest tank of the year took 89.638 gallons; nothing else is bought by the thousands.
    assert max(line.quantity_milli for line in lines) == 144_000
    fuel = [line for line in lines if line.categories == ("FUEL", "COUPON/MISC ITEMS") and line.quantity_milli > 5_000]
    assert len(fuel) > 10_000
    gallons, cents = sum(line.quantity_milli for line in fuel), sum(line.amount_minor for line in fuel)
    # What a gallon cost in 2017.
    assert 200 < cents * 1000 // gallons < 260


def test_a_sample_is_whole_households_and_the_same_baskets(year: Journey) -> None:
    sample = Journey.load(every=100)
    facts = [fact for batch in sample.batches(500) for fact in batch.facts]
    assert {int(fact.member.value) % 100 for fact in facts if isinstance(fact.member, Identifier)} == {0}
    named = {fact.id: fact for fact in facts}
    whole = {fact.id: fact for batch in year.batches(5_000) for fact in batch.facts if fact.id in named}
    assert whole == named


@pytest.mark.parametrize("every", [1, 40])
def test_outline_says_what_there_is(every: int) -> None:
    whole, outline = Journey.load(every=every), Outline.load(every=every)
    facts = [fact for batch in whole.batches(10_000) for fact in batch.facts]
    assert outline.total == whole.total == len(facts)
    assert outline.line_count == sum(len(fact.lines) for fact in facts)
    assert (outline.first, outline.last, outline.last_basket) == (
        facts[0].occurred_at,
        facts[-1].occurred_at,
        facts[-1].id,
    )

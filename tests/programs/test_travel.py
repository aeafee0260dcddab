"""Some years with an airline and its hotels: what `programs/travel.yaml` promises in its comments."""

from datetime import timedelta
from functools import partial

import pytest

from regulars.base.db import Database
from regulars.kernel.nouns import Activity, Line
from tests.programs.story import (
    are_books_right,
    bring_back,
    clock,
    codes,
    count,
    give,
    item,
    open_shop,
    preview,
    read_text,
    stand,
    take,
    tell,
)
from tests.spine.conftest import Shop, ask

at = partial(clock, "Asia/Singapore")
LONDON = 6764
"""Miles from Singapore."""


def fly(miles: int, cabin: str = "ECONOMY", fare: int = 90_000) -> Line:
    return item(fare, "FLIGHT", cabin, milli=miles * 1000)


def sleep(nights: int, price: int = 20_000) -> Line:
    return item(price * nights, "ROOM", milli=nights * 1000)


def buy(when: str, *lines: Line, card: str = "7") -> Activity:
    return tell("purchase", at(when), *lines, card=card)


@pytest.fixture
async def house(database: Database) -> Shop:
    return await open_shop(database, read_text("travel"), at("2026-02-01T00:00"))


LEGS = [
    (fly(LONDON, "ECONOMY LIGHT"), 1691),
    (fly(LONDON, "ECONOMY"), 6764),
    (fly(LONDON, "PREMIUM ECONOMY"), 8455),
    (fly(LONDON, "BUSINESS"), 10146),
    (fly(LONDON, "FIRST"), 13528),
    (fly(LONDON, "AWARD", 0), 0),
    # Kuala Lumpur is near: 500 miles at least, but not for the lightest fare.
    (fly(187, "ECONOMY LIGHT"), 46),
    (fly(187, "ECONOMY"), 500),
    (fly(187, "BUSINESS"), 750),
]


async def test_miles_go_by_distance_and_cabin(house: Shop) -> None:
    for leg, miles in LEGS:
        shown, _ = await preview(house, buy("2026-02-10T20:00", leg))
        expected = {"flown": miles, "status-flown": miles, "first-flight": 2000} if miles else {}
        assert count(shown) == expected, leg.categories
    # Together they come to the sum of what each comes to: each leg is rounded by itself.
    together = await give(house, buy("2026-02-10T20:00", *(leg for leg, _ in LEGS)))
    assert together["flown"] == sum(miles for _, miles in LEGS)


async def test_a_year_in_the_air_and_on_the_ground(house: Shop) -> None:
    first = await take(house, buy("2026-02-10T20:00", fly(LONDON)))
    assert count(first) == {"flown": 6764, "status-flown": 6764, "first-flight": 2000}
    # There and back in business: 27,056 status miles are silver, from the next flight on.
    trip = buy("2026-03-20T20:00", fly(LONDON, "BUSINESS", 300_000), fly(LONDON, "BUSINESS", 300_000))
    shown, verdicts = await preview(house, trip)
    assert count(shown) == {"flown": 20292, "status-flown": 20292}
    assert [(change.name, change.value) for change in shown.traits] == [("tier", "silver")]
    assert (verdicts["silver-miles"].fired, verdicts["silver-miles"].decided) == (False, "audience")
    assert (await take(house, trip)).postings == shown.postings
    # It is the third month in a row with a journey, too.
    assert await give(house, buy("2026-04-01T09:00", fly(1001))) == {
        "flown": 1001,
        "status-flown": 1001,
        "silver-miles": 250,
        "months": 900,
    }
    # The way back was not flown after all: its miles go, and with them the level.
    assert await give(house, bring_back(trip, at("2026-04-02T09:00"), 2)) == {"flown": -10146, "status-flown": -10146}
    assert await house.trait(first.member) == "blue"
    # Eleven nights are silver whatever was flown; dinner has a rate of its own, and a level's fifth comes later. There
    # is a journey of each sort in the quarter.
    assert await give(house, buy("2026-05-12T11:00", sleep(11), item(10_050, "DINING"))) == {
        "stayed": 2200 * 5 + 301,
        "nights": 11,
        "both": 500,
    }
    assert await house.trait(first.member) == "silver"
    assert await give(house, buy("2026-06-12T11:00", sleep(1))) == {"stayed": 1200, "nights": 1}
    # Nights for nothing count too, in November twice, but not at Christmas. 16 nights and 30,000 miles are gold.
    assert await give(house, buy("2026-11-03T11:00", sleep(1, 0))) == {"nights": 1, "wet-season": 1}
    assert await give(house, buy("2026-12-26T11:00", sleep(2, 0))) == {"nights": 2}
    assert (await stand(house, first.member)).counted == {"miles": 17911, "nights": 16}
    assert await give(house, buy("2027-01-20T09:00", fly(6045, "FIRST"))) == {
        "flown": 12090,
        "status-flown": 12090,
        "silver-miles": 3022,
    }
    found = await stand(house, first.member)
    assert (found.level, found.counted, str(found.kept_until)) == ("gold", {"miles": 30001, "nights": 16}, "2028-02-09")
    assert [gift.id for gift in found.benefits] == ["extra_bag_kg", "lounge", "late_checkout"]
    # A new year of membership, a gold flight; then a year of nothing, after which there are 31 days more, then silver.
    assert (await give(house, buy("2027-02-10T09:00", fly(1000))))["gold-miles"] == 500
    for when, level in (("2028-03-11T23:59", "gold"), ("2028-03-12T00:01", "silver")):
        await take(house, buy(when, item(1000, "SPA")))
        assert await house.trait(first.member) == level
    assert await are_books_right(house)


async def test_who_flew_half_a_million_is_gold_for_life(house: Shop) -> None:
    legs = [fly(10_000, "FIRST") for _ in range(25)]
    member = (await take(house, buy("2026-02-10T20:00", *legs))).member
    found = await stand(house, member)
    assert (found.level, found.lifetime_level) == ("platinum", "gold")
    assert (await give(house, buy("2026-02-11T20:00", fly(1000))))["platinum-miles"] == 1000
    house.at = at("2035-01-01T00:00")
    await take(house, buy("2035-01-01T00:00", sleep(1)))
    assert await house.trait(member) == "gold"


async def test_monsoon_is_by_invitation(house: Shop) -> None:
    member = (await take(house, buy("2026-02-10T20:00", sleep(1)))).member
    asked = ask(
        "invite", "m", at=house.at, trait="tier", level="monsoon", until="2027-12-31", by="Lin", reason="our architect"
    )
    await house.receipt(asked)
    assert await house.trait(member) == "monsoon"
    assert await give(house, buy("2026-02-12T20:00", sleep(1), fly(1000))) == {
        "stayed": 1800,
        "nights": 1,
        "flown": 1000,
        "status-flown": 1000,
        "platinum-miles": 1000,
        "first-flight": 2000,
        "both": 500,
    }


async def test_miles_live_as_long_as_their_member_comes(house: Shop) -> None:
    flight = fly(1000)
    stays = (await take(house, buy("2026-02-10T20:00", flight, card="7"))).member
    leaves = (await take(house, buy("2026-02-10T20:00", flight, card="8"))).member
    # A dinner in the hotel, nine days before the end, is enough for another 18 months.
    dinner = await take(house, buy("2027-08-01T20:00", item(5000, "DINING")))
    end = at("2029-02-02T00:00")
    assert {it.expires_at for it in dinner.postings if it.kind == "prolong"} == {end}
    for when, left in (("2027-08-10T23:59", (3000, 3000)), ("2027-08-11T00:00", (3000, 0))):
        house.at = at(when)
        assert [(await house.standing(each, "miles")).available for each in (stays, leaves)] == list(left)
    house.at = end - timedelta(seconds=1)
    assert (await house.standing(stays, "miles")).available == 3000


async def test_points_and_miles_change_into_each_other_and_levels_are_not_for_sale(house: Shop) -> None:
    member = (await take(house, buy("2026-02-10T20:00", sleep(6), fly(1000)))).member
    house.later(hours=1)
    await house.receipt(ask("convert", "c1", at=house.at, currency="points", points=3001, into="miles"))
    # What is too little for another mile is left.
    assert (await house.standing(member, "points")).shown == 6000 - 3000
    assert (await house.standing(member, "miles")).shown == 1000 + 2000 + 500 + 1000
    await house.receipt(ask("convert", "c2", at=house.at, currency="miles", points=1000, into="points"))
    assert (await house.standing(member, "points")).shown == 3000 + 2000
    sold = ask("convert", "c3", at=house.at, currency="miles", points=1000, into="status-miles")
    assert await house.refusal(sold) == "currency_not_spendable"
    assert (await stand(house, member)).counted == {"miles": 1000, "nights": 6}
    assert await are_books_right(house)


async def test_the_bank_pays_for_its_miles(house: Shop) -> None:
    first = await take(house, tell("card_spend", at("2026-02-28T12:00"), item(3_000_000, "CARD")))
    assert count(first) == {"bank-card": 10_000}
    assert codes(first, "bank-card") == ["limit_reached", "earned"]
    assert await give(house, tell("card_spend", at("2026-03-31T12:00"), item(99_999, "CARD"))) == {"bank-card": 499}
    async with house.database.snapshot() as read:
        assert await read.value("SELECT sum(amount)::bigint FROM ledger.lot WHERE funder = 'bank'") == 10_499

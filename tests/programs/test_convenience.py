"""A few weeks in a convenience store: what `programs/convenience.yaml` promises in its comments."""

from datetime import datetime, timedelta
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

at = partial(clock, "Asia/Shanghai")
LATTE = item(1500, "COFFEE")
BUN = item(350, "BREAKFAST")


@pytest.fixture
async def store(database: Database) -> Shop:
    return await open_shop(database, read_text("convenience"), at("2026-03-01T00:00"))


def buy(when: datetime, *lines: Line, card: str = "7", store: str = "SH001") -> Activity:
    return tell("purchase", when, *lines, card=card, store=store)


async def test_a_week_of_mornings_with_a_return(store: Shop) -> None:
    # Monday: 18.50 are 19 points, as a half counts as a whole one; a stamp for the cup, and the morning set.
    set_ = buy(at("2026-03-02T08:30"), LATTE, BUN)
    first = await take(store, set_)
    assert count(first) == {"base": 19, "stamps": 1, "breakfast": 15}
    assert codes(first, "fifth-visit") == ["counted"]
    # The bun comes back: its share of the points, and the whole of the set.
    assert await give(store, bring_back(set_, at("2026-03-02T08:40"), 2)) == {"base": -4, "breakfast": -15}
    # Another set on the same morning: there is one a day, and that was it.
    second = await take(store, buy(at("2026-03-02T09:59"), LATTE, BUN))
    assert (count(second), codes(second, "breakfast")) == ({"base": 19, "stamps": 1}, ["limit_reached"])
    # At ten it is over; without a bun it is none; on Saturday offices are closed.
    for when, lines, points in (
        ("2026-03-03T10:00", (LATTE, BUN), {"base": 19, "stamps": 1}),
        ("2026-03-04T09:00", (LATTE,), {"base": 15, "stamps": 1}),
        ("2026-03-05T07:00", (LATTE, BUN), {"base": 19, "stamps": 1, "breakfast": 15}),
        # The fifth day of the month with 5 yuan or more.
        ("2026-03-07T09:00", (LATTE, BUN), {"base": 19, "stamps": 1, "fifth-visit": 50}),
    ):
        assert await give(store, buy(at(when), *lines)) == points
    points = await store.standing(first.member)
    # 19 - 4 (the first set without its bun), then 19 + 19 + 15 + 19 + 15 + 19 + 50.
    assert points.shown == 15 + 19 + 19 + 15 + 34 + 69
    assert await are_books_right(store)


async def test_stamps_are_cups_and_ten_are_a_cup(store: Shop) -> None:
    round_ = buy(at("2026-03-03T14:00"), item(9000, "COFFEE", milli=8000))
    receipt = await take(store, round_)
    # Eight cups, and no more than six stamps a day.
    assert count(receipt) == {"base": 90, "stamps": 6}
    assert codes(receipt, "stamps") == ["limit_reached", "earned"]
    assert await give(store, buy(at("2026-03-04T14:00"), item(6000, "COFFEE", milli=4000))) == {"base": 60, "stamps": 4}
    # They are used at the till, and the cup that they pay for brings no new one; the muffin beside it its points.
    store.at = at("2026-03-05T14:00")
    await store.receipt(ask("redeem", "free-cup", at=store.at, currency="stamps", points=10))
    free = buy(store.at, item(0, "COFFEE", "FREE"), item(1200, "BAKERY"))
    assert await give(store, free) == {"base": 12}
    assert (await store.standing(receipt.member, "stamps")).shown == 0


async def test_what_only_passes_through_the_till_is_no_purchase(store: Shop) -> None:
    bill = buy(at("2026-03-03T12:00"), item(20000, "BILLS"), item(4500, "TOBACCO"))
    receipt = await take(store, bill)
    assert count(receipt) == {}
    assert (await stand(store, receipt.member)).counted == {"visits": 0}


async def test_night_and_member_day_give_the_better_one(store: Shop) -> None:
    bento, beer = item(2000, "BENTO"), item(1000, "BEER")
    # Friday 6 March, half past midnight on Saturday: still Friday night. Three times on the bento only.
    assert await give(store, buy(at("2026-03-07T00:30"), bento, beer)) == {"base": 30, "night": 40}
    assert await give(store, buy(at("2026-03-07T02:00"), bento, beer)) == {"base": 30}
    # Saturday 28 March is a member day: 40 for the late bite are more than 30 for all, and the other is left out.
    shown, verdicts = await preview(store, buy(at("2026-03-28T22:30"), bento, beer))
    assert count(shown) == {"base": 30, "night": 40}
    assert (verdicts["member-day"].fired, verdicts["member-day"].decided) == (False, "stacking")
    assert (await take(store, buy(at("2026-03-28T22:30"), bento, beer))).postings == shown.postings
    # With three beers the day is worth more than the night; and on top there are no more than 100.
    assert await give(store, buy(at("2026-03-28T22:31"), bento, beer, beer, beer)) == {"base": 50, "member-day": 50}
    assert await give(store, buy(at("2026-03-28T12:00"), item(30000, "HOUSEHOLD"))) == {"base": 300, "member-day": 100}


async def test_a_new_store_welcomes_each_once_and_its_owner_pays(store: Shop) -> None:
    opening = buy(at("2026-03-14T11:00"), item(400, "WATER"), store="SH006")
    assert await give(store, opening) == {"base": 4, "opening-sh006": 30}
    again = await take(store, buy(at("2026-03-15T11:00"), item(400, "WATER"), store="SH006"))
    assert (count(again), codes(again, "opening-sh006")) == ({"base": 4}, ["counted"])
    assert await give(store, buy(at("2026-03-15T12:00"), item(400, "WATER"), card="8")) == {"base": 4}
    async with store.database.snapshot() as read:
        funders = await read.value("SELECT array_agg(DISTINCT funder ORDER BY funder) FROM ledger.lot")
    assert funders == ["franchise-sh006", "house"]


async def test_an_opening_is_over_when_enough_have_come(database: Database) -> None:
    # The same programme with one welcome instead of 500.
    text = read_text("convenience")
    assert text.count("{times: 500, per: store") == 1
    store = await open_shop(
        database, text.replace("{times: 500, per: store", "{times: 1, per: store"), at("2026-03-14")
    )
    for card, points in (("7", {"base": 4, "opening-sh006": 30}), ("8", {"base": 4})):
        receipt = await take(store, buy(at("2026-03-14T11:00"), item(400, "WATER"), card=card, store="SH006"))
        assert count(receipt) == points
    assert codes(receipt, "opening-sh006") == ["limit_reached"]


async def test_points_of_the_campus_outlive_the_summer(store: Shop) -> None:
    town = await take(store, buy(at("2026-03-10T12:00"), item(1000, "NOODLES")))
    campus = await take(store, buy(at("2026-03-10T12:30"), item(1000, "NOODLES"), store="SH004"))
    ends = [posted.expires_at for receipt in (town, campus) for posted in receipt.postings if posted.offer == "base"]
    assert ends == [at("2026-10-01T00:00"), at("2027-04-01T00:00")]


async def test_regulars_and_neighbours_are_made_by_days(store: Shop) -> None:
    noon = at("2026-03-01T12:00")
    lunch = item(1000, "BENTO")
    for day in range(11):
        await take(store, buy(noon + timedelta(days=day), lunch))
    # The twelfth day makes a regular, as a preview shows; the second basket of a day is no visit more.
    assert await give(store, buy(noon + timedelta(days=10, hours=1), lunch)) == {"base": 10}
    twelfth = buy(noon + timedelta(days=11), lunch)
    shown, _ = await preview(store, twelfth)
    assert [(change.name, change.value) for change in shown.traits] == [("tier", "regular")]
    member = (await take(store, twelfth)).member
    # A quarter more from now on: 12.5 are 13.
    assert await give(store, buy(noon + timedelta(days=12), lunch)) == {"base": 13}
    for day in range(13, 20):
        await take(store, buy(noon + timedelta(days=day), lunch))
    assert (await store.trait(member), (await stand(store, member)).counted) == ("neighbour", {"visits": 20})
    assert await give(store, buy(noon + timedelta(days=20), lunch)) == {"base": 15}
    # Four weeks in which nobody came, and then the level is what they were.
    store.at = noon + timedelta(days=60)
    assert await give(store, buy(store.at, lunch)) == {"base": 10}
    assert await store.trait(member) == "guest"
    assert await are_books_right(store)

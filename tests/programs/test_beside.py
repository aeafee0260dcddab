"""What is beside points for purchases, each offer once: coupons, rewards, friends, goals, gifts, points as money."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from regulars.base.db import Database
from regulars.kernel.nouns import Activity, Line
from tests.coupons.conftest import give_codes
from tests.programs.story import (
    are_books_right,
    clock,
    count,
    gifts,
    give,
    given_by,
    item,
    off,
    open_shop,
    order,
    pass_time,
    read_text,
    refer,
    show,
    take,
    tell,
    wallet,
)
from tests.rewards.story import set_stock
from tests.spine.conftest import Shop

At = Callable[[str], datetime]


async def fill_week(shop: Shop, first: datetime) -> list[dict[str, int]]:
    """A check-in on each of seven days."""
    return [await give(shop, tell("check_in", first + timedelta(days=day))) for day in range(7)]


async def test_beauty(database: Database) -> None:
    at: At = partial(clock, "Asia/Shanghai")
    shop = await open_shop(database, read_text("beauty"), at("2026-03-01T00:00"))

    def buy(when: str, yuan: int, *kinds: str, card: str = "7") -> Activity:
        return tell("purchase", at(when), *(item(yuan * 100, kind) for kind in kinds), card=card)

    await give_codes(shop, "letter", "LETTER-1")
    ana = (await take(shop, buy("2026-04-01T12:00", 4000, "FRAGRANCE"))).member
    assert await shop.trait(ana) == "silver"
    # Silver now: what is bought is remembered, and the kinds bought most are her own of the next weeks.
    letter = await take(shop, show(buy("2026-04-02T12:00", 400, "FRAGRANCE"), "letter-1"))
    assert (off(letter), count(letter)) == ({"letter": 4800}, {"base": 440})
    ben = (await take(shop, refer(at("2026-04-03T10:00"), ana, card="8"))).member
    await take(shop, buy("2026-04-03T12:00", 120, "LIPS", card="8"))
    await pass_time(shop, at("2026-04-12T10:00"))
    assert await given_by(shop, ana, "friends") == 300
    (thirty,) = (await wallet(shop, ben))["thirty-off"]
    bought = await take(shop, show(buy("2026-04-12T12:00", 250, "LIPS", card="8"), thirty))
    assert (off(bought), count(bought)) == ({"thirty-off": 3000}, {"base": 220})

    await take(shop, order("thirty-for-points", at("2026-04-12T13:00")))
    await take(shop, order("facial", at("2026-04-12T14:00"), way=1))
    assert "thirty-off" in await wallet(shop, ana)
    # 1,000 points are 20 yuan; of 180 a point and a quarter each, and a fifth of that as fragrance is her own.
    paid = await take(shop, show(buy("2026-04-13T12:00", 200, "FRAGRANCE"), pay=("points", 1000)))
    assert off(paid) == {"pay-with-points": 2000}
    assert count(paid) == {"base": 225, "own-picks": 45, "pay-with-points": -1000}

    assert await fill_week(shop, at("2026-04-20T08:00")) == [
        *[{"check-in": 1}] * 6,
        {"check-in": 1, "check-in-week": 20},
    ]
    assert await give(shop, tell("review", at("2026-04-27T08:00"), stars=2, pictures=1)) == {"review": 20}
    assert await give(shop, tell("review", at("2026-04-27T09:00"), stars=5)) == {}
    four = await take(shop, buy("2026-05-02T12:00", 30, "TONERS", "SERUMS", "MASKS", "SUN CARE"))
    assert (count(four)["explorer"], gifts(four)) == (150, ["connoisseur"])
    assert gifts(await take(shop, buy("2026-06-10T12:00", 600, "HAIR"))) == ["sample-set"]
    assert await are_books_right(shop)


async def test_travel(database: Database) -> None:
    at: At = partial(clock, "Asia/Singapore")
    shop = await open_shop(database, read_text("travel"), at("2026-02-01T00:00"))

    def buy(when: str, *lines: Line, card: str = "7") -> Activity:
        return tell("purchase", at(when), *lines, card=card)

    flight, room = item(90_000, "FLIGHT", "ECONOMY", milli=6_764_000), item(20_000, "ROOM")
    stayed = await take(shop, buy("2026-02-10T11:00", room, room))
    assert (gifts(stayed), count(stayed)) == (["treat"], {"stayed": 2000, "nights": 2})
    ana = stayed.member
    both = await take(shop, buy("2026-03-10T20:00", flight))
    assert (gifts(both), count(both)) == (
        ["voyager"],
        {"flown": 6764, "status-flown": 6764, "first-flight": 2000, "both": 500},
    )
    (treat,) = (await wallet(shop, ana))["treat"]
    dinner = await take(shop, show(buy("2026-03-11T22:00", item(10_000, "DINING")), treat))
    assert (off(dinner), count(dinner)) == ({"treat": 2000}, {"stayed": 240})
    assert await give(shop, buy("2026-04-02T11:00", room)) == {"stayed": 1000, "nights": 1, "months": 900}

    assert await give(shop, tell("check_in", at("2026-04-03T08:00"))) == {"check-in": 10}
    assert await give(shop, tell("review", at("2026-04-03T09:00"), stars=4)) == {"review": 60}
    await take(shop, order("lounge-visit", at("2026-04-03T10:00")))
    await take(shop, order("massage", at("2026-04-03T11:00"), way=1))
    left = [(await shop.standing(ana, coin)).shown for coin in ("miles", "points")]
    assert left == [6764 + 2000 + 500 + 900 + 10 - 3000, 2000 + 240 + 1000 + 60 - 1500]
    # 2,000 miles are 20 dollars of a fare, and 1,500 points are 5 of a dinner.
    fare = await take(shop, show(buy("2026-04-04T08:00", flight), pay=("miles", 2000)))
    assert (off(fare), count(fare)) == (
        {"pay-with-miles": 2000},
        {"flown": 6764, "status-flown": 6764, "both": 500, "pay-with-miles": -2000},
    )
    dinner = await take(shop, show(buy("2026-04-05T21:00", item(10_000, "DINING")), pay=("points", 1700)))
    assert (off(dinner), count(dinner)) == ({"pay-with-points": 500}, {"stayed": 285, "pay-with-points": -1500})

    ben = (await take(shop, refer(at("2026-04-06T08:00"), ana, card="8"))).member
    await take(shop, buy("2026-04-07T08:00", flight, card="8"))
    await pass_time(shop, at("2026-05-09T08:00"))
    assert [await given_by(shop, each, "companions") for each in (ana, ben)] == [1000, 1000]
    assert await are_books_right(shop)


async def test_convenience(database: Database) -> None:
    at: At = partial(clock, "Asia/Shanghai")
    shop = await open_shop(database, read_text("convenience"), at("2026-03-01T00:00"))

    def buy(when: str, *lines: Line, card: str = "7") -> Activity:
        return tell("purchase", at(when), *lines, card=card, store="SH001")

    await set_stock(shop, umbrella=5)
    latte = item(1000, "COFFEE")
    cups = [await take(shop, buy(f"2026-03-{day:02}T14:00", latte)) for day in range(1, 17)]
    assert [gifts(cup) for cup in cups if cup.grants] == [["free-bun"], ["early-bird"]]
    assert count(cups[-1])["early-bird"] == 50
    ana = cups[0].member
    (bun,) = (await wallet(shop, ana))["free-bun"]
    assert off(await take(shop, show(buy("2026-03-17T08:00", item(350, "BREAKFAST")), bun))) == {"free-bun": 350}
    assert gifts(await take(shop, buy("2026-03-17T18:00", item(3000, "HOUSEHOLD")))) == ["two-off"]
    (two,) = (await wallet(shop, ana))["two-off"]
    bought = await take(shop, show(buy("2026-03-17T19:00", item(1200, "FRUIT")), two))
    assert (off(bought), count(bought)) == ({"two-off": 200}, {"base": 13})

    ben = (await take(shop, refer(at("2026-03-17T20:00"), ana, card="8"))).member
    await take(shop, buy("2026-03-17T21:00", item(1200, "BENTO"), card="8"))
    await pass_time(shop, at("2026-03-22T08:00"))
    assert [await given_by(shop, each, "friends") for each in (ana, ben)] == [200, 200]
    assert "two-off" in await wallet(shop, ben)

    weekly = await fill_week(shop, at("2026-03-23T09:00"))
    assert weekly == [*[{"check-in": 1}] * 6, {"check-in": 1, "check-in-week": 15}]
    assert await give(shop, tell("review", at("2026-03-30T08:00"), stars=2, sold_out=True)) == {"review": 5}
    await take(shop, order("umbrella", at("2026-03-30T09:00"), way=1))
    paid = await take(shop, show(buy("2026-03-30T12:00", item(999, "BENTO")), pay=("points", 105)))
    assert (off(paid), count(paid)["pay-with-points"]) == ({"pay-with-points": 100}, -100)
    assert await are_books_right(shop)


async def test_grocer(database: Database) -> None:
    at: At = partial(clock, "America/New_York")
    shop = await open_shop(database, read_text("grocer"), at("2017-01-01T00:00"))

    def buy(when: str, minor: int, kind: str = "GROCERY", card: str = "7") -> Activity:
        return tell("purchase", at(when), item(minor, kind), card=card)

    await set_stock(shop, **{"tote-bag": 5})
    letters = [tell("mailing", at("2017-01-02T00:00"), campaign=n, type=sort) for n, sort in enumerate("ABC", start=1)]
    sent = [await take(shop, replace(letter, id=f"letter-{place}")) for place, letter in enumerate(letters)]
    assert [len(gifts(each)) for each in sent] == [16, 6, 4]
    ana = sent[0].member
    held = await wallet(shop, ana)
    names = [held[f"mail-{sort}"][0] for sort in "abc"]
    used = await take(shop, show(buy("2017-01-03T12:00", 2150), *names))
    assert (off(used), count(used)["mail-c"]) == ({"mail-a": 100, "mail-b": 50}, 20)

    # Three days of fresh produce in a month of five, eight in all; and each week of half a year.
    fresh = [await take(shop, buy(f"2017-01-{day:02}T12:00", 400, "PRODUCE")) for day in range(4, 12)]
    assert [count(each).get("fresh-days", 0) for each in fresh] == [0, 0, 30, 0, 70, 0, 0, 100]
    assert gifts(fresh[-1]) == ["fresh-cook"]
    weeks = [await take(shop, buy_at(at("2017-01-12T12:00") + timedelta(weeks=week), 2000)) for week in range(26)]
    gained = [count(each).get("week-by-week", 0) for each in weeks]
    assert sum(gained) == 6 * 40 + 600
    assert [gifts(each) for each in weeks if each.grants] == [["five-off", "neighbour"]]
    shop.at = at("2017-07-20T12:00")

    await take(shop, order("five-dollars", shop.at))
    five = (await wallet(shop, ana))["five-off"]
    assert len(five) == 2
    assert off(await take(shop, show(buy("2017-07-20T13:00", 3000), five[0]))) == {"five-off": 500}
    await take(shop, order("tote-bag", at("2017-07-20T14:00"), way=1))
    assert await give(shop, tell("check_in", at("2017-07-21T08:00"))) == {"check-in": 2}
    assert await give(shop, tell("review", at("2017-07-21T09:00"), stars=1)) == {"review": 10}
    ben = (await take(shop, refer(at("2017-07-21T10:00"), ana, card="8"))).member
    await take(shop, buy("2017-07-21T11:00", 3500, card="8"))
    await pass_time(shop, at("2017-08-06T08:00"))
    assert [await given_by(shop, each, "friends") for each in (ana, ben)] == [500, 500]
    await pass_time(shop, at("2017-08-21T08:00"))
    # 350 points wished for are 300: a dollar and a half.
    paid = await take(shop, show(buy("2017-08-21T09:00", 1000), pay=("points", 350)))
    assert (off(paid), count(paid)["pay-with-points"]) == ({"pay-with-points": 150}, -300)
    await take(shop, order("food-bank", at("2017-08-21T10:00")))
    assert gifts(await take(shop, buy("2017-11-20T12:00", 12_000))) == ["pumpkin-pie"]
    assert await are_books_right(shop)


def buy_at(when: datetime, minor: int) -> Activity:
    """A basket of groceries."""
    return tell("purchase", when, item(minor, "GROCERY"))

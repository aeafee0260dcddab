"""A year and more in a beauty shop: what `programs/beauty.yaml` promises in its comments."""

from functools import partial

import pytest

from regulars.base.db import Database
from regulars.kernel.nouns import Line
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
    set_traits,
    stand,
    take,
    tell,
)
from tests.spine.conftest import Shop

at = partial(clock, "Asia/Shanghai")
OPENS = at("2026-03-01T00:00")


def yuan(amount: int, *categories: str, brand: str = "OWN") -> Line:
    return item(amount * 100, *categories, brand=brand)


ROUTINE = (yuan(80, "CLEANSERS"), yuan(300, "SERUMS", brand="LUMIERE"), yuan(120, "SUN CARE"))


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database, read_text("beauty"), OPENS)


async def test_a_spring_with_returns(shop: Shop) -> None:
    welcomed = tell("purchase", at("2026-03-05T15:00"), yuan(120, "CREAMS"))
    first = await take(shop, welcomed)
    assert count(first) == {"base": 120, "welcome": 100}
    # Usable eight days later, until the end of the next year.
    assert {(it.usable_from, it.expires_at) for it in first.postings} == {(at("2026-03-13"), at("2028-01-01"))}

    # Women's Day: what `base` gives is doubled; the routine and what the brand pays for are not. With the cream of days
    # before there are four kinds of care in this quarter.
    double = tell("purchase", at("2026-03-08T20:00"), *ROUTINE, yuan(1000, "GIFT CARDS"))
    shown, verdicts = await preview(shop, double)
    assert count(shown) == {"base": 500, "double-day": 500, "routine": 80, "lumiere-spring": 600, "explorer": 150}
    assert verdicts["welcome"].fired is False
    assert (await take(shop, double)).postings == shown.postings

    # The sunscreen comes back, and with it the whole of the routine and one of four kinds; and the first purchase, so
    # that the next is the first.
    gone = {"base": -120, "double-day": -120, "routine": -80, "explorer": -150}
    assert await give(shop, bring_back(double, at("2026-03-10T10:00"), 3)) == gone
    assert await give(shop, bring_back(welcomed, at("2026-03-11T10:00"))) == {"base": -120, "welcome": -100}
    next_ = tell("purchase", at("2026-03-12T10:00"), yuan(99, "LIPS"))
    assert await give(shop, next_) == {"base": 99, "welcome": 100}

    assert (await stand(shop, first.member)).counted == {"spent": (80 + 300 + 99) * 100}
    assert (await shop.standing(first.member)).shown == 380 + 380 + 600 + 199
    assert await are_books_right(shop)


async def test_a_birthday_is_a_month_long_and_comes_once(shop: Shop) -> None:
    joined = await take(shop, tell("purchase", at("2026-03-05T15:00"), yuan(50, "LIPS")))
    assert codes(joined, "birthday") == ["birthday_unknown"]
    await set_traits(shop, joined.member, birthday="05-17")
    for when, points in (
        ("2026-04-30T23:59", {"base": 50}),
        ("2026-05-02T10:00", {"base": 50, "birthday": 200}),
        ("2026-05-17T10:00", {"base": 50}),
        ("2027-05-31T10:00", {"base": 50, "birthday": 200}),
    ):
        assert await give(shop, tell("purchase", at(when), yuan(50, "LIPS"))) == points
    assert await are_books_right(shop)


async def test_of_several_multipliers_the_best_one_counts(shop: Shop) -> None:
    # 3,000 yuan make silver; the purchase that reaches it is still a friend's.
    receipt = await take(shop, tell("purchase", at("2026-04-01T12:00"), yuan(3000, "FRAGRANCE")))
    assert count(receipt) == {"base": 3000, "welcome": 100}
    assert await shop.trait(receipt.member) == "silver"
    for when, points in (
        # A quarter more as silver; on the 20th half as much again on top; on 20 May double is better than that.
        ("2026-04-19T12:00", {"base": 125}),
        # Masks were bought a week before, and so are among the member's own of the week: a fifth.
        ("2026-04-20T12:00", {"base": 125, "member-day": 62, "own-picks": 25}),
        ("2026-05-20T12:00", {"base": 125, "double-day": 125, "own-picks": 25}),
    ):
        assert await give(shop, tell("purchase", at(when), yuan(100, "MASKS"))) == points
    outdone = await take(shop, tell("purchase", at("2026-05-20T13:00"), yuan(100, "MASKS")))
    assert codes(outdone, "member-day") == ["outdone"]
    # Who is a friend only has no part in the members' day.
    friend = await take(shop, tell("purchase", at("2026-06-20T12:00"), yuan(50, "MASKS"), card="8"))
    assert count(friend) == {"base": 50}
    # A shop's stock on Singles' Day: no more than 3,000 on top.
    stock = await take(shop, tell("purchase", at("2026-11-11T00:30"), yuan(8000, "MAKE-UP")))
    assert count(stock) == {"base": 10000, "double-day": 3000}
    assert await shop.trait(receipt.member) == "gold"


async def test_a_routine_is_for_those_who_have_none(shop: Shop) -> None:
    for when, points in (
        ("2026-06-01T12:00", {"base": 500, "welcome": 100, "routine": 80}),
        ("2026-07-01T12:00", {"base": 500, "routine": 80}),
        ("2026-08-01T12:00", {"base": 500}),
    ):
        receipt = await take(shop, tell("purchase", at(when), *ROUTINE))
        assert count(receipt) == points
    assert codes(receipt, "routine") == ["limit_reached"]
    # Without something against the sun there is none; nor with a sample of it.
    for lines in (ROUTINE[:2], (*ROUTINE[:2], yuan(0, "SUN CARE"))):
        when = at(f"2026-08-0{2 + len(lines)}T12:00")
        assert "routine" not in await give(shop, tell("purchase", when, *lines, card="8"))
    await take(shop, tell("purchase", at("2026-09-01T12:00"), yuan(10000, "FRAGRANCE"), card="9"))
    _, verdicts = await preview(shop, tell("purchase", at("2026-09-02T12:00"), *ROUTINE, card="9"))
    assert (verdicts["routine"].fired, verdicts["routine"].decided) == (False, "when")


async def test_a_brand_pays_for_its_spring(shop: Shop) -> None:
    lumiere = yuan(350, "SERUMS", brand="LUMIERE")
    first = await take(shop, tell("purchase", at("2026-04-02T12:00"), lumiere))
    assert count(first) == {"base": 350, "welcome": 100, "lumiere-spring": 700}
    second = await take(shop, tell("purchase", at("2026-04-03T12:00"), lumiere))
    assert (count(second)["lumiere-spring"], codes(second, "lumiere-spring")) == (300, ["limit_reached", "earned"])
    assert "lumiere-spring" not in await give(shop, tell("purchase", at("2026-06-01T00:00"), lumiere, card="8"))
    async with shop.database.snapshot() as read:
        paid = await read.value("SELECT sum(amount)::bigint FROM ledger.lot WHERE funder = 'lumiere'")
    assert paid == 1000


async def test_when_the_brands_money_is_spent_its_spring_is_over(database: Database) -> None:
    # The same programme with 8 yuan instead of 6,000: they are 400 points.
    text = read_text("beauty")
    assert text.count("money_minor: 600000") == 1
    shop = await open_shop(database, text.replace("money_minor: 600000", "money_minor: 800"), OPENS)
    lumiere = yuan(150, "SERUMS", brand="LUMIERE")
    for card, points in (("7", 300), ("8", 100), ("9", 0)):
        receipt = await take(shop, tell("purchase", at("2026-04-02T12:00"), lumiere, card=card))
        assert count(receipt).get("lumiere-spring", 0) == points
    assert codes(receipt, "lumiere-spring") == ["budget_spent"]
    assert await are_books_right(shop)


async def test_a_skin_check_a_month(shop: Shop) -> None:
    for when, points in (("2026-03-05", 20), ("2026-03-31", 0), ("2026-04-01", 20)):
        assert (await give(shop, tell("consultation", at(f"{when}T11:00")))).get("skin-check", 0) == points


async def test_nobody_falls_further_than_one_level_a_year(shop: Shop) -> None:
    member = (await take(shop, tell("purchase", at("2026-10-01T12:00"), yuan(10000, "FRAGRANCE")))).member
    lips = yuan(10, "LIPS")
    for when, level in (
        # Kept to the end of the next year; then silver for as long, though nothing was bought; then a friend.
        ("2027-12-31T23:59", "gold"),
        ("2028-01-01T00:01", "silver"),
        ("2028-12-31T23:59", "silver"),
    ):
        await take(shop, tell("purchase", at(when), lips))
        assert await shop.trait(member) == level
    assert [gift.id for gift in (await stand(shop, member)).benefits] == ["samples"]
    assert await are_books_right(shop)

"""Weeks in a tea house: goals, stamps, streaks, badges, check-ins and reviews, recorded, returned, merged, changed."""

from datetime import date, datetime
from functools import partial

import msgspec
import pytest

from regulars.base.db import Database
from regulars.features.challenges import Memory, Progress, progress
from regulars.kernel import program
from regulars.kernel.nouns import Activity, Grant, Identifier, Line, Receipt
from regulars.kernel.program import compile_plan, parse
from tests.programs.story import are_books_right, bring_back, clock, codes, count, give, item, open_shop, take, tell
from tests.spine.conftest import Shop, ask

TEA_HOUSE = """
program: teahouse
name: {en: Tea house, zh-CN: 茶馆}
time_zone: Asia/Shanghai
money: CNY
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, months: 12}
    value: {minor: 1, per_points: 1}
catalog: {categories: [TEA, CAKE]}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 1000}
  # Three days with a purchase in June.
  - id: june
    mechanic: challenges
    on: [purchase]
    schedule: {from: 2026-06-01, until: 2026-06-30}
    settings:
      challenge: june
      title: {en: June, zh-CN: 六月挑战}
      currency: points
      counts: {of: days}
      goals:
        - {id: two, at: 2, points: 20}
        - {id: three, at: 3, points: 100, grants: [{kind: coupon, what: off}, {kind: badge, what: tea}]}
  # A stamp for each pot; the fifth brings 30 points.
  - id: stamps
    mechanic: challenges
    on: [purchase]
    settings:
      challenge: stamps
      title: {en: Stamp card, zh-CN: 集章卡}
      currency: points
      counts: {of: items}
      lines: {categories: [TEA]}
      goals: [{id: pot, every: 5, points: 30}]
  # Who joins and spends 100 yuan in a week gets 50 points.
  - id: sprint
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: sprint
      title: {en: Sprint, zh-CN: 冲刺周}
      currency: points
      opt_in: true
      within_days: 7
      counts: {of: spend}
      goals: [{id: hundred, at: 10000, points: 50}]
  - id: check-in
    mechanic: bonus
    on: [check_in]
    limits: [{times: 1, per: member, period: day}]
    settings: {currency: points, points: 2}
  - id: in-a-row
    mechanic: challenges
    on: [check_in]
    settings:
      challenge: in-a-row
      title: {en: Every day, zh-CN: 天天签到}
      currency: points
      counts: {of: streak, freeze: 1}
      goals: [{id: five, every: 5, points: 15}]
  - id: review
    mechanic: bonus
    on: [review]
    limits: [{times: 1, per: member, period: week}]
    settings: {currency: points, points: 10}
  - id: friends
    mechanic: bonus
    on: [purchase]
    audience: {traits: {badge.tea: [true]}}
    settings: {currency: points, points: 3}
  - id: off
    mechanic: coupons
    on: [purchase]
    settings: {coupon: off, title: {en: Ten off, zh-CN: 立减十元}, effect: {type: amount, minor: 1000}}
  - id: tea
    mechanic: badges
    on: [badge]
    settings: {badge: tea, title: {en: Tea lover, zh-CN: 茶友}}
"""
at = partial(clock, "Asia/Shanghai")
POT = item(2000, "TEA")


@pytest.fixture
async def house(database: Database) -> Shop:
    return await open_shop(database, TEA_HOUSE, at("2026-06-01T00:00"))


def buy(when: str, *lines: Line, card: str = "7") -> Activity:
    return tell("purchase", at(when), *(lines or (POT,)), card=card)


async def stand(shop: Shop, receipt: Receipt, offer: str, day: str) -> Progress:
    """Where a member stands in a challenge on a day."""
    plan = compile_plan(parse(TEA_HOUSE))
    async with shop.database.snapshot() as read:
        known = (await program.memories(read, [receipt.member]))[receipt.member, offer]
    bound = plan.offers[offer]
    memory = msgspec.json.decode(known, type=Memory)
    return progress(bound.settings, memory, date.fromisoformat(day).toordinal())


async def test_goals_bring_points_a_coupon_and_a_badge_and_a_return_takes_them_back(house: Shop) -> None:
    assert await give(house, buy("2026-06-01T10:00")) == {"base": 2}
    assert await give(house, buy("2026-06-01T18:00")) == {"base": 2}
    assert await give(house, buy("2026-06-03T10:00")) == {"base": 2, "june": 20}
    sold = buy("2026-06-10T10:00")
    third = await take(house, sold)
    assert count(third) == {"base": 2, "june": 100}
    assert third.grants == (Grant(kind="coupon", what="off"), Grant(kind="badge", what="tea"))
    assert codes(third, "tea") == ["badge_given"]
    assert await house.trait(third.member, "badge.tea") is True
    assert (await stand(house, third, "june", "2026-06-10")).counted == 3
    # With the badge there are three points more; the fifth pot of all brings 30.
    assert await give(house, buy("2026-06-11T10:00")) == {"base": 2, "friends": 3, "stamps": 30}
    back = await take(house, bring_back(sold, at("2026-06-12T10:00")))
    # The other days are three still: but this purchase had brought it all, and the next one will.
    assert count(back) == {"base": -2, "june": -100}
    assert {(it.kind, it.what, it.count) for it in back.grants} == {("coupon", "off", -1), ("badge", "tea", -1)}
    assert await house.trait(third.member, "badge.tea") is None
    again = await take(house, buy("2026-06-13T10:00"))
    assert (count(again)["june"], len(again.grants)) == (100, 2)
    assert await house.trait(third.member, "badge.tea") is True
    assert await are_books_right(house)


async def test_coupon_of_a_goal_is_used_and_stays_used(house: Shop) -> None:
    for day in ("01", "02"):
        await take(house, buy(f"2026-06-{day}T10:00"))
    sold = buy("2026-06-03T10:00")
    third = await take(house, sold)
    async with house.database.snapshot() as read:
        known = (await program.memories(read, [third.member]))[third.member, "off"]
    (coupon,) = msgspec.json.decode(known)["held"]
    # Ten yuan off two pots: what is paid is one of them.
    using = msgspec.structs.replace(buy("2026-06-04T10:00", POT, POT), coupons=(coupon,))
    assert sum(it.amount_minor for _, it in (await take(house, using)).discounts) == 1000
    back = await take(house, bring_back(sold, at("2026-06-05T10:00")))
    assert count(back)["june"] == -100
    assert await are_books_right(house)


async def test_lines_that_come_back_take_their_stamps(house: Shop) -> None:
    six = buy("2026-06-01T10:00", item(12000, "TEA", milli=6000), item(900, "CAKE"))
    assert await give(house, six) == {"base": 12, "stamps": 30}
    assert (await give(house, bring_back(six, at("2026-06-01T11:00"), 2))) == {}
    assert (await give(house, bring_back(six, at("2026-06-01T12:00"), 1))) == {"base": -12, "stamps": -30}
    assert await are_books_right(house)


async def test_what_is_reached_again_after_a_return_comes_again(house: Shop) -> None:
    pots = [item(1000, "TEA", milli=1000 * number) for number in (1, 13, 1, 8)]
    bought = [buy(f"2026-06-01T1{place}:00", line) for place, line in enumerate(pots)]
    given = [(await give(house, fact)).get("stamps", 0) for fact in bought[:3]]
    assert given == [0, 60, 30]
    # Two pots are left, and one card that the third purchase filled; ten are two full cards.
    assert (await give(house, bring_back(bought[1], at("2026-06-02T10:00"))))["stamps"] == -60
    assert (await give(house, bought[3]))["stamps"] == 30
    assert await are_books_right(house)


async def test_only_who_joins_runs_the_sprint(house: Shop) -> None:
    large = item(9000, "CAKE")
    first = await take(house, buy("2026-06-01T10:00", large))
    assert codes(first, "sprint") == ["not_joined"]
    joining = ask("challenge_join", "join-1", at=at("2026-06-01T11:00"), challenge="sprint")
    assert (await take(house, joining)).kind == "challenge_join"
    # The purchase of that morning counts.
    assert await give(house, buy("2026-06-03T10:00")) == {"base": 2, "june": 20, "sprint": 50}
    # A second time, or another name: nothing answers.
    house.at = at("2026-06-03T12:00")
    assert await house.refusal(ask("challenge_join", "join-2", at=house.at, challenge="sprint")) == "not_available"
    assert await house.refusal(ask("challenge_join", "join-3", at=house.at, challenge="spring")) == "not_available"
    late = await take(house, buy("2026-06-08T10:00"))
    assert codes(late, "sprint") == ["not_now"]
    assert await are_books_right(house)


async def test_flood_of_check_ins_is_one_a_day(house: Shop) -> None:
    brought: list[dict[str, int]] = []
    # The fourth day is missed, which one row of five forgives.
    for day in (1, 2, 3, 5, 6):
        facts = [tell("check_in", at(f"2026-06-{day:02}T10:{minute:02}")) for minute in range(40)]
        house.at = facts[-1].occurred_at
        receipts = [it.receipt for it in await house.send(*facts)]
        points = [count(it) for it in receipts if it is not None]
        assert len(points) == 40
        assert not any(points[1:])
        brought.append(points[0])
    assert brought == [{"check-in": 2}] * 4 + [{"check-in": 2, "in-a-row": 15}]
    last = await take(house, tell("check_in", at("2026-06-06T23:00")))
    async with house.database.snapshot() as read:
        known = (await program.memories(read, [last.member]))[last.member, "in-a-row"]
    # What is remembered of 201 check-ins is a number for each day.
    assert len(known) < 250
    assert await are_books_right(house)


async def test_reviews_are_rewarded_once_a_week(house: Shop) -> None:
    assert await give(house, tell("review", at("2026-06-01T10:00"), stars=5)) == {"review": 10}
    second = await take(house, tell("review", at("2026-06-07T10:00"), stars=4))
    assert (count(second), codes(second, "review")) == ({}, ["limit_reached"])
    assert await give(house, tell("review", at("2026-06-08T10:00"), stars=1)) == {"review": 10}


async def test_members_who_are_merged_go_on_together(house: Shop) -> None:
    await take(house, buy("2026-06-01T10:00"))
    await take(house, buy("2026-06-02T10:00", card="8"))
    other = Identifier(kind="card", value="8")
    await take(house, ask("merge", "merge-1", at=at("2026-06-02T12:00"), to=other, by="desk", reason="two cards"))
    third = await take(house, buy("2026-06-03T10:00"))
    assert count(third) == {"base": 2, "june": 120}
    assert await house.trait(third.member, "badge.tea") is True
    assert await are_books_right(house)


async def test_challenge_that_is_shortened_takes_nothing_from_who_is_in_it(house: Shop) -> None:
    await take(house, buy("2026-06-01T10:00"))
    sold = buy("2026-06-02T10:00")
    assert await give(house, sold) == {"base": 2, "june": 20}
    await take(house, buy("2026-06-03T10:00", card="8"))
    # From the 5th on it ends on the 10th, and asks for less and less late.
    shorter = TEA_HOUSE.replace("until: 2026-06-30", "until: 2026-06-10").replace("{id: two, at: 2", "{id: two, at: 1")
    house.at = at("2026-06-04T00:00")
    await house.publish(shorter, live_from=at("2026-06-05T00:00"))
    # Nothing is given twice; who has less gets what is easier now.
    assert await give(house, buy("2026-06-06T10:00")) == {"base": 2, "june": 100}
    assert await give(house, buy("2026-06-07T10:00", card="8")) == {"base": 2, "june": 20}
    # After its end nothing counts, nothing is lost, and what comes back is still undone.
    assert await give(house, buy("2026-06-11T10:00", card="8")) == {"base": 2}
    assert await give(house, bring_back(sold, at("2026-06-12T10:00"))) == {"base": -2, "june": -20}
    assert await are_books_right(house)


async def test_what_is_told_in_any_order_comes_to_the_same(house: Shop) -> None:
    days: list[datetime] = [at(f"2026-06-{day:02}T10:00") for day in (9, 2, 5, 1)]
    house.at = days[0]
    total = 0
    for when in days:
        total += count(await take(house, tell("purchase", when, POT))).get("june", 0)
    other = 0
    for when in sorted(days):
        other += count(await take(house, tell("purchase", when, POT, card="8"))).get("june", 0)
    assert total == other == 120
    assert await are_books_right(house)

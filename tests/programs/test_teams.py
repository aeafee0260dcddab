"""Friends with one stamp card: what each does counts for all, in any order, at once, with returns and merges."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from regulars.base.db import Database
from regulars.features.challenges.standing import Running, read_standing
from regulars.kernel import ledger, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.programs.story import are_books_right, bring_back, clock, codes, item, open_shop, take, tell
from tests.spine.conftest import Shop, ask

PROGRAM = """
program: teahouse
name: {en: Tea house, zh-CN: 茶馆}
time_zone: Asia/Shanghai
money: CNY
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: never}
    value: {minor: 1, per_points: 1}
offers:
  # Three friends, six pots: 60 points for each; each four pots 5 more.
  - id: pots
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: pots
      title: {en: Six pots, zh-CN: 六壶茶}
      currency: points
      opt_in: true
      team: {most: 3}
      counts: {of: items}
      goals:
        - {id: six, at: 6, points: 60, grants: [{kind: badge, what: pots}]}
        - {id: four, every: 4, points: 5}
  # What stands for a week: 100 yuan together.
  - id: money
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: money
      title: {en: Together, zh-CN: 一起}
      currency: points
      opt_in: true
      team: {most: 3, hold_days: 7}
      counts: {of: spend}
      goals: [{id: hundred, at: 10000, points: 100}]
  - id: badge
    mechanic: badges
    on: [badge]
    settings: {badge: pots, title: {en: Pots, zh-CN: 茶友}}
"""
at = partial(clock, "Asia/Shanghai")
DAY = "2026-06-%02dT%02d:00"


@pytest.fixture
async def house(database: Database) -> Shop:
    return await open_shop(database, PROGRAM, at("2026-06-01T00:00"))


def card(number: int) -> Identifier:
    return Identifier(kind="card", value=str(number))


def join(who: int, day: int, hour: int = 8, *, of: int | None = None, what: str = "pots") -> Activity:
    to = {} if of is None else {"to": card(of)}
    return ask("challenge_join", f"{what}-{who}-{day}", at=at(DAY % (day, hour)), card=str(who), challenge=what, **to)


def buy(who: int, day: int, hour: int, *, pots: int = 0, minor: int = 0) -> Activity:
    lines: tuple[Line, ...] = (item(minor or 100 * pots, "TEA", milli=1000 * pots),)
    return tell("purchase", at(DAY % (day, hour)), *lines, card=str(who))


async def sweep(shop: Shop, upto: datetime | None = None) -> None:
    shop.at = max(shop.at, upto or shop.at)
    await spine.bring_due(shop.database, shop.house, at=shop.at)


async def found(shop: Shop, *mates: int, what: str = "pots") -> list[UUID]:
    """A team on the first of June: the first founds it, the others join."""
    receipts = [await take(shop, join(mates[0], 1, what=what))]
    receipts += [await take(shop, join(who, 1, 9, of=mates[0], what=what)) for who in mates[1:]]
    await sweep(shop)
    return [receipt.member for receipt in receipts]


async def points(shop: Shop, members: list[UUID]) -> list[int]:
    async with shop.database.snapshot() as read:
        held = [await ledger.standing(read, each, at=shop.at) for each in members]
    return [sum(it.available for it in each) for each in held]


async def look(shop: Shop, member: UUID, challenge: str = "pots") -> Running:
    async with shop.database.snapshot() as read:
        standing = await read_standing(read, shop.house.versions, member, shop.at)
    return next(it for it in standing.challenges if it.challenge == challenge)


async def test_what_each_does_counts_for_all_and_each_is_paid_once(house: Shop) -> None:
    team = await found(house, 1, 2, 3)
    assert codes(await take(house, buy(2, 2, 10, pots=3)), "pots") == ["counted_for_team"]
    await take(house, buy(1, 2, 11, pots=2))
    # The founder's own purchase counted what the clock had brought by then.
    assert (await look(house, team[2])).counted == 5
    assert await points(house, team) == [0, 0, 0]
    await sweep(house)
    # Four pots were there before the fifth: 5 for each.
    assert await points(house, team) == [5, 5, 5]
    await take(house, buy(3, 3, 10, pots=3))
    await sweep(house)
    assert await points(house, team) == [70, 70, 70]
    assert [await house.trait(each, "badge.pots") for each in team] == [True] * 3
    seen = await look(house, team[1])
    assert seen.team is not None
    assert (seen.team.founder, seen.team.members, seen.team.most) == (team[0], 3, 3)
    assert (seen.is_in, seen.counted, [it.times for it in seen.goals]) == (True, 8, [1, 2])
    # What comes back does not count; what was paid stays, and is not paid again when it is reached again.
    await take(house, bring_back(buy(3, 3, 10, pots=3), at(DAY % (4, 10))))
    await sweep(house)
    assert (await look(house, team[0])).counted == 5
    await take(house, buy(2, 5, 10, pots=4))
    await sweep(house)
    assert ((await look(house, team[0])).counted, await points(house, team)) == (9, [70, 70, 70])
    assert await are_books_right(house)


async def test_who_may_join(house: Shop) -> None:
    house.at = at(DAY % (1, 8))
    assert await house.refusal(join(2, 1, of=1)) != ""
    team = await found(house, 1, 2)
    # A second team, the own one, the one that one is in: nothing answers. A mate may be named instead of the founder.
    for again in (join(1, 2), join(2, 2), join(2, 2, of=1), join(1, 2, of=2)):
        house.at = again.occurred_at
        assert await house.refusal(again) == "not_available"
    third = await take(house, join(3, 2, 9, of=2))
    assert (await look(house, third.member)).is_in
    await sweep(house)
    house.at = at(DAY % (3, 9))
    assert await house.refusal(join(4, 3, 9, of=1)) == "not_available"
    # Whoever names a mate learns it from the clock, and may found a team of their own.
    fourth = await take(house, join(4, 3, 9, of=3))
    await sweep(house)
    assert not (await look(house, fourth.member)).is_in
    assert (await house.trait(fourth.member, "team.pots"), await house.trait(third.member, "team.pots")) == (
        None,
        str(team[0]),
    )
    assert codes(await take(house, buy(4, 3, 12, pots=6)), "pots") == ["not_joined"]
    await take(house, join(4, 4))
    await sweep(house)
    # What was before the day of joining does not count.
    assert ((await look(house, fourth.member)).counted, await points(house, [*team, fourth.member])) == (0, [0, 0, 0])
    assert await are_books_right(house)


async def test_goal_is_paid_when_it_has_stood(house: Shop) -> None:
    team = await found(house, 1, 2, what="money")
    sold = buy(2, 2, 10, minor=6000)
    await take(house, sold)
    await take(house, buy(1, 3, 10, minor=5000))
    await sweep(house, at(DAY % (8, 10)))
    assert ((await look(house, team[0], "money")).counted, await points(house, team)) == (11000, [0, 0])
    await take(house, bring_back(sold, at(DAY % (9, 10))))
    await sweep(house, at(DAY % (12, 10)))
    assert ((await look(house, team[0], "money")).counted, await points(house, team)) == (5000, [0, 0])
    await take(house, buy(2, 13, 10, minor=5000))
    await sweep(house, at(DAY % (20, 23)))
    assert await points(house, team) == [0, 0]
    await sweep(house, at("2026-06-21T00:00"))
    assert await points(house, team) == [100, 100]
    assert await are_books_right(house)


async def test_clients_at_once_lose_nothing_and_pay_nothing_twice(house: Shop) -> None:
    team = await found(house, 1, 2, 3)
    facts = [buy(who, 2, hour, pots=1) for who in (1, 2, 3) for hour in range(8)]
    house.at = at(DAY % (3, 0))
    await asyncio.gather(*(house.receipt(fact) for fact in facts), *(sweep(house) for _ in range(4)))
    await asyncio.gather(
        *(house.receipt(bring_back(fact, house.at + timedelta(minutes=n))) for n, fact in enumerate(facts[1:10]))
    )
    house.at += timedelta(hours=1)
    await asyncio.gather(*(sweep(house) for _ in range(4)))
    await sweep(house)
    assert (await look(house, team[2])).counted == 24 - 9
    # At most what 24 pots bring, at least what 15 do: some came back before the clock had told of them.
    paid = await points(house, team)
    assert paid in ([60 + 5 * times] * 3 for times in range(3, 7))
    assert await are_books_right(house)


async def test_order_changes_nothing(house: Shop) -> None:
    team = await found(house, 1, 2, 3)
    assert team
    house.at = at(DAY % (9, 0))
    sums = list[tuple[int, list[int]]]()
    for place, order in enumerate([(8, 2, 5), (2, 8, 5), (5, 8, 2)]):
        cards = [10 + 3 * place + number for number in range(3)]
        crew = await found(house, *cards)
        for which in order:
            await take(house, buy(cards[which % 3], which, 10, pots=which))
            await sweep(house)
        sums.append(((await look(house, crew[0])).counted, await points(house, crew)))
    assert sums == [(15, [75, 75, 75])] * 3


async def test_merged_members_are_one_mate_and_a_merged_founder_leads_on(house: Shop) -> None:
    one, two, three = await found(house, 1, 2, 3)
    await take(house, buy(2, 2, 10, pots=2))
    await take(house, buy(3, 2, 10, pots=1))
    await sweep(house)
    # The founder becomes part of somebody who was in no team; the two mates become one.
    await take(house, tell("purchase", at(DAY % (2, 11)), item(10, "CAKE", milli=0), card="9"))
    await take(house, ask("merge", "m-1", at=at(DAY % (3, 10)), card="9", to=card(1), by="desk", reason="two cards"))
    await take(house, ask("merge", "m-2", at=at(DAY % (3, 11)), card="2", to=card(3), by="desk", reason="two cards"))
    await sweep(house)
    await take(house, buy(3, 4, 10, pots=3))
    receipt = await take(house, buy(9, 4, 11, pots=1))
    await sweep(house)
    seen = await look(house, two)
    assert seen.team is not None
    assert (seen.counted, seen.team.founder) == (7, receipt.member)
    assert await points(house, [receipt.member, two]) == [65, 65]
    # What a merged mate bought comes back off the team's count.
    await take(house, bring_back(buy(3, 2, 10, pots=1), at(DAY % (5, 10))))
    await sweep(house)
    assert (await look(house, receipt.member)).counted == 6
    assert len({one, two, three}) == 3
    assert await are_books_right(house)

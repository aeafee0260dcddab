"""Many clients buy at once. Whatever is limited or has a budget is given to the last point, and no further."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from regulars.kernel.program.caps import MICRO

CLIENTS = 32
AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
PROGRAM = """
program: corner
name: {{en: Corner Shop, zh-CN: 街角小店}}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {{en: Points, zh-CN: 积分}}
    value: {{minor: 1, per_points: 3}}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    {envelope}
    settings: {{currency: points, points: 1, per_minor: 100}}
"""


@pytest.fixture
async def crowded(database_url: str) -> AsyncGenerator[Database]:
    """A database with a connection for each client."""
    opened = await Database.open(database_url, pool_max=CLIENTS + 2)
    yield opened
    await opened.close()


async def open_shop(database: Database, envelope: str) -> spine.House:
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    document = program.parse(PROGRAM.format(envelope=envelope))
    async with database.transaction() as tx:
        await spine.publish(tx, document, live_from=AT - timedelta(days=9), by="test", at=AT - timedelta(days=9))
    return house


def buy(number: int, round_: int, *, card: str, store: str = "") -> Activity:
    return Activity(
        id=f"{number}-{round_}",
        source="till",
        kind="purchase",
        occurred_at=AT + timedelta(minutes=round_),
        member=Identifier(kind="card", value=card),
        store=store,
        lines=(Line(sku="1", amount_minor=700),),
    )


def open_card(card: int) -> Activity:
    """A first purchase, of nothing."""
    member = Identifier(kind="card", value=str(card))
    return Activity(
        id=f"first-{card}", source="till", kind="purchase", occurred_at=AT - timedelta(days=3), member=member
    )


def join(card: int) -> Activity:
    """Join the household of the first one."""
    return Activity(
        id=f"join-{card}",
        source="desk",
        kind="household_join",
        occurred_at=AT - timedelta(days=2),
        member=Identifier(kind="card", value=str(card)),
        to=Identifier(kind="card", value="0"),
    )


async def shop_at_once(
    database: Database, house: spine.House, *, rounds: int, cards: int, stores: int = 1
) -> dict[UUID, int]:
    """Let every client buy for 7 points, so many times; gives the points by member."""
    for card in range(cards):
        # Members who exist: what races here is the offer, not the enrolment.
        await spine.record(database, house, [open_card(card)], replay=True)
    given: dict[UUID, int] = {}

    async def client(number: int) -> None:
        for round_ in range(rounds):
            fact = buy(number, round_, card=str(number % cards), store=f"s{number % stores}")
            (outcome,) = await spine.record(database, house, [fact], replay=True)
            assert outcome.receipt is not None, outcome.refusal
            points = sum(posted.points for posted in outcome.receipt.postings)
            given[outcome.receipt.member] = given.get(outcome.receipt.member, 0) + points

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    async with database.snapshot() as read:
        assert (await spine.check(read)).faults == ()
    return given


async def read_ceilings(database: Database) -> dict[str, tuple[int, int]]:
    async with database.snapshot() as read:
        return {each.id: (each.taken, each.amount) for each in await limits.ceilings(read)}


async def test_a_members_limit_holds_though_many_tills_ask_for_one_card(crowded: Database) -> None:
    house = await open_shop(crowded, "limits: [{points: 50, period: day}, {times: 10, period: day}]")
    given = await shop_at_once(crowded, house, rounds=2, cards=4)
    assert list(given.values()) == [50] * 4


async def test_a_limit_by_store_and_day_that_all_begin_at_once_is_given_to_the_last_point(crowded: Database) -> None:
    house = await open_shop(crowded, "limits: [{points: 100, per: store, period: day}]")
    given = await shop_at_once(crowded, house, rounds=2, cards=16, stores=2)
    assert sum(given.values()) == 200
    assert await read_ceilings(crowded) == {
        "limit:base:points:store:2026-03-04:s0": (100, 100),
        "limit:base:points:store:2026-03-04:s1": (100, 100),
    }


async def test_a_household_shares_one_limit(crowded: Database) -> None:
    house = await open_shop(crowded, "limits: [{times: 5, per: household, period: month}]")
    # Everybody lives together: four members, one household.
    await spine.record(crowded, house, [open_card(card) for card in range(4)], replay=True)
    joined = await spine.record(crowded, house, [join(card) for card in range(1, 4)], replay=True)
    (home,) = {outcome.receipt.traits[0].value for outcome in joined if outcome.receipt is not None}
    given = await shop_at_once(crowded, house, rounds=1, cards=4)
    assert sum(given.values()) == 5 * 7
    assert await read_ceilings(crowded) == {f"limit:base:times:household:2026-03:{home}": (5, 5)}


async def test_a_budget_of_money_is_never_overspent(crowded: Database) -> None:
    house = await open_shop(crowded, "budget: {money_minor: 40}")
    given = await shop_at_once(crowded, house, rounds=1, cards=16)
    # Three points are worth a cent: 40 cents pay for 120 points, and each award is rounded up to a millionth.
    assert 119 <= sum(given.values()) <= 120
    ((taken, amount),) = (await read_ceilings(crowded)).values()
    assert amount == 40 * MICRO
    assert sum(given.values()) * MICRO // 3 <= taken <= amount

"""Many clients order the last pieces at once; and what a preview shows is what recording comes to."""

import asyncio
import random
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity
from tests.rewards.story import REWARDS, cancel, fund, left_of, order, set_stock, states, tell
from tests.spine.conftest import Shop
from tests.spine.test_preview import strip

CLIENTS = 32
PIECES = 20


@pytest.fixture
async def crowded(database_url: str) -> AsyncGenerator[Shop]:
    """A shop with twenty mugs and a connection for each client."""
    opened = await Database.open(database_url, pool_max=CLIENTS + 2)
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    shop = Shop(database=opened, house=house)
    await shop.publish(REWARDS)
    await set_stock(shop, mug=PIECES)
    yield shop
    await opened.close()


async def test_twenty_pieces_are_sold_to_thirty_two_clients_in_two_currencies(crowded: Shop) -> None:
    members = [await fund(crowded, str(number), points=100, coins=10) for number in range(CLIENTS)]

    async def client(number: int) -> str:
        # Half of them pay with points, half with coins; all of them want the same shelf.
        fact = order(crowded, f"o{number}", card=str(number), way=2 * (number % 2))
        (outcome,) = await crowded.send(fact)
        return "sold" if outcome.refusal is None else outcome.refusal.code

    told = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    assert sorted(told) == ["not_available"] * (CLIENTS - PIECES) + ["sold"] * PIECES
    async with crowded.database.snapshot() as read:
        assert [(it.taken, it.amount) for it in await limits.ceilings(read)] == [(PIECES, PIECES)]
        assert (await spine.check(read)).faults == ()
    for number, (member, became) in enumerate(zip(members, told, strict=True)):
        currency, all_of_it = ("coins", 10) if number % 2 else ("points", 100)
        assert (await crowded.standing(member, currency)).shown == (0 if became == "sold" else all_of_it)
        assert len(await states(crowded, member)) == (became == "sold")


async def test_one_member_at_many_tills_pays_once_for_each_piece(crowded: Shop) -> None:
    member = await fund(crowded, points=500)

    async def client(number: int) -> bool:
        (outcome,) = await crowded.send(order(crowded, f"o{number}"))
        return outcome.refusal is None

    told = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    assert sum(told) == 5
    assert (await crowded.standing(member)).shown == 0
    assert await left_of(crowded, "mug") == PIECES - 5


def make(chance: random.Random, shop: Shop, number: int, sold: list[Activity]) -> Activity:
    """Something that somebody may ask of rewards, sensible or not."""
    card = str(chance.randrange(6))
    if sold and chance.random() < 0.4:
        made = chance.choice(sold)
        if chance.random() < 0.5:
            return cancel(shop, f"c{number}", made.id, card=str(made.data["card"]))
        state = chance.choice(["ready", "fulfilled"])
        return tell(shop, f"s{number}", made.id, state, card=str(made.data["card"]))
    reward = chance.choice(["mug", "mug", "tour", "coffee", "yacht"])
    fact = order(shop, f"o{number}", reward, card=card, way=chance.randrange(4), quantity=chance.randrange(1, 4))
    return type(fact)(
        id=fact.id,
        source=fact.source,
        kind=fact.kind,
        occurred_at=fact.occurred_at,
        member=fact.member,
        ask=fact.ask,
        data={"card": card},
    )


@pytest.mark.slow
async def test_a_thousand_previews_equal_what_is_recorded(shop: Shop) -> None:
    await shop.publish(REWARDS)
    await set_stock(shop, mug=60)
    for card in range(6):
        await fund(shop, str(card), points=4000, coins=200)
    chance = random.Random(2026)
    sold: list[Activity] = []
    told: dict[str, int] = {}
    for round_ in range(50):
        shop.later(hours=chance.randrange(12), minutes=1)
        facts = [make(chance, shop, round_ * 20 + n, sold) for n in range(20)]
        async with shop.database.snapshot() as read:
            shown = await spine.preview(read, shop.house, facts, shop.at)
        done = await shop.send(*facts)
        before: dict[UUID, str] = {}
        after: dict[UUID, str] = {}
        for fact, previewed, outcome in zip(facts, shown, done, strict=True):
            ours = previewed.outcome
            code = "" if outcome.refusal is None else outcome.refusal.code
            told[code] = told.get(code, 0) + 1
            assert (None if ours.refusal is None else (ours.refusal.code, ours.refusal.detail)) == (
                None if outcome.refusal is None else (outcome.refusal.code, outcome.refusal.detail)
            )
            if outcome.receipt is not None:
                assert ours.receipt is not None
                assert strip(ours.receipt, before) == strip(outcome.receipt, after)
                if fact.kind == "reward":
                    sold.append(fact)
    # Every way in which it can end was seen.
    assert {"", "not_available", "order_state_refused", "order_fulfilled"} <= told.keys()
    assert told[""] > 100
    async with shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()

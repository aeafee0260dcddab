"""A preview shows what recording comes to, and leaves nothing behind."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier, Line, Receipt, Returned
from tests.spine.conftest import LEVELS, PROGRAM, Shop

BUDGETED = (
    PROGRAM
    + LEVELS
    + """
  - id: few
    mechanic: spend
    on: [purchase]
    budget: {points: 3000}
    settings: {currency: points, rates: [{categories: [DAIRY], points: 1, per_minor: 20}]}
"""
)


def strip(receipt: Receipt, names: dict[UUID, str]) -> str:
    """What a receipt says, with ids that differ from run to run named by their order."""
    text = msgspec.json.encode(receipt, order="deterministic").decode()
    for known in (receipt.activity, receipt.member):
        names.setdefault(known, f"id{len(names)}")
    for known, name in names.items():
        text = text.replace(str(known), name)
    return text


def make(chance: random.Random, number: int, bought: list[Activity], now: datetime) -> Activity:
    member = Identifier(kind="card", value=str(chance.randrange(40)))
    if bought and chance.random() < 0.15:
        sold = chance.choice(bought)
        line = chance.randrange(len(sold.lines))
        returned = (Returned(line=line + 1, amount_minor=sold.lines[line].amount_minor // 2),)
        return msgspec.structs.replace(
            sold, id=f"r{number}", kind="return", origin=sold.id, lines=(), returned=returned
        )
    if chance.random() < 0.1:
        ask = {"currency": "points", "points": chance.randrange(1, 400)}
        return Activity(id=f"u{number}", source="till", kind="redeem", occurred_at=now, member=member, ask=ask)
    lines = tuple(
        Line(sku=f"s{n}", amount_minor=chance.randrange(0, 3_000), categories=(chance.choice(["DAIRY", "PRODUCE"]),))
        for n in range(chance.randrange(1, 6))
    )
    return Activity(id=f"p{number}", source="till", kind="purchase", occurred_at=now, member=member, lines=lines)


@pytest.mark.slow
async def test_thousands_of_previews_equal_what_is_recorded(shop: Shop) -> None:
    await shop.publish(BUDGETED)
    chance = random.Random(2026)
    bought: list[Activity] = []
    seen = 0
    for _ in range(60):
        shop.at += timedelta(days=chance.randrange(4), minutes=1)
        facts = [make(chance, seen + n, bought, shop.at) for n in range(40)]
        seen += len(facts)
        async with shop.database.snapshot() as read:
            shown = await spine.preview(read, shop.house, facts, shop.at)
        async with shop.database.transaction() as tx:
            done = await spine.record_many(tx, shop.house, facts, shop.at)
        before: dict[UUID, str] = {}
        after: dict[UUID, str] = {}
        for fact, previewed, outcome in zip(facts, shown, done, strict=True):
            ours = previewed.outcome
            if outcome.refusal is not None:
                assert ours.refusal is not None
                assert (ours.refusal.code, ours.refusal.detail) == (outcome.refusal.code, outcome.refusal.detail)
            else:
                assert ours.receipt is not None
                assert outcome.receipt is not None
                assert strip(ours.receipt, before) == strip(outcome.receipt, after)
                if fact.kind == "purchase":
                    bought.append(fact)
    assert seen >= 2_000


async def test_a_preview_leaves_nothing_behind(shop: Shop) -> None:
    await shop.publish(BUDGETED)
    fact = Activity(
        id="p1",
        source="till",
        kind="purchase",
        occurred_at=shop.at,
        member=Identifier(kind="card", value="new"),
        lines=(Line(sku="a", amount_minor=5_000, categories=("DAIRY",)),),
    )
    async with shop.database.snapshot() as read:
        (shown,) = await spine.preview(read, shop.house, [fact], shop.at)
    assert shown.is_newcomer
    assert shown.outcome.receipt is not None
    assert shown.outcome.receipt.balances["points"] == 750
    async with shop.database.snapshot() as read:
        for table in ("members.member", "activity.journal", "activity.key", "ledger.entry", "limits.claim"):
            assert await read.value(f"SELECT count(*) FROM {table}") == 0


async def test_quotes_that_are_priced_together_see_nothing_of_each_other(shop: Shop) -> None:
    await shop.publish(BUDGETED)
    chance = random.Random(11)
    sold = [make(chance, number, [], shop.at) for number in range(60)]
    await shop.send(*sold)
    # Some come twice, some are nobody yet, some have levels that are due; the budget is nearly gone.
    asked = [msgspec.structs.replace(make(chance, number, [], shop.at), id=f"q{number}") for number in range(48)]
    asked += [
        msgspec.structs.replace(asked[0], id="twice"),
        msgspec.structs.replace(asked[1], id="new", member=Identifier(kind="card", value="nobody")),
        msgspec.structs.replace(asked[2], id="new2", member=Identifier(kind="card", value="nobody")),
    ]
    later = shop.at + timedelta(days=400)
    for at in (shop.at, later):
        now = [msgspec.structs.replace(fact, occurred_at=at) for fact in asked]
        async with shop.database.snapshot() as read:
            alone = [(await spine.preview(read, shop.house, [fact], at))[0] for fact in now]
            together = await spine.preview_apart(read, shop.house, now, at)
        assert [tell(each) for each in together] == [tell(each) for each in alone]
        given = [it.points for each in alone if each.outcome.receipt for it in each.outcome.receipt.postings]
        assert sum(given) > 0


def tell(shown: spine.Previewed) -> tuple[str, str, bool]:
    receipt, refusal = shown.outcome.receipt, shown.outcome.refusal
    return "" if receipt is None else strip(receipt, {}), "" if refusal is None else refusal.code, shown.is_newcomer

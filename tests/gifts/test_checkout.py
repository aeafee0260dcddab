"""Gifts at the till: told in the quote, given with the purchase, and never beyond what they may cost."""

import asyncio

import pytest
from msgspec.structs import replace

from regulars.kernel import program, spine
from regulars.kernel.nouns import Receipt, Returned
from regulars.kernel.program import ProgramInvalid
from tests.coupons.test_codes import bring, prove
from tests.spine.conftest import PROGRAM, START, Shop, buy, shop

__all__ = ["shop"]

MUG = """
  - id: mug
    mechanic: gifts
    on: [purchase]
    settings:
      kind: article
      what: mug
      title: {en: A mug, zh-CN: 马克杯}
      lines: {minimum_minor: 3000}
      count: 2
      stock: 30
      worth_minor: 250
      budget_minor: 5200
"""
"""Two for each who buys enough: the money lasts for ten, the stock for fifteen."""


def gifts_of(receipt: Receipt) -> list[int]:
    return [grant.count for grant in receipt.grants]


def say(receipt: Receipt) -> list[str]:
    return [reason.code for reason in receipt.reasons if reason.offer == "mug"]


@pytest.fixture
async def mugs(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + MUG)
    return shop


async def test_quote_shows_the_gift_that_the_purchase_brings(mugs: Shop) -> None:
    facts = [buy("1", 2999), buy("2", 3000)]
    seen = []
    for fact in facts:
        async with mugs.database.snapshot() as read:
            (each,) = await spine.preview(read, mugs.house, [fact], mugs.at)
        assert each.outcome.receipt is not None
        seen.append((each.outcome.receipt.grants, each.outcome.receipt.claims, say(each.outcome.receipt)))
    there = [await mugs.receipt(fact) for fact in facts]
    assert seen == [(it.grants, it.claims, say(it)) for it in there]
    assert [gifts_of(it) for it in there] == [[], [2]]
    assert {claim.ceiling: claim.amount for claim in there[1].claims} == {"stock:mug": 2, "gift-money:mug": 500}


async def test_32_clients_get_no_more_than_the_money_allows(mugs: Shop) -> None:
    async def go(number: int) -> Receipt:
        fact = buy(f"b{number}", 3000, card=str(number))
        (outcome,) = await spine.record(mugs.database, mugs.house, [fact], replay=True)
        assert outcome.receipt is not None
        return outcome.receipt

    receipts = await asyncio.gather(*(go(number) for number in range(32)))
    assert sum(len(it.grants) for it in receipts) == 10
    assert sorted(code for it in receipts for code in say(it)) == ["budget_spent"] * 22 + ["granted"] * 10
    # What comes back as a whole, others may have; a part of it changes nothing.
    given = next(it for it in receipts if it.grants)
    returns = bring("p", given.id, Returned(line=1, amount_minor=10)), bring("r", given.id)
    some, rest = (replace(each, member=given.member) for each in returns)
    part = await mugs.receipt(some)
    assert (part.grants, part.freed) == ((), ())
    back = await mugs.receipt(rest)
    assert gifts_of(back) == [-2]
    assert {claim.ceiling: claim.amount for claim in back.freed} == {"stock:mug": 2, "gift-money:mug": 500}
    assert gifts_of(await mugs.receipt(buy("next", 3000, card="next"))) == [2]
    assert say(await mugs.receipt(buy("last", 3000, card="last"))) == ["budget_spent"]
    await prove(mugs)


async def test_gift_that_is_kept_on_return_stays_spent(mugs: Shop) -> None:
    await mugs.publish(PROGRAM + MUG.replace("settings:", "on_return: keep\n    settings:"), live_from=START)
    await mugs.receipt(buy("1", 3000))
    back = await mugs.receipt(bring("r", "1"))
    assert (back.grants, back.freed, say(back)) == ((), (), ["kept"])
    await prove(mugs)


def test_budget_in_money_needs_to_know_what_a_gift_costs() -> None:
    with pytest.raises(ProgramInvalid, match="what one gift costs"):
        program.compile_plan(program.parse(PROGRAM + MUG.replace("      worth_minor: 250\n", "")))

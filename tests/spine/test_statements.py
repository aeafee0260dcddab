"""The path sends as many statements for five hundred facts and twenty offers as for one of each."""

import re

import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Activity
from tests.spine.conftest import PROGRAM, Shop, buy

EXPECTED = 16
"""Eleven to look, five to write. A change of this number is a change of the path: say why in the commit."""


def offers(count: int) -> str:
    """The programme with so many offers, each of which gives something for every purchase."""
    one = re.search(r"  - id: base\n(.|\n)*?settings: .*\n", PROGRAM)
    assert one is not None
    return PROGRAM + "".join(one[0].replace("id: base", f"id: base-{number}") for number in range(2, count))


async def count_statements(shop: Shop, facts: list[Activity]) -> int:
    async with shop.database.transaction() as tx:
        outcomes = await spine.record_many(tx, shop.house, facts, shop.at)
        statements = tx.statements
    assert all(outcome.receipt is not None and not outcome.repeated for outcome in outcomes)
    return statements


@pytest.mark.parametrize("many", [1, 20])
async def test_statements_do_not_depend_on_facts_or_offers(shop: Shop, many: int) -> None:
    await shop.publish(offers(many))
    # Members who exist, or the first batch would have to write them down, and the programme has been read.
    everybody = [str(number) for number in range(100)]
    await shop.send(*(buy(f"first-{card}", 1000, card=card) for card in everybody))
    single = await count_statements(shop, [buy("one", 1000, card="7")])
    batch = await count_statements(
        shop, [buy(f"{round_}-{card}", 1000, card=card) for round_ in range(5) for card in everybody]
    )
    assert (single, batch) == (EXPECTED, EXPECTED)


async def test_refusals_and_retries_send_no_more(shop: Shop) -> None:
    await shop.send(buy("1", 1000), buy("2", 1000, card="8"))
    retried = [buy("1", 1000), buy("1", 999), buy("2", 1000, card="8"), buy("3", 500)]
    async with shop.database.transaction() as tx:
        outcomes = await spine.record_many(tx, shop.house, retried, shop.at)
        assert tx.statements <= EXPECTED
    assert [outcome.repeated for outcome in outcomes] == [True, False, True, False]
    assert [outcome.refusal.code if outcome.refusal else "" for outcome in outcomes] == ["", "key_reused", "", ""]

"""Whatever a programme says and customers do: a preview is what recording comes to, in whatever order offers stand."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.program import Document, find_mechanics
from tests.promises.market import OPENS, Crowd, choose_deals, open_market, shuffle, sort_lists, strip, vary
from tests.spine.conftest import Shop

DEALS = choose_deals()
BATCH = 100

Said = dict[str, Any]


def tell_all(outcomes: Sequence[spine.Outcome]) -> list[Said]:
    """What became of each, without the ids of one run."""
    names: dict[UUID, str] = {}
    return [
        strip(it.receipt, names)
        if it.receipt is not None
        else {"refused": str(it.refusal), "code": it.refusal and it.refusal.code}
        for it in outcomes
    ]


async def preview(shop: Shop, facts: Sequence[Activity]) -> list[spine.Outcome]:
    async with shop.database.snapshot() as read:
        return [it.outcome for it in await spine.preview(read, shop.house, facts, shop.at)]


def forget_place(said: Said) -> Said:
    """What may differ where offers stand in another order: the version's name, and the order of what is told."""
    return sort_lists({key: value for key, value in said.items() if key not in {"program", "activity", "memories"}})


def test_programmes_use_every_mechanic() -> None:
    assert {offer.mechanic for deal in DEALS.values() for offer in deal.offers} == set(find_mechanics())


@pytest.mark.parametrize("name", sorted(DEALS))
@pytest.mark.parametrize("batches", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_previews_are_what_is_recorded_in_any_order_of_offers(
    name: str, batches: int, server_url: str, template: str
) -> None:
    chance = random.Random(f"{name} 2026")
    deal = vary(DEALS[name], chance)
    other: Document = shuffle(deal, chance)
    crowd, taken = Crowd(deal, chance), list[Activity]()
    async with open_market(server_url, template, deal) as one, open_market(server_url, template, other) as two:
        fired = 0
        for number in range(batches):
            at = OPENS + timedelta(days=9 * number + 4, minutes=number)
            facts = [crowd.act(at) for _ in range(BATCH)]
            one.at = two.at = at
            shown = await preview(one, facts)
            done = await one.send(*facts)
            assert tell_all(shown) == tell_all(done)
            again = await two.send(*facts)
            assert [forget_place(it) for it in tell_all(done)] == [forget_place(it) for it in tell_all(again)]
            receipts = {
                fact.member.value: it.receipt
                for fact, it in zip(facts, done, strict=True)
                if it.receipt is not None and isinstance(fact.member, Identifier)
            }
            sold = [fact for fact, it in zip(facts, done, strict=True) if fact.kind == "purchase" and it.receipt]
            crowd.sold += sold
            taken += sold
            fired += sum(len(it.postings) + len(it.grants) + len(it.discounts) for it in receipts.values())
            await crowd.learn(one, receipts)
            for shop in (one, two):
                await spine.bring_due(shop.database, shop.house, at=at)
        assert fired > batches
        assert len({msgspec.json.encode(it) for it in taken}) > batches * BATCH // 3
        for shop in (one, two):
            async with shop.database.snapshot() as read:
                assert (await spine.check(read)).faults == ()

"""What nobody should send: refused clearly, or bounded; and never half a basket."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from regulars.base.db import Database
from regulars.features.coupons.codes import CodesInvalid, Terms, add_codes
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from regulars.kernel.program import ProgramInvalid
from tests.promises.market import OPENS, list_deals, open_market
from tests.spine.conftest import PROGRAM, Shop, buy, shop

__all__ = ["shop"]

MILK = Line(sku="milk", amount_minor=900, categories=("DAIRY",))
COUPON = """
  - id: milk
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: milk
      title: {en: Free milk, zh-CN: 牛奶券}
      effect: {type: cheapest}
      lines: {categories: [DAIRY]}
  - id: welcome
    mechanic: gifts
    on: [purchase]
    settings: {kind: coupon, what: milk, title: {en: Free milk, zh-CN: 牛奶券}, lines: {skus: [door]}}
"""


class Endless(Sequence[str]):
    """A list that says how long it is, and that nobody may look into."""

    def __len__(self) -> int:
        return 10_000_000

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401
        raise AssertionError(place)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError


async def test_ten_million_codes_are_refused_before_anybody_looks_at_one(shop: Shop, database: Database) -> None:
    with pytest.raises(CodesInvalid, match="Send longer lists in parts"):
        async with database.transaction() as tx:
            await add_codes(tx, shop.house.keyring, Endless(), Terms(coupon="milk", batch="all"), at=shop.at)


async def test_coupon_for_what_is_no_longer_sold_takes_nothing_and_stays(shop: Shop) -> None:
    await shop.publish(PROGRAM + COUPON)
    first = msgspec.structs.replace(buy("1"), lines=(Line(sku="door", amount_minor=100),))
    member = (await shop.receipt(first)).member
    async with shop.database.snapshot() as read:
        (name,) = msgspec.json.decode((await program.memories(read, [member]))[member, "milk"])["held"]
    # Milk is gone from the shelves: nobody can buy it. The basket is recorded whole, the coupon is kept.
    other = await shop.receipt(buy("2", 500, coupons=(name,)))
    assert (other.discounts, other.coupons, other.balances["points"]) == ((), (), 60)
    # Its category leaves the catalogue: a programme that still speaks of it is refused, with the place.
    with pytest.raises(ProgramInvalid) as refused:
        await shop.publish((PROGRAM + COUPON).replace("[DAIRY, PRODUCE]", "[PRODUCE]"))
    assert [it.path for it in refused.value.problems] == ["offers[2].settings.lines.categories[0]"]
    # The coupon itself leaves the programme: whoever still shows one pays as anybody does.
    shop.at += timedelta(days=1)
    await shop.publish(PROGRAM.replace("[DAIRY, PRODUCE]", "[PRODUCE]"), live_from=shop.at)
    late = msgspec.structs.replace(buy("3", at=shop.at, coupons=(name,)), lines=(MILK,))
    receipt = await shop.receipt(late)
    assert (receipt.discounts, receipt.coupons, receipt.balances["points"]) == ((), (), 150)
    assert "coupon_refused" in [reason.code for reason in receipt.reasons]
    async with shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()


async def test_thousand_check_ins_of_a_day_are_one(server_url: str, template: str) -> None:
    deal = list_deals()["challenges.md"]
    async with open_market(server_url, template, deal) as shop:
        shop.at = OPENS + timedelta(hours=5)
        facts = [
            Activity(
                id=f"{number}",
                source="app",
                kind="check_in",
                occurred_at=OPENS + timedelta(seconds=number),
                member=Identifier(kind="card", value="1"),
            )
            for number in range(1_000)
        ]
        async with shop.database.transaction() as tx:
            outcomes = await spine.record_many(tx, shop.house, facts, shop.at)
            statements = tx.statements
        receipts = [it.receipt for it in outcomes if it.receipt is not None]
        assert len(receipts) == 1_000
        assert [it.points for receipt in receipts for it in receipt.postings] == [2]
        assert statements <= 20
        async with shop.database.snapshot() as read:
            known = await program.memories(read, [receipts[0].member])
            assert (await spine.check(read)).faults == ()
        assert max(map(len, known.values())) < 500

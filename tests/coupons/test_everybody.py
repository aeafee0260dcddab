"""Coupons that everybody has: shown by a name that is no secret, and bounded by the offer's envelope alone."""

from dataclasses import replace

import msgspec
import pytest

from regulars.base.crypto import Keyring
from regulars.features.coupons.codes import CodesInvalid
from regulars.features.coupons.wallet import read_wallet
from regulars.kernel import limits, spine
from regulars.kernel.nouns import Activity, Line, Receipt
from tests.coupons.conftest import give_codes
from tests.coupons.test_codes import bring, prove, taken_off
from tests.spine.conftest import PROGRAM, Shop, buy

DELIVERY = """
  - id: first-delivery
    mechanic: coupons
    on: [purchase]
    audience: {channels: [app]}
    limits: [{times: 1, per: member}]
    settings:
      coupon: delivery
      title: {en: Free delivery, zh-CN: 首单免运费}
      effect: {type: percent, permille: 1000}
      lines: {skus: [delivery]}
      everybody: true
"""
NAME = "held:delivery:all"


@pytest.fixture
async def deliveries(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + DELIVERY)
    return shop


def order(name: str, *, channel: str = "app", delivery: bool = True, coupons: tuple[str, ...] = (NAME,)) -> Activity:
    lines = (Line(sku="tea", amount_minor=2000), *((Line(sku="delivery", amount_minor=600),) if delivery else ()))
    return msgspec.structs.replace(buy(name, channel=channel, coupons=coupons), lines=lines)


def says(receipt: Receipt) -> list[str]:
    return [reason.code for reason in receipt.reasons if reason.offer in {"", "first-delivery"}]


async def test_first_order_by_the_app_is_delivered_for_nothing(deliveries: Shop) -> None:
    # In the store, and without delivery, it waits.
    for fact in (order("1", channel="store"), order("2", delivery=False), order("3", coupons=())):
        assert taken_off(await deliveries.receipt(fact)) == []
    async with deliveries.database.snapshot() as read:
        (seen,) = await spine.preview(read, deliveries.house, [order("4")], deliveries.at)
    there = await deliveries.receipt(order("4"))
    assert taken_off(there) == [("first-delivery", 2, 600)]
    assert seen.outcome.receipt is not None
    assert taken_off(seen.outcome.receipt) == taken_off(there)
    assert [posted.points for posted in there.postings if posted.offer == "base"] == [200]
    again = await deliveries.receipt(order("5"))
    assert taken_off(again) == []
    assert "limit_reached" in says(again)
    # What was free brings nothing back, and another first order there is not.
    back = await deliveries.receipt(bring("r", "4"))
    assert sum(part.amount_minor for part in back.returned) == 2000
    assert taken_off(await deliveries.receipt(order("6"))) == []
    await prove(deliveries)


async def test_wallet_lists_what_everybody_has_and_nobody_else_may_use_what_is_made_up(deliveries: Shop) -> None:
    receipt = await deliveries.receipt(order("1", coupons=("held:delivery:ALL", "held:delivery:0")))
    assert (taken_off(receipt), says(receipt)) == ([], ["coupon_refused", "coupon_refused"])
    async with deliveries.database.snapshot() as read:
        wallet = await read_wallet(read, deliveries.house.versions, receipt.member, deliveries.at)
    assert [(it.name, it.coupon) for it in wallet.everybody] == [(NAME, "delivery")]


async def test_code_that_was_added_under_an_older_key_is_not_added_again(deliveries: Shop) -> None:
    await give_codes(deliveries, "delivery", "SPRING-10")
    masters = {1: bytes(range(32)), 2: bytes(range(32, 64))}
    deliveries.house = replace(deliveries.house, keyring=Keyring.derive(masters, current=2))
    with pytest.raises(limits.CodeExists):
        await give_codes(deliveries, "delivery", "summer-10", "spring 10", batch="again")
    await give_codes(deliveries, "delivery", "summer-10", batch="again")
    # It still works, too.
    assert taken_off(await deliveries.receipt(order("1", coupons=("SPRING-10",)))) == [("first-delivery", 2, 600)]
    with pytest.raises(CodesInvalid):
        await give_codes(deliveries, "delivery", "abc", batch="third")

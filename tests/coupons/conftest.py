"""A shop with coupons of every sort."""

import pytest

from regulars.features.coupons.codes import Terms, add_codes
from tests.spine.conftest import PROGRAM, Shop, shop

__all__ = ["give_codes", "shop"]

COUPONS = """
  - id: ten
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: ten
      title: {en: Ten percent, zh-CN: 九折券}
      effect: {type: percent, permille: 100, max_minor: 500}
      lines: {minimum_minor: 1000}
  - id: five
    mechanic: coupons
    on: [purchase]
    limits: [{times: 2, per: member, period: month}]
    settings:
      coupon: five
      title: {en: Five off, zh-CN: 立减五元}
      effect: {type: amount, minor: 500}
      days: 10
  - id: double
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: double
      title: {en: Double points, zh-CN: 双倍积分券}
      effect: {type: points, currency: points, times: 2}
"""


async def give_codes(shop: Shop, coupon: str, *codes: str, **terms: object) -> None:
    """Add codes to a coupon of the shop."""
    async with shop.database.transaction() as tx:
        meant = Terms(coupon=coupon, **({"batch": "spring"} | terms))  # pyright: ignore[reportArgumentType]
        await add_codes(tx, shop.house.keyring, codes, meant, at=shop.at)


@pytest.fixture
async def coupons(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + COUPONS)
    return shop

"""A shop where newcomers say who sent them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from regulars.features.referrals.model import Memory
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Receipt, Returned
from tests.spine.conftest import PROGRAM, Shop, buy, shop

__all__ = ["REFERRALS", "balance", "bring", "codes", "memory_of", "name", "prove", "shop", "sweep"]

REFERRALS = """
  - id: friends
    mechanic: referrals
    on: [referred, purchase]
    settings:
      newcomer: {currency: points, points: 200, grants: [{kind: coupon, what: five}]}
      referrer: {currency: points, points: 300}
      lines: {minimum_minor: 2000}
      within_days: 3
      days: 10
      hold_days: 7
      most_per_month: 5
  - id: five
    mechanic: coupons
    on: [purchase]
    settings: {coupon: five, title: {en: Five off, zh-CN: 立减五元}, effect: {type: amount, minor: 500}}
"""


@pytest.fixture
async def friends(shop: Shop) -> Shop:
    """The shop, where members 7, 8 and 9 are known."""
    await shop.publish(PROGRAM + REFERRALS)
    return shop


def name(id: str, card: str, to: str | UUID, at: datetime, **more: str) -> Activity:  # noqa: A002 - the field's name
    """The member with `card` says who sent them."""
    other = to if isinstance(to, UUID) else Identifier(kind="card", value=to)
    who = Identifier(kind="card", value=card)
    return Activity(id=id, source="app", kind="referred", occurred_at=at, member=who, to=other, ask=more)


def bring(id: str, origin: str, card: str, at: datetime, *parts: Returned) -> Activity:  # noqa: A002
    """Bring a purchase back, or parts of it."""
    return msgspec.structs.replace(buy(id, card=card, at=at, origin=origin, returned=parts), kind="return")


def codes(receipt: Receipt, offer: str = "friends") -> list[str]:
    return [reason.code for reason in receipt.reasons if reason.offer == offer]


async def balance(shop: Shop, member: UUID, offer: str = "friends") -> int:
    """The points that the referral programme gave a member."""
    async with shop.database.snapshot() as read:
        rows = await read.rows(
            "SELECT coalesce(sum(amount), 0)::bigint AS points FROM ledger.lot WHERE member_id = $1 AND offer = $2",
            member,
            offer,
        )
    return int(rows[0]["points"])


async def memory_of(shop: Shop, member: UUID) -> Memory:
    async with shop.database.snapshot() as read:
        stored: Mapping[tuple[UUID, str], bytes] = await program.memories(read, [member])
    return msgspec.json.decode(stored[member, "friends"], type=Memory)


async def sweep(shop: Shop) -> None:
    await spine.bring_due(shop.database, shop.house, at=shop.at)


async def prove(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert report.faults == ()

"""Codes that come along from elsewhere are brought many at once, each with what holds for it, and once."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from regulars.features.coupons.arriving import Arriving, bring_codes
from regulars.features.coupons.codes import CodesInvalid, Terms
from regulars.features.coupons.wallet import CouponUnknown
from regulars.kernel import limits, members
from tests.coupons.conftest import coupons, give_codes
from tests.spine.conftest import Shop, buy, shop

__all__ = ["coupons", "shop"]


def arrive(code: str, coupon: str = "five", member: UUID | None = None, **terms: object) -> Arriving:
    meant = Terms(coupon=coupon, batch="old", member=member, **terms)  # pyright: ignore[reportArgumentType] - words of the test
    return Arriving(code=code, terms=meant)


async def bring(shop: Shop, *arriving: Arriving) -> int:
    return await shop.database.run(lambda tx: bring_codes(tx, shop.house, arriving))


async def count(shop: Shop) -> Sequence[tuple[str, int, int]]:
    async with shop.database.snapshot() as read:
        return sorted(await limits.count_codes(read))


async def test_each_has_its_own_terms_and_is_brought_once(coupons: Shop) -> None:
    member = (await coupons.receipt(buy("0", 10))).member
    await give_codes(coupons, "five", "THERE-1", batch="before")
    codes = [
        arrive("MINE-1", member=member),
        arrive("ALL-1"),
        arrive("mine 1", member=member),
        arrive("THREE-1", uses=3),
        arrive("THERE-1"),
        arrive("TEN-1", "ten", valid_until=coupons.at - timedelta(days=1)),
    ]
    assert await bring(coupons, *codes) == 4
    assert await bring(coupons, *codes) == 0
    listed = [("five:before", 1, 0), ("five:old", 3, 0), ("ten:old", 1, 0)]
    assert await count(coupons) == listed
    # Later files add to the same list.
    assert await bring(coupons, arrive("ALL-2")) == 1
    stranger = await coupons.receipt(buy("1", 2_000, card="8", coupons=("MINE-1",)))
    theirs = await coupons.receipt(buy("2", 2_000, coupons=("Mine-1",)))
    ended = await coupons.receipt(buy("3", 2_000, coupons=("TEN-1",)))
    assert [len(each.discounts) for each in (stranger, theirs, ended)] == [0, 1, 0]
    assert "MINE" not in repr(codes)


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (arrive("NEW-1", "nothing"), CouponUnknown),
        (arrive("x"), CodesInvalid),
        (arrive("NEW-1", member=uuid4()), members.MemberUnknown),
    ],
)
async def test_one_that_cannot_be_taken_spoils_all(coupons: Shop, bad: Arriving, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await bring(coupons, arrive("GOOD-1"), bad)
    assert await count(coupons) == []


async def test_a_thousand_take_no_more_statements_than_one(coupons: Shop) -> None:
    await bring(coupons, arrive("FIRST-1"))  # By then the programme has been read.
    taken: list[int] = []
    for many in (1, 1_000):
        async with coupons.database.transaction() as tx:
            await bring_codes(tx, coupons.house, [arrive(f"MANY-{many}-{n}") for n in range(many)])
            taken.append(tx.statements)
    assert taken[0] == taken[1]

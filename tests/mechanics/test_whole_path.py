"""Gifts and multipliers on the whole path: recorded, returned, merged, and brought by the clock."""

from datetime import datetime
from uuid import UUID

import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier, Receipt, Returned
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy

GIFTS = """
  - id: welcome
    mechanic: bonus
    on: [purchase]
    settings: {currency: points, points: 200, counting: {most: 1}, joined_within_days: 30}
  - id: birthday
    mechanic: bonus
    on: [purchase]
    settings: {currency: points, points: 500, occasion: {of: birthday}, by_clock: true}
  - id: year
    mechanic: bonus
    on: [purchase]
    settings: {currency: points, points: 300, occasion: {of: anniversary}}
  - id: double
    mechanic: multiplier
    on: [purchase]
    settings: {currency: points, times: 2, lines: {skus: [sku-1]}}
"""


@pytest.fixture
async def gifts(shop: Shop) -> Shop:
    """The shop, with gifts."""
    await shop.publish(PROGRAM.replace("PRODUCE]}", "PRODUCE], traits: [birthday]}") + GIFTS)
    return shop


def count(receipt: Receipt) -> dict[str, int]:
    return {it.offer: it.points for it in receipt.postings if it.currency == "points"}


async def set_birthday(shop: Shop, member: UUID, value: str) -> None:
    fact = Activity(
        id=f"birthday-{member}", source="crm", kind="traits", occurred_at=START, member=member, ask={"birthday": value}
    )
    await shop.receipt(fact)


def bring(id: str, origin: str, at: datetime, *returned: Returned) -> Activity:  # noqa: A002 - the field's name
    card = Identifier(kind="card", value="7")
    return Activity(id=id, source="till", kind="return", occurred_at=at, member=card, origin=origin, returned=returned)


async def test_first_purchase_is_welcomed_and_its_return_makes_another_the_first(gifts: Shop) -> None:
    assert count(await gifts.receipt(buy("1", 100, 50))) == {"base": 15, "double": 10, "welcome": 200}
    assert count(await gifts.receipt(buy("2", 100))) == {"base": 10, "double": 10}
    part = await gifts.receipt(bring("r1", "1", START, Returned(line=2, amount_minor=50)))
    assert count(part) == {"base": -5, "welcome": -67}
    assert count(await gifts.receipt(buy("3", 100))) == {"base": 10, "double": 10}
    rest = await gifts.receipt(bring("r2", "1", START))
    assert count(rest) == {"base": -10, "double": -10, "welcome": -133}
    assert count(await gifts.receipt(buy("4", 100))) == {"base": 10, "double": 10, "welcome": 200}


async def test_member_of_a_year_is_greeted(gifts: Shop) -> None:
    await gifts.receipt(buy("1", 100))
    gifts.later(days=365)
    assert count(await gifts.receipt(buy("2", 100, at=gifts.at))) == {"base": 10, "double": 10, "year": 300}


async def test_clock_brings_birthdays_year_after_year(gifts: Shop) -> None:
    member = (await gifts.receipt(buy("1", 100))).member
    await set_birthday(gifts, member, "03-05")
    await gifts.receipt(buy("2", 100))
    before = (await gifts.standing(member)).shown
    for year, days in enumerate((3, 1, 365), start=1):
        gifts.later(days=days)
        await spine.bring_due(gifts.database, gifts.house, at=gifts.at)
        # The first three days are too few; then there is one, and a year later what ended meanwhile is gone.
        shown = (await gifts.standing(member)).shown
        assert shown == {1: before, 2: before + 500, 3: 500}[year]
        assert await spine.bring_due(gifts.database, gifts.house, at=gifts.at) == 0


async def test_two_who_become_one_have_one_birthday_and_one_welcome(gifts: Shop) -> None:
    gone = (await gifts.receipt(buy("1", 100, card="8"))).member
    kept = (await gifts.receipt(buy("2", 100))).member
    for member in (gone, kept):
        await set_birthday(gifts, member, "03-05")
    await gifts.receipt(buy("3", 100, card="8"))
    await gifts.receipt(buy("4", 100))
    await gifts.receipt(ask("merge", "m", at=gifts.at, to=gone, by="ann", reason="same person"))
    before = (await gifts.standing(kept)).shown
    gifts.later(days=10)
    await spine.bring_due(gifts.database, gifts.house, at=gifts.at)
    assert (await gifts.standing(kept)).shown == before + 500
    assert count(await gifts.receipt(buy("5", 100, at=gifts.at))) == {"base": 10, "double": 10}

"""What is told about a member from outside: taken or refused as a whole, dated, read by rules, and proved."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Receipt, Scalar, TraitChange
from regulars.kernel.spine import check
from tests.spine.conftest import LEVELS, PROGRAM, Shop, ask, buy

DECLARED = PROGRAM.replace("PRODUCE]}", "PRODUCE], traits: [birthday, language, shoe_size, born], segments: [lapsed]}")
GIFTS = """
  - id: language
    mechanic: spend
    on: [purchase]
    audience: {traits: {language: [zh, en]}}
    settings: {currency: points, points: 1, per_minor: 100}
  - id: back
    mechanic: bonus
    on: [purchase]
    audience: {segments: [lapsed]}
    settings: {currency: points, points: 50}
  - id: told
    mechanic: bonus
    on: [traits]
    when: member.birthday_month > 0
    settings: {currency: points, points: 7, counting: {most: 1}}
  - id: born
    mechanic: bonus
    on: [purchase, traits]
    settings: {currency: points, points: 500, occasion: {of: birthday, trait: born}, by_clock: true}
"""


@pytest.fixture
async def gifts(shop: Shop) -> Shop:
    """A shop that wants to know something of its members."""
    await shop.publish(DECLARED + LEVELS + GIFTS)
    return shop


async def tell(shop: Shop, name: str, traits: Mapping[str, Scalar], *, at: datetime | None = None) -> Receipt:
    return await shop.receipt(ask("traits", name, at=at or shop.at, **traits))


def count(receipt: Receipt) -> dict[str, int]:
    return {it.offer: it.points for it in receipt.postings if it.currency == "points"}


async def are_books_right(shop: Shop) -> bool:
    async with shop.database.snapshot() as read:
        report = await check(read)
    assert report.faults == (), report.faults
    return True


async def test_what_is_told_is_dated_and_read_by_rules(gifts: Shop) -> None:
    receipt = await tell(gifts, "1", {"language": "zh", "segment.lapsed": True})
    assert receipt.traits == (
        TraitChange(name="language", value="zh", since=gifts.at),
        TraitChange(name="segment.lapsed", value=True, since=gifts.at),
    )
    assert receipt.postings == ()
    gifts.later(days=1)
    assert count(await gifts.receipt(buy("2", 1000, at=gifts.at))) == {"base": 100, "language": 10, "back": 50}
    # What was bought before anybody knew, and is told late, is judged by what was known of that day.
    early = gifts.at - timedelta(days=2)
    assert count(await gifts.receipt(buy("3", 1000, at=early))) == {"base": 100}
    assert await gifts.trait(receipt.member, "language") == "zh"
    assert await are_books_right(gifts)


async def test_what_is_forgotten_is_read_no_more(gifts: Shop) -> None:
    await tell(gifts, "1", {"segment.lapsed": True, "shoe_size": 38})
    gifts.later(days=1)
    receipt = await tell(gifts, "2", {"segment.lapsed": None})
    assert receipt.traits == (TraitChange(name="segment.lapsed", value=None, since=gifts.at),)
    assert count(await gifts.receipt(buy("3", 1000, at=gifts.at))) == {"base": 100}
    # The programme asks for it no more: it can still be forgotten, and nothing else told of it.
    gifts.later(days=1)
    await gifts.publish(PROGRAM, live_from=gifts.at)
    assert await gifts.refusal(ask("traits", "4", at=gifts.at, shoe_size=39)) == "trait_unknown"
    await tell(gifts, "4", {"shoe_size": None})
    assert await gifts.refusal(ask("traits", "5", at=gifts.at, shoe_size=None)) == "trait_unknown"
    assert await are_books_right(gifts)


async def test_what_is_so_already_is_not_told_again(gifts: Shop) -> None:
    await tell(gifts, "1", {"language": "zh", "shoe_size": 1})
    gifts.later(days=1)
    receipt = await tell(gifts, "2", {"language": "zh", "shoe_size": 1, "birthday": None})
    assert receipt.traits == ()
    # Sent again it is the first answer, whatever was told since; the same name for other words is refused.
    await tell(gifts, "3", {"language": "en"})
    assert await tell(gifts, "2", {"language": "zh", "shoe_size": 1, "birthday": None}) == receipt
    assert await gifts.trait(receipt.member, "language") == "en"
    assert await gifts.refusal(ask("traits", "2", at=gifts.at, language="en")) == "key_reused"
    # What is told late holds from its own day until what was known afterwards.
    late = await tell(gifts, "4", {"language": "en", "shoe_size": 2}, at=gifts.at - timedelta(hours=1))
    assert [change.name for change in late.traits] == ["language", "shoe_size"]
    assert await gifts.trait(receipt.member, "shoe_size") == 2
    assert await are_books_right(gifts)


@pytest.mark.parametrize(
    ("traits", "code"),
    [
        ({"colour": "red"}, "trait_unknown"),
        ({"colour": None}, "trait_unknown"),
        ({"segment.new": True}, "trait_unknown"),
        ({"lapsed": True}, "trait_unknown"),
        ({"tier": "gold"}, "trait_of_offers"),
        ({"tier": None}, "trait_of_offers"),
        ({"#household": None}, "ask_invalid"),
        ({"segment.lapsed": "yes"}, "ask_invalid"),
        ({"segment.lapsed": 1}, "ask_invalid"),
        ({"language": True}, "ask_invalid"),
        ({"language": 7}, "ask_invalid"),
        ({"language": "z" * 201}, "ask_invalid"),
        ({"shoe_size": 2**53}, "ask_invalid"),
        ({"birthday": "1990-05-17"}, "ask_invalid"),  # nobody is asked for their age
        ({"birthday": "02-30"}, "ask_invalid"),
        ({"birthday": "5-17"}, "ask_invalid"),
        ({"birthday": 517}, "ask_invalid"),
        ({"born": "17.05."}, "ask_invalid"),
        ({}, "ask_invalid"),
        ({f"t{number}": 1 for number in range(51)}, "ask_invalid"),
    ],
)
async def test_what_cannot_be_told(gifts: Shop, traits: dict[str, Scalar], code: str) -> None:
    member = (await tell(gifts, "1", {"birthday": "02-29"})).member
    # Whatever stands beside it is not taken either.
    (outcome,) = await gifts.send(ask("traits", "2", at=gifts.at, **({"shoe_size": 38} | traits if traits else {})))
    assert outcome.refusal is not None
    assert outcome.refusal.code == code
    assert "1990" not in outcome.refusal.detail
    assert await gifts.trait(member, "shoe_size") is None
    assert await gifts.trait(member, "birthday") == "02-29"


async def test_the_offers_see_what_is_told(gifts: Shop) -> None:
    first = await tell(gifts, "1", {"birthday": "05-17"})
    assert count(first) == {"told": 7}
    gifts.later(days=1)
    assert count(await tell(gifts, "2", {"birthday": "05-18"})) == {}
    # The clock learns the day at once, without any purchase: on the 3rd, and not on the 4th, as it was told first.
    await tell(gifts, "3", {"born": "03-04"})
    await tell(gifts, "4", {"born": "03-03"})
    for day, points in ((2, 7), (3, 507), (4, 507)):
        gifts.at = datetime(2026, 3, day, 23, tzinfo=UTC)
        await spine.bring_due(gifts.database, gifts.house, at=gifts.at)
        assert (await gifts.standing(first.member)).shown == points
    assert await are_books_right(gifts)


async def test_what_was_told_is_explained_and_previewed(gifts: Shop) -> None:
    fact = ask("traits", "1", at=gifts.at, birthday="05-17")
    async with gifts.database.snapshot() as read:
        (shown,) = await spine.preview(read, gifts.house, [fact], gifts.at)
    receipt = await gifts.receipt(fact)
    assert shown.outcome.receipt is not None
    assert (shown.outcome.receipt.traits, count(shown.outcome.receipt)) == (receipt.traits, {"told": 7})
    gifts.later(days=1)
    async with gifts.database.snapshot() as read:
        explained = await spine.explain_receipt(read, gifts.house, receipt.member, receipt.activity)
    assert explained.is_exact
    assert {each.offer for each in explained.verdicts if each.fired} == {"told"}

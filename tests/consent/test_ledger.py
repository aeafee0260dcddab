"""Choices are written down once, are never changed, and the last one holds; no purpose costs the membership."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from regulars.base.ids import new_id
from regulars.features import consent
from regulars.features.consent.model import check_choice
from regulars.features.consent.tell import tell_untold
from regulars.kernel import members
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy

HEEDING = (
    PROGRAM.replace("catalog: {", "catalog: {traits: [consent.personalisation], ")
    + """
  - id: for-you
    mechanic: bonus
    on: [purchase]
    audience: {traits: {consent.personalisation: [true]}}
    settings: {currency: points, points: 50}
"""
)


def choice(member: UUID, purpose: str, *, given: bool, days: int = 0, **more: object) -> consent.Choice:
    told: dict[str, Any] = {"channel": "any", "door": "staff", "proof": "paper", **more}
    return consent.Choice(
        member=member,
        purpose=purpose,  # pyright: ignore[reportArgumentType] - a word of the table
        is_given=given,
        occurred_at=START + timedelta(days=days),
        **told,
    )


async def write(shop: Shop, *choices: consent.Choice, days: int = 100) -> int:
    at = START + timedelta(days=days)
    return await shop.database.run(lambda tx: consent.record(tx, choices, new_id=new_id, at=at))


async def allowed(shop: Shop, member: UUID) -> set[str]:
    asked = [
        (member, purpose, channel)
        for purpose, channel in [
            ("receipts", "email"),
            ("notices", "email"),
            ("marketing", "email"),
            ("marketing", "sms"),
        ]
    ]
    async with shop.database.snapshot() as read:
        return {f"{purpose} {channel}" for _, purpose, channel in await consent.find_allowed(read, asked)}


@pytest.fixture
async def member(shop: Shop) -> UUID:
    return (await shop.receipt(buy("r-1", 1000))).member


# (what was chosen: purpose, channel, given, on which day), what may be sent on the next day.
SERVICE = {"receipts email", "notices email"}
CASES: list[tuple[list[tuple[str, str, bool, int]], set[str]]] = [
    # Who never chose gets what belongs to being a member, and no more.
    ([], SERVICE),
    ([("marketing", "email", True, 1)], SERVICE | {"marketing email"}),
    ([("marketing", "any", True, 1)], SERVICE | {"marketing email", "marketing sms"}),
    # The last word counts, for one channel as for all, in whatever order it comes in.
    ([("marketing", "any", True, 1), ("marketing", "sms", False, 2)], SERVICE | {"marketing email"}),
    ([("marketing", "sms", False, 2), ("marketing", "any", True, 1)], SERVICE | {"marketing email"}),
    ([("marketing", "sms", True, 1), ("marketing", "any", False, 2)], SERVICE),
    # What belongs to being a member can be turned off too.
    ([("receipts", "email", False, 1)], {"notices email"}),
    ([("receipts", "any", False, 1), ("receipts", "email", True, 3)], SERVICE),
]


@pytest.mark.parametrize(("chosen", "expected"), CASES)
async def test_what_holds(shop: Shop, member: UUID, chosen: list[Any], expected: set[str]) -> None:
    for purpose, channel, given, days in chosen:
        await write(shop, choice(member, purpose, given=given, channel=channel, days=days))
    assert await allowed(shop, member) == expected


async def test_a_reference_counts_once_and_means_one_thing(shop: Shop, member: UUID) -> None:
    first = choice(member, "marketing", given=True, door="import", reference="crm-1")
    assert [await write(shop, first), await write(shop, first)] == [1, 0]
    with pytest.raises(consent.ConsentDiffers):
        await write(shop, choice(member, "marketing", given=False, door="import", reference="crm-1"))
    async with shop.database.snapshot() as read:
        assert [each.is_given for each in await consent.list_entries(read, member)] == [True]


async def test_what_cannot_be_written_down(shop: Shop, member: UUID) -> None:
    with pytest.raises(consent.ConsentProofMissing):
        check_choice(choice(member, "marketing", given=True, proof=""), at=START)
    check_choice(choice(member, "marketing", given=False, proof=""), at=START)
    with pytest.raises(consent.ConsentInvalid):
        check_choice(choice(member, "sale", given=False, channel="email"), at=START)
    with pytest.raises(consent.ConsentInFuture):
        check_choice(choice(member, "sale", given=False, days=1), at=START)
    with pytest.raises(consent.NoticeUnknown):
        await write(shop, choice(member, "marketing", given=True, version=3))
    with pytest.raises(members.MemberUnknown):
        await write(shop, choice(new_id(), "marketing", given=False))


async def test_words_are_counted_and_kept(shop: Shop, member: UUID) -> None:
    for number in (1, 2):
        async with shop.database.transaction() as tx:
            made = await consent.publish_notice(tx, "marketing", en=f"Offers {number}", zh="优惠", by="t", at=START)
        assert made.version == number
    async with shop.database.snapshot() as read:
        assert [each.en for each in await consent.list_notices(read)] == ["Offers 2"]
        assert [each.en for each in await consent.list_notices(read, history=True)] == ["Offers 2", "Offers 1"]
    await write(shop, choice(member, "marketing", given=True, version=1, proof=""))
    async with shop.database.snapshot() as read:
        (entry,) = await consent.list_entries(read, member)
    assert (entry.version, entry.door) == (1, "staff"), "the words that were shown, though there are newer ones"


async def test_a_browser_signal_opts_out_once(shop: Shop, member: UUID) -> None:
    async def heed(days: int) -> int:
        at = START + timedelta(days=days)
        return await shop.database.run(lambda tx: consent.heed_signal(tx, member, new_id=new_id, at=at))

    assert [await heed(1), await heed(2)] == [3, 0]
    await write(shop, choice(member, "profiling", given=True, days=3))
    assert await heed(4) == 0
    async with shop.database.snapshot() as read:
        standing = {each.purpose: each for each in await consent.read_standings(read, member)}
    assert (standing["sale"].is_allowed, standing["sale"].door) == (False, "gpc")
    assert standing["profiling"].is_allowed, "what the member chose after it stands"


async def test_without_personalisation_base_points_go_on(shop: Shop, member: UUID) -> None:
    await shop.publish(HEEDING, live_from=START)
    assert (
        sum(each.points for each in (await shop.receipt(buy("r-2", 1000))).postings if each.currency == "points") == 100
    )
    await write(shop, choice(member, "personalisation", given=True))
    shop.later(hours=1)
    told = await shop.database.run(lambda tx: tell_untold(tx, shop.house, at=shop.at, most=10))
    assert (told, await shop.trait(member, consent.TRAIT)) == (1, True)
    shop.later(hours=1)
    bought = await shop.receipt(buy("r-3", 1000, at=shop.at))
    assert sum(each.points for each in bought.postings if each.currency == "points") == 150
    await write(shop, choice(member, "personalisation", given=False, days=1))
    assert await shop.database.run(lambda tx: tell_untold(tx, shop.house, at=shop.at, most=10)) == 1
    shop.later(hours=1)
    bought = await shop.receipt(buy("r-4", 1000, at=shop.at))
    assert sum(each.points for each in bought.postings if each.currency == "points") == 100, "base points all the same"
    assert await shop.database.run(lambda tx: tell_untold(tx, shop.house, at=shop.at, most=10)) == 0


async def test_rules_that_cannot_read_it_are_told_when_they_can(shop: Shop, member: UUID) -> None:
    await write(shop, choice(member, "personalisation", given=False))
    assert await shop.database.run(lambda tx: tell_untold(tx, shop.house, at=shop.at, most=10)) == 0
    await shop.publish(HEEDING, live_from=START)
    assert await shop.database.run(lambda tx: tell_untold(tx, shop.house, at=shop.at, most=10)) == 1
    assert await shop.trait(member, consent.TRAIT) is False


async def test_what_was_chosen_before_a_merge_counts_after_it(shop: Shop, member: UUID) -> None:
    gone = (await shop.receipt(buy("r-9", 1000, card="8"))).member
    await write(shop, choice(gone, "receipts", given=False, days=1))
    await shop.receipt(ask("merge", "m-1", at=shop.at, to=gone, by="desk", reason="same person"))
    async with shop.database.snapshot() as read:
        kept = (await members.get(read, gone)).merged_into or (await members.get(read, member)).merged_into
    assert kept is not None
    assert await allowed(shop, kept) == {"notices email"}

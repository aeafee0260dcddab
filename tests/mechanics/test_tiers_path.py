"""Levels on the whole path: recorded, reviewed by the clock, returned, merged, and given by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from regulars.features.tiers.standing import TierSet, read_standing
from regulars.kernel import activity as journal
from regulars.kernel import spine
from regulars.kernel.nouns import Receipt, Returned
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy

CLUB = """
  - id: club
    mechanic: tiers
    on: [purchase]
    settings:
      trait: club
      measures: {money: {of: spend}, visits: {of: visits}}
      window: {model: calendar_year}
      grace_days: 31
      levels:
        - {id: guest, name: {en: Guest, zh-CN: 客}, at: 0}
        - {id: friend, name: {en: Friend, zh-CN: 友}, needs: [{money: 5000}, {visits: 3}]}
        - {id: family, name: {en: Family, zh-CN: 家}, invitation: true}
"""


async def stand(shop: Shop, card: str = "7") -> TierSet:
    receipt = (await shop.send(buy(f"nothing-{card}", card=card)))[0].receipt
    assert receipt is not None
    async with shop.database.snapshot() as read:
        standing = await read_standing(read, shop.house.versions, receipt.member, shop.at)
    (found,) = standing.sets
    return found


async def open_club(shop: Shop) -> None:
    await shop.publish(PROGRAM + CLUB, live_from=START - timedelta(days=300))


async def test_a_level_rises_at_the_till_and_is_reviewed_by_the_clock(shop: Shop) -> None:
    await open_club(shop)
    receipt = await shop.receipt(buy("a", 5000))
    assert await shop.trait(receipt.member, "club") == "friend"
    (due,) = [it for it in receipt.later if it.kind == "tier.review"]
    assert due.at == datetime(2028, 1, 1, tzinfo=UTC)
    shop.at = due.at + timedelta(days=5)
    await shop.receipt(buy("b", 100, at=shop.at))
    assert await shop.trait(receipt.member, "club") == "friend", "there are days of grace"
    shop.at = due.at + timedelta(days=31)
    await shop.receipt(buy("c", 100, at=shop.at))
    assert await shop.trait(receipt.member, "club") == "guest"


async def test_partial_returns_take_the_money_and_at_last_the_visit(shop: Shop) -> None:
    await open_club(shop)
    receipt = await shop.receipt(buy("a", 3000, 3000))
    back = replace(buy("r", at=shop.at), kind="return", origin="a")
    await shop.receipt(replace(back, id="r1", returned=(Returned(line=1, amount_minor=2000),)))
    assert await shop.trait(receipt.member, "club") == "guest"
    async with shop.database.snapshot() as read:
        before = await read_standing(read, shop.house.versions, receipt.member, shop.at)
    assert before.sets[0].counted == {"money": 4000, "visits": 1}
    await shop.receipt(replace(back, id="r2"))
    async with shop.database.snapshot() as read:
        after = await read_standing(read, shop.house.versions, receipt.member, shop.at)
    assert after.sets[0].counted == {"money": 0, "visits": 0}


async def test_two_members_become_one_with_the_level_of_both_together(shop: Shop) -> None:
    await open_club(shop)
    ana = await shop.receipt(buy("a", 3000, card="7"))
    bob = await shop.receipt(buy("b", 2500, card="8"))
    assert await shop.trait(ana.member, "club") == "guest"
    merged = await shop.receipt(ask("merge", "m", at=shop.at, to=bob.member, by="Lin", reason="the same person"))
    assert [(it.name, it.value) for it in merged.traits] == [("club", "friend")]
    shop.later(hours=1)
    await shop.receipt(ask("unmerge", "u", at=shop.at, origin="m", by="Lin", reason="they are two"))
    assert await shop.trait(ana.member, "club") == "guest"


async def test_a_level_by_hand_until_a_day(shop: Shop) -> None:
    await open_club(shop)
    member = (await shop.receipt(buy("a", 100))).member
    await shop.receipt(
        ask("invite", "i", at=shop.at, trait="club", level="family", until="2026-03-31", by="Lin", reason="a friend")
    )
    assert await shop.trait(member, "club") == "family"
    assert (
        await shop.refusal(ask("invite", "j", at=shop.at, trait="club", level="uncle", by="Lin", reason="a typo"))
        == "invitation_invalid"
    )
    found = await stand(shop)
    assert (found.level, found.invited, str(found.kept_until)) == ("family", True, "2026-03-31")
    shop.at = datetime(2026, 4, 1, tzinfo=UTC)
    await shop.receipt(buy("b", 100, at=shop.at))
    assert await shop.trait(member, "club") == "guest"


async def test_without_levels_there_is_nothing_to_invite_to(shop: Shop) -> None:
    await shop.receipt(buy("a", 100))
    sent = ask("invite", "i", at=shop.at, level="family", by="Lin", reason="a friend")
    assert await shop.refusal(sent) == "activity_kind_unknown"


async def test_a_review_of_levels_that_are_gone_ends_and_says_so(shop: Shop) -> None:
    await open_club(shop)
    receipt = await shop.receipt(buy("a", 5000))
    (due,) = [it for it in receipt.later if it.kind == "tier.review"]
    shop.later(days=1)
    await shop.publish(PROGRAM, live_from=shop.at)
    shop.at = due.at + timedelta(days=1)
    # The end of the points, and the review.
    assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 2
    assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 0
    async with shop.database.snapshot() as read:
        assert await journal.open_dues(read, [receipt.member]) == {}
        text = await read.value("SELECT receipt FROM activity.journal WHERE kind = 'tier.review'")
        report = await spine.check(read)
    told = msgspec.json.decode(text, type=Receipt)
    assert ([it.code for it in told.reasons], told.traits, told.postings) == (["unanswered"], (), ())
    assert told.occurred_at == due.at
    assert report.faults == ()
    assert await shop.trait(receipt.member, "club") == "friend", "whoever took the levels away did not take hers"

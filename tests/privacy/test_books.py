"""Forgetting a member in the books: everything is written off, nothing of it is rewritten, and nobody can come back."""

from datetime import timedelta

import msgspec
import pytest

from regulars.base import ids
from regulars.base.db import Database
from regulars.features.webhooks.events import derive
from regulars.kernel import members
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine import Place, follow
from regulars.kernel.spine.check import check
from regulars.kernel.spine.forgetting import Forgotten, WrittenOff, forget_member, sum_written_off
from regulars.kernel.spine.model import HouseholdBound
from tests.spine.conftest import START, Shop, ask, buy


async def forget(shop: Shop, card: str = "7") -> Forgotten:
    async with shop.database.snapshot() as read:
        member = await members.lookup(read, shop.house.keyring, Identifier(kind="card", value=card))
    return await shop.database.run(lambda tx: forget_member(tx, shop.house, member, at=shop.at, reason="asked"))


async def prove_all(database: Database) -> None:
    async with database.snapshot() as read:
        report = await check(read)
    assert report.faults == ()


async def prove(shop: Shop) -> None:
    await prove_all(shop.database)


async def test_what_is_held_is_written_off_with_what_is_set_aside_and_what_waits(shop: Shop) -> None:
    first = await shop.receipt(buy("a", 1000, 500))
    await shop.receipt(ask("hold", "h", at=START, currency="points", points=40))
    await shop.receipt(ask("voucher", "v", at=START, currency="points", points=30))
    done = await forget(shop)
    assert sum_written_off(done.receipt) == [
        WrittenOff(currency="points", points=150, owed=0),
        WrittenOff(currency="stars", points=15, owed=0),
    ]
    assert {(posted.kind, posted.points) for posted in done.receipt.postings} == {
        ("release", 40),
        ("release", 30),
        ("forfeit", -150),
        ("forfeit", -15),
    }
    assert (done.members, done.identifiers, done.is_whole) == ((first.member,), 1, True)
    assert (await shop.standing(first.member)).shown == 0
    await prove(shop)


async def test_what_is_owed_is_forgiven(shop: Shop) -> None:
    bought = await shop.receipt(buy("a", 1000))
    await shop.receipt(ask("redeem", "r", at=START, currency="points", points=80))
    back = Activity(id="b", source="till", kind="return", occurred_at=START, member=bought.member, origin="a")
    await shop.receipt(back)
    assert (await shop.standing(bought.member)).owed == 80
    done = await forget(shop)
    assert WrittenOff(currency="points", points=0, owed=80) in sum_written_off(done.receipt)
    assert (await shop.standing(bought.member)).shown == 0
    await prove(shop)


async def test_who_had_become_part_of_the_member_is_forgotten_with_them(shop: Shop) -> None:
    kept, gone = await shop.receipt(buy("a", 1000)), await shop.receipt(buy("b", 500, card="8"))
    await shop.receipt(ask("hold", "h", at=START, currency="points", points=20, card="8"))
    await shop.receipt(
        ask("merge", "m", at=START, to=Identifier(kind="card", value="8"), by="desk", reason="one person")
    )
    done = await forget(shop)
    assert set(done.members) == {kept.member, gone.member}
    assert done.identifiers == 2
    assert sum(each.points for each in sum_written_off(done.receipt) if each.currency == "points") == 150
    assert {(await shop.standing(each)).shown for each in done.members} == {0}
    await prove(shop)


async def test_a_household_is_left_and_keeps_what_is_the_others(shop: Shop) -> None:
    mine, theirs = await shop.receipt(buy("a", 1000)), await shop.receipt(buy("b", 500, card="8"))
    await shop.share_points(theirs.member, mine.member)
    await shop.receipt(ask("hold", "h", at=shop.at, currency="points", points=120, pool=True))
    await forget(shop)
    assert (await shop.standing(theirs.member)).available == 50
    async with shop.database.snapshot() as read:
        assert (await members.get(read, mine.member)).household_id is None
        assert (await members.get(read, theirs.member)).household_id is not None
    await prove(shop)


async def test_points_that_another_is_paying_with_are_waited_for(shop: Shop) -> None:
    mine, theirs = await shop.receipt(buy("a", 1000)), await shop.receipt(buy("b", 500, card="8"))
    await shop.share_points(theirs.member, mine.member)
    held = await shop.receipt(ask("hold", "h", at=shop.at, currency="points", points=120, pool=True, card="8"))
    with pytest.raises(HouseholdBound):
        await forget(shop)
    await shop.receipt(ask("release", "r", at=shop.at, hold=str(held.activity), card="8"))
    await forget(shop)
    await prove(shop)


async def test_what_is_due_by_then_is_done_before(shop: Shop) -> None:
    bought = await shop.receipt(buy("a", 1000))
    shop.later(days=101)
    done = await forget(shop)
    assert [each.currency for each in sum_written_off(done.receipt)] == ["stars"]
    assert (await shop.standing(bought.member)).shown == 0
    await prove(shop)


async def test_nothing_is_recorded_for_whoever_is_gone_and_the_card_is_anybodys(shop: Shop) -> None:
    before = await shop.receipt(buy("a", 1000))
    await forget(shop)
    assert await shop.refusal(msgspec.structs.replace(buy("b", 100), member=before.member)) == ("member_closed")
    with pytest.raises(members.MemberErased):
        await shop.database.run(lambda tx: forget_member(tx, shop.house, before.member, at=shop.at, reason="asked"))
    shop.later(hours=1)
    assert (await shop.receipt(buy("c", 100, at=START + timedelta(hours=1)))).member != before.member
    await prove(shop)


async def test_nobody_is_nobody(shop: Shop) -> None:
    with pytest.raises(members.MemberUnknown):
        await shop.database.run(lambda tx: forget_member(tx, shop.house, ids.new_id(), at=shop.at, reason="asked"))


async def test_whoever_follows_is_told_by_an_event_of_its_own_name(shop: Shop) -> None:
    bought = await shop.receipt(buy("a", 1000))
    done = await forget(shop)
    async with shop.database.snapshot() as read:
        rows, _ = await follow(read, Place(low=0, high=2**40), most=500)
    events = {
        event.kind: event for row in rows for event in derive(row) if row.receipt.activity == done.receipt.activity
    }
    assert set(events) == {"member.erased", "points.forfeit"}
    told = msgspec.json.decode(events["member.erased"].body)["data"]
    assert (told["member"], told["notice"], told["balances"]) == (
        str(bought.member),
        {"reason": "asked"},
        {"points": 0, "stars": 0},
    )

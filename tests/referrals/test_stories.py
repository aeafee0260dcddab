"""Referrals on the whole path: named, bought, waited for, paid on both sides; brought back, merged, asked at once."""

import asyncio
from itertools import pairwise
from uuid import UUID

import pytest

from regulars.kernel import spine
from regulars.kernel.nouns import Returned
from tests.referrals.conftest import REFERRALS, balance, bring, codes, memory_of, name, prove, sweep
from tests.spine.conftest import PROGRAM, Shop, ask, buy


async def enrol(shop: Shop, card: str) -> UUID:
    """Let somebody be known by a purchase that counts for nothing here."""
    return (await shop.receipt(buy(f"enrol {card}", 10, card=card, at=shop.at))).member


async def send_newcomer(shop: Shop, card: str, to: str) -> UUID:
    """Let a newcomer say who sent them, and then buy for enough."""
    member = (await shop.receipt(name(f"name {card}", card, to, shop.at))).member
    await shop.receipt(buy(f"buy {card}", 2500, card=card, at=shop.at))
    return member


async def test_both_sides_get_theirs_when_the_hold_is_over(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    named = await friends.receipt(name("n", "8", "7", friends.at))
    assert codes(named) == ["referral_taken"]
    assert await friends.trait(named.member, "referrers") == str(referrer)
    bought = await friends.receipt(buy("1", 1500, 600, card="8", at=friends.at))
    (waits,) = [reason for reason in bought.reasons if reason.offer == "friends"]
    assert (waits.code, dict(waits.values)) == ("referral_waits", {"until": "2026-03-09"})
    friends.later(days=7, hours=14)
    await sweep(friends)
    assert (await balance(friends, named.member), await balance(friends, referrer)) == (0, 0)
    friends.later(hours=1)
    await sweep(friends)
    assert (await balance(friends, named.member), await balance(friends, referrer)) == (200, 300)
    await sweep(friends)
    friends.later(days=1)
    after = await friends.receipt(buy("2", 5000, card="8", at=friends.at))
    assert codes(after) == []
    assert (await balance(friends, named.member), await balance(friends, referrer)) == (200, 300)
    assert (await memory_of(friends, referrer)).months == {"2026-03": 1}
    await prove(friends)


async def test_newcomer_is_granted_what_the_offer_says(friends: Shop) -> None:
    await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    friends.later(days=8)
    await sweep(friends)
    async with friends.database.snapshot() as read:
        rows = await read.rows(
            "SELECT receipt::text AS words FROM activity.journal WHERE member_id = $1 AND kind = 'referral.due'", member
        )
    assert len(rows) == 1
    assert '"five"' in rows[0]["words"]


async def test_who_sends_themselves_is_refused(friends: Shop) -> None:
    member = await enrol(friends, "7")
    assert await friends.refusal(name("n", "7", member, friends.at)) == "referral_self"
    other = (await friends.receipt(ask("household_join", "h", at=friends.at, card="8", to=member))).member
    assert await friends.refusal(name("n", "8", "7", friends.at)) == "referral_self"
    assert other != member
    await prove(friends)


async def test_who_is_not_new_is_refused(friends: Shop) -> None:
    await enrol(friends, "7")
    await enrol(friends, "8")
    friends.later(hours=1)
    assert await friends.refusal(name("n", "8", "7", friends.at)) == "referral_late"
    await friends.receipt(ask("household_join", "h", at=friends.at, card="9", to=await enrol(friends, "10")))
    friends.later(days=4)
    assert await friends.refusal(name("m", "9", "7", friends.at)) == "referral_late"


async def test_it_is_said_once(friends: Shop) -> None:
    await enrol(friends, "7")
    await enrol(friends, "9")
    first = name("n", "8", "7", friends.at)
    receipt = await friends.receipt(first)
    assert await friends.receipt(first) == receipt
    assert await friends.refusal(name("m", "8", "9", friends.at)) == "referral_twice"


async def test_nobody_to_name_is_not_available(friends: Shop) -> None:
    assert await friends.refusal(ask("referred", "n", at=friends.at, card="8")) == "not_available"


@pytest.mark.parametrize("cards", [("1", "2"), ("1", "2", "3"), tuple(str(n) for n in range(1, 20))])
async def test_ring_is_not_closed(friends: Shop, cards: tuple[str, ...]) -> None:
    for before, after in pairwise(cards):
        if before == cards[0]:
            await friends.receipt(ask("household_join", "h", at=friends.at, card=before, to=await enrol(friends, "90")))
        await friends.receipt(name(f"n{after}", after, before, friends.at))
    closing = await friends.refusal(name("close", cards[0], cards[-1], friends.at))
    # Of a chain that is too long to be remembered whole, it is still known that its first has sent somebody.
    assert closing == ("referral_ring" if len(cards) < 18 else "referral_late")
    await prove(friends)


async def test_ring_is_not_closed_from_its_other_end(friends: Shop) -> None:
    home = await enrol(friends, "90")
    for card in ("1", "2", "3"):
        await friends.receipt(ask("household_join", f"h{card}", at=friends.at, card=card, to=home))
        await friends.receipt(ask("household_leave", f"l{card}", at=friends.at, card=card))
    await friends.receipt(name("n3", "3", "2", friends.at))
    assert await friends.refusal(name("n2", "2", "1", friends.at)) == "referral_late"


async def test_return_before_the_end_of_the_hold_pays_nobody(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    friends.later(days=3)
    assert codes(await friends.receipt(bring("r", "buy 8", "8", friends.at))) == ["referral_brought_back"]
    friends.later(days=10)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (0, 0)
    await prove(friends)


async def test_part_may_come_back_while_enough_is_left(friends: Shop) -> None:
    await enrol(friends, "7")
    member = (await friends.receipt(name("n", "8", "7", friends.at))).member
    await friends.receipt(buy("1", 1500, 1000, card="8", at=friends.at))
    first = bring("r1", "1", "8", friends.at, Returned(line=1, amount_minor=500))
    assert codes(await friends.receipt(first)) == []
    assert len((await memory_of(friends, member)).acts) == 1
    second = bring("r2", "1", "8", friends.at, Returned(line=2, amount_minor=1))
    assert codes(await friends.receipt(second)) == ["referral_brought_back"]
    friends.later(days=9)
    await sweep(friends)
    assert await balance(friends, member) == 0


async def test_another_purchase_takes_the_place_of_what_came_back(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    friends.later(days=2)
    await friends.receipt(buy("2", 2000, card="8", at=friends.at))
    back = await friends.receipt(bring("r", "buy 8", "8", friends.at))
    assert codes(back) == ["referral_waits"]
    friends.later(days=7)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (0, 0)
    friends.later(days=1)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (200, 300)
    await prove(friends)


async def test_return_after_the_payout_takes_nothing_away(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    friends.later(days=8)
    await sweep(friends)
    back = await friends.receipt(bring("r", "buy 8", "8", friends.at))
    assert {posted.offer for posted in back.postings} == {"base", "stars"}
    assert (await balance(friends, member), await balance(friends, referrer)) == (200, 300)
    await prove(friends)


async def test_too_little_or_too_late_does_not_count(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = (await friends.receipt(name("n", "8", "7", friends.at))).member
    assert codes(await friends.receipt(buy("1", 1999, card="8", at=friends.at))) == ["below_minimum"]
    friends.later(days=11)
    await friends.receipt(buy("2", 2000, card="8", at=friends.at))
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (0, 0)


@pytest.mark.parametrize("kept", ["7", "8"])
async def test_two_who_are_one_are_not_paid_for_each_other(friends: Shop, kept: str) -> None:
    await enrol(friends, "7")
    await send_newcomer(friends, "8", "7")
    gone = "8" if kept == "7" else "7"
    other = (await friends.receipt(buy("x", 1, card=gone, at=friends.at))).member
    merged = ask("merge", "m", at=friends.at, card=kept, to=other, by="ann", reason="one person")
    receipt = await friends.receipt(merged)
    assert codes(receipt) == ["referral_self"]
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, receipt.member), await balance(friends, other)) == (0, 0)
    await prove(friends)


async def test_newcomer_who_was_no_newcomer_is_not_paid_for(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    old = await enrol(friends, "9")
    friends.later(hours=1)
    member = await send_newcomer(friends, "8", "7")
    await friends.receipt(ask("merge", "m", at=friends.at, card="8", to=old, by="ann", reason="one person"))
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (0, 0)
    await prove(friends)


async def test_newcomer_who_becomes_part_of_another_is_paid_there(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    gone = await send_newcomer(friends, "8", "7")
    kept = (await friends.receipt(ask("household_join", "h", at=friends.at, card="9", to=referrer))).member
    await friends.receipt(ask("merge", "m", at=friends.at, card="9", to=gone, by="ann", reason="one person"))
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, kept), await balance(friends, gone)) == (200, 0)
    assert await balance(friends, referrer) == 300
    await prove(friends)


async def test_merge_undone_leaves_the_referral_as_it_was(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    merged = ask("merge", "m", at=friends.at, card="8", to=referrer, by="ann", reason="one person")
    assert codes(await friends.receipt(merged)) == ["referral_self"]
    await friends.receipt(ask("unmerge", "u", at=friends.at, card="8", origin="m", by="ann", reason="two"))
    assert not (await memory_of(friends, member)).void
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (200, 300)
    await prove(friends)


async def test_frozen_referrer_gets_theirs(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    await send_newcomer(friends, "8", "7")
    await set_state(friends, referrer, "frozen")
    friends.later(days=9)
    await sweep(friends)
    assert await balance(friends, referrer) == 300
    await prove(friends)


async def test_no_more_than_so_many_a_month_are_paid_for(friends: Shop) -> None:
    referrer = await enrol(friends, "7")

    async def send(number: int) -> UUID:
        facts = [
            name(f"name {number}", f"n{number}", "7", friends.at),
            buy(f"buy {number}", 2500, card=f"n{number}", at=friends.at),
        ]
        outcomes = [(await spine.record(friends.database, friends.house, [fact], replay=True))[0] for fact in facts]
        assert all(outcome.receipt is not None for outcome in outcomes), outcomes
        receipt = outcomes[0].receipt
        assert receipt is not None
        return receipt.member

    members = await asyncio.gather(*(send(number) for number in range(32)))
    friends.later(days=9)
    await asyncio.gather(*(sweep(friends) for _ in range(4)))
    assert [await balance(friends, member) for member in members] == [200] * 32
    assert await balance(friends, referrer) == 5 * 300
    assert (await memory_of(friends, referrer)).sent == 32
    async with friends.database.snapshot() as read:
        rows = await read.rows(
            "SELECT receipt::text AS words FROM activity.journal WHERE member_id = $1 AND kind = 'referral.paid'",
            referrer,
        )
    assert len(rows) == 32
    assert sum("referral_month_full" in row["words"] for row in rows) == 27
    await prove(friends)


async def set_state(shop: Shop, member: UUID, state: str) -> None:
    async with shop.database.transaction() as tx:
        await tx.rows("UPDATE members.member SET state = $2 WHERE id = $1 RETURNING id", member, state)


async def test_closed_referrer_gets_nothing(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    await set_state(friends, referrer, "closed")
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (200, 0)
    assert await spine.bring_due(friends.database, friends.house, at=friends.at) == 0
    await prove(friends)


async def test_referrer_who_became_part_of_another_is_paid_there(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    kept = await enrol(friends, "9")
    await friends.receipt(ask("merge", "m", at=friends.at, card="9", to=referrer, by="ann", reason="one person"))
    friends.later(days=9)
    await sweep(friends)
    assert [await balance(friends, who) for who in (member, referrer, kept)] == [200, 0, 300]
    await prove(friends)


async def test_referrer_whom_nobody_knows_is_refused(friends: Shop) -> None:
    stranger = name("n", "8", "77", friends.at)
    async with friends.database.snapshot() as read:
        (seen,) = await spine.preview(read, friends.house, [stranger], friends.at)
    assert seen.outcome.refusal is not None
    assert seen.outcome.refusal.code == "member_unknown"
    assert await friends.refusal(stranger) == "member_unknown"
    # Whoever has bought meanwhile is somebody, and be it in the same batch.
    outcomes = await friends.send(buy("first", 10, card="77", at=friends.at), name("m", "8", "77", friends.at))
    assert [outcome.refusal for outcome in outcomes] == [None, None]
    friends.later(days=1)
    await sweep(friends)
    await prove(friends)


async def test_ring_is_not_closed_within_one_batch(friends: Shop) -> None:
    home = await enrol(friends, "90")
    for card in ("1", "2", "3"):
        await friends.receipt(ask("household_join", f"h{card}", at=friends.at, card=card, to=home))
        await friends.receipt(ask("household_leave", f"l{card}", at=friends.at, card=card))
    ring = [name(f"n{one}", one, other, friends.at) for one, other in (("3", "2"), ("2", "1"), ("1", "3"))]
    outcomes = await friends.send(*ring)
    assert [outcome.refusal and outcome.refusal.code for outcome in outcomes] == [None, "referral_late", None]
    await prove(friends)


async def test_offer_that_has_ended_still_pays_what_it_owes(friends: Shop) -> None:
    referrer = await enrol(friends, "7")
    member = await send_newcomer(friends, "8", "7")
    ended = PROGRAM + REFERRALS.replace("    settings:", "    schedule: {until: 2026-03-05}\n    settings:", 1)
    await friends.publish(ended, live_from=friends.at)
    friends.later(days=9)
    await sweep(friends)
    assert (await balance(friends, member), await balance(friends, referrer)) == (200, 300)
    assert (await memory_of(friends, referrer)).sent == 1
    await prove(friends)

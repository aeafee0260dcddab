"""The one path: a purchase earns, a retry changes nothing, a refusal leaves no trace."""

from datetime import timedelta

from tests.spine.conftest import START, Shop, buy


async def test_a_purchase_earns_points_with_the_reason(shop: Shop) -> None:
    receipt = await shop.receipt(buy("1", 1000, 555))
    assert {(p.currency, p.points, p.offer) for p in receipt.postings} == {
        ("points", 155, "base"),
        ("stars", 15, "stars"),
    }
    assert receipt.balances == {"points": 155, "stars": 15}
    assert {reason.offer for reason in receipt.reasons} == {"base", "stars"}
    standing = await shop.standing(receipt.member)
    assert (standing.shown, standing.available, standing.owed) == (155, 155, 0)


async def test_facts_of_one_member_in_a_batch_see_each_other(shop: Shop) -> None:
    outcomes = await shop.send(buy("1", 1000), buy("2", 500, card="8"), buy("3", 300), buy("1", 1000))
    shown = [outcome.receipt.balances["points"] for outcome in outcomes if outcome.receipt]
    assert shown == [100, 50, 130, 100]
    assert [outcome.repeated for outcome in outcomes] == [False, False, False, True]


async def test_a_retry_gets_the_stored_answer(shop: Shop) -> None:
    first = await shop.receipt(buy("1", 1000))
    shop.later(days=200)
    assert await shop.receipt(buy("1", 1000)) == first
    assert await shop.refusal(buy("1", 1001)) == "key_reused"
    assert await shop.refusal(buy("1", 1000, card="8")) == "key_reused"
    assert (await shop.standing(first.member)).shown == 0


async def test_dates_that_cannot_be_are_refused(shop: Shop) -> None:
    assert await shop.refusal(buy("1", 1000, at=START + timedelta(hours=1))) == "activity_in_future"
    assert await shop.refusal(buy("1", 1000, at=START - timedelta(days=31))) == "activity_too_late"
    assert (await shop.receipt(buy("1", 1000, at=START - timedelta(days=29)))).balances["points"] == 100


async def test_points_end_whether_or_not_a_sweeper_ran(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000))).member
    shop.later(days=101)
    assert (await shop.standing(member)).shown == 0
    receipt = await shop.receipt(buy("2", 200, at=shop.at))
    assert receipt.balances["points"] == 20

"""Two members become one, and two again; a guest's receipts are claimed once."""

from datetime import timedelta

from regulars.kernel.nouns import Activity, Identifier, Line
from tests.spine.conftest import LEVELS, PROGRAM, START, Shop, ask, buy


async def test_a_merge_hands_on_points_levels_and_later_cards(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    gone = (await shop.receipt(buy("1", 1200, card="8"))).member
    kept = (await shop.receipt(buy("2", 900))).member
    assert await shop.trait(kept) == "green"
    shop.later(days=3)
    receipt = await shop.receipt(ask("merge", "m", at=shop.at, to=gone, by="ann", reason="same person"))
    assert receipt.balances["points"] == 210
    assert await shop.trait(kept) == "gold"
    assert (await shop.standing(gone)).shown == 0
    # The card of the one who is gone leads to the one who was kept, and a retry of its purchase pays nothing more.
    assert (await shop.receipt(buy("3", 100, card="8", at=shop.at))).member == kept
    assert (await shop.receipt(buy("1", 1200, card="8"))).member == gone
    assert (await shop.standing(kept)).shown == 220


async def test_a_purchase_from_before_the_merge_can_come_back(shop: Shop) -> None:
    gone = (await shop.receipt(buy("1", 1200, card="8"))).member
    kept = (await shop.receipt(buy("2", 900))).member
    await shop.receipt(ask("merge", "m", at=shop.at, to=gone, by="ann", reason="same person"))
    card = Identifier(kind="card", value="8")
    back = Activity(id="b", source="till", kind="return", occurred_at=shop.at, member=card, origin="1")
    receipt = await shop.receipt(back)
    assert (receipt.member, receipt.balances["points"]) == (kept, 90)
    again = Activity(id="b2", source="till", kind="return", occurred_at=shop.at, member=card, origin="1")
    assert (await shop.receipt(again)).postings == ()


async def test_a_merge_is_undone_within_its_window_and_only_once(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    gone = (await shop.receipt(buy("1", 1200, card="8"))).member
    kept = (await shop.receipt(buy("2", 900))).member
    await shop.receipt(ask("merge", "m", at=shop.at, to=gone, by="ann", reason="same person"))
    shop.later(days=1)
    await shop.receipt(ask("redeem", "r", at=shop.at, currency="points", points=100))
    await shop.receipt(buy("3", 500, at=shop.at))
    undo = {"by": "ann", "reason": "two people after all", "origin": "m"}
    await shop.receipt(ask("unmerge", "u", at=shop.at, **undo))
    assert ((await shop.standing(kept)).shown, (await shop.standing(gone)).shown) == (50, 110)
    assert await shop.trait(kept) == "green"
    # Seven stars more are gold for the one, as if the two had never been one.
    await shop.receipt(buy("4", 600, at=shop.at))
    assert await shop.trait(kept) == "gold"
    assert (await shop.receipt(buy("5", 100, card="8", at=shop.at))).member == gone
    assert await shop.refusal(ask("unmerge", "u2", at=shop.at, **undo)) == "merge_refused"


async def test_a_merge_is_not_undone_after_its_window(shop: Shop) -> None:
    gone = (await shop.receipt(buy("1", 1200, card="8"))).member
    await shop.receipt(buy("2", 900))
    await shop.receipt(ask("merge", "m", at=shop.at, to=gone, by="ann", reason="same person"))
    shop.later(days=31)
    undo = ask("unmerge", "u", at=shop.at, origin="m", by="ann", reason="two people after all")
    assert await shop.refusal(undo) == "merge_refused"


async def test_arrears_go_with_the_member(shop: Shop) -> None:
    gone = (await shop.receipt(buy("1", 1000, card="8"))).member
    await shop.receipt(ask("redeem", "r", at=shop.at, card="8", currency="points", points=100))
    card = Identifier(kind="card", value="8")
    await shop.receipt(Activity(id="b", source="till", kind="return", occurred_at=shop.at, member=card, origin="1"))
    kept = (await shop.receipt(buy("2", 300))).member
    await shop.receipt(ask("merge", "m", at=shop.at, to=gone, by="ann", reason="same person"))
    standing = await shop.standing(kept)
    assert (standing.shown, standing.owed) == (-70, 100)
    await shop.receipt(buy("3", 1000, at=shop.at))
    assert (await shop.standing(kept)).shown == 30


async def test_a_guest_receipt_is_claimed_once(shop: Shop) -> None:
    slip = Identifier(kind="receipt", value="7-2026-0001")
    line = Line(sku="sku-1", amount_minor=500)
    await shop.receipt(Activity(id="1", source="till", kind="purchase", occurred_at=START, member=slip, lines=(line,)))
    await shop.receipt(buy("2", 100))
    member = (await shop.receipt(buy("3", 100, card="8"))).member
    assert (await shop.receipt(ask("claim", "c", at=shop.at, to=slip))).balances["points"] == 60
    # The receipt now leads to the one who claimed it; nobody else gets it, and neither do they twice.
    assert await shop.refusal(ask("claim", "c2", at=shop.at, card="8", to=slip)) == "merge_refused"
    assert await shop.refusal(ask("claim", "c3", at=shop.at, to=slip)) == "merge_refused"
    assert await shop.refusal(ask("claim", "c4", at=shop.at, to=member)) == "merge_refused"


async def test_points_wait_for_delivery(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    bought = await shop.receipt(buy("1", 1000))
    waiting = await shop.standing(bought.member, "miles")
    assert (waiting.shown, waiting.available, waiting.pending) == (20, 0, 20)
    shop.later(days=2)
    card = Identifier(kind="card", value="7")
    delivered = Activity(
        id="d", source="till", kind="delivered", occurred_at=shop.at - timedelta(hours=1), member=card, origin="1"
    )
    await shop.receipt(delivered)
    free = await shop.standing(bought.member, "miles")
    assert (free.shown, free.available, free.pending) == (20, 20, 0)

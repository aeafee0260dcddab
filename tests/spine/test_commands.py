"""What someone asks of the ledger: redeem, hold, give, correct, put back."""

from datetime import timedelta
from uuid import UUID

import pytest

from regulars.kernel.nouns import Activity, Identifier, Receipt, Returned, Scalar
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy


async def do(shop: Shop, kind: str, name: str, **settings: Scalar | UUID) -> Receipt:
    return await shop.receipt(ask(kind, name, at=shop.at, **settings))


async def refuse(shop: Shop, kind: str, name: str, **settings: Scalar | UUID) -> str:
    return await shop.refusal(ask(kind, name, at=shop.at, **settings))


async def earn(shop: Shop, name: str, points: int, card: str = "7") -> Receipt:
    return await shop.receipt(buy(name, points * 10, at=shop.at, card=card))


def give_back(name: str, origin: str, *returned: Returned, shop: Shop) -> Activity:
    member = Identifier(kind="card", value="7")
    return Activity(
        id=name, source="till", kind="return", occurred_at=shop.at, member=member, origin=origin, returned=returned
    )


async def test_redeem_takes_the_soonest_end_first(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    shop.later(days=10)
    await earn(shop, "2", 100)
    await do(shop, "redeem", "r", currency="points", points=120)
    shop.later(days=91)  # the first lot has ended, and nothing of it was left
    standing = await shop.standing(member)
    assert (standing.shown, standing.available) == (80, 80)
    assert await refuse(shop, "redeem", "r2", currency="points", points=81) == "points_not_enough"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"currency": "points", "points": 0}, "ask_invalid"),
        ({"currency": "points", "points": -5}, "ask_invalid"),
        ({"currency": "points", "points": 2**53}, "ask_invalid"),
        ({"currency": "points", "points": True}, "ask_invalid"),
        ({"currency": "gems", "points": 5}, "currency_unknown"),
        ({"currency": "stars", "points": 5}, "currency_not_spendable"),
        ({"currency": "points", "points": 101}, "points_not_enough"),
        ({"currency": "points", "points": 5, "colour": "red"}, "ask_invalid"),
    ],
)
async def test_what_cannot_be_redeemed(shop: Shop, settings: dict[str, Scalar], code: str) -> None:
    await earn(shop, "1", 100)
    assert await refuse(shop, "redeem", "r", **settings) == code


async def test_hold_capture_in_parts_and_release(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    held = (await do(shop, "hold", "h", currency="points", points=80)).postings[0].hold
    assert held is not None
    assert await refuse(shop, "redeem", "r", currency="points", points=21) == "points_not_enough"
    await do(shop, "capture", "c1", hold=str(held), points=30)
    assert await refuse(shop, "capture", "c2", hold=str(held), points=51) == "hold_too_small"
    await do(shop, "capture", "c3", hold=str(held), points=10, final=True)
    assert await refuse(shop, "capture", "c4", hold=str(held)) == "hold_ended"
    assert await refuse(shop, "release", "x", hold=str(held)) == "hold_ended"
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (60, 60, 0)


async def test_a_hold_ends_by_itself_and_honours_what_it_holds(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    shop.later(days=99)
    first = (await do(shop, "hold", "h1", currency="points", points=40, valid_seconds=7 * 86_400)).postings[0].hold
    await do(shop, "hold", "h2", currency="points", points=40, valid_seconds=86_400 * 3)
    shop.later(days=2)  # the lot has ended; the rest of it is gone, what is held is not
    assert (await shop.standing(member)).shown == 80
    await do(shop, "capture", "c", hold=str(first))
    shop.later(days=2)  # the second hold has run out, and its points with it
    await earn(shop, "2", 5)
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (5, 5, 0)


async def test_parallel_holds_never_exceed_what_is_there(shop: Shop) -> None:
    # blnk 181: 6 holds of 1,000 were accepted on a balance of 5,000.
    await earn(shop, "1", 5_000)
    outcomes = await shop.send(*(ask("hold", f"h{n}", at=shop.at, currency="points", points=1_000) for n in range(6)))
    assert [o.refusal.code if o.refusal else "held" for o in outcomes] == ["held"] * 5 + ["points_not_enough"]


async def test_a_return_takes_back_its_own_points_then_others_then_leaves_arrears(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000, 500))).member
    await earn(shop, "2", 20)
    await do(shop, "redeem", "r", currency="points", points=160)
    receipt = await shop.receipt(give_back("b", "1", shop=shop))
    back = next(p for p in receipt.postings if p.currency == "points")
    assert (back.points, back.arrears, receipt.balances["points"]) == (-150, 140, -140)
    await earn(shop, "3", 100)
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.owed) == (-40, 0, 40)
    await earn(shop, "4", 100)
    assert (await shop.standing(member)).shown == 60
    assert await shop.refusal(give_back("b2", "1", Returned(line=1, amount_minor=1), shop=shop)) == "return_too_large"


async def test_line_returns_sum_to_the_whole(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 333, 333, 339))).member
    for number, (line, minor) in enumerate([(2, 100), (1, 333), (2, 233), (3, 339)]):
        part = Returned(line=line, amount_minor=minor, quantity_milli=1000 if minor > 200 else 0)
        await shop.receipt(give_back(f"b{number}", "1", part, shop=shop))
    assert (await shop.standing(member)).shown == 0
    assert (await shop.standing(member, "stars")).shown == 0


async def test_a_return_after_the_points_ended_takes_nothing_more(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000))).member
    shop.later(days=90)
    await earn(shop, "2", 50)
    shop.later(days=15)
    back = await shop.receipt(give_back("b", "1", shop=shop))
    points = next(p for p in back.postings if p.currency == "points")
    assert (points.points, points.forgiven, points.arrears) == (-100, 100, 0)
    assert (await shop.standing(member)).shown == 50


@pytest.mark.parametrize(
    ("origin", "code"), [("nowhere", "origin_unknown"), ("other", "origin_differs"), ("r", "origin_differs")]
)
async def test_what_cannot_be_returned(shop: Shop, origin: str, code: str) -> None:
    await earn(shop, "1", 50)
    await earn(shop, "other", 50, card="8")
    await do(shop, "redeem", "r", currency="points", points=1)
    assert await shop.refusal(give_back("b", origin, shop=shop)) == code


async def test_a_reversal_restores_the_same_lots_once(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    shop.later(days=50)
    await earn(shop, "2", 100)
    await do(shop, "redeem", "r", currency="points", points=150)
    await do(shop, "reverse", "v1", origin="r", points=60)
    assert await refuse(shop, "reverse", "v2", origin="r", points=91) == "reversal_too_large"
    shop.later(days=51)  # 10 of the first lot were back, and have ended
    assert (await shop.standing(member)).shown == 100
    # blnk 152: a refund was applied again and again.
    assert (await do(shop, "reverse", "v3", origin="r")).balances["points"] == 100
    assert await refuse(shop, "reverse", "v4", origin="r") == "reversal_too_large"


@pytest.mark.parametrize(("policy", "days", "shown"), [("forfeit", 0, 0), ("grace", 3, 100), ("reinstate", 99, 100)])
async def test_points_that_come_back_after_their_end(shop: Shop, policy: str, days: int, shown: int) -> None:
    member = (await earn(shop, "1", 100)).member
    await do(shop, "redeem", "r", currency="points", points=100)
    shop.later(days=120)
    await do(shop, "reverse", "v", origin="r", when_expired=policy, grace_days=4)
    assert (await shop.standing(member)).shown == shown
    shop.later(days=days)
    assert (await shop.standing(member)).shown == shown
    shop.later(days=2)
    assert (await shop.standing(member)).shown == 0


@pytest.mark.parametrize("state", ["frozen", "closed", "erased"])
async def test_who_cannot_have_points_is_given_none_and_becomes_nobody(shop: Shop, state: str) -> None:
    giver = (await earn(shop, "1", 100)).member
    other = (await earn(shop, "2", 1, card="8")).member
    async with shop.database.transaction() as tx:
        await tx.run(
            "UPDATE members.member SET state = $1, wrapped_key = CASE WHEN $1 <> 'erased' THEN wrapped_key END"
            " WHERE id = $2",
            state,
            other,
        )
    points = {"currency": "points", "points": 40}
    assert await refuse(shop, "gift", "g1", to=other, **points) == "recipient_refused"
    assert await refuse(shop, "gift", "g2", to=giver, **points) == "recipient_refused"
    assert await refuse(shop, "merge", "m", to=other, by="ann", reason="same person") == "merge_refused"
    assert [(await shop.standing(each)).shown for each in (giver, other)] == [100, 1]


async def test_points_that_ended_before_they_are_brought_along_are_refused(shop: Shop) -> None:
    await earn(shop, "1", 100)
    for ends in (START - timedelta(days=1), START):
        settings = {"currency": "points", "points": 5, "expires_at": ends.isoformat()}
        assert await refuse(shop, "opening", "o", **settings) == "ask_invalid"


async def test_a_return_names_a_line_that_was_bought(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 1000))).member
    for line in (2, 999):
        part = Returned(line=line, amount_minor=1)
        assert await shop.refusal(give_back("b", "1", part, shop=shop)) == "return_too_large"
    assert (await shop.standing(member)).shown == 100


async def test_a_gift_keeps_its_end(shop: Shop) -> None:
    await earn(shop, "1", 100)
    friend = (await earn(shop, "2", 1, card="8")).member
    shop.later(days=60)
    await do(shop, "gift", "g", currency="points", points=40, to=friend)
    assert (await shop.standing(friend)).shown == 41
    assert await refuse(shop, "gift", "g2", currency="points", points=1) == "recipient_refused"
    shop.later(days=41)
    assert (await shop.standing(friend)).shown == 0


async def test_large_corrections_need_a_second_person(shop: Shop) -> None:
    settings = {"currency": "points", "reason": "goodwill", "by": "ann"}
    member = (await do(shop, "adjust", "a1", points=1_000, **settings)).member
    assert await refuse(shop, "adjust", "a2", points=1_001, **settings) == "approval_missing"
    assert await refuse(shop, "adjust", "a3", points=1_001, approved_by="ann", **settings) == "approval_missing"
    await do(shop, "adjust", "a4", points=1_001, approved_by="bob", **settings)
    await do(shop, "adjust", "a5", points=-1, **settings)
    assert (await shop.standing(member)).shown == 2_000


async def test_a_household_uses_its_points_together(shop: Shop) -> None:
    mine = (await earn(shop, "1", 100)).member
    shop.later(days=10)
    theirs = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(mine, theirs)
    await do(shop, "redeem", "r", card="8", currency="points", points=150, pool=True)
    assert ((await shop.standing(mine)).shown, (await shop.standing(theirs)).shown) == (0, 50)
    held = (await do(shop, "hold", "h", currency="points", points=50, pool=True)).postings[0].hold
    assert (await shop.standing(theirs)).available == 0
    await do(shop, "capture", "c", hold=str(held), points=20)
    await do(shop, "release", "x", hold=str(held))
    await do(shop, "reverse", "v", card="8", origin="r")
    assert ((await shop.standing(mine)).shown, (await shop.standing(theirs)).shown) == (100, 80)


async def test_an_expired_hold_frees_its_points_however_late_the_sweeper(shop: Shop) -> None:
    # tigerbeetle 2118: an expired hold still reserved until the next pulse.
    await earn(shop, "1", 100)
    await do(shop, "hold", "h", currency="points", points=100, valid_seconds=60)
    shop.at = START + timedelta(seconds=61)
    await do(shop, "redeem", "r", currency="points", points=100)


RATES = """
conversions:
  - {from: points, into: miles, take: 7, give: 3, spread_permille: 100}
"""


async def test_a_conversion_takes_what_its_result_is_worth(shop: Shop) -> None:
    await shop.publish(PROGRAM + RATES)
    member = (await earn(shop, "1", 100)).member
    # 100 points are 42 miles (and six sevenths of one, which is not taken); 4 of them are the house's.
    await do(shop, "convert", "c", currency="points", points=100, into="miles")
    assert ((await shop.standing(member)).shown, (await shop.standing(member, "miles")).shown) == (2, 38)
    assert await refuse(shop, "convert", "c2", currency="points", points=2, into="miles") == "ask_invalid"
    assert await refuse(shop, "convert", "c3", currency="miles", points=2, into="points") == "conversion_unknown"


async def test_a_donation_leaves_the_member(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    await do(shop, "donate", "d", currency="points", points=30, charity="food bank")
    assert (await shop.standing(member)).shown == 70

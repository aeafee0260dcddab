"""What the model found, each told once by itself; and what it meets too seldom to be relied on."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.kernel import ledger, spine
from regulars.kernel.nouns import Activity, Identifier, Returned
from regulars.kernel.spine.check import check
from tests.invariants.test_field_bugs import count, hold
from tests.spine.conftest import LEVELS, PROGRAM, START, Shop, ask, buy
from tests.spine.test_commands import do, earn, refuse


async def find_faults(shop: Shop) -> list[str]:
    """What the product itself finds wrong with its rows."""
    async with shop.database.snapshot() as read:
        return [fault.sentence for fault in (await check(read)).faults]


async def test_a_hold_that_ran_out_is_not_shown_as_held(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    await hold(shop, "h", 100, valid_seconds=60)
    shop.later(seconds=60)
    standing = await shop.standing(member)
    assert (standing.available, standing.held) == (100, 0)


@pytest.mark.parametrize("by", ["purchase", "sweeper"])
async def test_a_pool_hold_runs_out(shop: Shop, by: str) -> None:
    mine = (await earn(shop, "1", 10)).member
    theirs = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(mine, theirs)
    await hold(shop, "h", 110, pool=True, valid_seconds=60)
    shop.later(seconds=60)
    if by == "purchase":
        await earn(shop, "3", 1)
    else:
        await spine.bring_due(shop.database, shop.house, at=shop.at)
    assert (await shop.standing(theirs)).available == 100


@pytest.mark.parametrize("by", ["purchase of the owner", "release of another hold", "sweeper"])
async def test_a_pool_hold_ends_in_the_journal_of_whoever_made_it(shop: Shop, by: str) -> None:
    # It ended in the journal of whose points it held, and there said that another had a part in that, who was not told.
    owner = (await earn(shop, "1", 100)).member
    maker = (await earn(shop, "2", 10, card="8")).member
    third = (await earn(shop, "3", 10, card="9")).member
    await shop.share_points(owner, maker, third)
    open_ = await hold(shop, "g", 30, card="9", pool=True, valid_seconds=3_600)
    made = await hold(shop, "h", 80, card="8", pool=True, valid_seconds=60)
    shop.later(seconds=60)
    if by == "sweeper":
        assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 1
    elif by == "purchase of the owner":
        await earn(shop, "4", 1)
    else:
        await do(shop, "release", "r", card="9", hold=open_)
        await spine.bring_due(shop.database, shop.house, at=shop.at)
    assert await find_faults(shop) == []
    assert await count(shop, "activity.journal", f"kind = 'expire' AND member_id = '{maker}'") == 1
    assert await count(shop, "activity.journal", "kind = 'expire'") == 1
    assert await refuse(shop, "release", "x", card="8", hold=made) == "hold_ended"


async def test_points_in_anothers_run_out_hold_can_be_used_before_any_sweeper_comes(shop: Shop) -> None:
    mine = (await earn(shop, "1", 10)).member
    theirs = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(mine, theirs)
    await hold(shop, "h", 110, pool=True, valid_seconds=60)
    shop.later(seconds=60)
    await do(shop, "redeem", "r", card="8", currency="points", points=100)


async def test_a_pool_hold_on_points_of_one_who_left_the_household_runs_out(shop: Shop) -> None:
    mine = (await earn(shop, "1", 60)).member
    theirs = (await earn(shop, "2", 100, card="8")).member
    left = (await earn(shop, "3", 100, card="9")).member
    await shop.share_points(theirs, left, mine)
    await hold(shop, "h", 150, card="8", pool=True, valid_seconds=60)
    # Nobody may leave with points on hold for others; but one may turn out to be somebody of another household.
    kept, friend = [(await earn(shop, name, 1, card=name)).member for name in ("10", "11")]
    await shop.share_points(kept, friend)
    await do(shop, "merge", "m", card="10", to=left, by="ann", reason="same person")
    shop.later(seconds=60)
    assert await refuse(shop, "redeem", "r0", currency="points", points=161, pool=True) == "points_not_enough"
    await do(shop, "redeem", "r", currency="points", points=160, pool=True)
    assert (await shop.standing(kept)).shown == 101
    assert await find_faults(shop) == []


async def test_a_purchase_is_taken_while_another_holds_points_of_its_member(shop: Shop) -> None:
    theirs = (await earn(shop, "1", 100)).member
    mine = (await earn(shop, "2", 10, card="8")).member
    await shop.share_points(mine, theirs)
    await hold(shop, "h", 50, card="8", pool=True)
    assert (await earn(shop, "3", 5)).balances["points"] == 105


async def test_too_much_asked_back_of_what_only_others_paid_is_refused(shop: Shop) -> None:
    theirs = (await earn(shop, "1", 100)).member
    mine = (await earn(shop, "2", 10, card="8")).member
    await shop.share_points(mine, theirs)
    await do(shop, "redeem", "r", card="8", currency="points", points=50, pool=True)
    assert await refuse(shop, "reverse", "v", card="8", origin="r", points=51) == "reversal_too_large"
    await do(shop, "reverse", "w", card="8", origin="r")
    assert await refuse(shop, "reverse", "x", card="8", origin="r") == "reversal_too_large"


async def test_points_that_a_hold_gives_back_after_their_end_end_at_that_very_moment(shop: Shop) -> None:
    theirs = (await earn(shop, "1", 100)).member
    mine = (await earn(shop, "2", 10, card="8")).member
    await shop.share_points(mine, theirs)
    await hold(shop, "h", 60, card="8", pool=True, valid_seconds=200 * 86_400)
    shop.later(days=300)
    await spine.bring_due(shop.database, shop.house, at=shop.at)
    assert (await shop.standing(theirs)).shown == 0


@pytest.mark.parametrize("state", ["frozen", "closed"])
async def test_points_of_a_frozen_member_are_not_used_through_the_pool(shop: Shop, state: str) -> None:
    mine = (await earn(shop, "1", 10)).member
    theirs = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(mine, theirs)
    async with shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = $1 WHERE id = $2", state, theirs)
    assert await refuse(shop, "redeem", "r", currency="points", points=11, pool=True) == "points_not_enough"


async def test_a_reversal_with_no_grace_at_all_forfeits(shop: Shop) -> None:
    member = (await earn(shop, "1", 100)).member
    await do(shop, "redeem", "r", currency="points", points=100)
    shop.later(days=120)
    await do(shop, "reverse", "v", origin="r", when_expired="grace", grace_days=0)
    assert (await shop.standing(member)).shown == 0


async def test_a_capture_in_parts_uses_what_ends_soonest(shop: Shop) -> None:
    member = (await earn(shop, "1", 50)).member
    soon = (START + timedelta(days=10)).isoformat()
    await do(shop, "opening", "o", currency="points", points=50, expires_at=soon)
    held = await hold(shop, "h", 100)
    await do(shop, "capture", "c", hold=held, points=50, final=True)
    shop.later(days=11)
    assert (await shop.standing(member)).shown == 50


@pytest.mark.parametrize("back", [20, 50, 70])
async def test_a_part_of_a_pool_redemption_comes_back_last_used_first(shop: Shop, back: int) -> None:
    mine = (await earn(shop, "1", 50)).member
    shop.later(days=1)
    theirs = (await earn(shop, "2", 50, card="8")).member
    await shop.share_points(mine, theirs)
    await do(shop, "redeem", "r", currency="points", points=100, pool=True)
    await do(shop, "reverse", "v", origin="r", points=back)
    shown = [(await shop.standing(each)).shown for each in (mine, theirs)]
    assert shown == [max(back - 50, 0), min(back, 50)]


async def test_a_gift_to_another_under_the_same_id_is_refused(shop: Shop) -> None:
    await earn(shop, "1", 100)
    friends = [(await earn(shop, card, 1, card=card)).member for card in ("8", "9")]
    await do(shop, "gift", "g", currency="points", points=10, to=friends[0])
    assert await refuse(shop, "gift", "g", currency="points", points=10, to=friends[1]) == "key_reused"


async def test_time_does_not_go_back_behind_a_hold(shop: Shop) -> None:
    await earn(shop, "1", 100)
    shop.later(hours=2)
    held = await hold(shop, "h", 100)
    shop.later(hours=-1)
    await do(shop, "release", "x", hold=held)
    assert await count(shop, "ledger.hold", "ended_at < held_at") == 0


async def test_a_refused_activity_of_a_stranger_leaves_no_member(shop: Shop) -> None:
    assert await refuse(shop, "redeem", "r", card="99", currency="points", points=10) == "points_not_enough"
    assert await count(shop, "members.member") == 0


async def test_a_batch_about_nobody_is_refused(shop: Shop) -> None:
    facts = [replace(buy(name, 100), member=shop.house.new_id()) for name in ("1", "2")]
    outcomes = await shop.send(*facts)
    assert [outcome.refusal.code if outcome.refusal else "" for outcome in outcomes] == ["member_unknown"] * 2


async def test_the_delivery_of_anothers_purchase_sets_nothing_free(shop: Shop) -> None:
    text = PROGRAM.replace("  stars:\n", PARCELS, 1) + OFFER
    await shop.publish(text, live_from=START - timedelta(days=100))
    mine = (await shop.receipt(buy("1", 1000))).member
    await shop.receipt(buy("2", 1000, card="8"))
    await shop.send(ask("delivered", "d", at=shop.at, origin="2"))
    assert (await shop.standing(mine, "parcels")).available == 0
    await do(shop, "delivered", "e", origin="1")
    assert (await shop.standing(mine, "parcels")).available == 100


@pytest.mark.parametrize(
    ("spent", "back", "left"),
    [
        # What the purchase gave is taken first, though others end sooner.
        (0, 60, {"own": 40, "late": 50, "soon": 50}),
        (70, 60, {"own": 0, "late": 50, "soon": 20}),
        # Then what ends soonest, whenever it was given.
        (100, 60, {"own": 0, "late": 40, "soon": 0}),
        (100, 100, {"own": 0, "late": 0, "soon": 0}),
    ],
)
async def test_a_return_takes_its_own_lot_first_and_then_what_ends_soonest(
    shop: Shop, spent: int, back: int, left: dict[str, int]
) -> None:
    bought = await earn(shop, "1", 100)
    if spent:
        await do(shop, "redeem", "r", currency="points", points=spent)
    numbers = {"own": bought.postings[0].lot}
    for name, days in (("late", 30), ("soon", 10)):
        ends = (START + timedelta(days=days)).isoformat()
        given = await do(shop, "opening", name, currency="points", points=50, expires_at=ends)
        numbers[name] = given.postings[0].lot
    part = (Returned(line=1, amount_minor=back * 10),)
    await shop.receipt(come_back("v", "1", shop, returned=part))
    found = await list_lots(shop, bought.member, "points")
    assert {name: found[number] for name, number in numbers.items()} == left


async def test_a_return_takes_what_can_be_used_before_what_is_still_pending(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    bought = await shop.receipt(buy("1", 1_000))
    await do(shop, "delivered", "d1", origin="1")
    await do(shop, "redeem", "r", currency="miles", points=20)
    # The second is never delivered; the third is, and ends later.
    await shop.receipt(buy("2", 1_000))
    shop.later(days=5)
    await shop.receipt(buy("3", 1_000, at=shop.at))
    await do(shop, "delivered", "d3", origin="3")
    await shop.receipt(come_back("v", "1", shop, returned=(Returned(line=1, amount_minor=500),)))
    assert list((await list_lots(shop, bought.member, "miles")).values()) == [0, 20, 10]


def come_back(name: str, origin: str, shop: Shop, *, returned: tuple[Returned, ...] = ()) -> Activity:
    """A return of card 7."""
    card = Identifier(kind="card", value="7")
    return Activity(
        id=name, source="till", kind="return", occurred_at=shop.at, member=card, origin=origin, returned=returned
    )


async def list_lots(shop: Shop, member: UUID, currency: str) -> dict[int, int]:
    """What is left of each lot, by number."""
    async with shop.database.snapshot() as read:
        found = await ledger.lots(read, member, used_up=True, most=50)
    return {lot.number: lot.remaining for lot in found if lot.currency == currency}


PARCELS = """  parcels:
    kind: spendable
    name: {en: Parcels, zh-CN: 包裹}
    pending: {until: delivered}
    expiry: {model: rolling, days: 50}
  stars:
"""
OFFER = """  - id: parcels
    mechanic: spend
    on: [purchase]
    settings: {currency: parcels, points: 1, per_minor: 10}
"""

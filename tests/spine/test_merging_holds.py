"""What is set aside, and what comes back later, when two members become one and two again."""

import pytest

from regulars.kernel import spine
from regulars.kernel.spine.check import check
from tests.spine.conftest import LEVELS, PROGRAM, Shop, ask, buy
from tests.spine.test_commands import do, earn, refuse

BECAUSE = {"by": "ann", "reason": "same person"}


async def is_sound(shop: Shop) -> bool:
    """Whether the product itself finds nothing wrong with its rows."""
    async with shop.database.snapshot() as read:
        faults = (await check(read)).faults
    assert faults == ()
    return True


async def hold(shop: Shop, points: int, card: str, *, pool: bool = False) -> str:
    ask_ = {"currency": "points", "points": points, "pool": pool, "valid_seconds": 3_600}
    return str((await do(shop, "hold", f"h{card}", card=card, **ask_)).postings[0].hold)


@pytest.mark.parametrize("card", ["7", "8"])
@pytest.mark.parametrize(
    ("kind", "settings", "shown"),
    [
        ("capture", {}, 70),
        ("capture", {"points": 10, "final": True}, 100),
        ("release", {}, 110),
    ],
)
async def test_whoever_was_kept_uses_or_gives_back_what_the_other_had_set_aside(
    shop: Shop, card: str, kind: str, settings: dict[str, int], shown: int
) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    kept = (await earn(shop, "2", 10)).member
    held = await hold(shop, 40, "8")
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    assert ((await shop.standing(kept)).shown, (await shop.standing(gone)).held) == (70, 40)
    assert await refuse(shop, "capture", "c0", card=card, hold=held, points=41) == "hold_too_small"
    receipt = await do(shop, kind, "c", card=card, hold=held, **settings)
    assert receipt.member == kept
    assert await refuse(shop, "release", "r", card=card, hold=held) == "hold_ended"
    assert ((await shop.standing(kept)).shown, (await shop.standing(kept)).available) == (shown, shown)
    assert (await shop.standing(gone)).shown == 0
    assert await is_sound(shop)


@pytest.mark.parametrize("by", ["sweeper", "purchase"])
async def test_what_was_set_aside_before_a_merge_runs_out_into_the_hands_of_whoever_was_kept(
    shop: Shop, by: str
) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    kept = (await earn(shop, "2", 10)).member
    await hold(shop, 100, "8")
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    shop.later(hours=1)
    if by == "purchase":
        await earn(shop, "3", 1)
    else:
        await spine.bring_due(shop.database, shop.house, at=shop.at)
    assert [(await shop.standing(each)).shown for each in (kept, gone)] == [111 if by == "purchase" else 110, 0]
    assert await is_sound(shop)


@pytest.mark.parametrize("end", ["release", "capture", "run out", "reverse"])
async def test_points_of_one_who_is_gone_come_back_to_whoever_was_kept_when_another_held_them(
    shop: Shop, end: str
) -> None:
    third = (await earn(shop, "1", 10, card="9")).member
    gone = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(third, gone)
    held = await hold(shop, 60, "9", pool=True) if end != "reverse" else ""
    if not held:
        await do(shop, "redeem", "r", card="9", currency="points", points=60, pool=True)
    kept = (await earn(shop, "3", 1)).member
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    if end == "run out":
        shop.later(hours=1)
        await spine.bring_due(shop.database, shop.house, at=shop.at)
    elif end == "reverse":
        await do(shop, "reverse", "v", card="9", origin="r")
    else:
        await do(shop, end, "e", card="9", hold=held, **({"points": 30, "final": True} if end == "capture" else {}))
    lost = 20 if end == "capture" else 0
    assert ((await shop.standing(kept)).shown, (await shop.standing(gone)).shown) == (101 - lost, 0)
    assert await is_sound(shop)


async def test_points_come_back_along_two_merges(shop: Shop) -> None:
    first = (await earn(shop, "1", 100, card="9")).member
    await hold(shop, 100, "9")
    second = (await earn(shop, "2", 1, card="8")).member
    kept = (await earn(shop, "3", 1)).member
    await do(shop, "merge", "m1", card="8", to=first, **BECAUSE)
    await do(shop, "merge", "m2", to=second, **BECAUSE)
    shop.later(hours=1)
    await spine.bring_due(shop.database, shop.house, at=shop.at)
    assert [(await shop.standing(each)).shown for each in (first, second, kept)] == [0, 0, 102]
    assert await is_sound(shop)


async def test_a_redemption_of_one_who_is_gone_comes_back_to_whoever_was_kept(shop: Shop) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    await do(shop, "redeem", "r", card="8", currency="points", points=60)
    kept = (await earn(shop, "2", 10)).member
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    assert (await do(shop, "reverse", "v", origin="r")).balances["points"] == 110
    assert ((await shop.standing(kept)).shown, (await shop.standing(gone)).shown) == (110, 0)
    assert await refuse(shop, "reverse", "v2", origin="r") == "reversal_too_large"
    assert await is_sound(shop)


async def test_what_was_bought_before_a_merge_is_set_free_by_its_delivery_after(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    gone = (await shop.receipt(buy("1", 1_000, card="8"))).member
    kept = (await shop.receipt(buy("2", 100))).member
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    await do(shop, "delivered", "d", card="8", origin="1")
    standing = await shop.standing(kept, "miles")
    assert (standing.available, standing.pending) == (20, 2)
    assert await is_sound(shop)


@pytest.mark.parametrize("end", ["before", "after"])
async def test_undoing_a_merge_gives_back_what_was_set_aside(shop: Shop, end: str) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    held = await hold(shop, 40, "8")
    kept = (await earn(shop, "2", 10)).member
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    if end == "before":
        await do(shop, "release", "r", hold=held)
        assert (await shop.standing(kept)).shown == 110
    await do(shop, "unmerge", "u", origin="m", **BECAUSE)
    if end == "after":
        assert await refuse(shop, "release", "r", hold=held) == "hold_unknown"
        await do(shop, "release", "s", card="8", hold=held)
    assert [(await shop.standing(each)).available for each in (gone, kept)] == [100, 10]
    assert await is_sound(shop)


async def test_a_merge_is_undone_once_also_within_one_batch(shop: Shop) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    kept = (await earn(shop, "2", 10)).member
    facts = [
        ask("merge", "m", at=shop.at, to=gone, **BECAUSE),
        ask("unmerge", "u1", at=shop.at, origin="m", **BECAUSE),
        ask("unmerge", "u2", at=shop.at, origin="m", **BECAUSE),
    ]
    outcomes = await shop.send(*facts)
    assert [outcome.refusal.code if outcome.refusal else "" for outcome in outcomes] == ["", "", "merge_refused"]
    assert [(await shop.standing(each)).shown for each in (gone, kept)] == [100, 10]
    assert (await earn(shop, "3", 1, card="8")).member == gone
    assert await is_sound(shop)


async def test_a_purchase_does_not_come_back_once_while_a_merge_stands_and_again_when_it_is_undone(shop: Shop) -> None:
    gone = (await earn(shop, "1", 100, card="8")).member
    kept = (await earn(shop, "2", 10)).member
    await do(shop, "merge", "m", to=gone, **BECAUSE)
    assert (await do(shop, "return", "b1", card="8", origin="1")).balances["points"] == 10
    await do(shop, "unmerge", "u", origin="m", **BECAUSE)
    assert (await do(shop, "return", "b2", card="8", origin="1")).postings == ()
    assert [(await shop.standing(each)).shown for each in (gone, kept)] == [0, 10]
    assert await is_sound(shop)


async def test_an_undoing_names_the_merge(shop: Shop) -> None:
    await earn(shop, "1", 100)
    assert await refuse(shop, "unmerge", "u", **BECAUSE) == "origin_unknown"
    assert await refuse(shop, "unmerge", "u", origin="1", **BECAUSE) == "merge_refused"


@pytest.mark.parametrize("kind", ["purchase", "redeem"])
async def test_another_who_is_named_without_need_has_no_part_in_it(shop: Shop, kind: str) -> None:
    await earn(shop, "1", 100)
    friend = (await earn(shop, "2", 100, card="8")).member
    settings = {"currency": "points", "points": 10} if kind == "redeem" else {}
    fact = ask(kind, "x", at=shop.at, to=friend, **settings)
    first = await shop.receipt(fact)
    assert (first.other, (await shop.send(fact))[0].receipt) == (None, first)
    assert await is_sound(shop)


@pytest.mark.parametrize("kind", ["redeem", "merge", "reverse"])
async def test_whoever_only_earns_may_be_concerned_by_what_another_asks_in_the_same_batch(
    shop: Shop, kind: str
) -> None:
    mine = (await earn(shop, "1", 10)).member
    theirs = (await earn(shop, "2", 100, card="8")).member
    await shop.share_points(mine, theirs)
    redeem = ask("redeem", "r", at=shop.at, currency="points", points=50, pool=True)
    if kind == "reverse":
        await shop.receipt(redeem)
    command = {
        "redeem": redeem,
        "merge": ask("merge", "m", at=shop.at, to=theirs, **BECAUSE),
        "reverse": ask("reverse", "v", at=shop.at, origin="r"),
    }[kind]
    outcomes = await shop.send(buy("3", 100, card="8", at=shop.at), command)
    assert [outcome.refusal for outcome in outcomes] == [None, None]
    assert await is_sound(shop)

"""Coupons in members' hands: granted, held for some days, used once, taken back with the purchase that brought them."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.coupons.mechanic import merge, prepare, receive
from regulars.features.coupons.model import HELD_MAX, Held, Memory, Settings
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Grant, Receipt
from regulars.kernel.program import ProgramInvalid
from tests.coupons.conftest import COUPONS
from tests.coupons.test_codes import bring, codes_of, prove, taken_off
from tests.mechanics.test_tiers import CALENDAR, view
from tests.spine.conftest import PROGRAM, Shop, ask, buy

GIFTS = """
  - id: come-back
    mechanic: gifts
    on: [purchase]
    settings:
      kind: coupon
      what: five
      title: {en: Five off your next visit, zh-CN: 下次立减五元}
      lines: {minimum_minor: 3000}
  - id: hello
    mechanic: gifts
    on: [check_in]
    limits: [{times: 1, per: member, period: day}]
    settings: {kind: coupon, what: ten, title: {en: Hello, zh-CN: 签到礼}, stock: 3}
"""


@pytest.fixture
async def gifts(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + COUPONS + GIFTS)
    return shop


async def held_of(shop: Shop, member: UUID, offer: str = "five") -> Mapping[str, Held]:
    async with shop.database.snapshot() as read:
        stored = (await program.memories(read, [member])).get((member, offer))
    return {} if stored is None else msgspec.json.decode(stored, type=Memory).held


async def give_one(shop: Shop) -> tuple[Receipt, str]:
    receipt = await shop.receipt(buy("1", 3000, at=shop.at))
    (held,) = await held_of(shop, receipt.member)
    return receipt, held


def check_in(name: str, card: str, shop: Shop) -> Activity:
    return ask("check_in", name, at=shop.at, card=card)


async def test_granted_coupon_is_used_once_by_its_name(gifts: Shop) -> None:
    receipt, held = await give_one(gifts)
    assert [(it.kind, it.what, it.count) for it in receipt.grants] == [("coupon", "five", 1)]
    gifts.later(days=1)
    used = await gifts.receipt(buy("2", 2000, at=gifts.at, coupons=(held,)))
    assert (taken_off(used), used.coupons) == ([("five", 1, 500)], (held,))
    assert codes_of(await gifts.receipt(buy("3", 2000, at=gifts.at, coupons=(held,)))) == ["coupon_refused"]
    assert codes_of(await gifts.receipt(buy("4", 2000, card="8", coupons=(held,)))) == ["coupon_refused"]
    await prove(gifts)


@pytest.mark.parametrize(("days", "there"), [(0, True), (9, True), (10, False)])
async def test_held_coupon_lasts_its_days(gifts: Shop, days: int, there: bool) -> None:
    _, held = await give_one(gifts)
    gifts.later(days=days)
    assert bool(taken_off(await gifts.receipt(buy("2", 2000, at=gifts.at, coupons=(held,))))) is there


async def test_return_takes_back_what_is_not_used(gifts: Shop) -> None:
    receipt, held = await give_one(gifts)
    back = await gifts.receipt(bring("r", "1"))
    assert [(it.what, it.count) for it in back.grants] == [("five", -1)]
    assert await held_of(gifts, receipt.member) == {}
    assert codes_of(await gifts.receipt(buy("2", 2000, coupons=(held,)))) == ["coupon_refused"]
    await prove(gifts)


async def test_return_of_what_it_was_used_for_gives_it_back(gifts: Shop) -> None:
    receipt, held = await give_one(gifts)
    await gifts.receipt(buy("2", 2000, coupons=(held,)))
    assert (await held_of(gifts, receipt.member))[held].used
    await gifts.receipt(bring("r", "2"))
    assert not (await held_of(gifts, receipt.member))[held].used
    # It was used when the purchase that brought it came back: then it is too late to take it away.
    await gifts.receipt(buy("3", 2000, coupons=(held,)))
    await gifts.receipt(bring("r3", "1"))
    assert (await held_of(gifts, receipt.member))[held].used
    await prove(gifts)


async def test_gifts_are_no_more_than_there_are_and_one_a_day(gifts: Shop) -> None:
    for card in ("7", "8", "9", "10"):
        await gifts.receipt(buy(f"b{card}", 10, card=card))
    told = [await gifts.receipt(check_in(f"{card}-{n}", card, gifts)) for card in ("7", "8", "9", "10") for n in (1, 2)]
    assert [len(each.grants) for each in told] == [1, 0, 1, 0, 1, 0, 0, 0]
    assert [reason.code for reason in told[-1].reasons] == ["out_of_stock"]
    await prove(gifts)


async def test_merged_members_hold_what_both_held(gifts: Shop) -> None:
    first, held = await give_one(gifts)
    other = await gifts.receipt(buy("x", 3000, card="8"))
    await gifts.receipt(ask("merge", "m", at=gifts.at, to=other.member, by="ann", reason="one person"))
    both = await held_of(gifts, first.member)
    assert len(both) == 2
    assert taken_off(await gifts.receipt(buy("2", 2000, coupons=(max(both.keys() - {held}),))))
    await prove(gifts)


async def test_preview_shows_the_gift_and_leaves_it(gifts: Shop) -> None:
    fact = buy("1", 3000)
    async with gifts.database.snapshot() as read:
        (seen,) = await spine.preview(read, gifts.house, [fact], gifts.at)
    assert seen.outcome.receipt is not None
    assert seen.outcome.receipt.grants == (await gifts.receipt(fact)).grants


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("what: five", "what: six"), "no offer of the programme gives out the coupon 'six'"),
        (("coupon: ten", "coupon: five"), "the coupon 'five' is the offer 'ten' already"),
        (("times: 2}", "times: 1}"), "'times' must be greater than 'over'"),
    ],
)
def test_what_nobody_gives_out_is_refused_with_its_place(changed: tuple[str, str], says: str) -> None:
    with pytest.raises(ProgramInvalid, match=says) as refused:
        program.compile_plan(program.parse((PROGRAM + COUPONS + GIFTS).replace(*changed)))
    assert "line" in str(refused.value) or "offers" in str(refused.value)


FIVE = prepare(
    msgspec.convert(
        {"coupon": "five", "title": {"en": "Five", "zh-CN": "五元"}, "effect": {"type": "amount", "minor": 500}},
        Settings,
    ),
    CALENDAR,
)
grants = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 3)), max_size=6, unique_by=lambda it: it[0])


def hold(facts: list[tuple[int, int]]) -> Memory:
    memory = Memory()
    for day, count in facts:
        earned = receive(FIVE, memory, view(day, 0), (Grant(kind="coupon", what="five", count=count),))
        memory = earned.memory
    return memory


@given(facts=grants, data=st.data())
def test_coupons_come_in_any_order(facts: list[tuple[int, int]], data: st.DataObject) -> None:
    assert hold(facts) == hold(data.draw(st.permutations(facts)))


@given(first=grants, second=grants)
def test_merging_is_the_same_from_both_sides(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    assert merge(FIVE, hold(first), hold(second)) == merge(FIVE, hold(second), hold(first))


def test_not_more_is_remembered_than_fits() -> None:
    memory = Memory()
    for day in range(1, 20):
        memory = receive(FIVE, memory, view(day, 0), (Grant(kind="coupon", what="five", count=30),)).memory
    assert len(memory.held) == HELD_MAX
    assert min(it.until for it in memory.held.values()) > 30

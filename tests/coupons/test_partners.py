"""Codes of partners: each is handed out once, to whoever then has it, and is spent; what came too early is owed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.base.crypto import Keyring
from regulars.features.coupons.codes import BatchExists, CodesInvalid, CouponUnknown, Terms, issue_codes
from regulars.features.coupons.mechanic import merge, prepare
from regulars.features.coupons.model import Memory, Partner, Settings
from regulars.features.coupons.partners import (
    Handed,
    add_partner_codes,
    end_partner_list,
    read_handed,
    seal_codes,
)
from regulars.features.coupons.pool import hand_over_owed, take_in
from regulars.features.coupons.wallet import read_wallet
from regulars.kernel import limits, members, program, spine
from regulars.kernel.nouns import Grant, Receipt
from regulars.kernel.program import ProgramInvalid
from tests.coupons.test_codes import bring, prove
from tests.mechanics.test_tiers import CALENDAR, view
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy

PARTNERS = """
  - id: cinema
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: cinema
      title: {en: A ticket, zh-CN: 电影票}
      effect: {type: partner, partner: {en: Roxy, zh-CN: 罗西影院}}
  - id: big
    mechanic: gifts
    on: [purchase]
    settings:
      {kind: coupon, what: cinema, title: {en: A ticket, zh-CN: 电影票}, lines: {minimum_minor: 3000}}
  - id: bigger
    mechanic: gifts
    on: [purchase]
    settings:
      {kind: coupon, what: cinema, title: {en: A ticket, zh-CN: 电影票}, lines: {minimum_minor: 9000}}
  - id: ticket
    mechanic: rewards
    on: [reward]
    settings:
      reward: ticket
      title: {en: A ticket, zh-CN: 电影票}
      price: [{currency: points, points: 100}]
      sort: coupon
      coupon: cinema
  - id: five
    mechanic: coupons
    on: [purchase]
    settings: {coupon: five, title: {en: Five, zh-CN: 五元}, effect: {type: amount, minor: 500}}
"""


@pytest.fixture
async def partners(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + PARTNERS)
    return shop


async def upload(shop: Shop, *codes: str, batch: str = "spring", coupon: str = "cinema") -> int:
    sealed = await seal_codes(shop.house.keyring, coupon, batch, codes, START + timedelta(days=90))
    return await shop.database.run(lambda tx: add_partner_codes(tx, shop.house, sealed))


async def codes_of(shop: Shop, member: UUID) -> list[str]:
    return [each.code for each in reversed(await handed_to(shop, member))]


async def handed_to(shop: Shop, member: UUID) -> Sequence[Handed]:
    async with shop.database.snapshot() as read:
        whose = [member, *await members.list_merged(read, [member])]
        return await read_handed(read, shop.house.keyring, whose)


async def count_left(shop: Shop) -> list[tuple[str, int, int]]:
    async with shop.database.snapshot() as read:
        return [(each.batch, each.codes, each.handed) for each in await limits.pool_lists(read)]


def say(receipt: Receipt, offer: str) -> list[str]:
    return [reason.code for reason in receipt.reasons if reason.offer == offer]


async def order(shop: Shop, name: str, card: str = "7") -> spine.Outcome:
    (outcome,) = await shop.send(ask("reward", name, at=shop.at, card=card, reward="ticket"))
    return outcome


async def test_codes_are_handed_out_in_their_order_until_none_is_left(partners: Shop) -> None:
    assert await upload(partners, "roxy-1", "ROXY-1", "Ünï 3") == 3
    first = await partners.receipt(buy("1", 3000))
    other = await partners.receipt(buy("2", 3000, card="8"))
    assert (say(first, "big"), say(first, "cinema")) == (["granted"], ["code_handed_out"])
    assert (await order(partners, "r1")).receipt is not None
    # As the partner wrote them, and by the order of the list.
    assert await codes_of(partners, first.member) == ["roxy-1", "Ünï 3"]
    assert await codes_of(partners, other.member) == ["ROXY-1"]
    empty = await partners.receipt(buy("3", 3000, card="9"))
    assert (say(empty, "big"), empty.grants, empty.claims) == (["out_of_stock"], (), ())
    before = (await partners.standing(first.member)).shown
    refused = (await order(partners, "r2")).refusal
    assert refused is not None
    assert refused.code == "not_available"
    assert "out_of_stock" in str(refused)
    assert (await partners.standing(first.member)).shown == before
    # The list runs on with the next one.
    assert await upload(partners, "roxy-4", batch="summer") == 1
    assert (await order(partners, "r3")).receipt is not None
    assert await count_left(partners) == [("spring", 3, 3), ("summer", 1, 1)]
    await prove(partners)


async def test_preview_shows_that_there_is_one_and_hands_none_out(partners: Shop) -> None:
    await upload(partners, "roxy-1")
    fact = buy("1", 3000)
    async with partners.database.snapshot() as read:
        (seen,) = await spine.preview(read, partners.house, [fact], partners.at)
    assert seen.outcome.receipt is not None
    assert await count_left(partners) == [("spring", 1, 0)]
    there = await partners.receipt(fact)
    assert seen.outcome.receipt.grants == there.grants
    assert seen.outcome.receipt.claims == there.claims


async def test_32_clients_are_handed_different_codes_and_no_more_than_there_are(partners: Shop) -> None:
    await upload(partners, *(f"roxy-{number}" for number in range(20)))

    async def shop_for(number: int) -> UUID:
        fact = buy(f"b{number}", 3000, card=str(number))
        (outcome,) = await spine.record(partners.database, partners.house, [fact], replay=True)
        assert outcome.receipt is not None
        return outcome.receipt.member

    found = await asyncio.gather(*(shop_for(number) for number in range(32)))
    handed = [code for member in found for code in await codes_of(partners, member)]
    assert sorted(handed) == sorted(f"roxy-{number}" for number in range(20))
    await prove(partners)


async def test_many_in_one_batch_are_handed_one_each(partners: Shop) -> None:
    await upload(partners, *(f"roxy-{number}" for number in range(6)))
    outcomes = await partners.send(*(buy(f"b{number}", 9000, card=str(number)) for number in range(4)))
    found = [await codes_of(partners, it.receipt.member) for it in outcomes if it.receipt is not None]
    assert found == [["roxy-0", "roxy-1"], ["roxy-2", "roxy-3"], ["roxy-4", "roxy-5"], []]
    await prove(partners)


async def test_what_is_promised_beyond_what_is_left_is_owed_and_comes_with_the_next_purchase(partners: Shop) -> None:
    await upload(partners, "roxy-1")
    # Each of two offers sees that one is left.
    receipt = await partners.receipt(buy("1", 9000))
    assert say(receipt, "cinema") == ["no_code_left"]
    async with partners.database.snapshot() as read:
        wallet = await read_wallet(read, partners.house.versions, receipt.member, partners.at)
    assert [(each.coupon, each.count) for each in wallet.owed] == [("cinema", 2)]
    assert await codes_of(partners, receipt.member) == []
    assert say(await partners.receipt(buy("2", 100)), "cinema") == []
    await upload(partners, "roxy-2", batch="more")
    assert say(await partners.receipt(buy("3", 100)), "cinema") == ["code_handed_out"]
    assert await codes_of(partners, receipt.member) == ["roxy-1", "roxy-2"]
    await prove(partners)


async def test_handed_code_is_spent_whatever_comes_back(partners: Shop) -> None:
    await upload(partners, "roxy-1", "roxy-2")
    receipt = await partners.receipt(buy("1", 3000))
    back = await partners.receipt(bring("r", "1"))
    assert (say(back, "cinema"), back.freed) == (["code_is_spent"], ())
    await partners.receipt(buy("2", 2999))
    bought = (await order(partners, "o")).receipt
    assert bought is not None
    assert await partners.refusal(ask("reverse", "x", at=partners.at, origin="o")) == "coupon_used"
    assert await codes_of(partners, receipt.member) == ["roxy-1", "roxy-2"]
    await prove(partners)


async def test_merged_member_has_the_codes_of_both_and_unmerged_ones_their_own(partners: Shop) -> None:
    await upload(partners, "roxy-1", "roxy-2")
    first = await partners.receipt(buy("1", 3000))
    other = await partners.receipt(buy("2", 3000, card="8"))
    await partners.receipt(ask("merge", "m", at=partners.at, to=other.member, by="ann", reason="one person"))
    assert sorted(await codes_of(partners, first.member)) == ["roxy-1", "roxy-2"]
    await partners.receipt(ask("unmerge", "u", at=partners.at, origin="m", by="ann", reason="two persons"))
    assert await codes_of(partners, first.member) == ["roxy-1"]
    assert await codes_of(partners, other.member) == ["roxy-2"]
    await prove(partners)


async def test_codes_are_sealed_at_rest_and_open_after_the_master_key_was_changed(partners: Shop) -> None:
    await upload(partners, "roxy-1", "roxy-2")
    receipt = await partners.receipt(buy("1", 3000))
    async with partners.database.snapshot() as read:
        kept = await read.rows("SELECT digest, cipher FROM limits.pooled_code")
        told = await read.rows("SELECT body::text || receipt::text AS words FROM activity.journal")
    told = [row["words"].encode() for row in told]
    words = b" ".join([*told, *(bytes(row[name]) for row in kept for name in ("digest", "cipher"))])
    assert b"roxy-" not in words
    masters = {1: bytes(range(32)), 2: bytes(range(32, 64))}
    partners.house = spine.House(
        keyring=Keyring.derive(masters, current=2), versions=partners.house.versions, new_id=partners.house.new_id
    )
    assert await codes_of(partners, receipt.member) == ["roxy-1"]
    with pytest.raises(limits.PoolCodesKnown) as refused:
        await upload(partners, "roxy-1", "roxy-2", "roxy-3", batch="again")
    assert refused.value.context["known"] == 2
    assert await upload(partners, "roxy-3", batch="again") == 2


@pytest.mark.parametrize(
    ("codes", "values"),
    [
        ([], {"codes": 0}),
        (["a", "b", "a", "a"], {"doubled": 2}),
        (["a", ""], {"place": 2}),
        (["a", " b"], {"place": 2}),
        (["a\nb"], {"place": 1}),
        (["x" * 65], {"place": 1}),
        (["a"] * 100_001, {"codes_max": 100_000}),
    ],
)
async def test_list_that_cannot_be_taken_is_refused_with_counts(codes: list[str], values: dict[str, Any]) -> None:
    with pytest.raises(CodesInvalid) as refused:
        await seal_codes(Keyring.derive({1: bytes(32)}, current=1), "cinema", "spring", codes, None)
    assert refused.value.context.items() >= values.items()


async def test_list_is_taken_as_a_whole_or_not_at_all(partners: Shop) -> None:
    await upload(partners, "roxy-1")
    for codes, batch, coupon, refusal in (
        (("roxy-2",), "spring", "cinema", BatchExists),
        (("roxy-2", "roxy-1"), "again", "cinema", limits.PoolCodesKnown),
        (("roxy-2",), "again", "five", CodesInvalid),
        (("roxy-2",), "again", "nothing", CouponUnknown),
    ):
        with pytest.raises(refusal):
            await upload(partners, *codes, batch=batch, coupon=coupon)
    with pytest.raises(CodesInvalid):
        async with partners.database.transaction() as tx:
            await issue_codes(tx, partners.house, ["SPRING-10"], Terms(coupon="cinema", batch="x"))
    assert await count_left(partners) == [("spring", 1, 0)]
    await prove(partners)


async def test_ended_list_is_forgotten_as_far_as_nobody_has_it(partners: Shop) -> None:
    await upload(partners, "roxy-1", "roxy-2", "roxy-3")
    member = (await partners.receipt(buy("1", 3000))).member
    assert await partners.database.run(lambda tx: end_partner_list(tx, "cinema", "spring")) == 2
    assert await partners.database.run(lambda tx: end_partner_list(tx, "cinema", "spring")) == 0
    assert say(await partners.receipt(buy("2", 3000)), "big") == ["out_of_stock"]
    assert (await codes_of(partners, member), await count_left(partners)) == (["roxy-1"], [("spring", 1, 1)])
    with pytest.raises(CouponUnknown):
        await partners.database.run(lambda tx: end_partner_list(tx, "cinema", "summer"))
    await prove(partners)


TICKET = Settings(coupon="cinema", title={"en": "T", "zh-CN": "票"}, effect=Partner(partner={"en": "R", "zh-CN": "罗"}))


@given(st.lists(st.integers(1, 3), max_size=6), st.integers(0, 6), st.integers(0, 6), st.data())
def test_what_is_owed_comes_in_any_order(counts: list[int], back: int, other: int, data: st.DataObject) -> None:
    def owe(facts: Sequence[int]) -> Memory:
        memory = Memory()
        for count in facts:
            earned = take_in("cinema", memory, view(1, 0), (Grant(kind="coupon", what="cinema", count=count),))
            assert earned.claims == ()
            memory = earned.memory or memory
        return memory

    owed = owe(counts)
    assert owed == owe(data.draw(st.permutations(counts)))
    assert owed.owed == sum(counts)
    prepared = prepare(TICKET, CALENDAR)
    assert merge(prepared, owed, Memory(owed=other)) == merge(prepared, Memory(owed=other), owed)
    # What comes back is first what the member was never given.
    after = take_in("cinema", owed, view(1, 0), (Grant(kind="coupon", what="cinema", count=-back),)) if back else None
    assert after is None or (after.memory or owed).owed == max(owed.owed - back, 0)
    assert hand_over_owed("cinema", owed, view(1, 0)).claims == ()


@pytest.mark.parametrize("more", ["days: 7", "per_purchase: 2", "everybody: true", "lines: {minimum_minor: 1}"])
def test_what_only_the_partner_can_say_is_refused(more: str) -> None:
    with pytest.raises(ProgramInvalid, match="the partner says what a code is good for"):
        program.compile_plan(
            program.parse((PROGRAM + PARTNERS).replace("coupon: cinema\n", f"coupon: cinema\n      {more}\n", 1))
        )

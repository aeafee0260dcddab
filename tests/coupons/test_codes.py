"""Codes: used once, by whoever may, and unknown to everybody else."""

import asyncio
import re
from datetime import timedelta

import msgspec
import pytest

from regulars.features.coupons.codes import CODES_MAX, CodesInvalid, make_code
from regulars.kernel import limits, spine
from regulars.kernel.nouns import Activity, Receipt, Returned
from tests.coupons.conftest import give_codes
from tests.spine.conftest import START, Shop, buy

REFUSED = ["coupon_refused"]


def taken_off(receipt: Receipt) -> list[tuple[str, int, int]]:
    return [(offer, each.line, each.amount_minor) for offer, each in receipt.discounts]


def bring(name: str, origin: str, *parts: Returned) -> Activity:
    return msgspec.structs.replace(buy(name, origin=origin, returned=parts), kind="return")


def codes_of(receipt: Receipt) -> list[str]:
    return [reason.code for reason in receipt.reasons if "coupon" in reason.code or "coupon" in reason.values]


async def prove(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert report.faults == ()


async def test_code_takes_its_part_and_points_are_reckoned_from_what_is_paid(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    receipt = await coupons.receipt(buy("1", 1500, 500, coupons=("spring 10",)))
    assert taken_off(receipt) == [("ten", 1, 150), ("ten", 2, 50)]
    assert [posted.points for posted in receipt.postings if posted.offer == "base"] == [180]
    assert codes_of(receipt) == ["coupon_used"]
    (claim,) = receipt.claims
    assert (claim.amount, receipt.coupons) == (1, (claim.ceiling,))
    await prove(coupons)


async def test_no_code_is_ever_journalled(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    await coupons.receipt(buy("1", 1500, coupons=("SPRING-10", "GUESS-77")))
    async with coupons.database.snapshot() as read:
        rows = await read.rows("SELECT body::text || receipt::text AS words FROM activity.journal")
        kept = await read.rows("SELECT encode(digest, 'escape') || ceiling_id || batch AS words FROM limits.code")
    words = " ".join(row["words"] for row in [*rows, *kept])
    assert "unknown" in words
    assert not re.search("spring-?10|guess", words, re.IGNORECASE)


async def test_used_ended_strange_and_unknown_are_one_answer(coupons: Shop) -> None:
    member = (await coupons.receipt(buy("0", 100))).member
    await give_codes(coupons, "ten", "USED-1")
    await give_codes(coupons, "ten", "ENDED-1", batch="old", valid_until=START)
    await give_codes(coupons, "ten", "LATER-1", batch="new", valid_from=START + timedelta(days=1))
    await give_codes(coupons, "ten", "HERS-1", batch="hers", member=member)
    await coupons.receipt(buy("1", 2000, coupons=("USED-1",)))
    answers = [
        codes_of(await coupons.receipt(buy(code, 2000, card="8", coupons=(code,))))
        for code in ("USED-1", "ENDED-1", "LATER-1", "HERS-1", "NOBODYS-1")
    ]
    assert answers == [REFUSED] * 5
    assert taken_off(await coupons.receipt(buy("2", 2000, coupons=("HERS-1",))))
    await prove(coupons)


async def test_below_the_minimum_a_code_is_kept_and_it_is_said_what_is_missing(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    receipt = await coupons.receipt(buy("1", 900, coupons=("SPRING-10",)))
    assert (codes_of(receipt), taken_off(receipt)) == (["below_minimum"], [])
    assert [it.values["missing_minor"] for it in receipt.reasons if it.code == "below_minimum"] == [100]
    assert taken_off(await coupons.receipt(buy("2", 1000, coupons=("SPRING-10",)))) == [("ten", 1, 100)]


async def test_limit_keeps_a_code_whole(coupons: Shop) -> None:
    await give_codes(coupons, "five", *(f"FIVE-{n}" for n in range(3)))
    off = [taken_off(await coupons.receipt(buy(str(n), 2000, coupons=(f"FIVE-{n}",)))) for n in range(3)]
    assert off == [[("five", 1, 500)], [("five", 1, 500)], []]
    assert taken_off(await coupons.receipt(buy("9", 2000, card="8", coupons=("FIVE-2",)))) == [("five", 1, 500)]
    await prove(coupons)


async def test_double_points(coupons: Shop) -> None:
    await give_codes(coupons, "double", "TWICE")
    receipt = await coupons.receipt(buy("1", 1000, 500, coupons=("TWICE",)))
    assert {posted.offer: posted.points for posted in receipt.postings if posted.currency == "points"} == {
        "base": 150,
        "double": 150,
    }
    back = await coupons.receipt(bring("r", "1"))
    assert {posted.offer: posted.points for posted in back.postings if posted.currency == "points"} == {
        "base": -150,
        "double": -150,
    }
    await prove(coupons)


async def test_whole_return_gives_the_code_back_and_a_part_does_not(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    bought = await coupons.receipt(buy("1", 1500, 500, coupons=("SPRING-10",)))

    too_much = bring("x", "1", Returned(line=1, amount_minor=1351))
    assert await coupons.refusal(too_much) == "return_too_large"
    first = await coupons.receipt(bring("r1", "1", Returned(line=1, amount_minor=1350)))
    assert first.freed == ()
    assert codes_of(await coupons.receipt(buy("2", 2000, coupons=("SPRING-10",)))) == REFUSED
    rest = await coupons.receipt(bring("r2", "1"))
    assert [claim.ceiling for claim in rest.freed] == [claim.ceiling for claim in bought.claims]
    points = [posted.points for each in (first, rest) for posted in each.postings if posted.currency == "points"]
    assert sum(points) == -180
    assert taken_off(await coupons.receipt(buy("3", 2000, coupons=("SPRING-10",))))
    await prove(coupons)


async def test_32_clients_use_a_code_once_each(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "ONCE")
    await give_codes(coupons, "ten", "SEVEN", batch="seven", uses=7)

    async def use(number: int, code: str) -> bool:
        fact = buy(f"{code}-{number}", 2000, card=str(number), coupons=(code,))
        (outcome,) = await spine.record(coupons.database, coupons.house, [fact], replay=True)
        assert outcome.receipt is not None
        return bool(outcome.receipt.discounts)

    used = await asyncio.gather(*(use(number, code) for number in range(32) for code in ("ONCE", "SEVEN")))
    assert (sum(used[::2]), sum(used[1::2])) == (1, 7)
    await prove(coupons)


async def test_preview_says_what_recording_does_and_uses_nothing(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    fact = buy("1", 1500, 500, coupons=("SPRING-10",))
    async with coupons.database.snapshot() as read:
        (seen,) = await spine.preview(read, coupons.house, [fact], coupons.at)
    there = await coupons.receipt(fact)
    assert seen.outcome.receipt is not None
    assert taken_off(seen.outcome.receipt) == taken_off(there)
    assert seen.outcome.receipt.balances == there.balances


async def test_retry_gets_the_stored_answer_though_the_code_is_used_by_now(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "SPRING-10")
    fact = buy("1", 1500, coupons=("SPRING-10",))
    first = await coupons.receipt(fact)
    (again,) = await coupons.send(fact)
    assert again.repeated
    assert again.receipt == first


async def test_lists_are_taken_as_a_whole_or_not_at_all(coupons: Shop) -> None:
    await give_codes(coupons, "ten", "AAAA", "BBBB")
    for codes in (["CCCC", "C CCC"], ["CCCC", "bbbb"]):
        with pytest.raises(limits.CodeExists):
            await give_codes(coupons, "ten", *codes, batch="again")
    for codes in ([], ["abc"], ["x" * 65], ["tab\tbed"], ["A"] * (CODES_MAX + 1)):
        with pytest.raises(CodesInvalid):
            await give_codes(coupons, "ten", *codes, batch="again")
    async with coupons.database.snapshot() as read:
        assert await limits.count_codes(read) == [("ten:spring", 2, 0)]


def test_codes_are_random_and_readable() -> None:
    made = {make_code() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in made)
    # Every place takes every letter.
    assert all(len({code[place] for code in made}) == 32 for place in (0, 3, 18))

"""What becomes of a voucher: used once, shown twice, late, cancelled, forgotten, and by members who are merged."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.kernel import ledger, spine
from regulars.kernel.nouns import Activity, Reason, Receipt
from tests.spine.conftest import Shop, ask, buy

DAY = 86_400


async def earn(shop: Shop, points: int, card: str = "7") -> UUID:
    return (await shop.receipt(buy(f"b{card}-{shop.at:%d%H%M%S}", points * 10, at=shop.at, card=card))).member


async def issue(shop: Shop, name: str = "v", points: int = 100, card: str = "7", **settings: int | str) -> UUID:
    receipt = await shop.receipt(
        ask("voucher", name, at=shop.at, card=card, currency="points", points=points, **settings)
    )
    (posted,) = receipt.postings
    assert (posted.kind, posted.points) == ("hold", -points)
    assert posted.hold is not None
    return posted.hold


def shown(name: str, voucher: UUID, *, at: datetime, member: UUID | None = None, card: str = "7") -> Activity:
    told = ask("voucher_used", name, at=at, card=card, voucher=str(voucher))
    return told if member is None else replace(told, member=member)


def reason(receipt: Receipt) -> Reason:
    (found,) = receipt.reasons
    return found


async def books(shop: Shop) -> dict[str, int]:
    """Prove the books, and give what the house's accounts of points come to."""
    async with shop.database.snapshot() as read:
        assert not (await spine.check(read)).faults
        found = await ledger.totals(read)
    return {account: balance for (currency, account), balance in found.items() if currency == "points"}


async def test_value_leaves_at_issue_and_is_used_once(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher = await issue(shop, points=101, store="367")
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (300, 199, 101)
    at, shop.at = shop.at + timedelta(hours=1), shop.at + timedelta(days=2)  # told after its time, shown within it
    used = await shop.receipt(shown("u1", voucher, at=at))
    assert [(it.kind, it.points, it.hold) for it in used.postings] == [("redeem", -101, voucher)]
    assert used.reasons == ()
    assert (await shop.send(shown("u1", voucher, at=at)))[0].repeated
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (199, 199, 0)
    assert "loss" not in await books(shop)


async def test_the_receipt_says_what_it_is_worth(shop: Shop) -> None:
    await earn(shop, 300)
    receipt = await shop.receipt(ask("voucher", "v", at=shop.at, currency="points", points=101, store="367"))
    values = dict(reason(receipt).values)
    assert values.pop("voucher") == str(receipt.activity)
    assert values == {
        "worth_minor": 50,  # two points are worth one minor unit: rounded down
        "money": "USD",
        "not_before": "2026-03-01T09:00:00+00:00",
        "not_after": "2026-03-02T09:00:00+00:00",
        "settle_until": "2026-03-09T09:00:00+00:00",
        "store": "367",
    }


async def test_a_second_presentation_is_the_houses_loss(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher = await issue(shop)
    shop.later(hours=1)
    first = await shop.receipt(shown("u1", voucher, at=shop.at))
    second = await shop.receipt(shown("u2", voucher, at=shop.at))
    assert second.postings == ()
    assert reason(second).code == "presented_twice"
    assert reason(second).values == {
        "voucher": str(voucher),
        "lost": 100,
        "currency": "points",
        "first_use": str(first.activity),
    }
    assert (await shop.send(shown("u2", voucher, at=shop.at)))[0].repeated
    assert (await shop.standing(member)).shown == 200
    assert {name: balance for name, balance in (await books(shop)).items() if name in {"loss", "redemption"}} == {
        "loss": -100,
        "redemption": 200,
    }


async def test_twenty_of_two_hundred_shown_twice_by_tills_at_once(shop: Shop) -> None:
    cards = [f"{number}" for number in range(20)]
    for card in cards:
        await earn(shop, 1_000, card=card)
    outcomes = await shop.send(
        *(
            ask("voucher", f"v{n}", at=shop.at, card=cards[n % 20], currency="points", points=10 + n % 7)
            for n in range(200)
        )
    )
    vouchers = [(it.receipt.activity, it.receipt.member, 10 + n % 7) for n, it in enumerate(outcomes) if it.receipt]
    assert len(vouchers) == 200
    shop.later(hours=1)
    told = [shown(f"u{n}", voucher, at=shop.at, member=member) for n, (voucher, member, _) in enumerate(vouchers)]
    told += [shown(f"again{n}", vouchers[n * 10][0], at=shop.at, member=vouchers[n * 10][1]) for n in range(20)]
    uploads = [told[place::5] for place in range(5)]
    # Each till's queue arrives twice, and all of them at once.
    answers = await asyncio.gather(*(shop.send(*each) for each in uploads * 2))
    receipts = {it.receipt.activity: it.receipt for each in answers for it in each if it.receipt is not None}
    assert len(receipts) == 220
    lost = [it for it in receipts.values() if it.reasons]
    assert Counter(reason(it).code for it in lost) == {"presented_twice": 20}
    sums = await books(shop)
    assert sums["loss"] == -sum(points for _, _, points in vouchers[::10])
    assert sums["redemption"] == sum(points for _, _, points in vouchers) - sums["loss"]
    assert sums["points"] == 20_000 - sum(points for _, _, points in vouchers)


async def test_nobody_shows_it_and_the_points_come_back_by_the_clock(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher = await issue(shop, valid_seconds=DAY, settle_seconds=2 * DAY)
    shop.later(days=2)
    assert (await shop.standing(member)).available == 200
    shop.later(days=1)
    assert (await shop.standing(member)).available == 300
    late = await shop.receipt(shown("u1", voucher, at=shop.at - timedelta(days=2, hours=5)))
    assert reason(late).code == "presented_late"
    assert reason(late).values["lost"] == 100
    assert (await shop.standing(member)).available == 300
    assert (await books(shop))["loss"] == -100


async def test_shown_after_its_time_while_the_points_are_still_there(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher = await issue(shop, valid_seconds=DAY, settle_seconds=7 * DAY)
    shop.later(days=3)
    late = await shop.receipt(shown("u1", voucher, at=shop.at))
    assert reason(late) == Reason(offer="", code="presented_late", values={"voucher": str(voucher), "lost": 0})
    assert (await shop.standing(member)).shown == 200
    assert "loss" not in await books(shop)


async def test_cancelling_tells_tills_and_keeps_the_points_until_none_can_tell_of_a_use(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher, other = await issue(shop, "v1"), await issue(shop, "v2")
    cancelled = await shop.receipt(ask("voucher_cancel", "c", at=shop.at, voucher=str(voucher)))
    assert reason(cancelled).values["back_at"] == "2026-03-09T09:00:00+00:00"
    async with shop.database.snapshot() as read:
        assert await ledger.revoked_vouchers(read, at=shop.at, most=10) == [voucher]
    assert (await shop.standing(member)).available == 100
    shop.later(hours=1)
    used = await shop.receipt(shown("u1", voucher, at=shop.at))
    assert (reason(used).code, reason(used).values["lost"]) == ("presented_after_cancel", 0)
    assert await shop.refusal(ask("voucher_cancel", "c2", at=shop.at, voucher=str(voucher))) == "voucher_ended"
    await shop.receipt(ask("voucher_cancel", "c3", at=shop.at, voucher=str(other)))
    shop.later(days=8)
    assert (await shop.standing(member)).available == 200
    async with shop.database.snapshot() as read:
        assert await ledger.revoked_vouchers(read, at=shop.at, most=10) == []
    assert "loss" not in await books(shop)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"currency": "points", "points": 1}, "voucher_worthless"),
        ({"currency": "miles", "points": 100}, "voucher_worthless"),
        ({"currency": "stars", "points": 100}, "currency_not_spendable"),
        ({"currency": "gems", "points": 100}, "currency_unknown"),
        ({"currency": "points", "points": 301}, "points_not_enough"),
        ({"currency": "points", "points": 100, "valid_seconds": 59}, "ask_invalid"),
        ({"currency": "points", "points": 100, "pool": True}, "ask_invalid"),
    ],
)
async def test_what_is_not_issued(shop: Shop, settings: dict[str, int | str], code: str) -> None:
    await earn(shop, 300)
    assert await shop.refusal(ask("voucher", "v", at=shop.at, **settings)) == code


async def test_frozen_members_get_none_and_what_they_had_is_honoured(shop: Shop) -> None:
    member = await earn(shop, 300)
    voucher = await issue(shop)
    async with shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'frozen' WHERE id = $1", member)
    assert await shop.refusal(ask("voucher", "v2", at=shop.at, currency="points", points=10)) == "member_frozen"
    assert (await shop.receipt(shown("u1", voucher, at=shop.at))).postings[0].points == -100


async def test_no_other_command_uses_or_ends_a_voucher(shop: Shop) -> None:
    await earn(shop, 300)
    voucher = await issue(shop)
    await shop.receipt(ask("hold", "h", at=shop.at, currency="points", points=10))
    (held,) = [it for it in await _holds(shop) if not it.purpose]
    for kind in ("capture", "release"):
        assert await shop.refusal(ask(kind, kind, at=shop.at, hold=str(voucher))) == "hold_unknown"
    for kind in ("voucher_used", "voucher_cancel"):
        assert await shop.refusal(ask(kind, kind, at=shop.at, voucher=str(held.id))) == "voucher_unknown"
        assert await shop.refusal(ask(kind, kind, at=shop.at, voucher="nonsense")) == "ask_invalid"
    await earn(shop, 300, card="8")
    assert await shop.refusal(shown("u", voucher, at=shop.at, card="8")) == "voucher_unknown"


async def test_a_merged_members_voucher_is_taken_and_so_it_is_when_they_are_two_again(shop: Shop) -> None:
    gone = await earn(shop, 300, card="7")
    kept = await earn(shop, 300, card="8")
    first, second, third = [await issue(shop, f"v{n}", card="7") for n in range(3)]
    await shop.receipt(ask("merge", "m", at=shop.at, card="8", to=gone, by="desk", reason="one person"))
    shop.later(hours=1)
    used = await shop.receipt(shown("u1", first, at=shop.at, member=gone))
    assert (used.member, used.postings[0].owner) == (kept, gone)
    twice = await shop.receipt(shown("u1b", first, at=shop.at, member=gone))
    assert (reason(twice).code, twice.member) == ("presented_twice", kept)
    await books(shop)
    await shop.receipt(ask("unmerge", "x", at=shop.at, card="8", origin="m", by="desk", reason="two people"))
    again = await shop.receipt(shown("u2", second, at=shop.at, member=gone))
    assert (again.member, again.postings[0].points) == (gone, -100)
    shop.later(days=9)
    late = await shop.receipt(shown("u3", third, at=shop.at - timedelta(days=8, hours=20), member=gone))
    assert (reason(late).code, late.member) == ("presented_late", gone)
    assert (await shop.standing(gone)).available == 100
    assert (await books(shop))["loss"] == -200


async def _holds(shop: Shop) -> list[ledger.Hold]:
    receipt = (await shop.send(buy("look", 10, at=shop.at)))[0].receipt
    assert receipt is not None
    async with shop.database.snapshot() as read:
        return await ledger.open_holds(read, receipt.member)

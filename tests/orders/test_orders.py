"""A basket at the till: priced, kept, bought, brought back; with coupons and with points in place of money."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.base import clock
from regulars.kernel import limits, program, spine
from tests.http.site import Site
from tests.orders.conftest import PROGRAM

Basket = Callable[..., dict[str, Any]]


async def post(site: Site, path: str, body: dict[str, Any], *, status: int | None = None) -> dict[str, Any]:
    answer = await site.client.post(path, json=body)
    assert status is None or answer.status_code == status, answer.text
    return answer.json()


async def earn(site: Site, basket: Basket, name: str = "first", minor: int = 10_000) -> None:
    """Let the member have a tenth of it in points."""
    await post(site, "/v1/orders", basket(name, minor), status=201)


async def hand_out(site: Site, *codes: str) -> None:
    body = {"batch": "letters", "codes": list(codes), "valid_until": "2090-01-01T00:00:00Z"}
    await post(site, "/v1/coupons/ten/codes", body, status=201)


async def balances(site: Site, member: str) -> dict[str, Any]:
    (balance,) = (await site.client.get(f"/v1/members/{member}")).json()["balances"]
    return balance


async def is_sound(site: Site) -> bool:
    async with site.database.snapshot() as read:
        report = await spine.check(read)
    assert not report.faults, report.faults
    return report.is_sound


async def test_a_quote_says_everything_and_writes_nothing(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD")
    asked = basket("q", 3000, 1500, coupons=["abcd"], show=["hints", "coupons", "rewards"])
    quote = await post(site, "/v1/quotes", asked, status=200)
    assert quote["totals"] == {"gross_minor": 4500, "discount_minor": 1000, "points_minor": 0, "due_minor": 3500}
    assert [each["offer"] for each in quote["discounts"]] == ["ten", "ten"]
    # The first order gave 1,000, and 100 more for its size.
    assert quote["payable"] == [{"offer": "paying", "currency": "points", "points": 1100, "amount_minor": 1100}]
    assert quote["forecast"] == [{"offer": "base", "currency": "points", "points": 350}]
    assert not quote["reserved"]
    # The minimum is reckoned from what is paid: 15 more, and 50 + 150 points with it.
    assert quote["hints"] == [{"offer": "large", "missing_minor": 1500, "points": {"points": 200}, "discount_minor": 0}]
    assert (await balances(site, quote["member"]))["available"] == 1100
    again = await post(site, "/v1/quotes", basket("q2", 3000, coupons=["abcd"]), status=200)
    assert again["totals"]["discount_minor"] == 1000
    guest = await post(site, "/v1/quotes", basket("g", 3000, card=None), status=200)
    assert "member" not in guest
    assert guest["payable"] == []
    assert guest["totals"]["due_minor"] == 3000


async def test_points_pay_a_part_and_come_back_with_their_lines(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    asked = basket("o", 1003, 500, pay={"currency": "points", "points": 5000}, due_minor=753)
    order = await post(site, "/v1/orders", asked, status=201)
    # One half of 15.03, in tens.
    assert order["paid"] == [{"offer": "paying", "currency": "points", "points": 750, "amount_minor": 750}]
    assert order["totals"] == {"gross_minor": 1503, "discount_minor": 0, "points_minor": 750, "due_minor": 753}
    member = order["member"]
    assert (await balances(site, member))["available"] == 1100 - 750 + 75
    assert await post(site, "/v1/orders", asked, status=200) == order

    # The second line: one half of its 500 were points.
    paid = 500 - 250
    back = {"id": "r1", "source": "till", "occurred_at": datetime.now(tz=UTC).isoformat(), "store": "s1"}
    line = {"line": 2, "amount_minor": paid, "quantity_milli": 1000}
    receipt = await post(site, "/v1/orders/o/returns", {**back, "lines": [line]}, status=201)
    restored = [each["points"] for each in receipt["points"] if each["kind"] == "reverse"]
    assert restored == [250]
    too_much = await post(site, "/v1/orders/o/returns", {**back, "id": "r2", "lines": [line]}, status=409)
    assert too_much["code"] == "return_too_large"
    cancel = {"source": "till", "occurred_at": back["occurred_at"], "store": "s1"}
    receipt = await post(site, "/v1/orders/o/cancel", cancel, status=201)
    assert [each["points"] for each in receipt["points"] if each["kind"] == "reverse"] == [750 - 250]
    assert await post(site, "/v1/orders/o/cancel", cancel, status=200) == receipt
    assert (await balances(site, member))["available"] == 1100
    assert await is_sound(site)


async def test_what_is_wrong_is_refused_and_leaves_no_trace(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    differs = await post(site, "/v1/orders", basket("o", 1000, due_minor=900), status=409)
    assert (differs["code"], differs["context"]["due_minor"]) == ("total_differs", 1000)
    unknown = await post(
        site, "/v1/orders/never/cancel", {"source": "till", "occurred_at": datetime.now(tz=UTC).isoformat()}, status=404
    )
    assert unknown["code"] == "purchase_unsent"
    weak = await site.issue("activities:write", "activities:preview")
    asked = basket("o", 1000, pay={"currency": "points", "points": 100})
    answer = await site.client.post("/v1/orders", json=asked, headers=site.using(weak))
    assert answer.json()["code"] == "scope_missing"
    answer = await site.client.post("/v1/quotes", json={**asked, "reserve_seconds": 60}, headers=site.using(weak))
    assert answer.json()["code"] == "scope_missing"
    # Too few points to pay with are no reason to refuse a sale: it is paid in money, and says why.
    order = await post(site, "/v1/orders", basket("o", 30, pay={"currency": "points", "points": 100}), status=201)
    assert order["totals"]["due_minor"] == 30
    assert "too_few_points" in [each["code"] for each in order["receipt"]["reasons"]]


async def test_a_kept_quote_is_honoured_while_others_want_the_same(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD")
    wish = {"currency": "points", "points": 1000}
    asked = basket("q", 4000, coupons=["ABCD"], pay=wish, reserve_seconds=600)
    quote = await post(site, "/v1/quotes", asked, status=201)
    assert quote["totals"] == {"gross_minor": 4000, "discount_minor": 1000, "points_minor": 1000, "due_minor": 2000}
    assert await post(site, "/v1/quotes", asked, status=200) == quote
    member = quote["member"]
    assert {name: (await balances(site, member))[name] for name in ("available", "held")} == {
        "available": 100,
        "held": 1000,
    }
    # Neither its code nor its points are there for anything else.
    other = await post(site, "/v1/orders", basket("x", 4000, coupons=["ABCD"], pay=wish), status=201)
    assert other["totals"] == {"gross_minor": 4000, "discount_minor": 0, "points_minor": 100, "due_minor": 3900}

    bought = basket("o", 4000, coupons=["ABCD"], pay=wish, quote="q", due_minor=2000)
    # Sent by many at once, it counts once.
    answers = await asyncio.gather(*(site.client.post("/v1/orders", json=bought) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [200] * 7 + [201]
    assert len({each.text for each in answers}) == 1
    order = answers[0].json()
    assert order["totals"] == quote["totals"]
    held = await balances(site, member)
    assert (held["held"], held["available"]) == (0, 390 + 200)
    # A second order that names the same quote gets what anybody would.
    second = await post(site, "/v1/orders", {**bought, "id": "o2", "due_minor": 4000, "pay": wish}, status=409)
    assert second["code"] == "total_differs"
    assert await is_sound(site)


async def test_a_quote_that_is_let_go_gives_everything_back(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD")
    wish = {"currency": "points", "points": 500}
    quote = await post(
        site, "/v1/quotes", basket("q", 4000, coupons=["ABCD"], pay=wish, reserve_seconds=600), status=201
    )
    body = {"source": "till", "occurred_at": datetime.now(tz=UTC).isoformat(), "store": "s1"}
    receipt = await post(site, "/v1/quotes/q/release", body, status=201)
    assert [(each["kind"], each["points"]) for each in receipt["points"]] == [("release", 500)]
    assert (await balances(site, quote["member"]))["available"] == 1100
    order = await post(site, "/v1/orders", basket("o", 4000, coupons=["ABCD"]), status=201)
    assert order["totals"]["discount_minor"] == 1000
    assert await is_sound(site)


async def test_after_its_time_a_quote_is_claimed_anew_or_borne_by_the_house(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD", "DEFG")
    for name, code in (("q1", "ABCD"), ("q2", "DEFG")):
        await post(site, "/v1/quotes", basket(name, 4000, coupons=[code], reserve_seconds=60), status=201)
    await wait(site, timedelta(minutes=2))
    # Somebody else takes the first code meanwhile.
    other = await post(site, "/v1/orders", basket("x", 4000, coupons=["ABCD"], card="2"), status=201)
    assert other["totals"]["discount_minor"] == 1000
    lost = await post(site, "/v1/orders", basket("o1", 4000, coupons=["ABCD"], quote="q1", due_minor=3000), status=201)
    assert ("", "honoured_at_loss", 1000) in [
        (each["offer"], each["code"], each["values"].get("amount_minor")) for each in lost["receipt"]["reasons"]
    ]
    assert lost["totals"]["due_minor"] == 3000
    # Points on what was paid, as quoted, and none on what the house bore.
    assert lost["earned"] == [{"offer": "base", "currency": "points", "points": 300}]
    anew = await post(site, "/v1/orders", basket("o2", 4000, coupons=["DEFG"], quote="q2", due_minor=3000), status=201)
    assert [each["offer"] for each in anew["discounts"]] == ["ten"]
    # What the house bore is not given back in money either.
    back = {"id": "r", "source": "till", "occurred_at": datetime.now(tz=UTC).isoformat(), "store": "s1"}
    receipt = await post(
        site, "/v1/orders/o1/returns", {**back, "lines": [{"line": 1, "amount_minor": 3000, "quantity_milli": 1000}]}
    )
    assert receipt["kind"] == "return", receipt
    assert await is_sound(site)


async def test_a_quote_outlives_a_change_of_the_programme_but_not_its_own_time(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD", "DEFG")
    for name, code in (("q1", "ABCD"), ("q2", "DEFG")):
        await post(site, "/v1/quotes", basket(name, 4000, coupons=[code], reserve_seconds=600), status=201)
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM.replace("minor: 1000", "minor: 1"))
        await spine.publish(tx, document, live_from=now, by="a test", at=now)
    order = await post(site, "/v1/orders", basket("o1", 4000, coupons=["ABCD"], quote="q1", due_minor=3000), status=201)
    assert order["receipt"]["program"] != document
    await wait(site, timedelta(minutes=20))
    late = await post(site, "/v1/orders", basket("o2", 4000, coupons=["DEFG"], quote="q2"), status=409)
    assert late["code"] == "quote_outdated"
    without = await post(site, "/v1/orders", basket("o2", 4000, coupons=["DEFG"]), status=201)
    assert without["totals"]["due_minor"] == 3999
    # One that never arrived, and one of a basket that is another by now, keep nobody from buying.
    never = await post(site, "/v1/orders", basket("o3", 4000, quote="nowhere"), status=201)
    assert "quote_unknown" in [each["code"] for each in never["receipt"]["reasons"]]
    await post(site, "/v1/quotes", basket("q3", 4000, reserve_seconds=600), status=201)
    other = await post(site, "/v1/orders", basket("o4", 4000, 10, quote="q3"), status=201)
    assert "quote_differs" in [each["code"] for each in other["receipt"]["reasons"]]
    assert await is_sound(site)


async def test_many_tills_and_one_purse(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    wish = {"currency": "points", "points": 300}
    bodies = [basket(f"o{number}", 1000, pay=wish) for number in range(12)]
    answers = await asyncio.gather(*(site.client.post("/v1/orders", json=body) for body in bodies))
    orders = [each.json() for each in answers]
    assert all(each.status_code == 201 for each in answers)
    paid = sum(part["points"] for each in orders for part in each["paid"])
    earned = sum(part["points"] for each in orders for part in each["earned"])
    left = await balances(site, orders[0]["member"])
    assert left["available"] == 1100 + earned - paid >= 0
    assert await is_sound(site)


async def wait(site: Site, span: timedelta) -> None:
    """Let the ledger's clock go on."""
    async with site.database.transaction() as tx:
        await clock.set_now(tx, await clock.now(tx) + span)


async def test_a_codes_reservation_is_a_claim_like_any_other(site: Site, basket: Basket) -> None:
    await hand_out(site, "ABCD")
    await post(site, "/v1/quotes", basket("q", 4000, coupons=["ABCD"], reserve_seconds=600), status=201)
    async with site.database.snapshot() as read:
        (ceiling,) = [each for each in await limits.ceilings(read) if "code:" in each.id]
    assert (ceiling.reserved, ceiling.taken) == (1, 0)

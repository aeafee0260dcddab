"""A quote that is over is kept at the house's cost: price, points that pay, and points that are earned."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from regulars.kernel import spine
from tests.http.site import Site
from tests.orders.test_orders import balances, earn, hand_out, post, wait

Basket = Callable[..., dict[str, Any]]
EVERYTHING = {"currency": "points", "points": 5000}


async def lose(site: Site, basket: Basket, *codes: str) -> None:
    """Let the quotes' time pass, and somebody else use the codes meanwhile."""
    await wait(site, timedelta(minutes=2))
    for code in codes:
        await post(site, "/v1/orders", basket(f"x-{code}", 4000, coupons=[code], card=code), status=201)


@pytest.mark.parametrize(
    ("amounts", "pay"),
    [
        ((4000,), None),
        # A line that costs nothing, and one of which rounding decides.
        ((3333, 0, 667), None),
        # Half of what is left to pay is paid with points: of the basket as quoted, and not of the whole one.
        ((1500, 701), EVERYTHING),
        # The basket is large with the coupon taken off, and larger without: `large` pays for what was paid.
        ((6100,), None),
        # Without the coupon it would be large, with it it is not.
        ((5500,), None),
    ],
)
async def test_everything_is_as_quoted_when_the_code_is_gone(
    site: Site, basket: Basket, amounts: Sequence[int], pay: dict[str, Any] | None
) -> None:
    await earn(site, basket)
    await hand_out(site, "ABCD")
    wish = {} if pay is None else {"pay": pay}
    quote = await post(
        site, "/v1/quotes", basket("q", *amounts, coupons=["ABCD"], reserve_seconds=60, **wish), status=201
    )
    await lose(site, basket, "ABCD")
    due = quote["totals"]["due_minor"]
    order = await post(
        site, "/v1/orders", basket("o", *amounts, coupons=["ABCD"], quote="q", due_minor=due, **wish), status=201
    )
    assert order["totals"] == quote["totals"]
    assert order["paid"] == quote["paid"]
    assert order["earned"] == quote["forecast"]
    borne = [each for each in order["receipt"]["reasons"] if each["code"] == "honoured_at_loss"]
    assert [each["values"] for each in borne] == [{"quote": "q", "amount_minor": 1000}]


async def test_points_that_are_gone_are_borne_and_earn_nothing(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    quote = await post(site, "/v1/quotes", basket("q", 2000, pay=EVERYTHING, reserve_seconds=60), status=201)
    assert quote["totals"]["points_minor"] == 1000
    await wait(site, timedelta(minutes=2))
    spent = await post(site, "/v1/orders", basket("x", 1600, pay={"currency": "points", "points": 800}), status=201)
    assert spent["totals"]["points_minor"] == 800
    left = (await balances(site, spent["member"]))["available"]
    assert left == 1100 - 800 + 80
    order = await post(site, "/v1/orders", basket("o", 2000, pay=EVERYTHING, quote="q", due_minor=1000), status=201)
    assert order["totals"] == {"gross_minor": 2000, "discount_minor": 620, "points_minor": 380, "due_minor": 1000}
    assert order["earned"] == quote["forecast"]
    # What comes back is what was paid: the points, and not what the house bore.
    back = {"source": "till", "occurred_at": order["receipt"]["occurred_at"], "store": "s1"}
    receipt = await post(site, "/v1/orders/o/cancel", back, status=201)
    assert [each["points"] for each in receipt["points"] if each["kind"] == "reverse"] == [380]
    assert (await balances(site, order["member"]))["available"] == left
    async with site.database.snapshot() as read:
        assert (await spine.check(read)).is_sound


async def test_a_quote_of_what_nobody_lacks_costs_the_house_nothing(site: Site, basket: Basket) -> None:
    await earn(site, basket)
    quote = await post(site, "/v1/quotes", basket("q", 4000, reserve_seconds=60), status=201)
    assert quote["totals"]["due_minor"] == 4000
    await wait(site, timedelta(minutes=2))
    order = await post(site, "/v1/orders", basket("o", 4000, quote="q", due_minor=4000), status=201)
    assert (order["discounts"], order["earned"]) == ([], quote["forecast"])
    assert "honoured_at_loss" not in [each["code"] for each in order["receipt"]["reasons"]]

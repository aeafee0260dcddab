"""A till while the server answers: quoted, reserved, bought as quoted, brought back; and what it does when refused."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from regulars.base import clock
from regulars.kernel import spine
from regulars_till import Basket, Drained, Line, Till
from tests.faults.wire import Wire, open_wire
from tests.http.site import BARE
from tests.till_client.engine import CARD, PROGRAM, Engine, change

LARGE = Basket(lines=(Line(sku="rice", amount_minor=100_000),), member=CARD)
COUPONS = Basket(lines=(Line(sku="rice", amount_minor=4_000),), member=CARD, coupons=("ABCD",))
PAYING = Basket(lines=(Line(sku="rice", amount_minor=1_000),), member=CARD, pay={"points": 5_000})
RESERVED_SECONDS = 600

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
async def till(engine: Engine, folder: Path) -> AsyncGenerator[Till]:
    """A till, a server that answers, a member with 1,000 points, and a code."""
    await engine.start()
    headers = {"Authorization": f"Bearer {engine.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{engine.port}", headers=headers, verify=BARE, timeout=60
    ) as client:
        body = {"batch": "letters", "codes": ["ABCD"], "valid_until": "2090-01-01T00:00:00Z"}
        assert (await client.post("/v1/coupons/ten/codes", json=body)).status_code == 201
    with engine.open_till(folder) as opened:
        sold = await asyncio.to_thread(opened.commit, LARGE)
        assert (sold.status, sold.due_minor, sold.notes) == ("committed", 100_000, ())
        yield opened


async def call(function: Any, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever the till's call gives
    return await asyncio.to_thread(lambda: function(*given, **more))


async def wait(engine: Engine, span: timedelta) -> None:
    async with engine.database.transaction() as tx:
        await clock.set_now(tx, await clock.now(tx) + span)


async def is_sound(engine: Engine) -> bool:
    async with engine.database.snapshot() as read:
        return (await spine.check(read)).is_sound


async def test_points_and_a_kept_quote_pay_what_they_said(engine: Engine, till: Till) -> None:
    quoted = await call(till.quote, PAYING, show=["hints"])
    assert (quoted.status, quoted.due_minor, quoted.paid_minor) == ("online", 500, 500)
    kept = await call(till.quote, PAYING, reserve_seconds=RESERVED_SECONDS)
    assert (kept.status, kept.due_minor, kept.reserves) == ("online", 500, True)
    assert kept.valid_until is not None
    sold = await call(till.commit, PAYING, kept)
    assert (sold.status, sold.due_minor, sold.notes) == ("committed", 500, ())
    assert sold.receipt["paid"] == [{"offer": "paying", "currency": "points", "points": 500, "amount_minor": 500}]
    # 500 of 1,000 are left, and 5 were earned.
    assert await engine.count_points() == 505
    let_go = await call(till.quote, PAYING, reserve_seconds=RESERVED_SECONDS)
    assert await call(till.release, let_go)
    assert till.status().pending == 0
    assert await is_sound(engine)


async def test_what_is_bought_online_comes_back_once(engine: Engine, till: Till) -> None:
    sold = await call(till.commit, PAYING)
    back = await call(till.return_, sold.id, lines=[{"line": 1, "amount_minor": 100, "quantity_milli": 100}])
    assert back.status == "committed"
    too_much = await call(till.return_, sold.id, lines=[{"line": 1, "amount_minor": 900, "quantity_milli": 1000}])
    assert (too_much.status, too_much.notes) == ("refused", ("return_too_large",))
    gone = await call(till.cancel, sold.id)
    assert (gone.status, gone.id) == ("committed", f"cancel:{sold.id}")
    assert await engine.count_points() == 1_000
    assert await call(till.drain) == Drained()


async def test_a_sale_cancelled_offline_never_was(engine: Engine, till: Till) -> None:
    sold = await call(till.commit, LARGE)
    await engine.stop()
    assert (await call(till.cancel, sold.id)).status == "queued"
    await engine.start()
    assert await call(till.drain) == Drained(recorded=1)
    assert await engine.count_points() == 1_000


async def test_what_was_quoted_and_is_gone_is_borne_by_the_shop(engine: Engine, till: Till) -> None:
    kept = await call(till.quote, COUPONS, reserve_seconds=60)
    assert kept.due_minor == 3_000
    await wait(engine, timedelta(minutes=2))
    assert (await call(till.commit, COUPONS)).due_minor == 3_000, "somebody else takes the code"
    sold = await call(till.commit, COUPONS, kept)
    assert (sold.status, sold.due_minor, sold.notes) == ("committed", 3_000, ("honoured_at_loss",))
    assert "shop bears" in sold.tell()
    assert await is_sound(engine)


@pytest.mark.parametrize(
    ("changed", "status", "notes"),
    [
        # Another programme with the same price: nobody notices.
        (PROGRAM.replace("per_minor: 100", "per_minor: 50"), "committed", ()),
        # Another price: the customer pays what was quoted, and the server is told what was paid.
        (PROGRAM.replace("minor: 1000", "minor: 1"), "queued", ("total_differs",)),
    ],
)
async def test_a_quote_that_is_outdated_blocks_no_sale(
    engine: Engine, till: Till, changed: str, status: str, notes: tuple[str, ...]
) -> None:
    kept = await call(till.quote, COUPONS, reserve_seconds=60)
    await change(engine.database, changed)
    await wait(engine, timedelta(minutes=2))
    sold = await call(till.commit, COUPONS, kept)
    assert (sold.status, sold.due_minor, sold.notes) == (status, 3_000, notes)
    assert await call(till.drain) == Drained(recorded=1 if status == "queued" else 0)
    assert await is_sound(engine)


async def test_a_quoted_sale_goes_with_the_queue_and_takes_its_code_though_the_quote_is_outdated(
    engine: Engine, till: Till
) -> None:
    kept = await call(till.quote, COUPONS, reserve_seconds=60)
    await change(engine.database, PROGRAM.replace("per_minor: 100", "per_minor: 50"))
    await engine.stop()
    sold = await call(till.commit, COUPONS, kept)
    assert (sold.status, sold.due_minor, sold.notes) == ("queued", 3_000, ())
    await wait(engine, timedelta(minutes=2))
    await engine.start()
    assert await call(till.drain) == Drained(recorded=1)
    # Two points for each unit of what was paid.
    assert await engine.count_points() == 1_060


async def test_points_that_cannot_be_taken_are_due_as_money(engine: Engine, till: Till) -> None:
    kept = await call(till.quote, PAYING, reserve_seconds=60)
    await engine.stop()
    sold = await call(till.commit, PAYING, kept)
    assert (sold.status, sold.due_minor, sold.notes) == ("queued", 1_000, ("points_not_taken",))
    await engine.start()
    assert await call(till.drain) == Drained(recorded=1)
    await wait(engine, timedelta(minutes=2))
    assert (await call(till.commit, LARGE)).status == "committed"
    assert await engine.count_points() == 1_000 + 10 + 1_000


TEA_WEEK = Basket(
    lines=(Line(sku="tea", amount_minor=1_255), Line(sku="rice", amount_minor=1_000), Line(sku="tea", amount_minor=99)),
    member=CARD,
    coupons=("held:week:all",),
)


async def test_what_everybody_gets_is_the_same_online_and_offline(engine: Engine, till: Till) -> None:
    online = await call(till.quote, TEA_WEEK)
    assert online.due_minor == 2_354 - 135
    assert await call(till.refresh)
    await engine.stop()
    offline = await call(till.quote, TEA_WEEK)
    assert (offline.status, offline.due_minor, offline.notes) == ("local", online.due_minor, ())
    told = [(each.offer, each.line, each.amount_minor) for each in online.discounts]
    assert [(each.offer, each.line, each.amount_minor) for each in offline.discounts] == told
    # Without having asked for a price, too; and a code that only the server knows is left out.
    sold = await call(till.commit, TEA_WEEK)
    assert (sold.status, sold.due_minor, sold.notes) == ("queued", online.due_minor, ())
    assert sum(line.get("coupon_discount_minor", 0) for line in sold.activity["lines"]) == 135
    both = Basket(lines=TEA_WEEK.lines, member=CARD, coupons=(*TEA_WEEK.coupons, "ABCD"))
    assert (await call(till.commit, both)).notes == ("coupons_not_taken",)
    await engine.start()
    assert await call(till.drain) == Drained(recorded=2)
    # What was quoted offline is bought as it is while the server answers again.
    assert (await call(till.commit, TEA_WEEK, offline)).status == "committed"
    assert await engine.count_points() == 1_000 + 3 * 22
    assert await is_sound(engine)


async def test_an_order_whose_answer_is_lost_counts_once(engine: Engine, till: Till, tmp_path: Path) -> None:
    wire = Wire(port=engine.port, marks=(b"POST /v1/orders ",), cuts_left=2)
    kept = await call(till.quote, COUPONS, reserve_seconds=60)
    async with open_wire(wire) as port:
        with engine.open_till(tmp_path / "other", name="t18", port=port) as other:
            # Asked twice on one line, and both answers are lost.
            assert (await call(other.commit, LARGE)).status in {"queued", "committed"}
            assert (await call(other.commit, COUPONS, kept)).status in {"queued", "committed"}
            drained = await call(other.drain)
            assert (drained.left, drained.recorded, drained.put_aside) == (0, 0, 0)
    assert wire.cut == 2
    assert await call(till.drain) == Drained()
    assert await engine.count_points() == 1_000 + 1_000 + 30
    assert await is_sound(engine)

"""Vouchers and codes of a real server, taken while it is away."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from regulars_till import Basket, Drained, Line
from tests.http.site import BARE
from tests.till_client.engine import CARD, Engine, count_points

WORTH = 300
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("patient")


async def call(client: httpx.AsyncClient, path: str, body: dict[str, Any], name: str = "") -> dict[str, Any]:
    answered = await client.post(path, json=body, headers={"Idempotency-Key": name} if name else {})
    assert answered.status_code in {200, 201}, answered.text
    return answered.json()


async def test_a_voucher_taken_at_two_tills_costs_the_member_once_and_the_code_says_who_it_is(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    await engine.start()
    headers = {"Authorization": f"Bearer {engine.key}"}
    big = Basket(lines=(Line(sku="tea", amount_minor=50_000),), member=CARD)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{engine.port}", headers=headers, verify=BARE, timeout=60
    ) as client:
        with engine.open_till(folder) as one, engine.open_till(tmp_path / "other", name="t18") as other:
            await asyncio.to_thread(one.commit, big)
            await asyncio.to_thread(one.drain)
            sought = {"identifier": {"kind": CARD.kind, "value": CARD.value}}
            member = (await call(client, "/v1/members/lookup", sought))["member"]
            asked = {
                "source": "app",
                "occurred_at": datetime.now(tz=UTC).isoformat(),
                "currency": "points",
                "points": WORTH,
                "store": "367",
            }
            token = (await call(client, f"/v1/members/{member}/vouchers", asked, "v-1"))["token"]
            code = (await call(client, f"/v1/members/{member}/code", {}))["code"]
            assert await count_points(client) in {500, 500 - WORTH}
            for till in (one, other):
                assert await asyncio.to_thread(till.refresh)
            await engine.stop()
            for till in (one, other):
                taken = await asyncio.to_thread(till.take_voucher, token)
                assert (taken.is_taken, taken.worth_minor, taken.money) == (True, WORTH, "CNY")
                assert (await asyncio.to_thread(till.take_voucher, token)).code == "voucher_used"
                assert str(till.check_code(code).member) == member
            await engine.start()
            for till in (one, other):
                assert await asyncio.to_thread(till.drain) == Drained(recorded=1)
                # Told of it by the server now: a till that has never seen it does not take it either.
                await asyncio.to_thread(till.refresh)
            with engine.open_till(tmp_path / "third", name="t19") as third:
                await asyncio.to_thread(third.refresh)
                assert (await asyncio.to_thread(third.take_voucher, token)).code == "voucher_revoked"
        assert await count_points(client) == 500 - WORTH


@pytest.mark.parametrize(("off", "corrected"), [(DAY, 1), (-DAY, 0)], ids=["ahead", "behind"])
async def test_a_clock_off_by_a_day_neither_blocks_a_voucher_nor_loses_it(
    engine: Engine, folder: Path, off: timedelta, corrected: int
) -> None:
    await engine.start()
    headers = {"Authorization": f"Bearer {engine.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{engine.port}", headers=headers, verify=BARE, timeout=60
    ) as client:
        with engine.open_till(folder) as till:
            sold = await asyncio.to_thread(
                till.commit, Basket(lines=(Line(sku="tea", amount_minor=50_000),), member=CARD)
            )
            assert sold.receipt is not None
            member = sold.receipt["member"]
            asked = {
                "source": "app",
                "occurred_at": datetime.now(tz=UTC).isoformat(),
                "currency": "points",
                "points": WORTH,
                "valid_seconds": 7 * 86_400,
            }
            token = (await call(client, f"/v1/members/{member}/vouchers", asked, "v-1"))["token"]
            assert await asyncio.to_thread(till.refresh)
        await engine.stop()
        # It starts without a line, and with a clock that nobody has told it to be wrong.
        with engine.open_till(folder, wall=lambda: datetime.now(tz=UTC) + off) as till:
            taken = await asyncio.to_thread(till.take_voucher, token)
            assert (taken.is_taken, taken.code) == (True, "voucher_taken")
            await engine.start()
            # One that is dated ahead is refused first, and then said as the server's clock has it.
            assert await asyncio.to_thread(till.drain) == Drained(recorded=1, corrected=corrected)
            assert abs(abs(till.status().clock_off_seconds) - 86_400) < 60
            assert (await asyncio.to_thread(till.take_voucher, token)).code == "voucher_revoked"
            assert till.status().aside == {}
        assert await count_points(client) == 500 - WORTH

"""What the house bore so that a sale could go on stands in the day's report, as the doors recorded it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.kernel import program, spine
from tests.http.site import Site
from tests.orders.conftest import PROGRAM

AT = datetime.now(tz=UTC)
DAY = AT.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()


@pytest.fixture
async def published(database: Database, house: spine.House) -> None:
    """A programme with a coupon that can be gone, and points that can become a voucher."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(PROGRAM), live_from=now - timedelta(days=365), by="a test", at=now)


async def post(site: Site, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await site.client.post(path, json=body, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def basket(name: str, card: str = "1", **more: object) -> dict[str, Any]:
    return {
        "id": name,
        "source": "till/s1",
        "occurred_at": AT.isoformat(),
        "store": "s1",
        "member": {"identifier": {"kind": "card", "value": card}},
        "lines": [{"sku": "tea", "amount_minor": 4000}],
        **more,
    }


async def test_losses_are_accepted_and_named(site: Site) -> None:
    member = (await post(site, "/v1/orders", basket("t1-1")))["member"]
    await post(site, "/v1/coupons/ten/codes", {"batch": "l", "codes": ["ABCD"], "valid_until": "2090-01-01T00:00:00Z"})
    await post(site, "/v1/quotes", basket("q", coupons=["ABCD"], reserve_seconds=60))
    asked = {"source": "app", "occurred_at": AT.isoformat(), "currency": "points", "points": 100}
    voucher = (await post(site, f"/v1/members/{member}/vouchers", asked, **{"Idempotency-Key": "v"}))["voucher"]
    async with site.database.transaction() as tx:
        await clock.set_now(tx, await clock.now(tx) + timedelta(minutes=2))
    await post(site, "/v1/orders", basket("t1-2", card="2", coupons=["ABCD"]))
    await post(site, "/v1/orders", basket("t1-3", coupons=["ABCD"], quote="q", due_minor=3000))
    for name in ("t1-4", "t2-1"):
        used = basket(name, kind="voucher_used", lines=[], ask={"voucher": voucher})
        await post(site, "/v1/activities", used)

    told = {"store": "s1", "first": 1, "last": 4, "count": 3, "gross_minor": 12_000, "due_minor": 10_000}
    await post(site, f"/v1/tills/t1/days/{DAY}", told)
    report = await post(site, f"/v1/stores/s1/days/{DAY}/reconcile", {})
    assert [(each["kind"], each["state"], each["amount_minor"]) for each in report["counts"]] == [
        ("loss", "accepted_loss", 1000)
    ]
    assert (report["day"]["ledger_sales"], report["is_settled"], report["lost_minor"]) == (5, True, 1000)
    span = {"first": DAY, "last": DAY, "state": "accepted_loss"}
    losses = (await site.client.get("/v1/differences", params=span)).json()["differences"]
    assert sorted((each["name"], each["detail"]) for each in losses) == [
        ("t1-3:honoured_at_loss", "honoured_at_loss"),
        ("t2-1:presented_twice", "presented_twice: 100 points"),
    ]

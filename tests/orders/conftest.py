"""A shop whose programme takes coupons, lets points pay half of a basket, and gives more for a large one."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.kernel import program, spine
from tests.http.site import Site, run_site
from tests.invariants.history import make_house

PROGRAM = """
program: corner
name: {en: Corner shop, zh-CN: 街角小店}
time_zone: Asia/Shanghai
money: CNY
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, months: 12}
    value: {minor: 1, per_points: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 10}
  - id: large
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100, step_minor: 100, minimum_minor: 5000}
  - id: ten
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: ten
      title: {en: Ten off, zh-CN: 立减十元}
      effect: {type: amount, minor: 1000}
  - id: paying
    mechanic: pay
    on: [purchase]
    settings: {currency: points, points: 10, minor: 10, step: 10, minimum: 20, share_permille: 500}
"""

Call = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def house() -> spine.House:
    return make_house()


@pytest.fixture
async def site(database: Database, house: spine.House, tmp_path: Path) -> AsyncGenerator[Site]:
    async with database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM)
        await spine.publish(tx, document, live_from=now - timedelta(days=365), by="a test", at=now)
    async for each in run_site(database, house, app(Settings(data_dir=tmp_path), database, house)):
        yield each


@pytest.fixture
def basket() -> Callable[..., dict[str, Any]]:
    def make(name: str, *amounts: int, card: str | None = "8801", **more: object) -> dict[str, Any]:
        member = {} if card is None else {"member": {"identifier": {"kind": "card", "value": card}}}
        return {
            "id": name,
            "source": "till",
            "occurred_at": datetime.now(tz=UTC).isoformat(),
            "store": "s1",
            "lines": [{"sku": f"sku-{place}", "amount_minor": minor} for place, minor in enumerate(amounts)],
            **member,
            **more,
        }

    return make

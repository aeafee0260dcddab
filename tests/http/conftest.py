"""A site for each test: a server with the corner shop's programme, and a client that may do everything."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.kernel import program, spine
from tests.http.site import Purchase, Site, run_site

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
    settings: {currency: points, points: 1, per_minor: 100}
"""


@pytest.fixture
def house() -> spine.House:
    return make_house()


def make_house() -> spine.House:
    return spine.House(keyring=Keyring.derive({1: b"k" * 32}, current=1), versions=program.Versions(), new_id=new_id)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def published(database: Database, house: spine.House) -> None:
    """The corner shop's programme, live for a year."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM)
        await spine.publish(tx, document, live_from=now - timedelta(days=365), by="a test", at=now)


@pytest.fixture
async def site(database: Database, house: spine.House, settings: Settings, published: None) -> AsyncGenerator[Site]:
    async for each in run_site(database, house, app(settings, database, house)):
        yield each


@pytest.fixture
def purchase() -> Purchase:
    def make(name: str = "r-1", *, minor: int = 1250, card: str = "2469 0001", **others: object) -> dict[str, Any]:
        return {
            "id": name,
            "source": "till",
            "kind": "purchase",
            "occurred_at": datetime.now(tz=UTC).isoformat(),
            "member": {"identifier": {"kind": "card", "value": card}},
            "store": "s1",
            "lines": [{"sku": "tea", "amount_minor": minor, "categories": ["DRINKS"]}],
            **others,
        }

    return make

"""Members who come in by themselves, and what they buy: for stories of the member app and the register."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from regulars.base import clock
from tests.http.site import BARE
from tests.web.stage import Stage

__all__ = ["LINES", "Shopper", "buy", "come_in", "show_codes"]

LINES = (
    {"sku": "bananas", "amount_minor": 450, "categories": ["PRODUCE"]},
    {"sku": "chicken", "amount_minor": 4_200, "categories": ["MEAT"], "brand": "National"},
    {"sku": "oat milk", "amount_minor": 30_350, "categories": ["GROCERY"], "brand": "Private"},
)


@dataclass(frozen=True, kw_only=True)
class Shopper:
    """Somebody who is a member, and signed in."""

    member: str
    token: str


async def show_codes(stage: Stage) -> None:
    """Make it a demo: codes are shown and not sent. The clock shows what it showed."""
    stage.office.state.settings = replace(stage.office.state.settings, show_codes=True)
    async with stage.site.database.transaction() as tx:
        await clock.begin_sandbox(tx, await clock.now(tx))


async def come_in(stage: Stage, mail: str = "mei@example.com") -> Shopper:
    """Join with an address, and stay signed in."""
    async with httpx.AsyncClient(base_url=stage.site.url, timeout=60, verify=BARE) as client:
        asked = await client.post("/v1/entry/join", json={"contact": {"kind": "email", "value": mail}})
        assert asked.status_code == 202, asked.text
        told = {"attempt": asked.json()["attempt"], "code": asked.json()["code"]}
        joined = await client.post("/v1/entry/join/try", json=told)
        assert joined.status_code == 200, joined.text
    return Shopper(member=joined.json()["session"]["member"], token=joined.json()["token"])


async def buy(
    stage: Stage,
    shopper: Shopper,
    name: str,
    *,
    days_ago: int = 0,
    lines: tuple[dict[str, Any], ...] = LINES,
    coupons: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401 - any JSON
    """Buy something, some days ago, and give the receipt."""
    at = datetime.now(tz=UTC) - timedelta(days=days_ago, seconds=1)
    sold = {
        "id": name,
        "source": "till",
        "kind": "purchase",
        "occurred_at": at.isoformat(),
        "member": {"id": shopper.member},
        "store": "s1",
        "lines": list(lines),
        "coupons": list(coupons),
    }
    return await stage.send("POST", "/v1/activities", sold, status=201)

"""Pictures of the console's pages, but for the programme's."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from playwright.async_api import Page, expect

from regulars.features import daybook
from tests.staff.people import Person
from tests.web.stage import Stage

__all__ = ["fill", "shoot"]

PLACES: Final = (
    ("members", "/console/members"),
    ("approvals", "/console/approvals"),
    ("stores", "/console/stores"),
    ("reconciliation", "/console/reconciliation"),
    ("audit", "/console/audit"),
    ("staff", "/console/staff"),
    ("keys", "/console/keys"),
    ("webhooks", "/console/webhooks"),
    ("messages", "/console/messages"),
    ("privacy", "/console/privacy"),
    ("fraud", "/console/fraud"),
    ("tasks", "/console/tasks"),
    ("imports", "/console/imports"),
)
DAYS: Final = 30
MEMBERS: Final = 13
"""Of whom each comes two days after the last."""
STORES: Final = {"367": ("Riverside", "河畔店"), "406": ("Market Square", "集市广场店")}


class Photograph(Protocol):
    """Takes a page's picture in each language and size."""

    async def __call__(self, name: str, path: str, *, staff: Person | None = None, prepare: Any = None) -> None: ...  # noqa: ANN401


async def settle(page: Page) -> None:
    """Wait until everything was read."""
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator(".ant-skeleton, .ant-spin-spinning")).to_have_count(0)


async def fill(stage: Stage) -> str:
    """Let members shop for some weeks, with stores, a webhook and something to decide; gives one of the members."""
    member = ""
    for number in range(MEMBERS):
        bought = [purchase(number, day) for day in range(1 + number % 4, DAYS - 2 * number, 3 + number % 3)]
        told = await stage.send("POST", "/v1/activities", {"activities": bought})
        member = told["results"][0]["receipt"]["member"]
    for store, (name_en, name_zh) in STORES.items():
        names = {"name_en": name_en, "name_zh": name_zh, "time_zone": "America/New_York", "region": "north"}
        await stage.send("PUT", f"/v1/stores/{store}", names)
    while page := await stage.site.database.run(lambda tx: daybook.gather(tx, stage.site.house.versions)):
        assert page > 0
    return member


def purchase(number: int, day: int) -> dict[str, Any]:
    """What one of the members bought so many days ago."""
    at = datetime.now(tz=UTC) - timedelta(days=day)
    return {
        "id": f"s-{number}-{day}",
        "source": "till",
        "kind": "purchase",
        "occurred_at": at.isoformat(),
        "member": {"identifier": {"kind": "card", "value": f"2469 00{number:02}"}},
        "store": "367" if number % 3 else "406" if number % 2 else "31782",
        "lines": [{"sku": "tea", "amount_minor": 1_000 + 791 * ((number * day) % 13), "categories": ["PRODUCE"]}],
    }


async def shoot(stage: Stage, photograph: Photograph) -> None:
    """Take the pictures."""
    member = await fill(stage)
    ann = await stage.office.work("ann.shots@example.com", "owner")
    await photograph("console-home", "/console/?days=7", staff=ann, prepare=settle)
    for name, path in PLACES:
        await photograph(f"console-{name}", path, staff=ann, prepare=settle)
    for tab in ("overview", "statement", "wallet", "activities", "household", "consents", "privacy"):
        await photograph(f"console-member-{tab}", f"/console/members/{member}?tab={tab}", staff=ann, prepare=settle)

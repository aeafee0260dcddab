"""The console's member pages: every side of a member, and nothing for whoever may not."""

import pytest
from playwright.async_api import expect

from tests.http.site import Purchase
from tests.web.stage import PHONE, WIDE, Stage, check_looks


async def buy(stage: Stage, purchase: Purchase) -> str:
    """Somebody with a card buys something; gives who it was."""
    made = await stage.send("POST", "/v1/activities", purchase("r-1", minor=12_500, store=""), status=201)
    return made["member"]


@pytest.mark.parametrize("size", [PHONE, WIDE])
async def test_every_side_of_a_member_can_be_seen(stage: Stage, purchase: Purchase, size: tuple[int, int]) -> None:
    member = await buy(stage, purchase)
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open(f"/console/members/{member}", staff=ann, size=size) as page:
        for tab in ("overview", "statement", "wallet", "household", "consents", "privacy"):
            await page.goto(f"{stage.site.url}/console/members/{member}?tab={tab}")
            await expect(page.locator(".sides a[aria-current]")).to_be_visible()
            await expect(page.locator(".ant-skeleton")).to_have_count(0)
            await expect(page.get_by_role("alert")).to_have_count(0)
            await check_looks(page)


async def test_a_role_without_the_scope_sees_no_way_to_do_it(stage: Stage, purchase: Purchase) -> None:
    member = await buy(stage, purchase)
    till = await stage.office.work("sam@example.com", "store", store="367")
    async with stage.open(f"/console/members/{member}", staff=till) as page:
        await expect(page.get_by_role("link", name="Statement")).to_be_visible()
        await expect(page.get_by_role("button", name="Adjust points")).to_have_count(0)
        await expect(page.get_by_role("link", name="Consents")).to_have_count(0)

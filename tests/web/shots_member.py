"""Pictures of the member app and the register."""

from datetime import UTC, datetime
from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.web.shopping import Shopper, buy, come_in, show_codes
from tests.web.stage import Stage

__all__ = ["shoot"]

SCREENS = {
    "member-card": "/member/",
    "member-offers": "/member/offers",
    "member-rewards": "/member/rewards",
    "member-coupons": "/member/coupons",
    "member-vouchers": "/member/vouchers",
    "member-activity": "/member/activity",
    "member-privacy": "/member/privacy",
    "member-give": "/member/give",
    "member-invite": "/member/invite",
    "member-contact": "/member/contact",
}


async def _fill_basket(page: Page) -> None:
    for number in (0, 4, 6):
        await page.locator(".goods button").nth(number).click()
    await expect(page.locator("[data-row='register.gross']")).to_be_visible()


async def _cut_the_line(page: Page) -> None:
    await _fill_basket(page)
    await page.get_by_role("radio", name="D3").check()
    await expect(page.locator("[data-row='register.gross']")).to_have_count(0)
    await expect(page.locator(".closing .main")).to_be_enabled()


async def _see_all(page: Page) -> None:
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0)


async def _make_voucher(stage: Stage, shopper: Shopper) -> None:
    told = {"id": "v-1", "occurred_at": datetime.now(tz=UTC).isoformat(), "currency": "points", "points": 400}
    async with httpx.AsyncClient(base_url=stage.site.url, timeout=60) as client:
        made = await client.post("/v1/me/vouchers", json=told, headers={"Authorization": f"Bearer {shopper.token}"})
    assert made.status_code == 201, made.text


async def shoot(stage: Stage, photograph: Any) -> None:  # noqa: ANN401 - handed in by whoever takes the pictures
    """Take every picture."""
    await show_codes(stage)
    shopper = await come_in(stage)
    for number in range(3):
        await buy(stage, shopper, f"b-{number}", days_ago=20)
    told = {"coupon": "mail-a", "reason": "a spoilt cake"}
    await stage.send("POST", f"/v1/members/{shopper.member}/coupons", told, status=201)
    await _make_voucher(stage, shopper)
    till = await stage.office.work("till@example.com", "store", store="s1")
    await photograph("member-entry", "/member/", prepare=_see_all)
    for name, path in SCREENS.items():
        await photograph(name, path, member=shopper.token, prepare=_see_all)
    await photograph("register", "/register/", staff=till, prepare=_fill_basket)
    await photograph("register-offline", "/register/", staff=till, prepare=_cut_the_line)

"""The two pages that links lead to, in a phone-wide browser: in both languages, with no network, with mistakes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect
from pyotp.totp import TOTP

from regulars.features import staff
from tests.http.site import Site

PHONE_PX = 390


@asynccontextmanager
async def open_page(browser: Browser, address: str, language: str) -> AsyncGenerator[Page]:
    """Open a page as a phone in that language would; nothing may fail in it, and nothing stick out sideways."""
    context = await browser.new_context(viewport={"width": PHONE_PX, "height": 844}, locale=language)
    page, failed = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda told: failed.append(told.text) if "Content Security Policy" in told.text else None)
    await page.goto(address)
    yield page
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE_PX
    assert failed == []
    await context.close()


async def fill(page: Page, code: str) -> None:
    given = {"email": "lin@example.com", "name": "林 <b>x</b> 🎉", "password": "four words of mine 7", "code": code}
    for name, value in given.items():
        await page.fill(f"#{name}", value)
    await page.click("#go")


@pytest.mark.parametrize(
    ("language", "offline", "wrong", "ready", "used"),
    [
        ("en-GB", "cannot be reached", "not the one", "Your account is ready", "was used, or has ended"),
        ("zh-CN", "连不上服务器", "验证码不对", "账户已开通", "链接无效"),
    ],
)
async def test_the_first_owner_sets_up_their_account(
    site: Site, browser: Browser, language: str, offline: str, wrong: str, ready: str, used: str
) -> None:
    async with site.database.transaction() as tx:
        invited = await staff.invite_first(tx, at=datetime.now(tz=UTC))
    address = f"{site.url}/welcome#{invited.token}"
    async with open_page(browser, address, language) as page:
        await expect(page.locator("#drawing svg path")).not_to_have_count(0)
        await page.context.set_offline(True)
        await fill(page, "000000")
        await expect(page.locator("#state")).to_contain_text(offline)
        await page.context.set_offline(False)
        await fill(page, "000000")
        await expect(page.locator("#state")).to_contain_text(wrong)
        await fill(page, TOTP(await page.inner_text("#secret")).now())
        await expect(page.locator("#done")).to_be_visible()
        await expect(page.locator("#done")).to_contain_text(ready)
        assert len((await page.inner_text("#recovery")).split()) == 10
        assert "#" not in page.url, "the link is not left behind in the browser's history"
    async with open_page(browser, address, language) as page:
        await expect(page.locator("#state")).to_contain_text(used)
        await expect(page.locator("#form")).to_be_hidden()


async def test_a_link_that_undoes_nothing_says_so_in_the_language_that_is_chosen(site: Site, browser: Browser) -> None:
    async with open_page(browser, f"{site.url}/undo#ru_none", "en-GB") as page:
        await page.click("#undo")
        await expect(page.locator("#state")).to_contain_text("nothing to be undone")
        await page.click("#other")
        await page.click("#undo")
        await expect(page.locator("#state")).to_contain_text("请联系客服")

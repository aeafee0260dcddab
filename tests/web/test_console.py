"""The console's frame: signing in with a phone's code, languages, a session that ends over unsaved work."""

import pytest
from playwright.async_api import expect

from tests.staff.people import PASSWORD
from tests.web.stage import LANGUAGES, PHONE, WIDE, Stage, find_barriers, sticks_out

WORDS = {
    "en-GB": ("E-mail", "Continue", "Sign in", "Hello, Ann Lee", "is wrong", "not right"),
    "zh-CN": ("邮箱", "下一步", "登 录", "Ann Lee，您好", "不对", "不对"),
}


@pytest.mark.parametrize("size", [PHONE, WIDE])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_signs_in_with_their_phone(stage: Stage, language: str, size: tuple[int, int]) -> None:
    ann = await stage.office.join("ann@example.com", "owner")
    mail, further, go, hello, wrong, not_right = WORDS[language]
    async with stage.open("/console/", language=language, size=size) as page:
        await expect(page.get_by_label(mail)).to_be_visible()
        assert await find_barriers(page) == []
        await page.get_by_label(mail).fill(ann.email)
        await page.locator("input[type=password]").fill("not this one at all")
        await page.get_by_role("button", name=further).click()
        await expect(page.get_by_role("alert")).to_contain_text(wrong)
        await page.locator("input[type=password]").fill(PASSWORD)
        await page.get_by_role("button", name=further).click()
        code = page.locator("input[autocomplete=one-time-code]")
        await code.fill("000000")
        await page.get_by_role("button", name=go).click()
        await expect(page.get_by_role("alert")).to_contain_text(not_right)
        await code.fill(stage.office.code(ann))
        await page.get_by_role("button", name=go).click()
        await expect(page.get_by_role("heading", name=hello)).to_be_visible()
        assert await find_barriers(page) == []
        assert await sticks_out(page) <= 0


async def test_who_is_signed_in_comes_back_to_their_page(stage: Stage) -> None:
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open("/console/", staff=ann) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ann Lee")
        await page.get_by_role("button", name="中文").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ann Lee，您好")
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ann Lee，您好")

"""The member app: a session that ends in the middle, points for a friend, an invitation, another address."""

import re

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.http.site import BARE
from tests.web.shopping import Shopper, buy, come_in, show_codes
from tests.web.stage import LANGUAGES, PHONE, Stage, find_barriers, sticks_out

WORDS = {
    "en-GB": {
        "to": "Whose phone number", "many": "How many", "next": "Go on", "give": "Give them now",
        "given": "They are given", "contact": "Phone number or e-mail", "send": "Send me a code",
        "code": "Code", "in": "Come in",
        "out": "You were signed out", "say": "say so now", "invited": "I was invited", "known": "Thank you",
    },
    "zh-CN": {
        "to": "好友的手机号或邮箱", "many": "转赠数量", "next": "下一步", "give": "确认转赠", "given": "转赠成功",
        "contact": "手机号或邮箱", "send": "获取验证码", "code": "验证码", "in": "进入",
        "out": "登录已失效", "say": "点此登记", "invited": "确认受邀", "known": "谢谢",
    },
}  # fmt: skip


@pytest.fixture
async def shopper(stage: Stage) -> Shopper:
    """A member with 594 points that can be used."""
    await show_codes(stage)
    made = await come_in(stage)
    await buy(stage, made, "b-0", days_ago=20)
    return made


async def read_code(within: Locator) -> str:
    """Read the code that is shown in a demo."""
    told = within.get_by_text(re.compile(r"\d{6}"))
    await expect(told).to_be_visible()
    shown = re.search(r"\d{6}", await told.inner_text())
    assert shown is not None
    return shown[0]


async def prove(page: Page) -> None:
    """Show by a code that it is still the member."""
    proof = page.get_by_role("dialog").last
    await proof.locator(".button.main").click()
    code = await read_code(proof)
    await proof.locator("input").fill(code)
    await proof.locator(".button.main").click()


async def end_sessions(stage: Stage, shopper: Shopper) -> None:
    """Sign a member out everywhere, from somewhere else."""
    async with httpx.AsyncClient(base_url=stage.site.url, timeout=60, verify=BARE) as client:
        headers = {"Authorization": f"Bearer {shopper.token}"}
        assert (await client.post("/v1/me/sign-out-everywhere", headers=headers)).status_code == 200


async def hold(stage: Stage, member: str) -> int:
    view = await stage.send("GET", f"/v1/members/{member}")
    return {each["currency"]: each["available"] for each in view["balances"]}.get("points", 0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_session_that_ends_loses_nothing(stage: Stage, shopper: Shopper, language: str) -> None:
    words, friend = WORDS[language], await come_in(stage, "wei@example.com")
    async with stage.open("/member/give", language=language, size=PHONE, member=shopper.token) as page:
        await page.get_by_label(words["to"]).fill("wei@example.com")
        await page.get_by_label(words["many"]).fill("94")
        await page.get_by_role("button", name=words["next"], exact=True).click()
        await end_sessions(stage, shopper)
        await page.get_by_role("button", name=words["give"], exact=True).click()
        again = page.locator("dialog.again")
        await expect(again).to_be_visible()
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        kept = await page.evaluate("Object.keys(localStorage).filter(each => each.startsWith('regulars.kept.me'))")
        assert kept == [], "whoever takes the phone now finds nothing on it"
        await page.keyboard.press("Escape")
        await again.get_by_label(words["contact"]).fill("mei@example.com")
        await again.get_by_role("button", name=words["send"]).click()
        await again.get_by_label(words["code"], exact=True).fill(await read_code(again))
        await again.get_by_role("button", name=words["in"], exact=True).click()
        await expect(again).to_have_count(0)
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text("wei@example.com")
        await expect(sheet.get_by_role("alert")).to_contain_text(words["out"])
        await sheet.get_by_role("button", name=words["give"], exact=True).click()
        await expect(page.get_by_role("heading", name=words["given"])).to_be_visible()
        assert await find_barriers(page) == []
    assert (await hold(stage, shopper.member), await hold(stage, friend.member)) == (500, 94)


async def test_somebody_else_who_comes_in_sees_nothing_of_it(stage: Stage, shopper: Shopper) -> None:
    other = await come_in(stage, "wei@example.com")
    async with stage.open("/member/give", size=PHONE, member=shopper.token) as page:
        await page.get_by_label("Whose phone number").fill("secret@example.com")
        await end_sessions(stage, shopper)
        await page.evaluate("window.dispatchEvent(new Event('regulars:signed-out'))")
        again = page.locator("dialog.again")
        await again.get_by_label("Phone number or e-mail").fill("wei@example.com")
        await again.get_by_role("button", name="Send me a code").click()
        await again.get_by_label("Code", exact=True).fill(await read_code(again))
        await again.get_by_role("button", name="Come in", exact=True).click()
        await expect(again).to_have_count(0)
        await expect(page.get_by_text("no points to give").or_(page.get_by_label("Whose phone number"))).to_be_visible()
        await expect(page.get_by_text("594")).to_have_count(0)
        typed = await page.evaluate("[...document.querySelectorAll('input')].map(each => each.value).join()")
        assert "secret" not in typed
    assert await hold(stage, other.member) == 0


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_friend_is_invited_and_says_so(stage: Stage, shopper: Shopper, language: str) -> None:
    words = WORDS[language]
    async with stage.open("/member/invite", language=language, size=PHONE, member=shopper.token) as page:
        await expect(page.locator("svg.qr")).to_be_visible()
        link = await page.locator(".linktext").inner_text()
        await expect(page.get_by_text("500").first).to_be_visible()
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
    async with stage.open(link.removeprefix(stage.site.url), language=language, size=PHONE) as page:
        assert "by=" not in page.url, "a reload brings it not again"
        await page.get_by_label(words["contact"]).fill("wei@example.com")
        await page.get_by_role("button", name=words["send"]).click()
        entry = page.locator("main.entry")
        await page.get_by_label(words["code"], exact=True).fill(await read_code(entry))
        await page.get_by_role("button", name=words["in"], exact=True).click()
        await page.get_by_role("link", name=words["say"]).click()
        assert await find_barriers(page) == []
        await page.get_by_role("button", name=words["invited"]).click()
        await expect(page.get_by_text(words["known"])).to_be_visible()
        await page.goto(f"{stage.site.url}/member/")
        await expect(page.locator(".big")).to_be_visible()
        await expect(page.get_by_role("link", name=words["say"])).to_have_count(0)
    found = (await stage.send("POST", "/v1/members/search", {"text": "wei@example.com"}))["members"]
    view = await stage.send("GET", f"/v1/members/{found[0]['id']}")
    assert view["traits"]["referrers"] == shopper.member


async def test_a_regular_was_not_invited(stage: Stage, shopper: Shopper) -> None:
    async with stage.open("/member/?by=nonsense", size=PHONE, member=shopper.token) as page:
        await page.get_by_role("link", name="say so now").click()
        await page.get_by_role("button", name="I was invited").click()
        await expect(page.get_by_role("alert")).to_contain_text("no invitation of ours")
        await expect(page.get_by_label("link or code")).to_have_value("nonsense")
        await page.get_by_role("button", name="nobody invited me").click()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.get_by_label("link or code")).to_have_value("")


async def test_another_address_takes_the_place_of_mine(stage: Stage, shopper: Shopper) -> None:
    async with stage.open("/member/contact", language="zh-CN", size=PHONE, member=shopper.token) as page:
        # Half an hour later: first it is shown that it is still the member.
        stage.office.later(minutes=30)
        await page.get_by_label("新的手机号或邮箱").fill("new@example.com")
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        await page.get_by_role("button", name="获取验证码").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await prove(page)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        form = page.locator("form").last
        shown = await read_code(form)
        code = page.get_by_label("验证码", exact=True)
        await code.fill("000000" if shown != "000000" else "000001")
        await page.get_by_role("button", name="确认更换").click()
        await expect(page.get_by_role("alert")).to_contain_text("不正确")
        await code.fill(shown)
        await page.get_by_role("button", name="确认更换").click()
        await expect(page.get_by_role("status").filter(has_text="更换成功")).to_be_visible()
        assert await find_barriers(page) == []
    found = (await stage.send("POST", "/v1/members/search", {"text": "new@example.com"}))["members"]
    assert [each["id"] for each in found] == [shopper.member]
    assert (await stage.send("POST", "/v1/members/search", {"text": "mei@example.com"}))["members"] == []

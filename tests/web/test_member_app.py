"""The member app: the code in a basement, every screen, privacy; and what it weighs."""

import asyncio
import gzip
import re
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
import segno
from playwright.async_api import Page, Response, expect

from regulars.interfaces.http.pages import BUILT
from tests.web.scanning import is_fixed, read_text
from tests.web.shopping import Shopper, buy, come_in, show_codes
from tests.web.stage import LANGUAGES, PHONE, TABLET, Stage, Words, button, find_barriers, sticks_out

FIRST_PAINT_BYTES_MAX = 100_000
COUPON = "mail-a"
NOTICE = {"purpose": "marketing", "en": "We tell you of offers.", "zh": "向您推送优惠活动。"}
SCREENS = (
    "",
    "points",
    "offers",
    "rewards",
    "coupons",
    "vouchers",
    "activity",
    "mine",
    "inbox",
    "household",
    "privacy",
    "security",
    "give",
    "invite",
    "contact",
)


ALL_KEPT: Final = """async () => {
    const kept = await caches.open("regulars-pages-1");
    const files = performance.getEntriesByType("resource").map(each => each.name).filter(it => it.includes("/assets/"));
    if (!files.some(each => each.includes("/assets/security-"))) return false;
    for (const each of files) if (await kept.match(each) === undefined) return false;
    return true;
}"""
"""Whether the last of the screens has come, and every file that came is kept: each by its name, for the page is too."""


@pytest.fixture
async def shopper(stage: Stage) -> Shopper:
    """A member who bought something twenty days ago, three times: the points can be used by now."""
    await show_codes(stage)
    made = await come_in(stage)
    for number in range(3):
        await buy(stage, made, f"b-{number}", days_ago=20)
    return made


async def test_the_code_is_shown_in_a_basement(stage: Stage, shopper: Shopper) -> None:
    async with stage.open("/member/", language="zh-CN", size=PHONE, member=shopper.token) as page:
        await expect(page.locator("svg.qr")).to_be_visible()
        await expect(page.locator(".big")).to_contain_text("1,782")
        await page.get_by_role("link", name="活动").click()
        await expect(page.get_by_text("鲜蔬集章").first).to_be_visible()
        # The worker keeps every screen, and then the network is gone.
        await page.wait_for_function(ALL_KEPT)
        await page.context.set_offline(True)
        await page.goto(f"{stage.site.url}/member/")
        await expect(page.locator(".big")).to_contain_text("1,782")
        qr = page.locator("svg.qr")
        await expect(qr).to_be_visible()
        code = await qr.get_attribute("data-code") or ""
        await page.get_by_role("link", name="活动").click()
        await expect(page.get_by_text("鲜蔬集章").first).to_be_visible()
    found = await stage.send("POST", "/v1/members/lookup", {"identifier": {"kind": "code", "value": code}})
    assert found["member"] == shopper.member, "the till reads the same"


async def test_the_drawing_is_what_every_scanner_reads(stage: Stage, shopper: Shopper) -> None:
    async with stage.open("/member/", size=PHONE, member=shopper.token) as page:
        check_drawing(*await read_drawing(page), version=6)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_voucher_is_made_in_the_app_and_shown_without_a_network(
    stage: Stage, shopper: Shopper, language: str
) -> None:
    words, path = Words.read(language, "member"), "/member/vouchers"
    async with stage.open(path, language=language, size=PHONE, member=shopper.token) as page:
        await page.get_by_label(words("member.vouchers.points")).fill("400")
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        await button(page, words("member.vouchers.make")).click()
        await expect(page.get_by_text(words("member.vouchers.made"))).to_be_visible()
        (mine,) = (await read_mine(stage, shopper))["vouchers"]
        await expect(page.locator("h1")).to_be_visible()
        await page.context.set_offline(True)
        await page.locator(".ticket button").click()
        token, grid = await read_drawing(page)
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        check_drawing(token, grid, version=8)
    assert (token, mine["points"], mine["worth_minor"], mine["money"]) == (mine["token"], 400, 200, "USD")
    good = await stage.send("POST", "/v1/vouchers/check", {"token": token, "store": "s1"})
    assert good["voucher"] == mine["voucher"]
    told = {"id": "u-1", "source": "till", "kind": "voucher_used", "occurred_at": datetime.now(tz=UTC).isoformat()}
    told |= {"member": {"id": shopper.member}, "ask": {"voucher": mine["voucher"]}, "store": "s1"}
    await stage.send("POST", "/v1/activities", told, status=201)
    assert (await read_mine(stage, shopper))["vouchers"] == []


async def test_the_statement_begins_with_the_newest_whatever_was_booked_last(stage: Stage, shopper: Shopper) -> None:
    newest = await buy(stage, shopper, "b-new", days_ago=1)
    oldest = await buy(stage, shopper, "b-told-late", days_ago=25)
    async with stage.open("/member/activity", language="en-GB", size=PHONE, member=shopper.token) as page:
        rows = page.locator(".rows li")
        await expect(rows).to_have_count(5)
        links = await rows.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
        # Points and stars of one purchase stand in one row.
        await expect(rows.first.locator(".amount > span")).to_have_count(2)
    ends = [f"/activity/{each['activity']}" for each in (newest, oldest)]
    assert [links[0].removeprefix("/member"), links[-1].removeprefix("/member")] == ends


async def read_mine(stage: Stage, shopper: Shopper) -> Any:  # noqa: ANN401 - any JSON
    headers = {"Authorization": f"Bearer {shopper.token}"}
    async with httpx.AsyncClient(base_url=stage.site.url, timeout=60) as client:
        return (await client.get("/v1/me/vouchers", headers=headers)).json()


async def read_drawing(page: Page) -> tuple[str, list[list[bool]]]:
    """Read what a code says, and the modules that are drawn of it."""
    qr = page.locator("svg.qr")
    await expect(qr).to_be_visible()
    code, path = await qr.get_attribute("data-code") or "", await qr.locator("path").get_attribute("d") or ""
    dark = {(int(row), int(column)) for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    side = 1 + max(row for row, _ in dark)
    return code, [[(row, column) in dark for column in range(side)] for row in range(side)]


def check_drawing(code: str, grid: list[list[bool]], *, version: int) -> None:
    """See that every scanner reads it: what holds no data is what another program draws."""
    other = segno.make_qr(code, version=version, error="l", mask=0, mode="byte", boost_error=False)
    side = len(grid)
    known = [[bool(bit) for bit in row] for row in other.matrix]
    assert read_text(known) == code, "the test can read what another program drew"
    assert read_text(grid) == code
    places = [(row, column) for row in range(side) for column in range(side) if is_fixed(row, column, side)]
    assert [grid[row][column] for row, column in places] == [known[row][column] for row, column in places]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_coupon_given_by_hand_is_in_the_app_until_it_is_used(
    stage: Stage, shopper: Shopper, language: str
) -> None:
    words, told = Words.read(language, "member"), {"coupon": COUPON, "reason": "a spoilt cake"}
    given = await stage.send("POST", f"/v1/members/{shopper.member}/coupons", told, status=201)
    title = words.name(given["title"])
    async with stage.open("/member/coupons", language=language, size=PHONE, member=shopper.token) as page:
        ticket = page.locator(".ticket").filter(has_text=words("member.coupons.own"))
        await expect(ticket).to_contain_text(title)
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        await button(ticket, words("member.coupons.use_of", title=title)).click()
        await expect(page.locator(".codetext")).to_have_text(given["code"])
        await expect(page.locator("svg.qr")).to_have_attribute("data-code", given["code"])
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        sold = await buy(stage, shopper, "with-coupon", coupons=(given["code"],))
        assert sum(each["amount_minor"] for each in sold["discounts"]) == 100
        await page.goto(f"{stage.site.url}/member/coupons")
        await expect(page.locator(".rows.dim")).to_contain_text(words("member.coupons.used"))
        await expect(page.locator(".ticket").filter(has_text=words("member.coupons.own"))).to_have_count(0)


async def test_every_screen_fits_a_phone_and_is_for_everybody(stage: Stage, shopper: Shopper) -> None:
    async with stage.open("/member/", language="zh-CN", size=PHONE, member=shopper.token) as page:
        for screen in SCREENS:
            await page.goto(f"{stage.site.url}/member/{screen}")
            await expect(page.locator("h1")).to_be_visible()
            await expect(page.locator(".skeleton")).to_have_count(0)
            assert (screen, await find_barriers(page), await sticks_out(page)) == (screen, [], 0)
    async with stage.open("/member/", size=TABLET, member=shopper.token) as page:
        await page.emulate_media(color_scheme="dark")
        await expect(page.locator("svg.qr")).to_be_visible()
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)


async def test_what_is_allowed_and_locked_is_the_members_own_affair(stage: Stage, shopper: Shopper) -> None:
    await stage.send("POST", "/v1/consents/notices", NOTICE, status=201)
    async with stage.open("/member/privacy", language="zh-CN", size=PHONE, member=shopper.token) as page:
        marketing = page.get_by_role("group", name="优惠活动推送").get_by_role("switch").first
        await marketing.click()
        await expect(marketing).to_be_checked()
        await page.get_by_role("button", name="查看注销影响").click()
        await expect(page.get_by_role("dialog")).to_contain_text("1,782 积分")
        await expect(page.get_by_role("button", name="确认注销")).to_be_disabled()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.goto(f"{stage.site.url}/member/security")
        await page.get_by_role("button", name="立即锁定").click()
        await page.get_by_role("dialog").get_by_role("button", name="立即锁定").click()
        await expect(page.get_by_text("积分已锁定")).to_be_visible()
        await page.goto(f"{stage.site.url}/member/mine")
        await page.get_by_role("button", name="退出登录").click()
        await expect(page.get_by_role("button", name="获取验证码")).to_be_visible()
        kept = await page.evaluate("Object.keys(localStorage).filter(each => each.startsWith('regulars.kept.'))")
        assert [each for each in kept if not each.startswith(("regulars.kept.me ", "regulars.kept.entry "))] == []
    entries = (await stage.send("GET", f"/v1/members/{shopper.member}/consents"))["entries"]
    assert [(each["purpose"], each["is_given"]) for each in entries] == [("marketing", True)]
    assert (await stage.send("GET", f"/v1/members/{shopper.member}/burning"))["burning"] == "off"


async def test_the_first_paint_is_light(stage: Stage) -> None:
    await show_codes(stage)
    shopper = await come_in(stage)
    fetched = list[str]()

    def note(answer: Response) -> None:
        if answer.url.endswith(".js") and not answer.url.endswith("worker.js"):
            fetched.append(answer.url)

    async with stage.open("/member/icon.svg", size=PHONE, member=shopper.token) as page:
        await _keep_to_first_paint(page)
        page.on("response", note)
        await page.goto(f"{stage.site.url}/member/")
        await expect(page.locator("svg.qr")).to_be_visible()
        names = {url.split("/assets/")[1] for url in fetched}
    sizes = await asyncio.to_thread(
        lambda: [len(gzip.compress((BUILT / "assets" / each).read_bytes())) for each in names]
    )
    assert 60_000 < sum(sizes) < FIRST_PAINT_BYTES_MAX, sizes


async def _keep_to_first_paint(page: Page) -> None:
    """Leave out the worker, which fetches the other screens ahead once the first is there."""
    await page.add_init_script("delete Object.getPrototypeOf(navigator).serviceWorker")

"""The register without a line: offers for everybody, signed vouchers, and the server's word on both when it is back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route, expect

from regulars.base import clock
from regulars.kernel import program, spine
from tests.staff.people import Person
from tests.web.shopping import Shopper, buy, come_in, show_codes
from tests.web.stage import PHONE, WIDE, Stage, find_barriers, sticks_out

GROCER = Path(__file__).parents[2] / "programs/grocer.yaml"
TENTH = """
  - id: neighbours
    name: {en: A tenth for the neighbours, zh-CN: 街坊九折}
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: neighbours
      title: {en: A tenth off fresh goods, zh-CN: 生鲜九折}
      effect: {type: percent, permille: 100}
      everybody: true
      lines: {categories: [PRODUCE, MEAT]}
"""


async def prepare(stage: Stage) -> tuple[Person, Shopper]:
    """A till's person in the store s1, a coupon that everybody has, and a member with 594 points that can be used."""
    await show_codes(stage)
    shopper = await come_in(stage)
    await buy(stage, shopper, "b-0", days_ago=20)
    async with stage.site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(GROCER.read_text().replace("\noffers:\n", f"\noffers:\n{TENTH}", 1))
        await spine.publish(tx, document, live_from=now - timedelta(days=1), by="a test", at=now)
    return await stage.office.work("till@example.com", "store", store="s1"), shopper


async def issue(stage: Stage, shopper: Shopper, name: str, points: int = 200, **more: Any) -> str:  # noqa: ANN401 - any JSON
    """Put points into a voucher, and give what its QR says."""
    told = {"source": "app", "occurred_at": datetime.now(tz=UTC).isoformat(), "currency": "points", "points": points}
    path = f"/v1/members/{shopper.member}/vouchers"
    made = await stage.site.client.post(path, json=told | more, headers={"Idempotency-Key": name})
    assert made.status_code == 201, made.text
    return made.json()["token"]


async def learn(page: Page) -> None:
    """Wait until the till knows what it needs without a line."""
    await page.wait_for_function(
        "() => localStorage.getItem('regulars.register.keys') && localStorage.getItem('regulars.register.offers')"
    )


async def show(page: Page, token: str) -> None:
    await page.get_by_label("Code of a voucher").fill(token)
    await page.get_by_role("button", name="Take voucher").click()


async def list_ours(stage: Stage, shopper: Shopper) -> dict[str, int]:
    """What the books have of this till: kinds, with what was paid in money."""
    told = (await stage.send("GET", f"/v1/members/{shopper.member}/activities?limit=100"))["activities"]
    ours = [each for each in told if each["receipt"]["source"] == "register"]
    return {each["receipt"]["kind"]: each["total_minor"] for each in ours}


async def test_offers_and_vouchers_without_a_line(stage: Stage) -> None:
    till, shopper = await prepare(stage)
    token, other = await issue(stage, shopper, "v-1"), await issue(stage, shopper, "v-2", store="s2")
    async with stage.open("/register/", size=PHONE, staff=till) as page:
        await learn(page)
        await page.get_by_label("Code, card").fill("mei@example.com")
        await page.keyboard.press("Enter")
        await expect(page.locator(".who")).to_be_visible()
        await page.get_by_role("radio", name="D3").check()
        await page.get_by_role("searchbox").fill("beef")
        await page.locator(".goods button", has_text="Beef").click()
        due = page.locator("[data-row='register.due']")
        await expect(due).to_have_attribute("data-minor", "1699")
        await page.get_by_role("button", name="A tenth off fresh goods").click()
        await expect(page.locator("[data-row='register.off']")).to_have_attribute("data-minor", "-169")
        await expect(due).to_have_attribute("data-minor", "1530")
        await expect(page.get_by_text("A tenth for the neighbours")).to_be_visible()
        middle = len(token) // 2
        forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
        for wrong, why in ((forged, "cut or changed"), (other, "another store"), ("RV1.x", "cut or changed")):
            await show(page, wrong)
            await expect(page.get_by_role("alert")).to_contain_text(why)
            await expect(page.get_by_label("Code of a voucher")).to_have_value(wrong)
        await show(page, token)
        await expect(due).to_have_attribute("data-minor", "1430")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await show(page, token)
        await expect(page.get_by_role("alert")).to_contain_text("taken here before")
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)
        await page.get_by_role("button", name="Take the money").click()
        receipt = page.get_by_role("dialog")
        await expect(receipt).to_have_attribute("data-status", "queued")
        await expect(receipt.locator(".due")).to_contain_text("$14.30")
        await receipt.get_by_role("button", name="Next customer").click()
        await expect(page.locator("[data-waiting='2']")).to_be_visible()
        assert await list_ours(stage, shopper) == {}
        # To the next customer, who shows a copy of it.
        await page.locator(".goods button").first.click()
        await show(page, token)
        await expect(page.get_by_role("alert")).to_contain_text("taken here before")
        await page.get_by_role("radio", name="D0").check()
        await expect(page.locator("[data-waiting='0']")).to_be_visible()
    assert await list_ours(stage, shopper) == {"purchase": 1530, "voucher_used": 0}, "as it was charged"


async def test_a_voucher_is_asked_about_while_there_is_a_line(stage: Stage) -> None:
    till, shopper = await prepare(stage)
    token = await issue(stage, shopper, "v-1")
    async with stage.open("/register/", size=WIDE, staff=till) as page:
        await learn(page)
        await page.locator(".goods button", has_text="Chicken").click()
        await show(page, token)
        await expect(page.locator("[data-row='register.by.voucher']")).to_have_attribute("data-minor", "-100")
        assert await find_barriers(page) == []
        await page.get_by_role("button", name="Take the money").click()
        receipt = page.get_by_role("dialog")
        await expect(receipt).to_have_attribute("data-status", "committed")
        await expect(receipt).to_contain_text("Paid with vouchers")
        await receipt.get_by_role("button", name="Next customer").click()
        await expect(page.locator("[data-waiting='0']")).to_be_visible()
        await page.locator(".goods button", has_text="Chicken").click()
        await show(page, token)
        await expect(page.get_by_role("alert")).to_contain_text("used or cancelled")
    assert await list_ours(stage, shopper) == {"voucher_used": 0}


async def test_what_was_charged_otherwise_is_put_aside(stage: Stage) -> None:
    till, _ = await prepare(stage)
    async with stage.open("/register/", size=WIDE, staff=till) as page:
        await learn(page)
        await page.get_by_label("Code, card").fill("mei@example.com")
        await page.keyboard.press("Enter")
        await expect(page.locator(".who")).to_be_visible()
        await page.locator(".goods button", has_text="Chicken").click()
        await page.get_by_role("button", name="Pay with points").click()
        await expect(page.locator("[data-row='register.by.points']")).to_be_visible()

        async def lose(route: Route) -> None:
            await route.fetch()
            await route.abort()

        # The server takes the points, and its answer is lost: the customer pays all of it in money.
        await page.route("**/v1/orders", lose, times=1)
        await page.get_by_role("button", name="Take the money").click()
        receipt = page.get_by_role("dialog")
        await expect(receipt).to_have_attribute("data-status", "queued")
        await expect(receipt.locator(".due")).to_contain_text("$12.99")
        await receipt.get_by_role("button", name="Next customer").click()
        await expect(page.get_by_text("charged_differs")).to_be_visible()
        await expect(page.get_by_text("Call the service desk")).to_be_visible()


async def test_all_goods_are_found_by_name_and_category(stage: Stage) -> None:
    till, _ = await prepare(stage)
    async with stage.open("/register/", language="zh-CN", size=PHONE, staff=till) as page:
        search = page.get_by_role("searchbox", name="搜索商品")
        await search.fill("produce")
        await expect(page.locator(".goods button")).to_have_count(5)
        await search.fill("鲜花")
        await expect(page.locator(".goods button")).to_have_count(1)
        await search.fill("没有的东西")
        await expect(page.get_by_text("没有找到，可作为其他商品添加。")).to_be_visible()
        assert (await find_barriers(page), await sticks_out(page)) == ([], 0)

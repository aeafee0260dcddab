"""Stories of members and of whoever serves them, in both languages, with the books looked at when each is told.

The pages are walked as people do: what is clicked and read is said by the catalogues, so a story is told once.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.http.site import Purchase
from tests.staff.people import PASSWORD, Person
from tests.web.shopping import Shopper, buy, come_in
from tests.web.stage import PHONE, button, check_looks
from tests.web.tale import Tale, name_member, prove_presence, read_code, take

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTICE = {"purpose": "marketing", "en": "We tell you of offers.", "zh": "向您推送优惠活动。"}
MEAL = {"en": "A meal from the food bank", "zh-CN": "为食物银行捐一餐"}
FIVE_OFF = {"en": "Five dollars off a shop of 25", "zh-CN": "满25美元减5美元券"}
CORRECTED = 5_000
"""More than one person alone may give."""


async def shop_before(tale: Tale, shopper: Shopper, times: int) -> None:
    """Buy something twenty days ago, so often: those points can be used by now."""
    for number in range(times):
        await buy(tale.stage, shopper, f"{shopper.member}-{number}", days_ago=20)


async def come_in_by_themselves(tale: Tale, app: Page, mail: str) -> str:
    """Join in the app, after a code that is wrong; gives the member."""
    say = tale.member
    await app.get_by_label(say("member.entry.either")).fill(mail)
    await check_looks(app)
    await button(app, say("member.entry.send")).click()
    code, told = app.get_by_label(say("member.entry.code"), exact=True), await read_code(app)
    await code.fill("000000" if told != "000000" else "000001")
    await button(app, say("member.entry.go")).click()
    await expect(app.get_by_role("alert")).to_contain_text(say("problem.entry_refused"))
    await code.fill(told)
    await app.get_by_role("checkbox").first.check()
    await check_looks(app)
    await button(app, say("member.entry.go")).click()
    await expect(app.locator("[data-points='0']")).to_be_visible()
    await expect(app.locator("svg.qr")).to_be_visible()
    (member,) = await tale.find(mail)
    chosen = (await tale.stage.send("GET", f"/v1/members/{member}/consents"))["entries"]
    assert [(each["is_given"], each["door"]) for each in chosen] == [(True, "member")]
    return member


async def sell_for_points(tale: Tale, register: Page, sam: Person, mail: str) -> None:
    """Sign in at the register, and sell for 1,000 points and money."""
    say, due = tale.register, register.locator("[data-row='register.due']")
    await register.get_by_label(say("register.email")).fill(sam.email)
    await register.get_by_label(say("register.password")).fill(PASSWORD)
    await button(register, say("register.next")).click()
    await register.get_by_label(say("register.code")).fill(tale.stage.office.code(sam))
    await button(register, say("register.go")).click()
    await name_member(tale, register, mail)
    await take(tale, register, "chicken", "chicken", "bananas")
    await expect(due).to_have_attribute("data-minor", "2747")
    await register.get_by_role("spinbutton").fill("1000")
    await button(register, say("register.pay.go")).click()
    await expect(due).to_have_attribute("data-minor", "2247")
    await check_looks(register)
    await button(register, say("register.sell")).click()
    receipt = register.get_by_role("dialog")
    await expect(receipt).to_have_attribute("data-status", "committed")
    await expect(receipt).to_contain_text("$22.47")
    await check_looks(register)
    await button(receipt, say("register.following")).click()


async def redeem_meal(tale: Tale, app: Page) -> None:
    """Redeem what costs 500 points, with a fresh proof."""
    say = tale.member
    await app.goto(f"{tale.stage.site.url}/member/rewards")
    tale.stage.office.later(minutes=6)  # Points go only after a proof of the last five.
    await button(app.locator("li.card", has_text=say.name(MEAL)), say("member.redeem")).click()
    await button(app.get_by_role("dialog"), say("member.redeem.go")).click()
    await prove_presence(tale, app)
    await expect(app.get_by_role("heading", name=say("member.redeem.done"))).to_be_visible()


async def test_somebody_joins_buys_redeems_and_brings_goods_back(tale: Tale) -> None:
    till, mail = tale.register, "wei@example.com"
    sam = await tale.stage.office.join("sam@example.com", "store", store="s1")
    await tale.stage.send("POST", "/v1/consents/notices", NOTICE, status=201)
    async with tale.open("/member/", size=PHONE) as app, tale.open("/register/") as register:
        member = await come_in_by_themselves(tale, app, mail)
        await shop_before(tale, Shopper(member=member, token=""), 4)
        before = await tale.own(member)
        await sell_for_points(tale, register, sam, mail)
        sold = await tale.own(member)
        assert before["points"] - 1_000 < sold["points"] < before["points"], "1,000 went, some came"
        usable = (await tale.hold(member))["points"]
        await redeem_meal(tale, app)
        redeemed = await tale.own(member)
        assert (await tale.hold(member))["points"] == usable - 500
        await app.goto(f"{tale.stage.site.url}/member/")
        await expect(app.locator(f"[data-points='{usable - 500}']")).to_be_visible()
        await app.goto(f"{tale.stage.site.url}/member/activity")
        await app.locator(".rows a").last.click()
        await expect(app.locator(".reasons .yes").first).to_be_visible()
        await check_looks(app)
        await register.locator(".rows summary").first.click()
        await register.get_by_role("checkbox").first.check()
        await button(register, till("register.back.go")).click()
        await expect(register.get_by_text(till("register.returned"))).to_be_visible()
        await expect(register.get_by_role("checkbox").first).to_be_disabled()
    after = await tale.own(member)
    assert redeemed["points"] < after["points"], "what paid for it came back, what it brought went"
    assert after["points"] <= before["points"] - 500
    await tale.audit()


async def test_a_coupon_is_got_shown_and_used_once(tale: Tale) -> None:
    say, till, title = tale.member, tale.register, tale.member.name(FIVE_OFF)
    shopper = await come_in(tale.stage, "lan@example.com")
    await shop_before(tale, shopper, 2)
    sam = await tale.work("kim@example.com", "store", store="s1")
    async with (
        tale.open("/member/rewards", size=PHONE, member=shopper.token) as app,
        tale.open("/register/", staff=sam) as register,
    ):
        await button(app.locator("li.card", has_text=title), say("member.redeem")).click()
        await button(app.get_by_role("dialog"), say("member.redeem.go")).click()
        await expect(app.get_by_role("heading", name=say("member.redeem.done"))).to_be_visible()
        await app.goto(f"{tale.stage.site.url}/member/coupons")
        await button(app, say("member.coupons.use_of", title=title)).click()
        sheet = app.get_by_role("dialog", name=title)
        await expect(sheet.locator("svg.qr")).to_be_visible()
        await check_looks(app)
        name = await sheet.locator(".codetext").inner_text()

        await name_member(tale, register, "lan@example.com")
        await take(tale, register, "chicken", "chicken", "bananas")
        await expect(register.locator("[data-row='register.due']")).to_have_attribute("data-minor", "2747")
        await register.get_by_label(till("register.coupon"), exact=True).fill(name)
        await button(register, till("register.coupon.take")).click()
        await expect(register.locator("[data-row='register.due']")).to_have_attribute("data-minor", "2247")
        await check_looks(register)
        await button(register, till("register.sell")).click()
        receipt = register.get_by_role("dialog")
        await expect(receipt).to_have_attribute("data-status", "committed")
        await expect(receipt).to_contain_text("$22.47")
        await button(receipt, till("register.following")).click()

        # Once: the next basket gets nothing off for it.
        await name_member(tale, register, "lan@example.com")
        await take(tale, register, "chicken", "chicken", "bananas")
        await register.get_by_label(till("register.coupon"), exact=True).fill(name)
        await button(register, till("register.coupon.take")).click()
        await expect(register.get_by_text(till.count("register.coupon.refused", 1))).to_be_visible()
        await expect(register.locator("[data-row='register.due']")).to_have_attribute("data-minor", "2747")
        await app.goto(f"{tale.stage.site.url}/member/coupons")
        await expect(app.get_by_text(say("member.coupons.over"))).to_be_visible()
        await expect(app.locator(".rows.dim li", has_text=title)).to_contain_text(say("member.coupons.used"))
    held = (await tale.stage.send("GET", f"/v1/members/{shopper.member}/coupons"))["coupons"]
    assert [(each["name"], each["state"]) for each in held] == [(name, "used")]
    await tale.audit()


async def test_an_outage_holds_no_sale_up_and_doubles_nothing(tale: Tale) -> None:
    say = tale.register
    shopper = await come_in(tale.stage, "bei@example.com")
    sam = await tale.work("jo@example.com", "store", store="s1")
    before = await tale.own(shopper.member)
    async with tale.open("/register/", size=PHONE, staff=sam) as page:
        await name_member(tale, page, "bei@example.com")
        await page.get_by_role("radio", name="D3").check()
        await take(tale, page, "bananas")
        await expect(page.get_by_text(say("register.unquoted"))).to_be_visible()
        await button(page, say("register.sell")).click()
        await expect(page.get_by_role("dialog")).to_have_attribute("data-status", "queued")
        await button(page, say("register.following")).click()
        await expect(page.locator("[data-waiting='1']")).to_be_visible()
        await check_looks(page)
        assert await tale.own(shopper.member) == before
        await page.reload()
        await expect(page.get_by_text(say.count("register.drained", 1))).to_be_visible()
        once = await tale.own(shopper.member)
        assert once["points"] == before.get("points", 0) + 2, "3 points for every 2 dollars of bananas"
        # The order arrives, and its answer is lost: the till tells of it once more, and it is the same sale.
        lost = list[str]()

        async def lose(route: Route) -> None:
            await route.fetch()
            lost.append(route.request.url)
            await route.abort()

        await page.route("**/v1/orders", lose, times=1)
        await name_member(tale, page, "bei@example.com")
        await take(tale, page, "milk")
        await expect(page.locator("[data-row='register.gross']")).to_be_visible()
        await button(page, say("register.sell")).click()
        await expect(page.get_by_role("dialog")).to_have_attribute("data-status", "queued")
        await button(page, say("register.following")).click()
        await expect(page.locator("[data-waiting='0']")).to_be_visible()
        assert len(lost) == 1
        # On paper: a code with which the points are claimed later.
        await page.get_by_role("radio", name="D4").check()
        await take(tale, page, "bread")
        await button(page, say("register.sell")).click()
        await expect(page.get_by_role("dialog")).to_contain_text("receipt:register:web-")
    statement = await tale.stage.send("GET", f"/v1/members/{shopper.member}/statement?limit=100")
    ours = [each for each in statement["entries"] if each["source"] == "register"]
    assert len({each["id"] for each in ours}) == 2, "the sale of which the answer was lost is there once"
    assert [each["points"] for each in ours if each["currency"] == "stars"] == [2, 1]
    await tale.audit()


async def test_two_people_correct_a_balance(tale: Tale, purchase: Purchase) -> None:
    say, card = tale.console, "3000 0001"
    made = await tale.stage.send("POST", "/v1/activities", purchase("desk-1", minor=12_500, card=card, store=""), 201)
    member, before = made["member"], await tale.own(made["member"])
    di = await tale.work("di@example.com", "service_desk")
    async with tale.open("/console/members", staff=di) as page:
        await page.get_by_label(say("members.search")).fill("no such card")
        await button(page, say("members.find")).click()
        await expect(page.get_by_text(say("members.none.found"))).to_be_visible()
        await page.get_by_label(say("members.search")).fill(card)
        await button(page, say("members.find")).click()
        await page.get_by_role("link", name=member[-12:]).click()
        await button(page, say("members.adjust")).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label(say("members.adjust.points")).fill(str(CORRECTED))
        await dialog.get_by_label(say("members.reason")).fill("<b>Complaint</b> 🎂")
        await check_looks(page)
        await button(dialog, say("members.adjust.go")).click()
        await expect(page.locator(".ant-modal-confirm-title")).to_contain_text(say("console.waits"))
        await page.locator(".ant-modal-confirm-btns button").click()
        assert await tale.own(member) == before, "nothing is done yet"
        await page.goto(f"{tale.stage.site.url}/console/approvals")
        await button(page, say("approvals.open")).click()
        await expect(page.get_by_text(say("approvals.own"))).to_be_visible()
        await expect(button(page, say("approvals.agree"))).to_have_count(0)
    bo = await tale.work("bo@example.com", "owner")
    tale.stage.office.later(minutes=11)
    async with tale.open("/console/approvals", size=PHONE, staff=bo) as page:
        await check_looks(page)
        await button(page, say("approvals.open")).click()
        await expect(page.get_by_text("<b>Complaint</b> 🎂")).to_be_visible()
        await button(page, say("approvals.agree")).click()
        await page.locator("input[autocomplete=one-time-code]").fill(tale.stage.office.code(bo))
        await button(page, say("console.proof.go")).click()
        await expect(page.get_by_text(say("approvals.agreed"))).to_be_visible()
        assert await tale.own(member) == {**before, "points": before["points"] + CORRECTED}
        await page.goto(f"{tale.stage.site.url}/console/members/{member}?tab=statement")
        await expect(page.get_by_role("row").filter(has_text="+5,000")).to_have_count(1)
        await check_looks(page)
        await button(page, say("members.why")).last.click()
        await expect(page.get_by_role("dialog")).to_contain_text("desk-1")
        await check_looks(page)
    await tale.audit()


async def test_two_that_are_one_are_merged_taken_apart_and_their_points_locked(tale: Tale, purchase: Purchase) -> None:
    say, cards = tale.console, ("4000 0001", "4000 0002")
    member, other = [
        (await tale.stage.send("POST", "/v1/activities", purchase(f"two-{card}", card=card, store=""), 201))["member"]
        for card in cards
    ]
    held = [await tale.own(member), await tale.own(other)]
    di = await tale.work("eve@example.com", "service_desk")
    async with tale.open(f"/console/members/{member}", staff=di) as page:
        await button(page, say("members.do")).click()
        await page.get_by_role("menuitem", name=say("members.do.merge")).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label(say("members.merge.other")).fill("no such card")
        await dialog.get_by_label(say("members.reason")).fill("one person with two cards")
        await button(dialog, say("members.merge.go")).click()
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await check_looks(page)
        await dialog.get_by_label(say("members.merge.other")).fill(cards[1])
        await button(dialog, say("members.merge.go")).click()
        await expect(dialog).to_have_count(0)
        assert await tale.find(cards[1]) == [member]
        assert (await tale.own(member))["points"] == held[0]["points"] + held[1]["points"]
        await page.goto(f"{tale.stage.site.url}/console/members/{member}?tab=activities")
        await button(page, say("members.unmerge")).click()
        await dialog.get_by_label(say("members.reason")).fill("they are two after all")
        await button(dialog, say("members.unmerge")).click()
        await expect(dialog).to_have_count(0)
        assert await tale.find(cards[1]) == [other]
        assert [await tale.own(member), await tale.own(other)] == held
        await button(page, say("members.do")).click()
        await page.get_by_role("menuitem", name=say("members.do.burning")).click()
        await dialog.get_by_label(say("members.reason")).fill("a lost phone")
        await check_looks(page)
        await button(dialog, say("members.save")).click()
        await expect(dialog).to_have_count(0)
    assert (await tale.stage.send("GET", f"/v1/members/{member}/burning"))["burning"] == "off"
    asked = {"currency": "points", "points": 1, "reason": "none"}
    redeem = {"id": "locked", "source": "till", "kind": "redeem", "occurred_at": datetime.now(tz=UTC).isoformat()}
    refused = await tale.stage.send("POST", "/v1/activities", {**redeem, "member": {"id": member}, "ask": asked}, 409)
    assert refused["code"] == "burning_off"
    await tale.audit()


async def test_somebody_takes_their_data_along_and_is_forgotten(tale: Tale, tmp_path: Path) -> None:
    say, mail = tale.member, "hua@example.com"
    shopper = await come_in(tale.stage, mail)
    await shop_before(tale, shopper, 1)
    held = (await tale.own(shopper.member))["points"]
    async with tale.open("/member/privacy", size=PHONE, member=shopper.token) as app:
        tale.stage.office.later(minutes=6)
        async with app.expect_download() as saving:
            await button(app, say("member.file.json")).click()
            await prove_presence(tale, app)
        await (await saving.value).save_as(tmp_path / "file.json")
        await expect(app.get_by_text(say("member.file.done"))).to_be_visible()
        file: dict[str, Any] = json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))
        assert mail in json.dumps(file), "it says what is known of them"
        await button(app, say("member.erase.look")).click()
        sheet = app.get_by_role("dialog")
        await expect(sheet).to_contain_text(f"{held:,}")
        go = button(sheet, say("member.erase.go"))
        await expect(go).to_be_disabled()
        await sheet.get_by_role("checkbox").check()
        await check_looks(app)
        await go.click()
        await expect(app.get_by_label(say("member.entry.either"))).to_be_visible()
        kept = await app.evaluate("Object.keys(localStorage).filter(each => each.startsWith('regulars.kept.'))")
        assert [each for each in kept if not each.startswith(("regulars.kept.me ", "regulars.kept.entry "))] == []
    assert await tale.find(mail) == []
    view = await tale.stage.send("GET", f"/v1/members/{shopper.member}")
    assert (view["state"], sum(each["shown"] for each in view["balances"])) == ("erased", 0)
    ann = await tale.work("ann@example.com", "owner")
    async with tale.open("/console/privacy?tab=erasures", staff=ann) as page:
        row = page.get_by_role("row").filter(has_text=shopper.member[-12:])
        await expect(row).to_contain_text(tale.console("privacy.whole.yes"))
        await check_looks(page)
    await tale.audit()

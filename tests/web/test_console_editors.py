"""The console's editors: coupons given by hand, legal holds, words of consent, rules against fraud, quiet hours."""

import re
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from regulars.base import clock
from regulars.base.ids import new_id
from regulars.features import fraud, privacy
from tests.http.site import Purchase
from tests.settled import settle
from tests.web.stage import LANGUAGES, PHONE, Stage, find_barriers, publish_ready, sticks_out

MATTER = "2026-114"
STORY = "Für Ann Lee!"
WORDS: dict[str, dict[str, str]] = {
    "en-GB": {
        "give": "Give a coupon", "go": "Give it", "coupon": "Coupon", "reason": "Reason", "told": "I have told it",
        "place": "Place a hold", "matter": "Number of the matter", "lift": "Lift", "held": "Kept",
        "lifted": "Lifted on", "wrong": "Latin letters", "look": "See what would be lost", "kept": "A legal hold keeps",
        "close": "Cancel", "title": "A dollar off",
    },
    "zh-CN": {
        "give": "发放优惠券", "go": "确认发放", "coupon": "券名称", "reason": "原因", "told": "已告知会员",
        "place": "设置保留", "matter": "案件编号", "lift": "解 除", "held": "保留中", "lifted": "已于",
        "wrong": "仅限英文字母", "look": "查看将失去的内容", "kept": "处于法务保留中",
        "close": "取 消", "title": "一美元抵用券",
    },
}  # fmt: skip


async def buy(stage: Stage, purchase: Purchase, *coupons: str, id_: str = "r-1") -> dict[str, Any]:
    sent = purchase(id_, minor=12_500, store="") | {"coupons": list(coupons)}
    return await stage.send("POST", "/v1/activities", sent, status=201)


async def check_looks(page: Page) -> None:
    assert await find_barriers(page) == []
    assert await sticks_out(page) <= 0


async def choose(page: Page, field: Locator, option: str) -> None:
    await field.click()
    await page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text=option).first.click()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog").filter(visible=True).last


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_desk_gives_a_coupon_that_the_member_uses(stage: Stage, purchase: Purchase, language: str) -> None:
    words, member = WORDS[language], (await buy(stage, purchase))["member"]
    di = await stage.office.work("di@example.com", "service_desk")
    path = f"/console/members/{member}?tab=wallet"
    async with stage.open(path, language=language, size=PHONE, staff=di) as page:
        await page.get_by_role("button", name=words["give"]).click()
        form = dialog(page)
        await choose(page, form.get_by_label(words["coupon"]), words["title"])
        await form.get_by_label(words["reason"]).fill("<i>A spoilt cake</i> 🎂")
        await check_looks(page)
        await form.get_by_role("button", name=words["go"]).click()
        code = (await page.locator(".ant-modal .code").inner_text()).strip()
        assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code)
        await check_looks(page)
        await page.get_by_role("button", name=words["told"]).click()
        await expect(page.locator(".ant-modal .code")).to_have_count(0)
        await page.goto(f"{stage.site.url}{path}")
        await expect(page.get_by_role("row").filter(has_text=words["title"])).to_contain_text(code)
    used = await buy(stage, purchase, code, id_="r-2")
    assert [each["amount_minor"] for each in used["discounts"]] == [100]
    trail: Any = await stage.send("GET", "/v1/audit?what=give_coupon")
    (entry,) = trail["entries"]
    assert (entry["actor_id"], entry["reason"]) == (str(di.id), "<i>A spoilt cake</i> 🎂")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_legal_hold_is_placed_and_lifted_on_the_members_page(
    stage: Stage, purchase: Purchase, language: str
) -> None:
    words, member = WORDS[language], (await buy(stage, purchase))["member"]
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open(f"/console/members/{member}?tab=privacy", language=language, staff=ann) as page:
        await page.get_by_role("button", name=words["place"]).click()
        form = dialog(page)
        await form.get_by_label(words["matter"]).fill(STORY)
        await form.get_by_role("button", name=words["place"]).click()
        await expect(form).to_contain_text(words["wrong"])
        await form.get_by_label(words["matter"]).fill(MATTER)
        await check_looks(page)
        await form.get_by_role("button", name=words["place"]).click()
        row = page.get_by_role("row").filter(has_text=MATTER)
        await expect(row).to_contain_text(words["held"])
        (held,) = (await stage.send("GET", f"/v1/privacy/legal-holds?member={member}"))["holds"]
        assert (held["matter"], held["placed_by"]) == (MATTER, f"staff {ann.id}")
        await page.get_by_role("button", name=words["look"]).click()
        await expect(dialog(page)).to_contain_text(words["kept"])
        await dialog(page).get_by_role("button", name=words["close"]).click()
        await row.get_by_role("button", name=words["lift"]).click()
        await dialog(page).get_by_role("button", name=words["lift"]).click()
        await expect(row).to_contain_text(words["lifted"])
        await check_looks(page)
    assert (await stage.send("GET", f"/v1/privacy/legal-holds?member={member}"))["holds"] == []


async def test_who_may_not_sees_no_way_to_do_it(stage: Stage, purchase: Purchase) -> None:
    member = (await buy(stage, purchase))["member"]
    eve = await stage.office.work("eve@example.com", "auditor")
    async with stage.open(f"/console/members/{member}?tab=wallet", staff=eve) as page:
        await expect(page.get_by_text("No coupons.")).to_be_visible()
        await expect(page.get_by_role("button", name="Give a coupon")).to_have_count(0)
        await page.goto(f"{stage.site.url}/console/members/{member}?tab=privacy")
        await expect(page.get_by_text("No legal holds.")).to_be_visible()
        await expect(page.get_by_role("button", name="Place a hold")).to_have_count(0)
        await page.goto(f"{stage.site.url}/console/fraud?tab=rules")
        await expect(page.get_by_text("One card at one cashier")).to_be_visible()
        await expect(page.get_by_role("switch").first).to_be_disabled()
        await expect(page.get_by_role("button", name="Change")).to_have_count(0)
        await page.goto(f"{stage.site.url}/console/privacy?tab=notices")
        await expect(page.get_by_role("row").filter(has_text="Offers and news")).to_be_visible()
        await expect(page.get_by_role("button", name="New words")).to_have_count(0)


async def test_new_words_of_consent_are_published_and_the_old_ones_kept(stage: Stage) -> None:
    before = {"purpose": "marketing", "en": "We write to you.", "zh": "我们会联系您。"}
    await stage.send("POST", "/v1/consents/notices", before, status=201)
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open("/console/privacy?tab=notices", size=PHONE, staff=di) as page:
        row = page.get_by_role("row").filter(has_text="Offers and news")
        await expect(row).to_contain_text("We write to you.")
        await check_looks(page)
        await row.get_by_role("button", name="New words").click()
        form = dialog(page)
        await expect(form.get_by_label("In Chinese")).to_have_value("我们会联系您。")
        await form.get_by_label("In English").fill("Offers, twice a month at most. <b>مرحبا</b>")
        await check_looks(page)
        await page.route("**/v1/consents/notices", lambda route: route.abort())
        await form.get_by_role("button", name="Publish").click()
        await expect(form.get_by_role("alert").filter(has_text="No connection")).to_be_visible()
        await page.unroute("**/v1/consents/notices")
        await form.get_by_role("button", name="Publish").click()
        await expect(row).to_contain_text("<b>مرحبا</b>")
        await row.get_by_role("button", name="Look").click()
        await expect(dialog(page)).to_contain_text("We write to you.")
        await expect(dialog(page)).to_contain_text("Version 2")
        await check_looks(page)
    told: Any = await stage.send("GET", "/v1/consents/notices?history=true")
    assert [(each["version"], each["zh"]) for each in told["notices"] if each["purpose"] == "marketing"] == [
        (2, "我们会联系您。"),
        (1, "我们会联系您。"),
    ]


async def test_rules_against_fraud_are_changed_and_nobody_overwrites_anybody(stage: Stage) -> None:
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open("/console/fraud?tab=rules", staff=ann) as page:
        row = page.get_by_role("row").filter(has_text="A member too often")
        await expect(row).to_contain_text("More than 15 activities by one member within a day")
        await check_looks(page)
        await row.get_by_role("switch").click()
        await expect(row.get_by_role("switch")).not_to_be_checked()
        assert await rule(stage, "member_too_often") == {"is_on": False, "more_than": 15, "minutes": 1440}
        await row.get_by_role("button", name="Change").click()
        form = dialog(page)
        await form.get_by_label("More than").fill("9")
        await form.get_by_label("Within").fill("2")
        await change_elsewhere(stage)
        await form.get_by_role("button", name="Save").click()
        await expect(form.get_by_role("alert").filter(has_text="Somebody else changed the rules")).to_be_visible()
        await expect(form.get_by_label("More than")).to_have_value("9")
        await check_looks(page)
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_have_count(0)
        await expect(row).to_contain_text("More than 9 activities by one member within 2 days")
        assert (await rules(stage))["two_people"] is True, "what somebody else changed is there still"
        await add_rule(page)
        fresh: Any = await rule(stage, "returns_at_a_till")
        assert fresh == {"is_on": True, "more_than": 5, "minutes": 120}
        added = page.get_by_role("row").filter(has_text="returns_at_a_till")
        await added.get_by_role("button", name="Remove").click()
        await dialog(page).get_by_role("button", name="Remove").click()
        await expect(added).to_have_count(0)
    assert len((await rules(stage))["velocity"]) == len(fraud.DEFAULT.velocity)


async def add_rule(page: Page) -> None:
    await page.get_by_role("button", name="New rule").click()
    form = dialog(page)
    await form.get_by_label("Name").fill("member_too_often")
    await form.get_by_label("More than").fill("5")
    await choose(page, form.get_by_label("Unit"), "Hours")
    await form.get_by_label("Within").fill("2")
    await choose(page, form.get_by_label("By what it is counted"), "till")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_contain_text("There is a rule of this name")
    await form.get_by_label("Name").fill("returns_at_a_till")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)


async def rules(stage: Stage) -> dict[str, Any]:
    return cast("dict[str, Any]", (await stage.send("GET", "/v1/fraud/rules"))["rules"])


async def rule(stage: Stage, name: str) -> dict[str, Any]:
    (found,) = [each for each in (await rules(stage))["velocity"] if each["id"] == name]
    return {key: found[key] for key in ("is_on", "more_than", "minutes")}


async def change_elsewhere(stage: Stage) -> None:
    now: Any = await stage.send("GET", "/v1/fraud/rules")
    answered = await stage.site.client.put(
        "/v1/fraud/rules", json=now["rules"] | {"two_people": True}, headers={"If-Match": f'"{now["version"]}"'}
    )
    assert answered.status_code == 200, answered.text


async def test_quiet_hours_and_addresses_that_are_left_alone(stage: Stage) -> None:
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open("/console/messages?tab=rules", size=PHONE, staff=di) as page:
        row = page.get_by_role("row").filter(has_text="News")
        await row.get_by_role("button", name="Change").click()
        form = dialog(page)
        await form.get_by_label("From").fill("22:30")
        await form.get_by_label("Until").fill("22:30")
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_contain_text("From and until are the same")
        await form.get_by_label("Until").fill("07:00")
        await form.get_by_label("Not too often").click()
        await check_looks(page)
        await form.get_by_role("button", name="Save").click()
        await expect(row).to_contain_text("22:30 – 07:00")
        told: Any = await stage.send("GET", "/v1/messages/rules")
        (news,) = [each for each in told["rules"] if each["kind"] == "news"]
        assert (news["quiet_from"], news["quiet_until"], news["cap_most"]) == (22 * 60 + 30, 7 * 60, 0)
        await page.goto(f"{stage.site.url}/console/messages?tab=left-alone")
        await page.get_by_label("E-mail, phone number").fill("Mei@example.com")
        await page.get_by_role("button", name="Look up").click()
        await expect(page.get_by_role("status")).to_contain_text("Nothing keeps it away")
        await page.get_by_role("button", name="Leave alone").click()
        await expect(page.get_by_role("status")).to_contain_text("Somebody asked not to be written")
        await check_looks(page)
        assert await reason_of(stage, "mei@example.com") == "asked"
        await page.get_by_role("button", name="Send to it again").click()
        await expect(page.get_by_role("status")).to_contain_text("Nothing keeps it away")
        await page.get_by_role("button", name="Add addresses").click()
        form = dialog(page)
        await form.get_by_label("Addresses").fill("a@example.com, b@example.com\nno address")
        await form.get_by_role("button", name="Leave alone").click()
        await expect(form.get_by_role("alert")).to_be_visible()
        await form.get_by_label("Addresses").fill("a@example.com, b@example.com")
        await form.get_by_role("button", name="Leave alone").click()
        await expect(form).to_have_count(0)
    found = [await reason_of(stage, each) for each in ("mei@example.com", "a@example.com", "b@example.com")]
    assert found == [None, "asked", "asked"]


async def reason_of(stage: Stage, address: str) -> str | None:
    return (await stage.send("POST", "/v1/messages/suppressions/find", {"address": address}))["reason"]


async def test_rounds_and_what_is_forgotten_can_be_read(stage: Stage) -> None:
    assert await privacy.clear(stage.site.database, stage.site.house) is not None
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open("/console/privacy?tab=rounds", size=PHONE, staff=ann) as page:
        await page.get_by_role("button", name="Look").click()
        await expect(dialog(page)).to_contain_text("What activities are counted by")
        await check_looks(page)
        await page.keyboard.press("Escape")
        await page.goto(f"{stage.site.url}/console/privacy?tab=tables")
        await expect(page.get_by_text("messages.suppressed")).to_be_visible()
        await check_looks(page)
        await page.goto(f"{stage.site.url}/console/fraud?tab=rules")
        await expect(page.get_by_text("A farm of referrals")).to_be_visible()
        await check_looks(page)


async def look(stage: Stage) -> None:
    await settle(stage.site.database)
    async with stage.site.database.transaction() as tx:
        assert await fraud.look(tx, new_id=new_id, at=await clock.now(tx)) > 0


async def test_a_case_is_taken_by_the_person_and_the_member_objects(stage: Stage, purchase: Purchase) -> None:
    for number in range(16):
        await buy(stage, purchase, id_=f"r-{number}")
    await look(stage)
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open("/console/fraud", staff=di) as page:
        await page.get_by_role("row").filter(has_text="A member too often").get_by_role("button", name="Look").click()
        await page.get_by_role("button", name="I look after it").click()
        await expect(page.get_by_role("button", name="I look after it")).to_have_count(0)
        await page.get_by_role("button", name="Freeze the member").click()
        await dialog(page).get_by_label("Reason").fill("sixteen times")
        await dialog(page).get_by_role("button", name="Freeze the member").click()
        await page.get_by_role("button", name="The member objects").click()
        await dialog(page).get_by_label("What the member says").fill("I shop for the canteen.")
        await dialog(page).get_by_role("button", name="The member objects").click()
        await expect(page.get_by_text("I shop for the canteen.")).to_be_visible()
        await check_looks(page)
    (case,) = (await stage.send("GET", "/v1/fraud/cases"))["cases"]
    assert (case["state"], case["is_holding"], UUID(case["assigned_to"])) == ("open", True, di.id)


async def test_a_birthday_is_told_and_forgotten_on_the_members_page(stage: Stage, purchase: Purchase) -> None:
    await publish_ready(stage.site.database, "beauty")
    member = (await buy(stage, purchase))["member"]
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open(f"/console/members/{member}", staff=ann) as page:
        await page.get_by_role("button", name="Tell a trait").click()
        form = dialog(page)
        await choose(page, form.get_by_label("Trait"), "Birthday")
        await form.get_by_label("Value").fill("17 May")
        await form.get_by_role("button", name="Save").click()
        await expect(form.get_by_role("alert")).to_contain_text("This value does not fit")
        await form.get_by_label("Value").fill("05-17")
        await form.get_by_role("button", name="Save").click()
        row = page.get_by_role("row").filter(has_text="Birthday")
        await expect(row).to_contain_text("05-17")
        assert (await stage.send("GET", f"/v1/members/{member}"))["traits"]["birthday"] == "05-17"
        await row.get_by_role("button", name="Change").click()
        await choose(page, form.get_by_label("What it is"), "Forget it")
        await form.get_by_role("button", name="Save").click()
        await expect(row).to_have_count(0)
        await check_looks(page)
    assert (await stage.send("GET", f"/v1/members/{member}"))["traits"]["birthday"] is None


async def do(stage: Stage, kind: str, member: str, **more: object) -> dict[str, Any]:
    """Something that a system asks for a member."""
    now = datetime.now(tz=UTC).isoformat()
    sent = {"id": f"{kind}-1", "source": "app", "kind": kind, "occurred_at": now, "member": {"id": member}, **more}
    return await stage.send("POST", "/v1/activities", sent, status=201)


async def test_the_desk_enrols_somebody_hands_a_reward_over_and_gives_points_back(stage: Stage) -> None:
    await stage.send("PUT", "/v1/rewards/tote-bag/stock", {"amount": 5})
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open("/console/members", size=PHONE, staff=di) as page:
        await page.get_by_role("button", name="New member").click()
        await dialog(page).get_by_label("Number or address").fill("2469 7777")
        await check_looks(page)
        await dialog(page).get_by_role("button", name="New member").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("7777")
        member = page.url.rpartition("/")[2]
        ask = {"currency": "points", "points": 900, "reason": "a welcome", "by": "a test"}
        await do(stage, "adjust", member, ask=ask)
        await do(stage, "reward", member, ask={"reward": "tote-bag"})
        await do(stage, "hold", member, ask={"currency": "points", "points": 70, "valid_seconds": 86_400})
        await page.goto(f"{stage.site.url}/console/members/{member}?tab=wallet")
        await page.get_by_role("button", name="Handed out").click()
        await dialog(page).get_by_role("button", name="Handed out").click()
        await expect(page.get_by_role("button", name="Handed out")).to_have_count(0)
        await page.get_by_role("button", name="Give back").click()
        await dialog(page).get_by_role("button", name="Give back").click()
        await expect(page.get_by_text("Nothing is set aside.")).to_be_visible()
        await check_looks(page)
    (order,) = (await stage.send("GET", f"/v1/members/{member}/orders"))["orders"]
    assert order["state"] == "fulfilled"
    assert (await stage.send("GET", f"/v1/members/{member}/account"))["holds"] == []


async def test_in_an_emergency_nobody_uses_points(stage: Stage, purchase: Purchase) -> None:
    member = (await buy(stage, purchase))["member"]
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open("/console/fraud?tab=stopping", size=PHONE, staff=di) as page:
        await page.get_by_role("button", name="Stop the use of points").click()
        await dialog(page).get_by_label("Reason").fill("points are used that nobody asked for")
        await dialog(page).get_by_role("button", name="Stop the use of points").click()
        await expect(page.get_by_role("status")).to_contain_text("Nobody can use points now")
        await check_looks(page)
        assert (await stage.send("GET", "/v1/burning"))["burning"] == "off"
        await page.goto(f"{stage.site.url}/console/members/{member}")
        stopped = page.get_by_role("alert").filter(has_text="Points cannot be used now")
        await expect(stopped).to_contain_text("nobody asked for")
        await check_looks(page)
        await page.goto(f"{stage.site.url}/console/fraud?tab=stopping")
        await page.get_by_role("button", name="Let points be used again").click()
        await dialog(page).get_by_label("Reason").fill("it was a mistake")
        await dialog(page).get_by_role("button", name="Let points be used again").click()
        await expect(page.get_by_role("status")).to_contain_text("Points can be used")
    assert (await stage.send("GET", "/v1/burning"))["burning"] == "on"


async def test_two_members_begin_a_household_and_one_leaves_it(stage: Stage, purchase: Purchase) -> None:
    member = (await buy(stage, purchase))["member"]
    other = (await stage.send("POST", "/v1/activities", purchase("o-1", card="2469 0002", store=""), status=201))[
        "member"
    ]
    di = await stage.office.work("di@example.com", "service_desk")
    async with stage.open(f"/console/members/{member}?tab=household", size=PHONE, staff=di) as page:
        await page.get_by_role("button", name="Join a household").click()
        await dialog(page).get_by_label("Card, phone, e-mail").fill("2469 0002")
        await check_looks(page)
        await dialog(page).get_by_role("button", name="Join a household").click()
        await expect(page.get_by_role("link", name=other[-12:])).to_be_visible()
        home: Any = await stage.send("GET", f"/v1/members/{other}/household")
        assert {each["member"] for each in home["members"]} == {member, other}
        await page.get_by_role("button", name="Leave the household").click()
        await dialog(page).get_by_role("button", name="Leave the household").click()
        await expect(page.get_by_text("Belongs to no household.")).to_be_visible()
        await check_looks(page)
    await stage.send("GET", f"/v1/members/{member}/household", status=404)

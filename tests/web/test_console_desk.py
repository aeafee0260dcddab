"""What the desk does for somebody who stands there: a reward ordered, a level given, a doubtful case handed over."""

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from regulars.base import clock
from regulars.base.ids import new_id
from regulars.features import fraud
from tests.http.site import Purchase
from tests.settled import settle
from tests.web.shopping import buy, come_in, show_codes
from tests.web.stage import LANGUAGES, PHONE, Stage, Words, button, check_looks, pick, publish_ready


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog").filter(visible=True).last


async def hold(stage: Stage, member: str) -> int:
    view = await stage.send("GET", f"/v1/members/{member}")
    return {each["currency"]: each["available"] for each in view["balances"]}.get("points", 0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_desk_orders_a_reward_for_a_member(stage: Stage, language: str) -> None:
    words = Words.read(language, "console")
    await show_codes(stage)
    mei = await come_in(stage)
    for number in range(3):
        await buy(stage, mei, f"b-{number}", days_ago=20)
    di = await stage.office.work("di@example.com", "service_desk")
    before = await hold(stage, mei.member)
    async with stage.open(f"/console/members/{mei.member}?tab=wallet", language=language, size=PHONE, staff=di) as page:
        await button(page, words("members.order.new")).click()
        form = dialog(page)
        await pick(form, words("members.reward"), words.name({"en": "A meal", "zh-CN": "捐一餐"}))
        await pick(form, words("members.order.way"), "500")
        await check_looks(page)
        await button(form, words("members.order.go")).click()
        await expect(page.get_by_role("row").filter(has_text=words("members.order.fulfilled"))).to_contain_text("500")
        await check_looks(page)
    assert await hold(stage, mei.member) == before - 500


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_level_is_given_by_hand_and_taken_back(stage: Stage, purchase: Purchase, language: str) -> None:
    words, named = Words.read(language, "console"), {"en": "Monsoon", "zh-CN": "季风卡"}
    await publish_ready(stage.site.database, "travel")
    sold = await stage.send("POST", "/v1/activities", purchase("t-1", minor=1_000, store=""), status=201)
    member = sold["member"]
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open(f"/console/members/{member}", language=language, staff=ann) as page:
        for level, seen in ((words.name(named), 1), (words("members.invite.none"), 0)):
            await button(page, words("members.invite")).click()
            form = dialog(page)
            await pick(form, words("members.level"), level)
            await form.get_by_label(words("members.reason")).fill("our first guest")
            await check_looks(page)
            await button(form, words("members.save")).click()
            await expect(page.get_by_text(words("members.level.invited"), exact=True)).to_have_count(seen)
        await check_looks(page)
    told = (await stage.send("GET", f"/v1/members/{member}/activities?kind=invite"))["activities"]
    assert [(each["ask"]["level"], each["ask"]["by"]) for each in told] == [
        (None, str(ann.id)),
        ("monsoon", str(ann.id)),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_case_is_handed_to_somebody_who_may_decide_it(stage: Stage, purchase: Purchase, language: str) -> None:
    words = Words.read(language, "console")
    for number in range(16):
        await stage.send("POST", "/v1/activities", purchase(f"r-{number}", minor=1_000, store=""), status=201)
    await settle(stage.site.database)
    async with stage.site.database.transaction() as tx:
        assert await fraud.look(tx, new_id=new_id, at=await clock.now(tx)) > 0
    di = await stage.office.work("di@example.com", "service_desk")
    bo = await stage.office.work("bo@example.com", "service_desk")
    await stage.office.work("eve@example.com", "auditor")
    able: Any = await stage.send("GET", "/v1/fraud/people")
    assert {UUID(each["id"]) for each in able["people"]} == {di.id, bo.id}
    name = next(each["name"] for each in able["people"] if UUID(each["id"]) == bo.id)
    async with stage.open("/console/fraud", language=language, size=PHONE, staff=di) as page:
        await button(page, words("fraud.look")).first.click()
        await button(page, words("fraud.hand")).click()
        form = dialog(page)
        await pick(form, words("fraud.hand.to"), name)
        await check_looks(page)
        await button(form, words("fraud.hand")).click()
        await expect(page.get_by_text(words("fraud.did.assign"))).to_be_visible()
        await check_looks(page)
    cases = (await stage.send("GET", f"/v1/fraud/cases?assigned={bo.id}"))["cases"]
    assert [each["assigned_to"] for each in cases] == [str(bo.id)]

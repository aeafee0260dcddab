"""The console's other pages: the home's figures, every page on a phone, and work that is interrupted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Route, expect

from tests.http.site import Purchase
from tests.staff.people import PASSWORD
from tests.web.shots_console import PLACES, fill, settle
from tests.web.stage import PHONE, Stage, check_looks


async def points_of(stage: Stage, member: str) -> int:
    view: Any = await stage.send("GET", f"/v1/members/{member}")
    return next(each["shown"] for each in view["balances"] if each["currency"] == "points")


async def test_every_page_can_be_read_on_a_phone(stage: Stage) -> None:
    await fill(stage)
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open("/console/", language="zh-CN", size=PHONE, staff=ann) as page:
        for name, path in (("home", "/console/"), *PLACES):
            await page.goto(stage.site.url + path)
            await settle(page)
            assert await page.get_by_role("alert").all_inner_texts() == [], name
            await check_looks(page)


async def test_home_shows_the_figures_and_where_they_come_from(stage: Stage) -> None:
    await fill(stage)
    ann = await stage.office.work("ann@example.com", "owner")
    async with stage.open("/console/?days=90", staff=ann) as page:
        await settle(page)
        told: Any = await stage.send("GET", "/v1/figures/by/store")
        first = told["parts"][0]
        row = page.get_by_role("row").filter(has_text=first["name"].get("en") or first["key"])
        await expect(row).to_contain_text(f"{first['values']['members']:,}")
        issued = page.locator(".ant-card").filter(has_text="Points issued")
        whole = sum(each["values"]["issued"] or 0 for each in (await figures(stage))["series"])
        await expect(issued).to_contain_text(f"{whole:,}")
        await page.get_by_role("button", name="As a table").click()
        await expect(page.get_by_role("table", name="Sales to members over time")).to_be_visible()
        await page.get_by_text("Offer", exact=True).click()
        await expect(page.get_by_role("row").filter(has_text="Points on every purchase")).to_be_visible()
        await check_looks(page)


async def figures(stage: Stage) -> dict[str, Any]:
    day = datetime.now(tz=UTC).date()
    return await stage.send("GET", f"/v1/figures?from={day - timedelta(days=365)}")


async def test_a_session_ends_over_a_form_and_nothing_typed_is_lost(stage: Stage, purchase: Purchase) -> None:
    made = await stage.send("POST", "/v1/activities", purchase("r-1", store=""), status=201)
    before, di = await points_of(stage, made["member"]), await stage.office.work("di@example.com", "service_desk")
    async with stage.open(f"/console/members/{made['member']}", staff=di) as page:
        await page.get_by_role("button", name="Adjust points").click()
        form = page.get_by_role("dialog", name="Adjust points")
        await form.get_by_label("Points").fill("70")
        await form.get_by_label("Reason").fill("A spoilt cake")
        assert (await stage.office.send("DELETE", "/v1/session", by=di)).status_code == 200
        await form.get_by_role("button", name="Adjust", exact=True).click()
        again = page.get_by_role("dialog", name="Please sign in again")
        await again.locator("input[type=password]").fill(PASSWORD)
        await again.get_by_role("button", name="Continue").click()
        await again.locator("input[autocomplete=one-time-code]").fill(stage.office.code(di))
        await again.get_by_role("button", name="Sign in").click()
        await expect(again).to_have_count(0)
        await expect(form.get_by_label("Reason")).to_have_value("A spoilt cake")
        assert await points_of(stage, made["member"]) == before
        await form.get_by_role("button", name="Adjust", exact=True).click()
        await expect(form).to_have_count(0)
    assert await points_of(stage, made["member"]) == before + 70


async def test_a_lost_answer_is_asked_for_again_and_it_is_done_once(stage: Stage, purchase: Purchase) -> None:
    made = await stage.send("POST", "/v1/activities", purchase("r-1", store=""), status=201)
    before, di = await points_of(stage, made["member"]), await stage.office.work("di@example.com", "service_desk")

    async def lose(route: Route) -> None:
        """The server does it, and the line breaks before the answer."""
        await route.fetch()
        await route.abort()

    async with stage.open(f"/console/members/{made['member']}", staff=di) as page:
        await page.get_by_role("button", name="Adjust points").click()
        form = page.get_by_role("dialog", name="Adjust points")
        await form.get_by_label("Points").fill("70")
        await form.get_by_label("Reason").fill("A spoilt cake")
        await page.route("**/v1/activities", lose)
        await form.get_by_role("button", name="Adjust", exact=True).click()
        await expect(form.get_by_role("alert")).to_contain_text("No connection")
        await expect(form.get_by_label("Reason")).to_have_value("A spoilt cake")
        await page.unroute("**/v1/activities")
        await form.get_by_role("button", name="Adjust", exact=True).click()
        await expect(form).to_have_count(0)
    assert await points_of(stage, made["member"]) == before + 70, "once, though it was sent twice"


async def test_two_people_change_one_webhook(stage: Stage) -> None:
    body = {"url": "https://example.com/told", "description": "our shop", "kinds": ["*"]}
    made = (await stage.send("POST", "/v1/webhooks", body, status=201))["webhook"]
    path, ann = f"/v1/webhooks/{made['id']}", await stage.office.work("ann@example.com", "owner")
    async with stage.open(f"/console/webhooks/{made['id']}", staff=ann) as page:
        await page.get_by_role("button", name="Change").click()
        await page.get_by_label("What it is for").fill("mine")
        theirs = await stage.site.client.put(
            path, json=body | {"description": "theirs"}, headers={"If-Match": f'"{made["version"]}"'}
        )
        assert theirs.status_code == 200, theirs.text
        await page.get_by_role("button", name="Save", exact=True).click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Somebody has changed it while you were typing")
        await expect(dialog.locator("dd").filter(has_text="theirs")).to_be_visible()
        await expect(page.get_by_label("What it is for")).to_have_value("mine")
        assert (await stage.send("GET", path))["description"] == "theirs", "nothing is written over unseen"
        await page.get_by_role("button", name="Save mine over it").click()
        await expect(dialog).to_have_count(0)
    assert (await stage.send("GET", path))["description"] == "mine"

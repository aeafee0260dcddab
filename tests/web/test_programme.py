"""The console's programme pages: a line that is lost, codes and stock, baskets that are tried."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.web.stage import PHONE, WIDE, Stage, button, check_looks, find_barriers, pick, sticks_out

SLOW = 60_000
"""For what the server looks at for seconds: a programme that is checked, drafted, simulated."""


async def begin(stage: Stage) -> str:
    made = await stage.send("POST", "/v1/sketches", {"name": "Spring", "base": "live"}, 201)
    return made["sketch"]["id"]


async def read(stage: Stage, sketch: str) -> dict[str, Any]:
    """The offers of a sketch, by their ids."""
    document = (await stage.send("GET", f"/v1/sketches/{sketch}"))["document"]
    return {each["id"]: each for each in document["offers"]}


async def choose(page: Page, offer: str) -> None:
    await page.get_by_role("navigation").get_by_role("button", name=offer).first.click()


async def test_nothing_typed_is_lost(stage: Stage) -> None:
    """A line that is lost, a page that is left, a step back; a condition as rows, and what is wrong with its place."""
    sketch = await begin(stage)
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open(f"/console/programme/sketches/{sketch}", staff=ann) as page:
        await choose(page, "Review")
        await page.get_by_label("Points *").fill("25")
        await page.context.set_offline(True)
        await button(page, "Save").click()
        await expect(page.get_by_role("alert").first).to_contain_text("No connection")
        await expect(page.get_by_label("Points *")).to_have_value("25")
        await page.context.set_offline(False)
        await page.reload()
        await expect(page.get_by_text("What you had not saved here is back")).to_be_visible()
        await choose(page, "Review")
        await expect(page.get_by_label("Points *")).to_have_value("25")
        await page.get_by_role("link", name="In progress").click()
        await expect(page.get_by_role("dialog")).to_contain_text("not saved yet")
        await button(page, "Stay here").click()
        await page.get_by_label("Points *").fill("30")
        await button(page, "Step back").click()
        await expect(page.get_by_label("Points *")).to_have_value("25")
        await page.get_by_role("button", name="For whom").click()
        await button(page, "Add a condition").click()
        await check_looks(page)
        await pick(page, "What", "Day of the month")
        # The server takes its time over the condition, and meanwhile somebody types on: neither undoes the other.
        typed = asyncio.Event()

        async def dawdle(route: Route) -> None:
            await typed.wait()
            await route.continue_()

        await page.route("**/v1/conditions/write", dawdle)
        await page.get_by_label("Value", exact=True).fill("12")
        await page.get_by_label("Name in the system *").fill("Not A Name")
        async with page.expect_response("**/v1/conditions/write"):
            typed.set()
        await button(page, "Check").click()
        await expect(page.locator("[data-path$='.id'] .fault")).to_be_visible(timeout=SLOW)
        assert await sticks_out(page) <= 0
        await page.get_by_label("Name in the system *").fill("review")
        await button(page, "Save").click()
        await expect(button(page, "Save")).to_be_disabled()
    offer = (await read(stage, sketch))["review"]
    assert offer["settings"]["points"] == 25
    assert re.fullmatch(r"activity\.day \S+ 12", offer["when"])


@pytest.mark.parametrize(("language", "size"), [("en-GB", WIDE), ("zh-CN", PHONE)])
async def test_every_programme_page_is_for_everybody(stage: Stage, language: str, size: tuple[int, int]) -> None:
    ann = await stage.office.work("ann@example.com", "marketer")
    await begin(stage)
    paths = (
        "programme",
        "programme?tab=points",
        "programme?tab=sketches",
        "programme?tab=versions",
        "rewards",
        "simulations",
    )
    async with stage.open("/console/programme", language=language, size=size, staff=ann) as page:
        for path in paths:
            await page.goto(f"{stage.site.url}/console/{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await expect(page.locator(".ant-skeleton")).to_have_count(0)
            await check_looks(page)


async def test_codes_and_stock_are_kept_from_the_console(stage: Stage) -> None:
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open("/console/coupons", staff=ann, size=PHONE) as page:
        await page.get_by_label("Search coupons").fill("five-off")
        await button(page, "Make codes").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("List", exact=True).fill("spring")
        await dialog.get_by_label("How many").fill("5")
        assert await find_barriers(page) == []
        await button(dialog, "Make codes").click()
        await expect(dialog).to_contain_text("5 codes were made")
        assert len((await dialog.get_by_label("Codes").input_value()).split()) == 5
        await dialog.locator(".ant-modal-footer button").click()
        row = page.get_by_role("row", name="spring")
        await expect(row).to_contain_text("5")
        await check_looks(page)
        await row.get_by_role("button", name="End the list").click()
        await page.get_by_role("dialog").locator(".ant-btn-dangerous").click()
        await expect(page.get_by_text("5 codes ended")).to_be_visible()
        await page.goto(f"{stage.site.url}/console/rewards")
        await page.get_by_role("button", name="Change stock: Canvas bag").click()
        await page.get_by_label("In all").fill("12")
        await button(page.get_by_role("dialog"), "Save").click()
        await expect(page.get_by_role("listitem", name="Canvas bag")).to_contain_text("12 left")
    rewards = (await stage.send("GET", "/v1/rewards"))["rewards"]
    assert next(each["left"] for each in rewards if each["reward"] == "tote-bag") == 12


async def test_a_basket_is_tried_with_the_reasons(stage: Stage) -> None:
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open("/console/programme/try", staff=ann) as page:
        await page.get_by_label("Amount").fill("20")
        await button(page, "What would it bring?").click()
        await expect(page.get_by_role("group", name="Points on every purchase")).to_contain_text("+20")
        await expect(page.get_by_role("group", name="Summer of fresh produce")).to_contain_text("Dates")
        await check_looks(page)
    assert (await stage.send("GET", "/v1/members"))["members"] == [], "nothing was written"

"""What offers stand on, in forms; pilots by trait; from a sketch to its simulation; words for who reads no English."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from regulars.base.secret import Secret
from regulars.base.settings import Settings
from regulars.features.tasks import run_next
from regulars.interfaces.works import find_works
from regulars.kernel.spine import Workplace
from tests.web.stage import LANGUAGES, PHONE, WIDE, Stage, button, check_looks, find_barriers, sticks_out

SLOW = 60_000
"""For what the server looks at for seconds: a programme that is checked, drafted, simulated."""
WORDS: dict[str, dict[str, str]] = {
    "en-GB": {
        "basics": "Points and catalogue", "points": "Points", "catalogue": "Catalogue", "en": "Name (English)",
        "categories": "Categories", "check": "Check", "right": "Nothing is wrong", "save": "Save", "undo": "Step back",
        "meaning": "What people read, by language",
    },
    "zh-CN": {
        "basics": "积分与目录", "points": "积分", "catalogue": "目录", "en": "名称 (英文)", "categories": "品类",
        "check": "检查", "right": "检查通过", "save": "保存", "undo": "撤销", "meaning": "须填写中文和英文",
    },
}  # fmt: skip
MAPPING = """
mapping: the old till
source: old-till
key: card
members:
  file: members.csv
  identifiers: {card: card}
  joined_at: joined
"""


async def begin(stage: Stage) -> str:
    made = await stage.send("POST", "/v1/sketches", {"name": "Spring", "base": "live"}, 201)
    return made["sketch"]["id"]


async def read(stage: Stage, sketch: str) -> dict[str, Any]:
    return (await stage.send("GET", f"/v1/sketches/{sketch}"))["document"]


async def open_basics(page: Page, name: str) -> None:
    await page.get_by_role("tab", name=name).click()
    await expect(page.locator("[data-path='currencies']")).to_be_visible()


async def unfold(page: Page, name: str) -> None:
    await page.get_by_role("tabpanel").get_by_role("button", name=name, exact=True).click()


def field(page: Page, path: str) -> Locator:
    return page.locator(f"[data-path='{path}']")


async def save(page: Page, name: str) -> None:
    await button(page, name).click()
    await expect(button(page, name)).to_be_disabled(timeout=SLOW)


@pytest.mark.parametrize(("language", "size"), [("en-GB", WIDE), ("zh-CN", PHONE)])
async def test_currencies_and_the_catalogue_are_edited_in_forms(
    stage: Stage, language: str, size: tuple[int, int]
) -> None:
    words = WORDS[language]
    sketch = await begin(stage)
    before = await read(stage, sketch)
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open(f"/console/programme/sketches/{sketch}", language=language, size=size, staff=ann) as page:
        await open_basics(page, words["basics"])
        await expect(field(page, "currencies.points.name")).to_contain_text(words["meaning"])
        months = field(page, "currencies.points.expiry.months").get_by_role("spinbutton")
        await expect(months).to_have_value("12")
        await months.fill("18")
        await field(page, "currencies.points.name").get_by_label(words["en"]).fill("Leaves")
        await button(page, words["undo"]).click()
        await expect(field(page, "currencies.points.name").get_by_label(words["en"])).not_to_have_value("Leaves")
        await unfold(page, words["catalogue"])
        brands = field(page, "catalog.segments").get_by_role("combobox")
        await brands.fill("new-parents")
        await brands.press("Enter")
        await brands.press("Escape")
        await expect(field(page, "catalog.segments")).to_contain_text("new-parents")
        await button(page, words["check"]).click()
        await expect(page.get_by_text(words["right"])).to_be_visible(timeout=SLOW)
        await check_looks(page)
        await save(page, words["save"])
    after = await read(stage, sketch)
    expiry = {**before["currencies"]["points"]["expiry"], "months": 18}
    name = {**before["currencies"]["points"]["name"], "en": after["currencies"]["points"]["name"]["en"]}
    points = {**before["currencies"]["points"], "expiry": expiry, "name": name}
    assert after["currencies"] == {**before["currencies"], "points": points}
    assert after["catalog"]["segments"] == [*before["catalog"].get("segments", []), "new-parents"]


async def test_what_is_wrong_with_a_currency_is_told_at_its_place(stage: Stage) -> None:
    sketch = await begin(stage)
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open(f"/console/programme/sketches/{sketch}", staff=ann) as page:
        await open_basics(page, "Points and catalogue")
        adding = field(page, "currencies").get_by_placeholder("Add: ").last
        await adding.fill("Bad Name")
        await adding.press("Enter")
        await button(page, "Check").click()
        problems = page.get_by_role("alert").filter(has_text="currencies")
        await expect(problems.first).to_be_visible(timeout=SLOW)
        await page.get_by_role("button", name="Remove: Bad Name").click()
        await expect(page.locator("[data-path^='currencies.Bad']")).to_have_count(0)
        await expect(button(page, "Save")).to_be_disabled()


async def test_two_people_edit_currencies_and_the_catalogue_and_both_are_kept(stage: Stage) -> None:
    sketch = await begin(stage)
    ann, bo = await stage.office.work("ann@example.com", "marketer"), await stage.office.work("bo@example.com", "owner")
    path = f"/console/programme/sketches/{sketch}"
    async with stage.open(path, staff=ann) as mine, stage.open(path, staff=bo) as theirs:
        for page in (mine, theirs):
            await open_basics(page, "Points and catalogue")
        await field(mine, "currencies.points.name").get_by_label("Name (English)").fill("Leaves")
        await field(theirs, "currencies.stars.name").get_by_label("Name (English)").fill("Moons")
        await save(theirs, "Save")
        await button(mine, "Save").click()
        dialog = mine.get_by_role("dialog")
        await expect(dialog).to_contain_text("What members collect › Points")
        await expect(dialog).to_contain_text("What members collect › Stars")
        await button(dialog, "Save both together").click()
        await expect(dialog).to_have_count(0)
        await expect(button(mine, "Save")).to_be_disabled()
    currencies = (await read(stage, sketch))["currencies"]
    assert {each: currency["name"]["en"] for each, currency in currencies.items()} == {
        "points": "Leaves",
        "stars": "Moons",
    }


async def test_a_sketch_is_simulated_from_its_own_page(stage: Stage) -> None:
    """What was typed is saved first, and the simulation's page has the right draft chosen."""
    await stage.send("POST", "/v1/sketches", {"name": "Autumn", "base": "live"}, 201)
    sketch = await begin(stage)
    ann = await stage.office.work("ann@example.com", "marketer")
    async with stage.open(f"/console/programme/sketches/{sketch}", staff=ann) as page:
        await page.get_by_role("navigation").get_by_role("button", name="Review").first.click()
        await page.get_by_label("Points *").fill("35")
        await button(page, "Simulate").click()
        await page.wait_for_url(f"**/simulations?sketch={sketch}", timeout=SLOW)
        chosen = page.get_by_role("main").locator(".ant-select-selection-item")
        await expect(chosen).to_have_count(1)
        await expect(chosen).to_contain_text("Spring")
        await page.get_by_role("main").locator("button.ant-btn-primary").click()
        await page.wait_for_url("**/simulations/*-*", timeout=SLOW)
    offers = {each["id"]: each for each in (await read(stage, sketch))["offers"]}
    assert offers["review"]["settings"]["points"] == 35
    (task,) = (await stage.send("GET", "/v1/tasks?kind=simulation"))["tasks"]
    assert "Spring" in task["title"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_version_is_tried_on_members_of_a_level(stage: Stage, language: str) -> None:
    words = {
        "en-GB": ("Try on some", "Only members with this trait", "Whose value is one of", "Trait: tier", "Gold"),
        "zh-CN": ("小范围试点", "仅限具有此属性的会员", "属性取值为", "会员特征：tier", "金卡"),
    }[language]
    pilot, trait, values, tier, gold = words
    sketch = await begin(stage)
    document = await read(stage, sketch)
    document["name"] = {"en": "Tried", "zh-CN": "试点"}
    made = await stage.send("POST", "/v1/programs", {"text": json.dumps(document)}, 201)
    version = made["hash"]
    bo = await stage.office.work("bo@example.com", "owner")
    async with stage.open(f"/console/programme/versions/{version}", language=language, staff=bo, size=PHONE) as page:
        await page.get_by_role("button", name=pilot).click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator(".ant-modal-footer .ant-btn-primary")).to_be_disabled()
        await dialog.get_by_label(trait).click()
        # Who hears the page is told what the list is for.
        await expect(page.get_by_role("listbox", name=trait)).to_have_count(1)
        await page.locator(".ant-select-item-option").filter(has_text=tier).first.click()
        await expect(dialog.locator(".ant-modal-footer .ant-btn-primary")).to_be_disabled()
        await dialog.get_by_label(values).click()
        await page.locator(".ant-select-item-option").filter(has_text=gold).first.click()
        await page.keyboard.press("Escape")
        assert await find_barriers(page) == []
        await dialog.locator(".ant-modal-footer .ant-btn-primary").click()
        await expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOW)
        await expect(page.get_by_text("tier: gold").first).to_be_visible(timeout=SLOW)
        assert await sticks_out(page) <= 0
    tried = (await stage.send("GET", f"/v1/programs/{version}"))["version"]["pilot"]
    assert (tried["trait"], tried["values"]) == ("tier", ["gold"])


async def test_a_bad_line_is_told_in_chinese(
    stage: Stage, settings: Settings, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "members.csv"
    file.write_text("card,joined\nA1,2026-01-05\nA2,yesterday\n,2026-01-05\n")
    ann = await stage.office.work("ann@example.com", "owner")
    own = replace(settings, database_url=database_url, secret=Secret.single(b"k" * 32))
    place = Workplace(database=stage.site.database, house=stage.site.house, settings=own, stopping=asyncio.Event())
    async with stage.open("/console/imports", language="zh-CN", staff=ann, size=PHONE) as page:
        await page.locator("#imports-mapping").fill(MAPPING)
        await page.locator("#imports-files").set_input_files(file)
        await page.get_by_role("main").locator("button[type=submit]").click()
        await page.wait_for_url("**/imports/*-*", timeout=SLOW)
        assert await run_next(place, find_works(), now=lambda: datetime.now(UTC)) == 1
        row = page.get_by_role("row", name="members.csv 3 joined")
        await expect(row).to_contain_text("无法按映射中的格式识别日期", timeout=SLOW)
        await expect(row).to_contain_text("yesterday")
        await expect(row).to_contain_text("请在映射的 dates 中加上该格式")
        await expect(page.get_by_role("row", name="members.csv 4 card")).to_contain_text("必填内容为空")
        await check_looks(page)

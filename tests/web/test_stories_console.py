"""Stories of the people who make the programme and run it, in both languages, with the books looked at after each."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from regulars.base import clock
from regulars.base.secret import Secret
from regulars.features.tasks import run_next
from regulars.interfaces.works import find_works
from regulars.kernel import program
from regulars.kernel.spine import Workplace
from tests.http.site import Purchase
from tests.web.stage import PHONE, button, check_looks, pick
from tests.web.tale import Tale

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = 60_000
"""For what the server looks at for seconds: a programme that is checked, drafted, simulated."""
ODD = "<b>Tea</b> & <script>x</script> 🍵 شاي"
"""A name that is all of what a page must show as it stands."""
LINES = 5_000
BAD = 40
MAPPING = """
mapping: the old till
source: old-till
key: card
members:
  file: members.csv
  identifiers: {card: card}
  joined_at: joined
"""


async def set_review(tale: Tale, *, review: bool) -> None:
    async with tale.stage.site.database.transaction() as tx:
        await program.set_policy(tx, program.Policy(review=review), by="a test", at=await clock.now(tx))


async def work_once(tale: Tale) -> int:
    """Do one task that waits, as a worker does."""
    own = replace(tale.settings, secret=Secret.single(b"k" * 32))
    site = tale.stage.site
    place = Workplace(database=site.database, house=site.house, settings=own, stopping=asyncio.Event())
    return await run_next(place, find_works(), now=lambda: datetime.now(UTC))


async def given(tale: Tale, made: dict[str, Any]) -> dict[str, int]:
    """Record a purchase; give the points that it brought, by offer."""
    told = await tale.stage.send("POST", "/v1/activities", made, status=201)
    return {each["offer"]: each["points"] for each in told["points"] if each["currency"] == "points"}


async def read_offers(tale: Tale, sketch: str) -> dict[str, Any]:
    """The offers of a sketch, by their ids."""
    document = (await tale.stage.send("GET", f"/v1/sketches/{sketch}"))["document"]
    return {each["id"]: each for each in document["offers"]}


async def build_offer(tale: Tale, page: Page) -> None:
    """From the live programme to a sketch that has one more offer, is checked and saved."""
    say = tale.console
    await button(page, say("programme.change")).click()
    await button(page.get_by_role("dialog"), say("programme.begin")).click()
    await button(page, say("offers.add")).click()
    await page.get_by_role("dialog").get_by_role("button", name=say("offers.mechanic.bonus")).first.click()
    for language in ("en", "zh"):
        await page.get_by_label(name_in(tale, language)).first.fill(ODD)
    await labelled(page, say("offers.setting.points")).fill("50")
    await button(page, say("offers.check")).click()
    await expect(page.get_by_text(say("offers.words"))).to_be_visible(timeout=SLOW)
    await check_looks(page)
    await button(page, say("offers.save")).click()
    await expect(button(page, say("offers.save"))).to_be_disabled()
    await expect(page.get_by_role("heading", name=ODD)).to_be_visible()


def name_in(tale: Tale, language: str) -> str:
    """The label of an offer's name in a language."""
    return f"{tale.console('offers.setting.name')} ({tale.console(f'offers.language.{language}')})"


def labelled(page: Page, label: str) -> Locator:
    """The field of a form, whether it must be filled or not."""
    return page.get_by_label(label, exact=True).or_(page.get_by_label(f"{label} *", exact=True)).first


async def test_an_idea_becomes_live_by_two_people(tale: Tale, purchase: Purchase) -> None:
    say, card = tale.console, "5000 0001"
    await set_review(tale, review=True)
    before = await given(tale, purchase("idea-1", minor=10_000, card=card, store=""))
    ann = await tale.work("ann@example.com", "marketer")
    async with tale.open("/console/programme", staff=ann) as page:
        await build_offer(tale, page)
        await button(page, say("offers.make")).click()
        await button(page.get_by_role("dialog"), say("offers.make")).click()
        await page.wait_for_url("**/programme/versions/*", timeout=SLOW)
        await expect(page.get_by_role("heading", level=1)).to_contain_text(say("programme.version"))
        await expect(page.get_by_role("heading", name=ODD)).to_be_visible()
        await check_looks(page)
        version = page.url.rsplit("/", 1)[-1].split("?")[0]
        await button(page, say("programme.simulate")).click()
        await page.wait_for_url("**/simulations?version=*")
        await button(page.get_by_role("main"), say("simulate.start")).click()
        await page.wait_for_url("**/simulations/*-*", timeout=SLOW)
        assert await work_once(tale) == 1
        await expect(page.get_by_text(say("simulate.live")).first).to_be_visible(timeout=SLOW)
        await expect(page.get_by_text(say("simulate.gain", gain="1", lose="0"))).to_be_visible()
        await check_looks(page)
    bo = await tale.work("bo@example.com", "owner")
    async with tale.open(f"/console/programme/versions/{version}", staff=bo, size=PHONE) as page:
        for step in ("review", "publish"):
            await button(page, say(f"programme.do.{step}")).click()
            await button(page.get_by_role("dialog"), say(f"programme.do.{step}")).click()
            await expect(page.get_by_text(say(f"programme.done.{step}")).first).to_be_visible(timeout=SLOW)
            await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", level=1)).to_contain_text(say("programme.state.live"))
        await check_looks(page)
    assert (await tale.stage.send("GET", "/v1/program"))["hash"] == version
    again = await given(tale, purchase("idea-2", minor=10_000, card=card, store=""))
    assert again == {**before, "bonus": 50}
    await tale.audit()


async def test_two_people_edit_one_offer_and_both_are_kept(tale: Tale) -> None:
    say = tale.console
    begun = await tale.stage.send("POST", "/v1/sketches", {"name": "Spring", "base": "live"}, 201)
    sketch = begun["sketch"]["id"]
    names = {key: say.name(each["name"]) for key, each in (await read_offers(tale, sketch)).items()}
    name, points = name_in(tale, "en"), say("offers.setting.points")
    cy, dee = [await tale.work(f"{each}@example.com", "marketer") for each in ("cy", "dee")]
    path = f"/console/programme/sketches/{sketch}"
    async with tale.open(path, staff=cy) as mine, tale.open(path, staff=dee, size=PHONE) as theirs:
        offers = mine.get_by_role("navigation")
        await offers.get_by_role("button", name=names["big-basket"]).first.click()
        await mine.get_by_label(name).first.fill("The big shop")
        await offers.get_by_role("button", name=names["review"]).first.click()
        await labelled(mine, points).fill("20")
        await theirs.get_by_role("button", name=names["big-basket"]).click()
        await theirs.get_by_label(name).first.fill("Our weekly shop")
        await theirs.get_by_role("button", name=say("offers.back")).click()
        await theirs.get_by_role("button", name=names["check-in"]).click()
        await labelled(theirs, points).fill("3")
        await button(theirs, say("offers.save")).click()
        await expect(button(theirs, say("offers.save"))).to_be_disabled()
        await button(mine, say("offers.save")).click()
        dialog = mine.get_by_role("dialog")
        await expect(dialog).to_contain_text(say("offers.merge.title", name="Ann Lee"))
        await expect(dialog.get_by_role("row", name="The big shop")).to_contain_text("Our weekly shop")
        await expect(dialog).to_contain_text(names["check-in"])
        await check_looks(mine)
        both = button(dialog, say("offers.merge.save"))
        await expect(both).to_be_disabled()
        await dialog.get_by_role("radio", name=say("offers.merge.take.theirs", name="Ann Lee")).check()
        await both.click()
        await expect(dialog).to_have_count(0)
        await expect(button(mine, say("offers.save"))).to_be_disabled()
    kept = await read_offers(tale, sketch)
    assert kept["big-basket"]["name"]["en"] == "Our weekly shop"
    assert (kept["review"]["settings"]["points"], kept["check-in"]["settings"]["points"]) == (20, 3)


async def test_a_bad_version_is_taken_back(tale: Tale, purchase: Purchase) -> None:
    say, card = tale.console, "5000 0002"
    await set_review(tale, review=False)
    good = (await tale.stage.send("GET", "/v1/program"))["hash"]
    before = await given(tale, purchase("bad-1", minor=10_000, card=card, store=""))
    document = (await tale.stage.send("GET", "/v1/programs/live"))["document"]
    bonus = {"id": "slip", "mechanic": "bonus", "on": ["purchase"], "settings": {"currency": "points", "points": 9_999}}
    document["offers"].append({**bonus, "name": {"en": "A slip of the finger", "zh-CN": "手滑"}})
    bad = (await tale.stage.send("POST", "/v1/programs", {"text": json.dumps(document, ensure_ascii=False)}, 201))[
        "hash"
    ]
    await tale.stage.send("POST", f"/v1/programs/{bad}/publish", {"note": ""})
    assert (await given(tale, purchase("bad-2", minor=10_000, card=card, store="")))["slip"] == 9_999
    fay = await tale.work("fay@example.com", "owner")
    async with tale.open("/console/programme?tab=versions", staff=fay) as page:
        await page.get_by_role("link", name=bad[:8]).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(say("programme.state.live"))
        await button(page, say("programme.do.rollback")).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label(say("programme.note")).fill("a slip of the finger")
        await check_looks(page)
        await button(dialog, say("programme.do.rollback")).click()
        await expect(page.get_by_text(say("programme.done.rollback")).first).to_be_visible(timeout=SLOW)
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_role("heading", level=1)).not_to_contain_text(say("programme.state.live"))
    assert (await tale.stage.send("GET", "/v1/program"))["hash"] == good
    assert await given(tale, purchase("bad-3", minor=10_000, card=card, store="")) == before
    await tale.audit()


async def test_a_stores_day_is_reconciled_and_settled(tale: Tale, purchase: Purchase) -> None:
    say, store = tale.console, "s7"
    at = datetime.now(tz=UTC).replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(days=1)
    told = {"source": "till/s7", "occurred_at": at.isoformat()}
    sold = purchase("t7-1", minor=1_250, card="5000 0007", store=store, **told)
    await tale.stage.send("POST", "/v1/activities", sold, 201)
    rows = [
        {**told, "id": name, "till": "t7", "due_minor": due, "is_shown": True}
        for name, due in (("t7-1", 1_250), ("t7-2", 4_321))
    ]
    path = f"/v1/stores/{store}/days/{at.date().isoformat()}"
    await tale.stage.send("PUT", f"{path}/sales/1", {"file": "a", "sales": rows})
    assert not (await tale.stage.send("POST", f"{path}/reconcile"))["is_settled"]
    hal = await tale.work("hal@example.com", "owner")
    async with tale.open("/console/reconciliation", staff=hal) as page:
        found = page.get_by_role("row").filter(has_text="t7-2")
        await expect(found).to_contain_text(say("stores.kind.missing_in_ledger"))
        await expect(found).to_contain_text("43.21")
        await check_looks(page)
        await button(found, say("stores.decide")).click()
        dialog = page.get_by_role("dialog")
        await pick(dialog, say("stores.state"), say("stores.state.accepted_loss"))
        await dialog.get_by_label(say("stores.note")).fill("a trainee's <sale>")
        await check_looks(page)
        await button(dialog, say("stores.save")).click()
        await expect(dialog).to_have_count(0)
        day = page.get_by_role("row").filter(has_text=store).filter(has_text=say("stores.settled"))
        await expect(day).to_be_visible()
    assert (await tale.stage.send("GET", path))["is_settled"]
    kept = await tale.stage.send("GET", f"/v1/differences?first={at.date()}&last={at.date()}&state=accepted_loss")
    assert [(each["name"], each["note"]) for each in kept["differences"]] == [("t7-2", "a trainee's <sale>")]


async def test_5000_lines_are_looked_at_and_the_good_ones_brought(tale: Tale, tmp_path: Path) -> None:
    say, bad = tale.console, set(range(100, LINES, LINES // BAD))
    rows = [f"7000{line:05},{'one day' if line in bad else '2024-05-01'}" for line in range(LINES)]
    file = tmp_path / "members.csv"
    file.write_text("\n".join(["card,joined", *rows, ""]), encoding="utf-8")
    gil = await tale.work("gil@example.com", "owner")
    async with tale.open("/console/imports", staff=gil) as page:
        await page.get_by_label(say("imports.mapping"), exact=True).fill(MAPPING)
        await page.get_by_label(say("imports.files"), exact=True).set_input_files(file)
        await button(page, say("imports.look")).click()
        await page.wait_for_url(re.compile(r"/imports/.+"))
        assert await work_once(tale) == 1
        faulty = say("imports.faulty_other", problems=str(len(bad)))
        await expect(page.get_by_text(faulty)).to_be_visible()
        await expect(page.get_by_role("row", name="members.csv 102 joined")).to_be_visible()
        go = button(page, say("imports.go.good"))
        await expect(go).to_be_disabled()
        await check_looks(page)
        await page.get_by_label(say("imports.keep")).check()
        await go.click()
        await expect(page.get_by_text(say("imports.brings"))).to_be_visible()
        assert await work_once(tale) == 1
        await expect(page.get_by_text(say("imports.written"))).to_be_visible()
    assert len(await tale.find("700000001")) == 1
    assert await tale.find("700000100") == []
    await tale.audit()

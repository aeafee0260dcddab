"""Pictures of the console's programme pages."""

from typing import Any, Final, Protocol

from playwright.async_api import Page, expect

from tests.staff.people import Person
from tests.web.stage import Stage

__all__ = ["shoot"]

PLACES: Final = (
    ("programme", "/console/programme"),
    ("programme-points", "/console/programme?tab=points"),
    ("programme-sketches", "/console/programme?tab=sketches"),
    ("programme-versions", "/console/programme?tab=versions"),
    ("rewards", "/console/rewards"),
    ("coupons", "/console/coupons"),
    ("simulations", "/console/simulations"),
)


class Photograph(Protocol):
    """Takes a page's picture in each language and size."""

    async def __call__(self, name: str, path: str, *, staff: Person | None = None, prepare: Any = None) -> None: ...  # noqa: ANN401


async def settle(page: Page) -> None:
    """Wait until everything was read."""
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator(".ant-skeleton, .ant-spin-spinning")).to_have_count(0)


async def open_offer(page: Page) -> None:
    """Open the fifth offer of a sketch in its form."""
    await settle(page)
    await page.locator(".offer-list button").nth(4).click()
    await expect(page.locator(".fields").first).to_be_visible()
    await settle(page)


async def open_basics(page: Page) -> None:
    """Open the currencies and the catalogue of a sketch in their forms."""
    await settle(page)
    await page.get_by_role("tab").nth(1).click()
    await expect(page.locator(".fields").first).to_be_visible()
    await settle(page)


async def look(page: Page) -> None:
    """Try a basket."""
    await settle(page)
    await page.get_by_role("main").locator("button.ant-btn-primary").click()
    await expect(page.locator(".gates").first).to_be_visible()


async def shoot(stage: Stage, photograph: Photograph) -> None:
    """Photograph the programme as whoever looks after it sees it, with a change that is under way."""
    office = stage.office
    person = office.people.get("ann@example.com") or await office.work("marketer@example.com", "marketer")
    begun = await stage.send("POST", "/v1/sketches", {"name": "Spring", "base": "live"}, 201)
    sketch, base = begun["sketch"]["id"], begun["sketch"]["base"]
    for name, path in PLACES:
        await photograph(name, path, staff=person, prepare=settle)
    await photograph("version", f"/console/programme/versions/{base}", staff=person, prepare=settle)
    await photograph("editor", f"/console/programme/sketches/{sketch}", staff=person, prepare=open_offer)
    await photograph("editor-basics", f"/console/programme/sketches/{sketch}", staff=person, prepare=open_basics)
    await photograph("try", "/console/programme/try", staff=person, prepare=look)

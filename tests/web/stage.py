"""Where the stories of the pages are played: a server with a ready programme, staff with phones, and a browser."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from argon2 import PasswordHasher
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.features import staff
from regulars.interfaces.http.app import app
from regulars.interfaces.http.guard import COOKIE, MEMBER_COOKIE
from regulars.kernel import program, spine
from tests.http.site import Site, run_site
from tests.staff.people import Office, Person

__all__ = [
    "LANGUAGES",
    "PHONE",
    "TABLET",
    "WIDE",
    "Stage",
    "Words",
    "button",
    "check_looks",
    "find_barriers",
    "open_stage",
    "pick",
    "publish_ready",
    "sticks_out",
]

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "web/node_modules/axe-core/axe.min.js"
LANGUAGES: Final = ("en-GB", "zh-CN")
PHONE: Final = (390, 844)
TABLET: Final = (768, 1024)
WIDE: Final = (1440, 900)
SERIOUS: Final = frozenset({"serious", "critical"})
SEEN_MS_MAX: Final = 20_000
"""How long a page may take to show something: a wait only bounds a hang, and machines of CI are slow and shared."""
DONE_MS_MAX: Final = 60_000
BLOCKED: Final = re.compile("Content Security Policy")


expect.set_options(timeout=SEEN_MS_MAX)


async def publish_ready(database: Database, name: str = "grocer") -> None:
    """Put one of the shipped programmes live, as of a year ago."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse((ROOT / f"programs/{name}.yaml").read_text())
        await spine.publish(tx, document, live_from=now - timedelta(days=365), by="a test", at=now)


@dataclass(kw_only=True)
class Stage:
    """The site with its people, and the browser that they look through."""

    site: Site
    office: Office
    browser: Browser
    failed: list[str] = field(default_factory=list)

    async def send(self, method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 - any JSON
        """Send a request that may do everything; the status that is expected is checked."""
        answered = await self.site.client.request(method, path, json=body)
        assert answered.status_code == status, answered.text
        return answered.json() if answered.content else None

    @asynccontextmanager
    async def open(
        self,
        path: str,
        *,
        language: str = "en-GB",
        size: tuple[int, int] = WIDE,
        staff: Person | None = None,
        member: str | None = None,
    ) -> AsyncGenerator[Page]:
        """Open a page, signed in as somebody; no script may fail in it, and nothing may be blocked by its policy."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, reduced_motion="reduce"
        )
        context.set_default_timeout(DONE_MS_MAX)
        for name, token in ((COOKIE, None if staff is None else staff.token), (MEMBER_COOKIE, member)):
            if token is not None:
                await self._keep(context, name, token)
        page, failed = await context.new_page(), list[str]()
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda told: failed.append(told.text) if BLOCKED.search(told.text) else None)
        await page.goto(self.site.url + path)
        yield page
        await context.close()
        assert failed == [], failed

    async def _keep(self, context: BrowserContext, name: str, token: str) -> None:
        kept: Any = {
            "name": name,
            "value": token,
            "url": self.site.url.replace("http:", "https:"),
            "secure": True,
            "httpOnly": True,
        }
        await context.add_cookies([kept])


async def open_stage(
    database: Database, house: spine.House, settings: Settings, browser: Browser
) -> AsyncGenerator[Stage]:
    """Serve the shop with the grocer's programme and the people of an office."""
    await publish_ready(database)
    async for site in run_site(database, house, app(settings, database, house)):
        office = Office(site=site, at=datetime.now(tz=UTC))
        office.state.now = office.now
        # Of the least that argon2 takes: what is tested here is not how long a guess takes.
        office.state.hashing = staff.Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield Stage(site=site, office=office, browser=browser)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the pages say in a language, by the keys of their catalogues."""

    language: str
    said: Mapping[str, str]

    @classmethod
    def read(cls, language: str, *places: str) -> "Words":
        """Read the catalogues of some folders of web/, and those that all pages share."""
        name = f"words.{'zh-CN' if language == 'zh-CN' else 'en'}.json"
        said: dict[str, str] = {}
        for place in ("kit", *places):
            for path in sorted((ROOT / "web" / place).rglob(name)):
                said |= json.loads(path.read_text(encoding="utf-8"))
        return cls(language=language, said=said)

    def __call__(self, key: str, **values: str) -> str:
        """Say the words of a key, which must be there."""
        return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], self.said[key])

    def count(self, key: str, number: int) -> str:
        """Say the words of a key for so many."""
        one = f"{key}_one"
        return self(one if number == 1 and one in self.said else f"{key}_other", count=str(number))

    def name(self, names: Mapping[str, str]) -> str:
        """Choose the name in this language."""
        return names["zh-CN" if self.language == "zh-CN" else "en"]


def button(page: Page | Locator, name: str) -> Locator:
    """A button by its whole name; two Chinese signs stand apart in buttons."""
    spaced = r"\s?".join(re.escape(each) for each in name)
    return page.get_by_role("button", name=re.compile(f"^{spaced}$"))


async def check_looks(page: Page) -> None:
    """See that a page is for everybody, and as wide as its window."""
    # Away from the button that was pressed: what is pointed at has another colour for a moment.
    await page.mouse.move(0, 0)
    assert await find_barriers(page) == []
    assert await sticks_out(page) <= 0


async def pick(page: Page | Locator, label: str, text: str) -> None:
    """Choose from a list that opens: by its label, what is written where one may search, and the line that shows."""
    field = page.get_by_label(label, exact=True)
    await field.click()
    if await field.is_editable():
        await field.fill(text)
    window = page.page if isinstance(page, Locator) else page
    line = window.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option")
    await line.filter(has_text=text).first.click()


async def find_barriers(page: Page) -> list[str]:
    """Run axe over a page; gives its serious findings by WCAG 2.2 A and AA, each with the first place."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then(r => r.violations)"
    )
    return [
        f"{each['id']}: {each['help']} at {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in SERIOUS
    ]


async def sticks_out(page: Page) -> int:
    """How many pixels a page is wider than its window: nobody scrolls sideways on a phone."""
    return await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

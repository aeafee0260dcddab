"""What the stories of the pages share: one shop for all stories of a language, and steps that several of them take."""

import re
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from playwright.async_api import Page, expect

from regulars.base.settings import Settings
from regulars.kernel.spine import check
from tests.staff.people import Person
from tests.web.stage import WIDE, Stage, Words, button, check_looks

__all__ = ["Tale", "make_tale", "name_member", "prove_presence", "read_code", "take"]


@dataclass(frozen=True, kw_only=True)
class Tale:
    """The shop of a language, where each story has people of its own."""

    stage: Stage
    language: str
    settings: Settings
    """As a worker beside the server has them."""
    member: Words
    console: Words
    register: Words

    def open(
        self, path: str, *, size: tuple[int, int] = WIDE, staff: Person | None = None, member: str | None = None
    ) -> AbstractAsyncContextManager[Page]:
        """Open a page in the story's language."""
        return self.stage.open(path, language=self.language, size=size, staff=staff, member=member)

    async def work(self, email: str, *roles: str, store: str | None = None) -> Person:
        """Somebody of the staff who has just signed in."""
        return await self.stage.office.work(email, *roles, store=store)

    async def find(self, text: str) -> list[str]:
        """Find members by a card, a number or an address; gives their ids."""
        found = await self.stage.send("POST", "/v1/members/search", {"text": text})
        return [each["id"] for each in found["members"]]

    async def hold(self, member: str) -> dict[str, int]:
        """Read what can be used now, by currency."""
        view = await self.stage.send("GET", f"/v1/members/{member}")
        return {each["currency"]: each["available"] for each in view["balances"]}

    async def own(self, member: str) -> dict[str, int]:
        """Read what is held by currency, what is not usable yet included."""
        view = await self.stage.send("GET", f"/v1/members/{member}")
        return {each["currency"]: each["available"] + each["pending"] for each in view["balances"]}

    async def audit(self) -> None:
        """See that the books hold."""
        async with self.stage.site.database.snapshot() as read:
            report = await check(read)
        assert report.faults == ()


def make_tale(stage: Stage, language: str, settings: Settings) -> Tale:
    return Tale(
        stage=stage,
        language=language,
        settings=settings,
        member=Words.read(language, "member"),
        console=Words.read(language, "console"),
        register=Words.read(language, "register"),
    )


async def read_code(page: Page) -> str:
    """Read the code that a demo shows in place of sending it."""
    shown = re.search(r"\d{6}", await page.locator("form > p").last.inner_text())
    assert shown is not None
    return shown[0]


async def prove_presence(tale: Tale, page: Page) -> None:
    """Answer the sheet that asks a member for a fresh proof, over the one that is open."""
    proof = page.get_by_role("dialog", name=tale.member("member.proof"), exact=True)
    await button(proof, tale.member("member.proof.send")).click()
    await expect(proof.locator("input")).to_be_visible()
    await check_looks(page)
    await proof.locator("input").fill(await read_code(page))
    await button(proof, tale.member("member.proof.go")).click()


async def name_member(tale: Tale, page: Page, text: str) -> None:
    """Tell the register who buys."""
    await page.get_by_label(tale.register("register.member.ask")).fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator(".who")).to_be_visible()


async def take(tale: Tale, page: Page, *goods: str) -> None:
    """Put goods into the register's basket, by the ends of their keys."""
    for each in goods:
        await page.locator(".goods button", has_text=tale.register(f"register.good.{each}")).click()

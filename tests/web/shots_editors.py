"""Pictures of what the console's editors look like while something is being written."""

from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Page, expect

from regulars.features import privacy
from tests.web.shots_console import Photograph, fill, settle
from tests.web.stage import Stage

__all__ = ["shoot"]

SIDES: Final = (
    ("fraud-rules", "/console/fraud?tab=rules"),
    ("messages-rules", "/console/messages?tab=rules"),
    ("messages-left-alone", "/console/messages?tab=left-alone"),
    ("privacy-rounds", "/console/privacy?tab=rounds"),
    ("privacy-notices", "/console/privacy?tab=notices"),
    ("privacy-tables", "/console/privacy?tab=tables"),
)
DIALOGS: Final = (
    ("fraud-rule", "/console/fraud?tab=rules", r"/^(Change|修 ?改)$/"),
    ("messages-rule", "/console/messages?tab=rules", r"/^(Change|修 ?改)$/"),
    ("privacy-notice", "/console/privacy?tab=notices", r"/^(New words|发布新版)/"),
    ("privacy-round", "/console/privacy?tab=rounds", r"/^(Look|查 ?看)$/"),
)
OF_MEMBER: Final = (
    ("member-give", "wallet", r"/^(Give a coupon|发放优惠券)$/"),
    ("member-legal", "privacy", r"/^(Place a hold|设置保留)$/"),
)


def opening(button: str) -> Callable[[Page], Awaitable[None]]:
    """Press the first button of this name, and wait for what comes over the page."""

    async def prepare(page: Page) -> None:
        await settle(page)
        await page.locator(f"role=button[name={button}]").first.click()
        await expect(page.get_by_role("dialog").filter(visible=True)).to_be_visible()

    return prepare


async def shoot(stage: Stage, photograph: Photograph) -> None:
    """Take the pictures."""
    member = await fill(stage)
    await stage.send(
        "POST",
        "/v1/consents/notices",
        {
            "purpose": "marketing",
            "en": "We write to you about offers, twice a month at most. You can stop that at any time.",
            "zh": "我们会向您发送优惠信息，每月不超过两次，您可随时退订。",
        },
        status=201,
    )
    await stage.send("POST", f"/v1/members/{member}/legal-holds", {"matter": "2026-114"}, status=201)
    assert await privacy.clear(stage.site.database, stage.site.house) is not None
    ann = await stage.office.work("ann.editors@example.com", "owner")
    for name, path in SIDES:
        await photograph(f"console-{name}", path, staff=ann, prepare=settle)
    await photograph("console-member-messages", f"/console/members/{member}?tab=messages", staff=ann, prepare=settle)
    for name, path, button in DIALOGS:
        await photograph(f"console-{name}", path, staff=ann, prepare=opening(button))
    for name, tab, button in OF_MEMBER:
        path = f"/console/members/{member}?tab={tab}"
        await photograph(f"console-{name}", path, staff=ann, prepare=opening(button))

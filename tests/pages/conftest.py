"""A real browser: Chromium, as scripts/chromium.sh finds it."""

import os
import shutil
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.http.conftest import house, published, purchase, settings, site

__all__ = ["browser", "house", "published", "purchase", "settings", "site"]

# Nothing of a browser's own asks the network, which a test may not have.
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def find_chromium() -> str | None:
    """Find the browser as scripts/chromium.sh does."""
    return shutil.which(os.environ.get("REGULARS_CHROMIUM", "chromium")) or shutil.which("google-chrome")


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A browser with nothing open."""
    async for opened in open_browser():
        yield opened


async def open_browser() -> AsyncGenerator[Browser]:
    """Open a browser for a test, or for several."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium here: run scripts/chromium.sh")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        await opened.close()

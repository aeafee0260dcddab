"""`make screens`: every screen in both languages at three widths, as docs/screens/NAME-LANGUAGE-PX.png.

What is photographed, the files `shots_*.py` beside this one say, each by a coroutine `shoot(stage, photograph)`.
Names on the command line (`make screens ARGS=member`) choose among them. The shop is the grocer's programme in a
database that is thrown away, with members and purchases that those files make: pictures show how it looks, not how a
shop does.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.async_api import Page, async_playwright

from regulars.base import embedded
from regulars.base.settings import Settings
from regulars.interfaces.cli.opening import open_house
from tests.pages.conftest import QUIET, find_chromium
from tests.staff.people import Person
from tests.web.stage import LANGUAGES, PHONE, ROOT, TABLET, WIDE, Stage, open_stage, sticks_out

FOLDER: Final = ROOT / "docs/screens"
SIZES: Final = (PHONE, TABLET, WIDE)
DRAWN_MS: Final = 300
"""How long charts have to draw themselves for another width."""
Prepare = Callable[[Page], Awaitable[None]]


class Camera:
    """Takes the photographs, and remembers what sticks out of a phone's window."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.taken = 0
        self.wide: list[str] = []

    async def __call__(
        self,
        name: str,
        path: str,
        *,
        staff: Person | None = None,
        member: str | None = None,
        prepare: Prepare | None = None,
    ) -> None:
        """Photograph a path in both languages at three widths, when `prepare` has waited for what is to be seen."""
        for language in LANGUAGES:
            async with self._open(path, language, SIZES[0], staff, member) as page:
                await page.wait_for_load_state("networkidle")
                if prepare is not None:
                    await prepare(page)
                for width, height in SIZES:
                    # One page for all widths: to load it anew for each took twice as long.
                    await page.set_viewport_size({"width": width, "height": height})
                    await page.wait_for_load_state("networkidle")
                    await page.wait_for_timeout(DRAWN_MS)
                    # As high as the page: a bar at the foot of the window would stand in the middle of the picture.
                    whole = await page.evaluate("document.documentElement.scrollHeight")
                    await page.set_viewport_size({"width": width, "height": max(height, whole)})
                    shown = f"{name}-{'zh' if language == 'zh-CN' else 'en'}-{width}"
                    await page.screenshot(path=FOLDER / f"{shown}.png", full_page=True)
                    self.taken += 1
                    if await sticks_out(page) > 0:
                        self.wide.append(shown)

    def _open(
        self, path: str, language: str, size: tuple[int, int], staff: Person | None, member: str | None
    ) -> AbstractAsyncContextManager[Page]:
        return self.stage.open(path, language=language, size=size, staff=staff, member=member)


def find_shots(wanted: Sequence[str]) -> list[str]:
    found = sorted(path.stem for path in Path(__file__).parent.glob("shots_*.py"))
    return [name for name in found if not wanted or name.removeprefix("shots_") in wanted]


async def photograph(settings: Settings, wanted: Sequence[str]) -> tuple[int, list[str]]:
    """Photograph what is wanted; gives how many there are, and which are wider than their window."""
    path = find_chromium()
    assert path is not None, "no Chromium here: run scripts/chromium.sh"
    async with open_house(settings) as (database, house), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        taken, wide = 0, list[str]()
        async for stage in open_stage(database, house, settings, browser):
            camera = Camera(stage)
            for name in find_shots(wanted):
                print(f"screens: {name}", flush=True)  # noqa: T201 - a program that people run
                await importlib.import_module(f"tests.web.{name}").shoot(camera.stage, camera)
            taken, wide = camera.taken, camera.wide
        await browser.close()
    return taken, wide


def main() -> int:
    """Take the photographs; a page that is wider than its window is a failure."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        settings = replace(Settings.read({}), data_dir=Path(folder))
        with embedded.using(settings.data_dir):
            taken, wide = asyncio.run(photograph(settings, sys.argv[1:]))
    print(f"screens: {taken} photographs in {FOLDER.relative_to(ROOT)}")  # noqa: T201
    for each in wide:
        print(f"screens: {each} is wider than its window")  # noqa: T201
    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(main())

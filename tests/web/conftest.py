"""A shop with a ready programme and people, behind a real server, seen through a real browser."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.pages import is_built
from regulars.kernel import spine
from tests.conftest import make_database
from tests.http.conftest import house, make_house, purchase, settings
from tests.pages.conftest import browser, open_browser
from tests.spares import Spares
from tests.web.shopping import show_codes
from tests.web.stage import LANGUAGES, Stage, open_stage
from tests.web.tale import Tale, make_tale

__all__ = ["browser", "house", "purchase", "settings", "stage"]


def need_pages() -> None:
    """Leave a story out where there is nothing to look at."""
    if not is_built():
        pytest.skip("the pages are not built: run `make web`")


@pytest.fixture
async def stage(database: Database, house: spine.House, settings: Settings, browser: Browser) -> AsyncGenerator[Stage]:
    need_pages()
    async for made in open_stage(database, house, settings, browser):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=LANGUAGES)
async def tale(
    request: pytest.FixtureRequest, server_url: str, spares: Spares, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Tale]:
    """One shop for all stories of a language: a browser, a server and a programme cost more than a story."""
    need_pages()
    own = Settings(data_dir=tmp_path_factory.mktemp("tale"))
    async for url in make_database(server_url, spares.template.name):
        database = await Database.open(url)
        async for opened in open_browser():
            async for stage in open_stage(database, make_house(), own, opened):
                await show_codes(stage)
                yield make_tale(stage, request.param, replace(own, database_url=url))
        await database.close()

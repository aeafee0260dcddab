"""The corner shop, on the path and over HTTP, with a mail server, and the office of those who work there."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.entry.guests import Guests
from tests.entry.mail import Box, run_hook, run_mail
from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Site
from tests.spine.conftest import shop
from tests.staff.conftest import office

__all__ = ["guests", "house", "office", "published", "purchase", "settings", "shop", "site"]


@pytest.fixture
async def guests(site: Site) -> AsyncGenerator[Guests]:
    async with run_mail(Box()) as mail, run_hook(Box()) as hook:
        made = Guests(site=site, mail=mail, hook=hook, at=datetime.now(tz=UTC))
        made.state.now = made.now
        made.state.settings = replace(
            made.state.settings,
            smtp_url=mail.url,
            sms_url=hook.url,
            rp_id="example.com",
            origin="https://points.example.com",
            public_url="https://points.example.com",
        )
        yield made

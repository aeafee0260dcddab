"""A site with people, and the trail that they leave."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Site
from tests.staff.conftest import office

__all__ = ["house", "office", "published", "purchase", "settings", "site", "trail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the site has noted."""

    site: Site

    async def list(self, **sought: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what the route takes
        """Entries, the oldest first."""
        found = await self.site.client.get("/v1/audit", params={"limit": 200, **sought})
        assert found.status_code == 200, found.text
        return found.json()["entries"][::-1]


@pytest.fixture
def trail(site: Site) -> Watched:
    return Watched(site=site)

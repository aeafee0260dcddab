"""The shop of the spine's tests, and the site of those of the doors."""

from tests.http.conftest import house, published, purchase, settings, site
from tests.spine.conftest import shop

__all__ = ["house", "published", "purchase", "settings", "shop", "site"]

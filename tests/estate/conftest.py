"""The corner shop of the HTTP tests."""

from tests.http.conftest import house, published, purchase, settings, site

__all__ = ["house", "published", "purchase", "settings", "site"]

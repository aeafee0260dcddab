"""The corner shop, its members at the door, and a programme whose offers heed what members allow."""

from tests.entry.conftest import guests, house, office, published, purchase, settings, site
from tests.spine.conftest import shop

__all__ = ["guests", "house", "office", "published", "purchase", "settings", "shop", "site"]

"""The shop with coupons of the orders' tests."""

from tests.orders.conftest import house, site

__all__ = ["house", "site"]

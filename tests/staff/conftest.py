"""A site with people: each test makes those it needs, with hashes that are quick to make."""

import pytest
from argon2 import PasswordHasher

from regulars.features import staff
from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Site
from tests.staff.people import Office

__all__ = ["house", "office", "published", "purchase", "settings", "site"]


@pytest.fixture
def office(site: Site) -> Office:
    made = Office(site=site)
    made.state.now = made.now
    # Of the least that argon2 takes: what is tested here is not how long a guess takes.
    made.state.hashing = staff.Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return made

"""The shop of the spine's tests, with members who have something to lose."""

from tests.spine.conftest import shop

__all__ = ["shop"]

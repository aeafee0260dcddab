"""The shop of the spine's tests, for mechanics that need the whole path."""

from tests.spine.conftest import shop

__all__ = ["shop"]

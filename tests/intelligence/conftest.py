"""The shop of the spine's tests, here too."""

from tests.spine.conftest import shop

__all__ = ["shop"]

import pytest

from tests.conditions.scene import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn: what one passes, the other must."""
    return request.param

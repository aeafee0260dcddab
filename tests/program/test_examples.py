"""Examples that forms begin with: each has the shape that its mechanic asks for."""

import msgspec
import pytest

from regulars.kernel.program.examples import describe_mechanics
from regulars.kernel.program.mechanics import find_mechanics

DESCRIBED = {each.mechanic.name: each for each in describe_mechanics()}


def test_every_mechanic_is_described() -> None:
    assert list(DESCRIBED) == sorted(find_mechanics())


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_the_example_is_settings_of_the_mechanic(name: str) -> None:
    described = DESCRIBED[name]
    assert msgspec.convert(described.example, described.mechanic.settings)


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_each_setting_says_what_it_means(name: str) -> None:
    described = DESCRIBED[name]
    settings = described.schema["$defs"][described.mechanic.settings.__name__]
    assert described.about
    for setting, shape in settings["properties"].items():
        assert shape, setting

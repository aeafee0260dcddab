"""Forms and editors show what every setting means."""

import pytest

from regulars.kernel.program import find_mechanics, schema
from regulars.kernel.program.meanings import list_structs

DEFINITIONS = schema()["$defs"]
OURS = ("bonus", "multiplier")


@pytest.mark.parametrize("mechanic", OURS)
def test_every_setting_says_what_it_means(mechanic: str) -> None:
    listed = list_structs([find_mechanics()[mechanic].settings])
    assert {"Settings", "Selection", "Exclusion"} <= set(listed)
    for struct in listed.values():
        name = struct.__name__ if struct.__name__ in DEFINITIONS else f"{struct.__module__}.{struct.__qualname__}"
        described = DEFINITIONS[name]
        assert described["description"]
        for setting, shape in described["properties"].items():
            assert shape.get("description"), f"{name}.{setting} says nothing"


def test_two_of_one_name_keep_apart() -> None:
    one, other = (find_mechanics()[name].settings for name in OURS)
    assert list_structs([one, other])[f"{other.__module__}.Settings"] is other
    assert "description" in DEFINITIONS[f"{one.__module__}.Settings"]["properties"]["each"]

"""Forms and editors show what every setting means."""

import pytest

from regulars.kernel.program import find_mechanics, schema
from regulars.kernel.program.meanings import list_structs

DEFINITIONS = schema()["$defs"]
MECHANICS = {name: mechanic.settings for name, mechanic in sorted(find_mechanics().items())}
ALIKE = [settings for settings in MECHANICS.values() if settings.__name__ == "Settings"]


@pytest.mark.parametrize("mechanic", MECHANICS)
def test_every_setting_says_what_it_means(mechanic: str) -> None:
    listed = list_structs([MECHANICS[mechanic]])
    assert MECHANICS[mechanic] in listed.values()
    for struct in listed.values():
        name = struct.__name__ if struct.__name__ in DEFINITIONS else f"{struct.__module__}.{struct.__qualname__}"
        described = DEFINITIONS[name]
        assert described["description"]
        for setting, shape in described["properties"].items():
            # What tells one kind of a setting from another can only be one word.
            is_tag = setting == struct.__struct_config__.tag_field
            assert is_tag or shape.get("description"), f"{name}.{setting} says nothing"


def test_two_of_one_name_keep_apart() -> None:
    one, other = ALIKE[:2]
    listed = list_structs([one, other])
    assert listed[f"{other.__module__}.Settings"] is other
    assert {f"{each.__module__}.Settings" for each in ALIKE} <= DEFINITIONS.keys()
    assert DEFINITIONS[f"{one.__module__}.Settings"] != DEFINITIONS[f"{other.__module__}.Settings"]

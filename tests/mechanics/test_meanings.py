"""What settings mean, said in both languages: forms show it, whoever reads them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from regulars.kernel.program import schema
from regulars.kernel.program.examples import Described, describe_mechanics
from regulars.kernel.program.meanings import TRANSLATED, list_structs, read_catalogue
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document

ROOT = Path(__file__).parents[2]
ZH = "zh-CN"
TAGS = {"of", "type", "model"}
"""What tells variants apart: its choices say what it is."""
Json = Mapping[str, Any]


def list_settings(definitions: Json) -> Iterator[tuple[str, str, Json]]:
    for struct, shape in definitions.items():
        for setting, each in shape.get("properties", {}).items():
            if not (setting in TAGS and len(each.get("enum", ())) == 1):
                yield struct, setting, each


def read_english(setting: Json) -> str:
    """What is said in English, of the setting or of what it may be."""
    return setting.get("description") or next(
        (it["description"] for it in setting.get("anyOf", ()) if "description" in it), ""
    )


def list_values(setting: Json) -> Iterator[str]:
    for each in (setting, setting.get("items", {}), *setting.get("anyOf", ())):
        yield from (value for value in each.get("enum", ()) if isinstance(value, str))


@pytest.fixture(scope="module")
def said() -> dict[str, Mapping[str, str]]:
    """The words of the console's forms, by language."""
    return {it: json.loads((ROOT / f"web/console/offers/words.{it}.json").read_text()) for it in ("en", ZH)}


@pytest.mark.parametrize("described", describe_mechanics(), ids=lambda each: each.mechanic.name)
def test_every_setting_of_a_mechanic_says_what_it_means_in_both_languages(described: Described) -> None:
    silent = {
        f"{struct}.{setting} ({language})"
        for struct, setting, each in list_settings(described.schema["$defs"])
        for language, meaning in (("en", read_english(each)), (ZH, each.get(TRANSLATED, {}).get(ZH, "")))
        if not meaning.strip()
    }
    assert silent == set()


def test_what_the_programme_says_of_its_settings_it_says_in_both_languages() -> None:
    uneven = {
        f"{struct}.{setting}"
        for struct, setting, each in list_settings(schema()["$defs"])
        if bool(read_english(each)) != bool(each.get(TRANSLATED, {}).get(ZH))
    }
    assert uneven == set()


def test_every_setting_and_choice_has_a_label_in_both_languages(said: Mapping[str, Mapping[str, str]]) -> None:
    settings = list(list_settings(schema()["$defs"]))
    keys = {f"offers.setting.{setting}" for _, setting, _ in settings}
    keys |= {
        f"offers.choice.{value}"
        for _, setting, each in settings
        if setting != "mechanic"
        for value in list_values(each)
    }
    keys |= {f"offers.mechanic.{name}" for name in find_mechanics()}
    assert {(language, key) for language, words in said.items() for key in keys if key not in words} == set()


def test_catalogues_speak_only_of_settings_that_there_are() -> None:
    """A setting that was renamed takes its words along."""
    structs = list_structs([Document, *(each.settings for each in find_mechanics().values())]).values()
    known = {
        (it.__module__.rpartition(".")[0], it.__name__, field)
        for it in structs
        for field in it.__struct_encode_fields__
    }
    packages = {package for package, _, _ in known}
    told = {
        (package, struct, field)
        for package in packages
        for struct, fields in read_catalogue(package, ZH).items()
        for field in fields
    }
    assert told - known == set()
    assert len(packages) > len(find_mechanics()), "the mechanics' folders, and the programme's own"


def test_chinese_is_chinese() -> None:
    """No English sentence stands where a Chinese one belongs."""
    meanings = {each[TRANSLATED][ZH] for _, _, each in list_settings(schema()["$defs"]) if TRANSLATED in each}
    assert {it for it in meanings if sum("一" <= letter <= "鿿" for letter in it) < 3} == set()

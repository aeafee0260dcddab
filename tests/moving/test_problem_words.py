"""Every problem that an import tells has words in both languages: nobody mends a file by what they cannot read."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("cells", "lines", "rows", "screen")
MADE = {"CellInvalid": 0, "say": 1}
"""By what makes a problem: the place of its code."""
ELSEWHERE = {"identifier_invalid", "key_reused"}
"""Refusals of others that become problems of a line."""


def find_codes() -> set[str]:
    """Read the codes off the calls that make problems."""
    codes = set[str]()
    for place in PLACES:
        tree = ast.parse((ROOT / f"src/regulars/features/moving/{place}.py").read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given = [it.value for it in call.keywords if it.arg == "code"] if name == "Problem" else []
            if name in MADE and len(call.args) > MADE[name]:
                given.append(call.args[MADE[name]])
            codes |= {it.value for it in given if isinstance(it, ast.Constant) and isinstance(it.value, str)}
    return codes | ELSEWHERE


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_problem_and_its_cure_have_words(language: str) -> None:
    words = json.loads((ROOT / f"web/console/imports/words.{language}.json").read_text())
    codes = find_codes()
    assert {"amount_unreadable", "identifier_taken", "column_missing", "lot_negative"} <= codes
    told = {
        kind: {key.rpartition(".")[2] for key in words if key.startswith(f"imports.{kind}.")}
        for kind in ("problem", "cure")
    }
    assert (codes - told["problem"], codes - told["cure"]) == (set(), set())
    assert told["problem"] == told["cure"] == codes, "words of a problem that is no longer told go"

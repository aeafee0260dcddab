"""The page on security names tests that are there."""

import re

from tests.docs.story import ROOT

PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


def find_missing(text: str) -> list[str]:
    missing: list[str] = []
    for file, test in NAMED.findall(text):
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if not re.search(rf"^(async )?def {test}\(", text, re.MULTILINE):
            missing.append(f"{file}::{test}")
    return missing


def test_every_test_that_is_named_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert find_missing(text) == []
    assert len(NAMED.findall(text)) == text.count("`tests/")


def test_every_threat_names_a_test() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if "---" not in row and "`tests/" not in row] == []


def test_every_item_of_the_top_ten_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [number for number in range(1, 11) if f"API{number}" not in text] == []


def test_a_name_that_is_not_there_is_found() -> None:
    assert find_missing("`tests/docs/test_security.py::test_nobody_wrote`") != []
    assert find_missing("`tests/nowhere/test_x.py::test_x`") != []

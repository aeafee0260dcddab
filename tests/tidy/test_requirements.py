"""What is installed is pinned, hashed, and what pyproject.toml asks for; no file says where to get it."""

import re
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.tidy.house import ROOT

FILES = ("dev.txt", "node.txt", "run.txt", "uv.txt")
PIN = re.compile(
    r"^([a-z0-9.-]+)==(\S+)(?: ; (.*?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text()


def find_loose_lines(text: str) -> list[str]:
    """List what is neither a pin with hashes nor a comment."""
    return [line for line in PIN.sub("", text).splitlines() if not re.fullmatch(r" *(#.*)?", line)]


def read_pins(text: str) -> dict[str, Version]:
    return {found[1]: Version(found[2]) for found in PIN.finditer(text)}


@pytest.mark.parametrize("name", FILES)
def test_only_pins_with_hashes(name: str) -> None:
    text = read(name)
    assert read_pins(text)
    assert find_loose_lines(text) == []
    assert re.search(r"--(extra-)?index|--find-links|://", text) is None


@pytest.mark.parametrize(
    "line",
    ["msgspec==0.22.0", "msgspec>=0.22 \\\n    --hash=sha256:" + "0" * 64, "--index-url x", "-e .", "a @ file:///a"],
)
def test_a_loose_line_is_seen(line: str) -> None:
    assert find_loose_lines(f"{line}\n") != []


def test_the_files_agree() -> None:
    dev = read_pins(read("dev.txt"))
    for name in ("run.txt", "uv.txt"):
        part = read_pins(read(name))
        assert {package: dev.get(package) for package in part} == part


@pytest.mark.parametrize(("name", "extras"), [("dev.txt", {"demo", "dev"}), ("run.txt", {"demo"})])
def test_pins_are_what_the_project_asks_for(name: str, extras: set[str]) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = chain(
        pyproject["project"]["dependencies"],
        pyproject["dependency-groups"]["install"],
        *(pyproject["project"]["optional-dependencies"][extra] for extra in extras),
    )
    pins = read_pins(read(name))
    for text in asked:
        requirement = Requirement(text)
        pinned = pins.get(requirement.name.lower())
        assert pinned is not None, f"{text} is not pinned in requirements/{name}: run make lock"
        assert pinned in requirement.specifier, f"{text} is pinned to {pinned}: run make lock"

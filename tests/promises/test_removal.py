"""A feature is a folder: without it and the doors that open onto it, everything else goes on working."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "regulars"
ALWAYS = ("tests/spine/conftest.py", "tests/program/story.py")
"""Shops that nearly every test opens: what they need is not left out."""
RUN = ("tests/spine/test_kinds.py", "tests/mechanics/test_schema.py")
SECONDS_MAX = 300


def names(text: str, feature: str) -> bool:
    """Whether a file speaks of a feature: by its module, or as the mechanic of an offer."""
    return re.search(rf"features\.{feature}\b|mechanic: {feature}\b|mechanic=.{feature}\b", text) is not None


def find_doors(feature: str) -> list[Path] | None:
    """Find what imports a feature from outside; None where something else needs that in turn."""
    files = {path: path.read_text(encoding="utf-8") for path in HOUSE.rglob("*.py")}
    doors = [
        path
        for path, text in files.items()
        if names(text, feature) and path.parent.name != feature and path.name != "__init__.py"
    ]
    modules = [".".join(path.relative_to(HOUSE.parent).with_suffix("").parts) for path in doors]
    needed = [module for module in modules if any(re.search(rf"\b{module}\b", text) for text in files.values())]
    return None if needed else doors


def list_optional() -> list[str]:
    """List the mechanics that nothing but doors of their own needs."""
    shops = "".join((ROOT / name).read_text(encoding="utf-8") for name in ALWAYS)
    mechanics = sorted(path.parent.name for path in HOUSE.glob("features/*/mechanic.py"))
    return [name for name in mechanics if not names(shops, name) and find_doors(name) is not None]


def choose(optional: Sequence[str]) -> str:
    """Choose one: each has its turn as the code changes, and the same code is judged alike on every day."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(HOUSE.rglob("*.py")))).digest()
    return optional[int.from_bytes(digest, "big") % len(optional)]


def copy_house(folder: Path, feature: str) -> list[str]:
    """Copy everything but a feature, its doors, and the tests that speak of it; gives the tests that are left."""
    left_out = {HOUSE / "features" / feature, *(find_doors(feature) or ())}

    def ignore(path: str, listed: Iterable[str]) -> set[str]:
        return {name for name in listed if Path(path, name) in left_out or name == "__pycache__"}

    shutil.copytree(HOUSE, folder / "src" / "regulars", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    kept: list[str] = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not names(path.read_text(encoding="utf-8"), feature):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
            kept.append(name)
    return kept


@pytest.mark.slow
def test_the_others_do_without_one(tmp_path: Path, server_url: str) -> None:
    optional = list_optional()
    assert len(optional) > 2
    feature = choose(optional)
    kept = copy_house(tmp_path, feature)
    run = [name for name in RUN if name in kept]
    assert run, feature
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=short", *run],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "REGULARS_TEST_DATABASE_URL": server_url},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert found.returncode == 0, f"without {feature}:\n{found.stdout}\n{found.stderr}"
    # It was the copy that was tested: in it nobody finds the feature, and whatever is left can be loaded.
    script = (
        "import importlib, pkgutil, regulars\n"
        "from regulars.kernel.program import find_mechanics\n"
        f"assert {feature!r} not in find_mechanics(), regulars.__file__\n"
        "from regulars.interfaces.http.app import list_routers\n"
        "assert list_routers()\n"
        "for it in pkgutil.walk_packages(regulars.__path__, 'regulars.'):\n"
        "    it.name.endswith('__main__') or importlib.import_module(it.name)\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert loaded.returncode == 0, f"without {feature}:\n{loaded.stderr}"

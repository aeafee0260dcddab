"""The reference says what the code says."""

import subprocess
import sys

import msgspec
import pytest

from docs import make_reference
from tests.docs.story import ROOT

MENDED_BY = "the reference is out of date: run .venv/bin/python docs/make_reference.py"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    # In a process of its own: tests define refusals too, and those are in no reference.
    program = "import msgspec, sys; sys.path.insert(0, '.'); from docs.make_reference import make_pages;"
    program += "sys.stdout.buffer.write(msgspec.json.encode(make_pages()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=dict[str, str])


def test_the_reference_is_up_to_date(made: dict[str, str]) -> None:
    for name, text in made.items():
        assert (make_reference.FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: {MENDED_BY}"


def test_nothing_else_lies_there(made: dict[str, str]) -> None:
    assert {path.name for path in make_reference.FOLDER.iterdir()} == set(made)


def test_the_reference_names_what_people_look_for(made: dict[str, str]) -> None:
    assert "## regulars db restore" in made["cli.md"]
    assert "`POST /v1/activities`" in made["http.md"]
    assert "`REGULARS_DATABASE_URL`" in made["settings.md"]
    assert "| `points_not_enough` | 409 |" in made["refusals.md"]
    assert "## Rolling" in made["program.md"]
    assert "### tiers: Settings" in made["mechanics.md"]

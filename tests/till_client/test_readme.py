"""The five minutes of the package's page are what it says."""

import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.warm import find_bin
from tests.docs.story import ROOT, Story, find_faults, read_blocks
from tests.ports import find_port

PAGE = "clients/till/README.md"


@pytest.fixture
def place() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="regulars-till-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_page_is_a_story(place: Path, database_url: str) -> None:
    blocks = read_blocks(PAGE, (ROOT / PAGE).read_text(encoding="utf-8"))
    assert [fault for block in blocks for fault in find_faults(block)] == []
    environment = {
        "REGULARS_DATABASE_URL": database_url,
        "REGULARS_DATA_DIR": str(place / "data"),
        "PYTHONPATH": str(ROOT / "clients" / "till" / "src"),
    }
    bins = (find_bin(), Path(sys.executable).parent)
    story = Story(folder=place, environment=environment, port=find_port(), bins=bins)
    try:
        for block in blocks:
            text = tuple(line.replace("127.0.0.1:8080", f"127.0.0.1:{story.port}") for line in block.lines)
            told = (
                block
                if block.file is None
                else type(block)(
                    page=block.page, number=block.number, language=block.language, marks=block.marks, lines=text
                )
            )
            story.tell(told)
    finally:
        story.end()

"""Every command that the documentation shows is run: what a newcomer types is what was tested."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from regulars.base import embedded
from tests.cli.warm import find_bin
from tests.docs.story import ROOT, Block, Story, WentWrong, find_faults, fits, read_blocks, read_session
from tests.ports import find_port

PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if path.is_file()
)
WITH_SERVER_OF_ITS_OWN = ("README", "docs/tutorial", "docs/zh-CN/tutorial")
"""Pages that begin without a database. The others are told to somebody who has one."""


NOT_STORIES = frozenset({"CONTRIBUTING.md"})
"""For those who change the code: its commands are the checks themselves."""


def read_page(page: str) -> list[Block]:
    return read_blocks(page, (ROOT / page).read_text(encoding="utf-8"))


def is_story(page: str) -> bool:
    return any({"run", "stay"} & set(block.marks) for block in read_page(page))


STORIES = [page for page in PAGES if is_story(page)]


@pytest.fixture
def folder() -> Generator[Path]:
    """A place that PostgreSQL's account can pass to, which pytest's own, below a closed folder, is not."""
    place = Path(tempfile.mkdtemp(prefix="regulars-docs-"))
    place.chmod(0o711)
    yield place
    for data in find_data(place):
        embedded.stop(data)
    shutil.rmtree(place)


def find_data(place: Path) -> Iterator[Path]:
    """Find the databases that a story made."""
    for state in place.glob("**/postgres.json"):
        yield state.parent


@pytest.mark.slow
@pytest.mark.parametrize("page", STORIES)
def test_what_a_page_says_is_so(page: str, folder: Path, request: pytest.FixtureRequest) -> None:
    blocks = read_page(page)
    if shutil.which("curl") is None and any("curl" in line for block in blocks for line in block.lines):
        pytest.skip("needs curl: apt-get install curl")
    environment: dict[str, str] = {}
    # What newcomers do first is done with the command itself.
    bins = [Path(sys.executable).parent]
    if not page.startswith(WITH_SERVER_OF_ITS_OWN):
        environment["REGULARS_DATABASE_URL"] = request.getfixturevalue("database_url")
        environment["REGULARS_DATA_DIR"] = str(folder / "data")
        bins.insert(0, find_bin())
    story = Story(folder=folder, environment=environment, port=find_port(), bins=bins)
    try:
        for block in blocks:
            story.tell(block)
    finally:
        story.end()


def test_every_block_says_whether_it_is_run() -> None:
    pages = [page for page in PAGES if page not in NOT_STORIES]
    assert [fault for page in pages for block in read_page(page) for fault in find_faults(block)] == []


def test_the_ways_to_learn_are_stories() -> None:
    assert {"README.md", "docs/tutorial.md", "docs/explanation/points-like-money.md"} <= set(STORIES)


def test_every_target_that_is_shown_exists() -> None:
    described = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    there = set(re.findall(r"^  make ([a-z-]+)", described, re.MULTILINE))
    shown = {
        (page, target)
        for page in PAGES
        for block in read_page(page)
        if block.language in {"sh", "console"}
        for line in block.lines
        for target in re.findall(r"^(?:\$ )?make ([a-z-]+)", line)
    }
    assert {("README.md", "demo"), ("README.md", "test")} <= shown
    assert {(page, target) for page, target in shown if target not in there} == set()


@pytest.mark.parametrize(
    ("printed", "output", "fit"),
    [
        (("a", "b"), "a\nb\n", True),
        (("a", "b"), "a\nc\n", False),
        (("a",), "a\nb\n", False),
        (("a ...",), "a 17 s\n", True),
        (("a ... b",), "a\nb\n", False),
        (("a", "...", "d"), "a\nb\nc\nd\n", True),
        (("...", "d"), "d\n", True),
        (("1.5",), "125\n", False),
    ],
)
def test_what_is_printed_is_compared(printed: tuple[str, ...], output: str, *, fit: bool) -> None:
    assert fits(printed, output) is fit


def test_a_command_may_have_several_lines() -> None:
    first, second = read_session(["$ echo 'one", "two' \\", "  three", "one", "two three", "$ true"])
    assert (first.text, first.printed) == ("echo 'one\ntwo' \\\n  three", ("one", "two three"))
    assert (second.text, second.printed) == ("true", None)


@pytest.mark.parametrize(
    "lines",
    [
        ("```console run", "$ echo yes", "no", "```"),
        ("```console run", "$ false", "```"),
        ("```console run fails", "$ true", "```"),
        ("```sh run", "false", "```"),
        ("```python run", "assert 1 == 2", "```"),
    ],
)
def test_a_page_that_is_wrong_is_seen(lines: tuple[str, ...], folder: Path) -> None:
    story = Story(folder=folder, environment={}, port=find_port())
    try:
        (block,) = read_blocks("wrong.md", "\n".join(lines))
        with pytest.raises(WentWrong, match=r"^wrong\.md:1: "):
            story.tell(block)
    finally:
        story.end()


def test_a_block_without_a_mark_is_seen() -> None:
    (block,) = read_blocks("wrong.md", "```sh\nrm -rf /\n```")
    assert find_faults(block) == ["wrong.md:1: say `run`, `stay` or `shown` behind 'sh'"]

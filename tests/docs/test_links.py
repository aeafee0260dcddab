"""Links between pages lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.story import ROOT

PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<to>[^)\s]+)\)")
CODE = re.compile(r"```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)


def find_links(text: str) -> list[str]:
    """Find where a page leads to within the repository."""
    links = [link["to"] for link in LINK.finditer(CODE.sub("", text))]
    return [link for link in links if not re.match(r"[a-z]+:", link)]


def find_anchors(text: str) -> set[str]:
    """Name the headings of a page as GitHub does."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    names = [re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(outside)]
    return set(names)


def find_broken(page: Path, text: str) -> list[str]:
    broken: list[str] = []
    for link in find_links(text):
        place, _, anchor = unquote(link).partition("#")
        target = page.parent / place if place else page
        if not target.exists():
            broken.append(f"{page.name} -> {link}")
        elif anchor and target.suffix == ".md":
            there = target.read_text(encoding="utf-8") if place else text
            if anchor not in find_anchors(there):
                broken.append(f"{page.name} -> {link}")
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert find_broken(page, page.read_text(encoding="utf-8")) == []


def test_every_page_is_reached_from_the_front_door() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = [unquote(link).partition("#")[0] for link in find_links(page.read_text(encoding="utf-8"))]
        waiting += [(page.parent / link).resolve() for link in links if link]
    assert {page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached} == set()


def test_a_broken_link_is_seen() -> None:
    page = ROOT / "README.md"
    text = "# Here\n[a](nowhere.md) [b](#here) [c](#there) [d](LICENSE) `[e](nothing)` [f](https://example.org)"
    assert find_broken(page, text) == ["README.md -> nowhere.md", "README.md -> #there"]

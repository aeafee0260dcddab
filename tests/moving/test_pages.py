"""The page about tables says what the tables are."""

import pytest

from regulars.features import moving
from regulars.interfaces.beside import list_beside
from tests.docs.story import ROOT

PAGE = ROOT / "docs/how-to/export-tables.md"


def write_page() -> str:
    """Write the page from the code."""
    tables = {**moving.TABLES, **{name: row for name, (row, _) in list_beside().items()}}
    lines = [
        "# Tables of an export",
        "",
        "What `regulars export all` writes, and what a [member's own file](export.md) holds. Times are UTC,",
        "in ISO 8601; ids are UUIDs; points are whole numbers of the smallest unit of their currency; what is `json`",
        "is a text of JSON in CSV and Parquet. `regulars export schema --json` tells the same to machines.",
    ]
    for shape in moving.describe_tables(tables):
        lines += [
            "",
            f"## {shape.name}",
            "",
            shape.meaning,
            "",
            "| Column | Type | May be empty |",
            "| --- | --- | --- |",
        ]
        lines += [f"| `{it.name}` | {it.type} | {'yes' if it.nullable else ''} |" for it in shape.columns]
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page(), "write it again: python tests/moving/test_pages.py"


@pytest.mark.parametrize("name", moving.list_ready())
def test_every_ready_mapping_is_on_its_page(name: str) -> None:
    page = (ROOT / "docs/how-to/import-mappings.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in page


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")

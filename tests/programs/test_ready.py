"""The programmes that are shipped: valid, lossless, named in both languages, and reached from the documentation."""

from datetime import UTC, datetime

import pytest

from regulars.base.db import Database
from regulars.kernel import program
from regulars.kernel.program import compile_plan, content_hash, decode, dump, encode, parse
from tests.programs.story import FOLDER, NAMES, read_text

PAGE = FOLDER.parent / "docs" / "how-to" / "start-from-a-ready-programme.md"


def test_four_are_shipped_and_told_of() -> None:
    assert NAMES == ["beauty", "convenience", "grocer", "travel"]
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"programs/{name}.yaml" not in page] == []


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_is_lost_on_the_way_to_the_database_and_back(name: str, database: Database) -> None:
    text = read_text(name)
    document = parse(text)
    assert document.program == name
    for offer in document.offers:
        assert offer.name is not None, f"{offer.id} has no name for people"
    for again in (parse(dump(document)), decode(encode(document))):
        assert again == document
        assert content_hash(again) == content_hash(document)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    async with database.transaction() as tx:
        hash_ = (await program.draft(tx, document, by="ana", at=at, text=text)).hash
        stored = await program.read_document(tx, hash_)
        assert await program.read_source(tx, hash_) == text
    assert hash_ == content_hash(document) == content_hash(parse(dump(stored)))
    assert set(compile_plan(stored).offers) == {offer.id for offer in document.offers}

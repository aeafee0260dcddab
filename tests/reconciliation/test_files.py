"""Lists of sales as files: what is read, and what is refused with its line."""

from pathlib import Path
from uuid import UUID

import pytest

from regulars.features.reconciliation import ListedSale, SaleListInvalid, open_list
from regulars.kernel.nouns import Identifier

HEAD = "id,occurred_at,due_minor,till,kind,member\n"
AT = "2026-03-01T09:00:00+08:00"
MEMBER = "01890a5d-ac96-774b-bcce-b302099a8057"


def read(folder: Path, text: str, name: str = "tlog.csv") -> list[ListedSale]:
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(open_list(folder / name, source="till/s1"))


WHO = [
    ("", None, False),
    ("no", None, False),
    ("yes", None, True),
    ("card:123", Identifier(kind="card", value="123"), True),
    (MEMBER, UUID(MEMBER), True),
]


def test_a_list_as_csv(tmp_path: Path) -> None:
    rows = read(tmp_path, "\ufeff" + HEAD + "".join(f"t1-{n},{AT},{n},t1,,{who}\n" for n, (who, *_) in enumerate(WHO)))
    assert [(row.member, row.sale.is_shown) for row in rows] == [(member, shown) for _, member, shown in WHO]
    assert {(row.sale.source, row.sale.kind, row.sale.till) for row in rows} == {("till/s1", "purchase", "t1")}
    assert [row.sale.due_minor for row in rows] == list(range(len(WHO)))


def test_a_list_as_json_lines(tmp_path: Path) -> None:
    member = '{"identifier": {"kind": "card", "value": "123"}}'
    lines = '[{"sku": "tea", "amount_minor": 5}]'
    sale = f'"id": "a", "occurred_at": "{AT}", "due_minor": 5, "source": "web"'
    text = f'{{{sale}, "member": {member}, "lines": {lines}}}\n\n'
    (row,) = read(tmp_path, text, "tlog.ndjson")
    assert (row.sale.source, row.member, row.lines[0].sku) == ("web", Identifier(kind="card", value="123"), "tea")


BROKEN = [
    ("tlog.csv", "id,due_minor\n", "Line 1: there is no column occurred_at"),
    ("tlog.csv", "id,occurred_at,due_minor,shoe\n", "Line 1: columns that mean nothing here: shoe"),
    ("tlog.csv", HEAD + f"a,{AT},1.5,,,\n", "Line 2"),
    ("tlog.csv", HEAD + f"a,{AT},-1,,,\n", "Line 2"),
    ("tlog.csv", HEAD + "a,2026-03-01T09:00:00,1,,,\n", "Line 2"),
    ("tlog.csv", HEAD + f"a,{AT},1,,gift,\n", "Line 2"),
    ("tlog.csv", HEAD + f"a,{AT},1,,,card\n", "Line 2"),
    ("tlog.csv", HEAD + f"a,{AT},1,,,,,\n", "Line 2: there are more cells than columns"),
    ("tlog.csv", HEAD + f"a,{AT},1,\udcff,,\n", "this is not CSV in UTF-8"),
    ("tlog.csv", HEAD + f"{'a' * 129},{AT},1,,,\n", "Line 2"),
    ("tlog.csv", HEAD + f"a\0,{AT},1,,,\n", "Line 2"),
    ("tlog.ndjson", "{\n", "Line 1: this is not JSON"),
    ("tlog.ndjson", "[]\n", "Line 1: a sale is a JSON object"),
    ("tlog.ndjson", '{"id": "a", "due": 1}\n', "Line 1: a sale has no field due"),
    ("tlog.ndjson", f'{{"id": "a", "occurred_at": "{AT}", "due_minor": 1, "member": {{"id": 5}}}}\n', "Line 1"),
    ("tlog.ndjson", " " * (1024 * 1024 + 1), "Line 1: a line has at most"),
    ("tlog.xls", "", "end in .csv"),
]


@pytest.mark.parametrize(("name", "text", "said"), BROKEN)
def test_a_list_that_cannot_be_read(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(SaleListInvalid) as raised:
        read(tmp_path, text, name)
    assert said in raised.value.detail


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SaleListInvalid):
        list(open_list(tmp_path / "none.csv", source="till"))

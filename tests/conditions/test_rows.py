"""Rows and texts of conditions: what is written is read again as the same, and what rows cannot say stays text."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kernel.program.conditions import ConditionInvalid
from regulars.kernel.program.conditions.parse import RESERVED, parse
from regulars.kernel.program.conditions.rows import (
    AllRows,
    AnyRows,
    FieldRow,
    LinesRow,
    Row,
    _strip,
    _tidy_group,
    read_rows,
    write_rows,
)

OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"|\(| && ')
"""A text in quotes, which stays as it is, or a place that may be laid out otherwise."""
WORD = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda it: it not in {*RESERVED, "and", "or", "not", "is"}
)
SINGLE = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
FIELD = st.builds("{}.{}".format, WORD, WORD) | st.builds('{}["{}.{}"]'.format, WORD, WORD, WORD)
ROW = (
    st.builds(
        FieldRow,
        field=FIELD,
        operator=st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "has", "has_not"]),
        value=SINGLE,
    )
    | st.builds(
        FieldRow,
        field=FIELD,
        operator=st.sampled_from(["in", "not_in"]),
        value=st.lists(SINGLE, min_size=1, max_size=3).map(tuple),
    )
    | st.builds(FieldRow, field=FIELD, operator=st.sampled_from(["contains", "starts_with", "ends_with"]), value=TEXT)
    | st.builds(FieldRow, field=FIELD, operator=st.sampled_from(["known", "unknown", "holds", "holds_not"]))
)


def group(rows: st.SearchStrategy[Row]) -> st.SearchStrategy[AllRows | AnyRows]:
    some = st.lists(rows, max_size=3).map(tuple)
    return st.builds(AllRows, rows=some) | st.builds(AnyRows, rows=some)


TREE = st.recursive(
    ROW,
    lambda inner: (
        group(inner)
        | st.builds(LinesRow, which=st.sampled_from(["exists", "all", "exists_one"]), rows=group(inner), name=WORD)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(tree=TREE)
def test_rows_come_back_as_they_were_written(tree: Row) -> None:
    try:
        text = write_rows(tree)
    except ConditionInvalid:
        # Too long or too deep for any condition: it is refused, and never written as something else.
        assert len(msgspec.json.encode(tree)) > 700
        return
    assert read_rows(text) == _tidy_group(tree)
    assert write_rows(read_rows(text) or AllRows()) == text


@settings(max_examples=300, deadline=None)
@given(tree=TREE, spaces=st.lists(st.sampled_from(["", " ", "\n  "]), min_size=1, max_size=4))
def test_a_text_means_the_same_however_it_is_laid_out(tree: Row, spaces: list[str]) -> None:
    try:
        text = write_rows(tree)
    except ConditionInvalid:
        return
    if not text:
        return
    laid = OUTSIDE.sub(lambda it: {" && ": f" &&{spaces[0]}", "(": f"({spaces[-1]}"}.get(it[0], it[0]), text)
    rows = read_rows(laid)
    assert rows is not None or laid != text
    if rows is not None:
        assert _strip(parse(write_rows(rows))) == _strip(parse(laid))


BY_HAND = (
    "1000 / (basket.count - 1) > 1",
    "5000 <= basket.total",
    "basket.total > member.known_days",
    "basket.lines.map(l, l.amount).exists(a, a > 5)",
    "member.vip ? basket.total > 5 : basket.total > 9",
    "!(basket.total > 5 && basket.count > 2)",
    "sum(basket.lines.map(l, l.amount)) > 5",
    "activity.at > timestamp('2026-10-01T00:00:00Z')",
    "member['tier'] == 'gold'",
    "true",
)


@pytest.mark.parametrize("text", BY_HAND)
def test_what_rows_cannot_say_is_written_by_hand(text: str) -> None:
    assert read_rows(text) is None


READ = [
    ("", AllRows()),
    ("basket.total >= 5000", AllRows(rows=(FieldRow(field="basket.total", operator=">=", value=5000),))),
    ("has(member.birthday)", AllRows(rows=(FieldRow(field="member.birthday", operator="known"),))),
    (
        "!('WINE' in basket.categories)",
        AllRows(rows=(FieldRow(field="basket.categories", operator="has_not", value="WINE"),)),
    ),
    ('member["badge.tea"]', AllRows(rows=(FieldRow(field='member["badge.tea"]', operator="holds"),))),
    (
        "basket.lines.exists(l, l.category == 'TEA' && l.amount >= 500)",
        AllRows(
            rows=(
                LinesRow(
                    which="exists",
                    name="l",
                    rows=AllRows(
                        rows=(
                            FieldRow(field="l.category", operator="==", value="TEA"),
                            FieldRow(field="l.amount", operator=">=", value=500),
                        )
                    ),
                ),
            )
        ),
    ),
    (
        "a.b > 1 && (c.d == true || e.f in [1, -2])",
        AllRows(
            rows=(
                FieldRow(field="a.b", operator=">", value=1),
                AnyRows(
                    rows=(
                        FieldRow(field="c.d", operator="==", value=True),
                        FieldRow(field="e.f", operator="in", value=(1, -2)),
                    )
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize(("text", "rows"), READ)
def test_a_text_is_read(text: str, rows: AllRows | AnyRows) -> None:
    assert read_rows(text) == rows


REFUSED = [
    FieldRow(field="true || basket.total", operator=">", value=1),
    FieldRow(field="basket.total > 1 && basket.count", operator=">", value=1),
    FieldRow(field="basket.total", operator=">", value=(1, 2)),
    FieldRow(field="basket.total", operator="in", value=1),
    FieldRow(field="basket.total", operator="=="),
    FieldRow(field="basket", operator="==", value=1),
    FieldRow(field="basket.total", operator="==", value=2**60),
    FieldRow(field="member.name", operator="==", value="a\0b"),
    FieldRow(field="member.name", operator="contains", value=7),
]


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_is_never_written_as_something_else(row: FieldRow) -> None:
    with pytest.raises(ConditionInvalid):
        write_rows(row)


def test_a_text_that_cannot_be_read_says_where() -> None:
    with pytest.raises(ConditionInvalid) as refused:
        read_rows("basket.total >\n and 5")
    assert (refused.value.problems[0].line, refused.value.problems[0].column) == (2, 2)

"""Three lists of one day, laid together: which differences there are, whatever order the lists are in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.features.reconciliation import FileSale, Found, Lists, TillReport, compare
from regulars.kernel.activity.sales import Loss, Sale

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
SOURCE = "till/s1"


def sold(name: str, due: int = 100, **others: object) -> Sale:
    told: dict[str, Any] = {"kind": "purchase", "occurred_at": AT, "store": "s1", "gross_minor": due, "due_minor": due}
    told |= {"source": SOURCE, "id": name, **others}
    return Sale(**told)


def listed(name: str, due: int = 100, **others: object) -> FileSale:
    told: dict[str, Any] = {
        "source": SOURCE,
        "id": name,
        "till": "t1",
        "occurred_at": AT,
        "due_minor": due,
        "is_shown": True,
    }
    told |= others
    return FileSale(**told)


def counted(first: int, last: int, count: int, due: int) -> TillReport:
    return TillReport(till="t1", source=SOURCE, first=first, last=last, count=count, gross_minor=due, due_minor=due)


def find(**lists: object) -> list[tuple[str, str, int]]:
    nothing: dict[str, Any] = {"reports": (), "file": None, "ledger": ()}
    nothing |= lists
    found = compare(Lists(**nothing))
    return [(each.kind, each.name, each.amount_minor) for each in found]


SHOWN = listed("t1-1")
CASES: list[tuple[dict[str, Any], list[tuple[str, str, int]]]] = [
    ({}, []),
    ({"file": [SHOWN], "ledger": [sold("t1-1")]}, []),
    ({"file": [SHOWN]}, [("missing_in_ledger", "t1-1", 100)]),
    ({"file": [listed("t1-1", is_shown=False)]}, []),
    ({"file": [SHOWN], "ledger": [sold("t1-1"), sold("t1-2", 30)]}, [("missing_in_file", "t1-2", 30)]),
    # The file does not speak for what another system sold.
    ({"file": [SHOWN], "ledger": [sold("t1-1"), sold("w-1", source="web")]}, []),
    # A sale that was cancelled is not in the file, nor is what cancelled it.
    (
        {"file": [SHOWN], "ledger": [sold("t1-1"), sold("t1-2"), sold("cancel:t1-2", kind="return")]},
        [],
    ),
    ({"file": [SHOWN], "ledger": [sold("t1-1", 70)]}, [("amount_differs", "t1-1", 30)]),
    ({"file": [SHOWN, SHOWN], "ledger": [sold("t1-1")]}, [("doubled_in_file", "t1-1", 100)]),
    ({"file": [SHOWN], "elsewhere": {(SOURCE, "t1-1"): sold("t1-1", store="s2")}}, [("elsewhere", "t1-1", 0)]),
    (
        {"reports": [counted(1, 3, 2, 200)], "ledger": [sold("t1-1"), sold("t1-3")]},
        [("counter_gap", "t1-2", 0)],
    ),
    (
        {"reports": [counted(1, 3, 3, 300)], "ledger": [sold("t1-1"), sold("t1-2")], "file": [listed("t1-3")]},
        [
            ("missing_in_file", "t1-1", 100),
            ("missing_in_file", "t1-2", 100),
            ("missing_in_ledger", "t1-3", 100),
            ("till_count", "t1:count", 0),
            ("till_sum", "t1:due", 200),
        ],
    ),
    (
        {"reports": [counted(1, 1, 1, 120)], "ledger": [sold("t1-1", 100, gross_minor=110)]},
        [("till_sum", "t1:due", 20), ("till_sum", "t1:gross", 10)],
    ),
    (
        {"ledger": [sold("t1-1", losses=(Loss(reason="honoured_at_loss", amount_minor=40),))]},
        [("loss", "t1-1:honoured_at_loss", 40)],
    ),
]


@pytest.mark.parametrize(("lists", "wanted"), CASES)
def test_differences(lists: dict[str, Any], wanted: list[tuple[str, str, int]]) -> None:
    assert find(**lists) == wanted


NAMES = st.sampled_from(["t1-1", "t1-2", "t1-3", "t2-1", "w"])
Row = tuple[str, int, bool]
ROWS = st.lists(st.tuples(NAMES, st.integers(0, 3), st.booleans()), max_size=8)


@given(rows=ROWS, sales=ROWS, data=st.data())
@settings(max_examples=150)
def test_the_order_of_the_lists_does_not_matter(rows: list[Row], sales: list[Row], data: st.DataObject) -> None:
    file = [listed(name, due, is_shown=shown) for name, due, shown in rows]
    ledger = list({name: sold(name, due) for name, due, _ in sales}.values())
    reports = [
        counted(1, 3, 2, 3),
        TillReport(till="t2", source=SOURCE, first=1, last=2, count=1, gross_minor=1, due_minor=1),
    ]

    def lay(order: Callable[[list[Any]], list[Any]]) -> list[Found]:
        return compare(Lists(reports=order(reports), file=order(file), ledger=order(ledger)))

    assert lay(list) == lay(lambda each: data.draw(st.permutations(each)))

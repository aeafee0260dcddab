"""Figures are what their definitions say, reckoned here by hand."""

from datetime import date, timedelta

import polars as pl
import pytest

from regulars.intelligence.figures import FIGURES, list_periods, reckon_cohorts, reckon_figures
from regulars.intelligence.history import History
from tests.intelligence.makers import make_history, make_line

UNTIL = date(2025, 4, 1)


@pytest.fixture(scope="module")
def history() -> History:
    days = {
        "a": (date(2025, 1, 1), date(2025, 1, 5), date(2025, 2, 3), date(2025, 3, 9)),
        "b": (date(2025, 1, 2), date(2025, 3, 2)),
        "c": (date(2025, 2, 1), date(2025, 2, 28)),
    }
    lines = [make_line(member, day, discount_minor=250) for member, each in days.items() for day in each]
    return make_history(lines)


def read(history: History, figure: str, grain: str = "month") -> dict[str, float | None]:
    assert grain in {"month", "quarter", "year"}
    found = reckon_figures(history, UNTIL, "month" if grain == "month" else "quarter")
    one = next(it for it in found if it.figure.id == figure)
    return dict(zip([period.name for period in one.periods], one.values, strict=True))


@pytest.mark.parametrize(
    ("figure", "values"),
    [
        ("growth", [2, 1, 0]),
        ("active", [2, 2, 2]),
        ("activity", [100, 200 / 3, 200 / 3]),
        ("sales", [3_000, 3_000, 2_000]),
        ("basket", [1_000, 1_000, 1_000]),
        ("frequency", [1.5, 1.5, 1]),
        ("repeat", [50, 50, 0]),
        ("retention", [None, 50, 50]),
        ("discount", [20, 20, 20]),
    ],
)
def test_a_figure_is_what_it_says(history: History, figure: str, values: list[float | None]) -> None:
    found = read(history, figure)
    assert list(found) == ["2025-01", "2025-02", "2025-03"]
    assert list(found.values()) == pytest.approx(values)


def test_every_figure_is_tried_here_or_needs_campaigns(history: History) -> None:
    assert {it.figure.id for it in reckon_figures(history, UNTIL, "year")} == {
        figure.id for figure in FIGURES if not figure.needs
    }


def test_letters_that_were_used_are_counted_once(history: History) -> None:
    whole = History(
        lines=history.lines,
        members=history.members,
        campaigns=pl.DataFrame(
            {"campaign": ["x"], "kind": ["A"], "start": [date(2025, 2, 1)], "end": [date(2025, 2, 9)]}
        ),
        targets=pl.DataFrame({"campaign": ["x", "x"], "member": ["a", "b"]}),
        redemptions=pl.DataFrame(
            {"member": ["a", "a"], "coupon": ["1", "2"], "campaign": ["x", "x"], "day": [date(2025, 2, 3)] * 2}
        ),
    )
    assert read(whole, "redemption") == {"2025-01": None, "2025-02": 50, "2025-03": None}


def test_only_whole_periods_are_compared(history: History) -> None:
    cut = reckon_figures(history, UNTIL - timedelta(days=9), "month")
    sales = next(it for it in cut if it.figure.id == "sales")
    assert [period.is_whole for period in sales.periods] == [True, True, False]
    assert sales.compare() == pytest.approx(0)
    assert list_periods(date(2025, 2, 5), date(2025, 5, 1), "quarter")[0].is_whole is False


def test_quarters_and_years_begin_where_they_do() -> None:
    quarters = list_periods(date(2024, 11, 30), date(2025, 4, 2), "quarter")
    assert [(it.name, it.start, it.until, it.before) for it in quarters] == [
        ("2024-Q4", date(2024, 10, 1), date(2025, 1, 1), date(2024, 7, 1)),
        ("2025-Q1", date(2025, 1, 1), date(2025, 4, 1), date(2024, 10, 1)),
        ("2025-Q2", date(2025, 4, 1), date(2025, 7, 1), date(2025, 1, 1)),
    ]


def test_cohorts_tell_who_came_back(history: History) -> None:
    assert reckon_cohorts(history, UNTIL) == [("2025-01", 2, (100, 50, 100)), ("2025-02", 1, (100, 0))]

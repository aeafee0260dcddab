"""Challenges that count days, weeks or months in a row."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from regulars.features.challenges import progress
from regulars.features.challenges.mechanic import Prepared
from tests.mechanics.test_challenges import START, Sold, hear, make, pay, points, say


def row(*settings: Mapping[str, Any], **counts: str | int) -> Prepared:
    return make({"counts": {"of": "streak", **counts}}, *settings)


@pytest.mark.parametrize(
    ("counts", "goal", "days", "brought"),
    [
        # Three days in a row, once: a gap begins anew, a second stretch brings nothing more.
        ({}, {"at": 3}, [0, 1, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 10, 0, 0, 0]),
        # Again and again: each stretch of three, and none of its days twice.
        ({}, {"every": 3}, [0, 1, 2, 3, 4, 5, 7, 8, 9], [0, 0, 10, 0, 0, 10, 0, 0, 10]),
        ({}, {"every": 3, "most": 1}, [0, 1, 2, 3, 4, 5], [0, 0, 10, 0, 0, 0]),
        # One missed day is forgiven in a stretch, two are not; it does not count itself.
        ({"freeze": 1}, {"at": 3}, [0, 1, 3], [0, 0, 10]),
        ({"freeze": 1}, {"at": 3}, [0, 2, 4, 5], [0, 0, 0, 10]),
        ({"freeze": 2}, {"at": 3}, [0, 2, 4], [0, 0, 10]),
        # Weeks from Monday to Sunday: 0 is a Monday.
        ({"unit": "week"}, {"at": 3}, [6, 7, 13, 14], [0, 0, 0, 10]),
        ({"unit": "week"}, {"at": 3}, [6, 14, 21], [0, 0, 0]),
        ({"unit": "week", "least": 2}, {"at": 2}, [0, 1, 7, 13], [0, 0, 0, 10]),
        # Months: June, July, August.
        ({"unit": "month"}, {"at": 3}, [29, 30, 61, 62], [0, 0, 10, 0]),
    ],
)
def test_streaks(counts: Mapping[str, Any], goal: Mapping[str, Any], days: Sequence[int], brought: list[int]) -> None:
    prepared = row({"goals": [{"id": "a", "points": 10, **goal}]}, **counts)
    assert say(hear(prepared, [pay(day) for day in days])[1]) == brought


def test_late_day_joins_two_rows() -> None:
    prepared = row({"goals": [{"id": "a", "at": 5, "points": 10}]})
    assert say(hear(prepared, [pay(day) for day in (0, 1, 3, 4, 2)])[1]) == [0, 0, 0, 0, 10]


def test_progress_of_a_streak_is_what_is_in_a_row_today() -> None:
    prepared = row({"goals": [{"id": "a", "every": 4, "points": 10}]}, freeze=1)
    memory, answers = hear(prepared, [pay(day) for day in (0, 1, 2, 4, 5)])
    assert answers[1].reasons[0].values == {"challenge": "june", "counted_days": 2, "missing_days": 2}
    seen = [progress(prepared, memory, START + day) for day in (5, 6, 7, 8)]
    # The sixth is not over before midnight; the seventh day has missed it, which is forgiven; the eighth is too late.
    assert [(it.unit, it.counted, it.goals[0].missing) for it in seen] == [
        ("days", 5, 3),
        ("days", 5, 3),
        ("days", 2, 3),
        ("days", 0, 4),
    ]


def test_return_of_a_day_breaks_a_row() -> None:
    prepared = row({"goals": [{"id": "a", "at": 3, "points": 10}]})
    memory, answers = hear(prepared, [pay(0), pay(1), pay(2)])
    memory, _ = Sold(pay(1), answers[1]).back(prepared, memory)
    memory, answer = Sold(pay(2), answers[2]).back(prepared, memory)
    assert points(answer) == -10
    assert say(hear(prepared, [pay(day) for day in (3, 4, 5)], memory)[1]) == [0, 0, 10]


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_long_streaks_stay_whole_when_their_days_are_forgotten(unit: str) -> None:
    prepared = row({"goals": [{"id": "a", "every": 7, "points": 1}]}, unit=unit)
    memory, answers = hear(prepared, [pay(day) for day in range(1000)])
    units = {"day": 1000, "week": 143, "month": 33}[unit]
    assert sum(say(answers)) == units // 7
    assert (len(memory.past), len(memory.days) <= 431) == (1, True)
    assert progress(prepared, memory, START + 999).counted == units

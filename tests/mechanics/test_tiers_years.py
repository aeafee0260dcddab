"""Levels by the year, soft landings, days of grace, and levels for life."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from regulars.features.tiers import progress
from regulars.features.tiers.mechanic import REVIEW, Memory, Prepared, earn, merge, undo
from regulars.kernel.nouns import Earned, Original, Step
from tests.mechanics.test_tiers import CALENDAR, LEVELS, START, at, ladder, live, say, view

CALENDAR_YEAR = {"window": {"model": "calendar_year"}}
MEMBERSHIP = {"window": {"model": "membership_year"}}
FIVE = [
    {"id": name, "name": {"en": name, "zh-CN": name}, "at": at}
    for name, at in {"blue": 0, "silver": 100, "gold": 200, "platinum": 300, "diamond": 400}.items()
]


def on(text: str) -> int:
    """A date as the stories count days: from the first of 2017."""
    return date.fromisoformat(text).toordinal() - START


def dates(answers: Sequence[Earned]) -> list[tuple[str, object]]:
    return [(date.fromordinal(day + START).isoformat(), value) for day, value in say(answers)]


def years(*facts: tuple[str, int]) -> list[tuple[int, int]]:
    return [(on(day), points) for day, points in facts]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        # Each year is counted by itself, and what it reaches lasts to the end of the next.
        ([("2017-12-30", 60), ("2018-01-02", 60)], [("2017-12-30", "green")]),
        (
            [("2017-12-30", 100), ("2018-12-31", 0), ("2019-01-01", 0)],
            [("2017-12-30", "silver"), ("2019-01-01", "green")],
        ),
        # Reached again in the second year, early or late: kept to the end of the third.
        (
            [("2017-12-30", 100), ("2018-01-01", 100), ("2019-12-31", 0), ("2020-01-01", 0)],
            [("2017-12-30", "silver"), ("2020-01-01", "green")],
        ),
        # Less than before: down to what the second year reached.
        (
            [("2017-03-01", 300), ("2018-03-01", 100), ("2019-01-01", 0), ("2020-01-01", 0)],
            [("2017-03-01", "gold"), ("2019-01-01", "silver"), ("2020-01-01", "green")],
        ),
    ],
)
def test_calendar_year(facts: list[tuple[str, int]], told: list[tuple[str, str]]) -> None:
    assert dates(live(ladder(LEVELS, CALENDAR_YEAR), years(*facts))[1]) == told


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        # Membership begins on 10 March; the second purchase is in its first year, the third in its second.
        (
            [("2017-03-10", 60), ("2018-03-09", 40), ("2018-03-10", 60)],
            [("2017-03-10", "green"), ("2018-03-09", "silver")],
        ),
        ([("2017-03-10", 60), ("2018-03-10", 40)], [("2017-03-10", "green")]),
        # To the end of the next year of membership.
        (
            [("2017-03-10", 100), ("2019-03-09", 0), ("2019-03-10", 0)],
            [("2017-03-10", "silver"), ("2019-03-10", "green")],
        ),
        # Joined on a day that most years do not have.
        ([("2016-02-29", 60), ("2017-02-27", 40)], [("2016-02-29", "green"), ("2017-02-27", "silver")]),
        ([("2016-02-29", 60), ("2017-02-28", 40)], [("2016-02-29", "green")]),
    ],
)
def test_membership_year(facts: list[tuple[str, int]], told: list[tuple[str, str]]) -> None:
    assert dates(live(ladder(LEVELS, MEMBERSHIP), years(*facts))[1]) == told


def test_membership_begins_with_the_enrolment() -> None:
    prepared = ladder(LEVELS, MEMBERSHIP)
    memory, told = Memory(), list[Earned]()
    for day, points in years(("2017-05-01", 60), ("2018-02-20", 40)):
        # Enrolled on 1 March by the clock on the wall, though it is 2 March in UTC already.
        step = msgspec.structs.replace(view(day, points), joined_at=datetime(2016, 3, 2, 5, tzinfo=UTC))
        told.append(earn(prepared, memory, step))
        memory = told[-1].memory
    assert memory.since == date(2016, 3, 1).toordinal()
    assert dates(told)[-1] == ("2018-02-20", "silver")
    found = progress(prepared, memory, START + on("2018-02-28"))
    assert (found.first_day, found.last_day) == (START + on("2017-03-01"), START + on("2018-02-28"))
    assert progress(prepared, memory, START + on("2018-03-01")).counted == {"stars": 0}


def test_kept_for_years() -> None:
    prepared = ladder(LEVELS, {**CALENDAR_YEAR, "keep": {"model": "year_end", "years": 2}})
    _, answers = live(prepared, years(("2017-05-01", 100), ("2019-12-31", 0), ("2020-01-01", 0)))
    assert dates(answers) == [("2017-05-01", "silver"), ("2020-01-01", "green")]


# --- falling ---------------------------------------------------------------------------------------------------------


def test_soft_landing_is_one_level_a_review() -> None:
    prepared = ladder(FIVE, {**CALENDAR_YEAR, "fall": "one_level"})
    facts = years(("2017-05-01", 400), *((f"{year}-01-01", 0) for year in range(2018, 2024)))
    assert dates(live(prepared, facts)[1]) == [
        ("2017-05-01", "diamond"),
        ("2019-01-01", "platinum"),
        ("2020-01-01", "gold"),
        ("2021-01-01", "silver"),
        ("2022-01-01", "blue"),
    ]


def test_soft_landing_is_not_below_what_is_reached() -> None:
    prepared = ladder(FIVE, {**CALENDAR_YEAR, "fall": "one_level"})
    _, answers = live(prepared, years(("2017-05-01", 400), ("2018-05-01", 300), ("2019-01-01", 0), ("2020-01-01", 0)))
    assert dates(answers) == [("2017-05-01", "diamond"), ("2019-01-01", "platinum"), ("2020-01-01", "gold")]


GRACE = {**CALENDAR_YEAR, "grace_days": 30}


@pytest.mark.parametrize(
    ("facts", "told", "until"),
    [
        # Thirty days more, then it falls.
        ([("2019-01-30", 0)], [], "2019-01-30"),
        ([("2019-01-31", 0)], [("2019-01-31", "green")], None),
        # What was missing of the year comes in January: kept as if it had come in December.
        ([("2018-06-01", 40), ("2019-01-30", 60)], [], "2019-12-31"),
        ([("2018-06-01", 40), ("2019-01-31", 60)], [("2019-01-31", "green")], None),
        # January alone reaches more than before: that counts from January.
        ([("2019-01-20", 300)], [("2019-01-20", "gold")], "2020-12-31"),
    ],
)
def test_days_of_grace(facts: list[tuple[str, int]], told: list[tuple[str, str]], until: str | None) -> None:
    prepared = ladder(LEVELS, GRACE)
    memory, answers = live(prepared, years(("2017-05-01", 100), *facts))
    assert dates(answers) == [("2017-05-01", "silver"), *told]
    found = progress(prepared, memory, memory.latest)
    assert found.kept_until == (0 if until is None else START + on(until))


def test_grace_is_announced_and_reviewed_at_its_end() -> None:
    prepared = ladder(LEVELS, GRACE)
    memory, (first,) = live(prepared, years(("2017-05-01", 100)))
    assert [CALENDAR.day_of(due.at) - START for due in first.later] == [on("2019-01-01")]
    answer = earn(prepared, memory, view(on("2019-01-01"), 0, kind=REVIEW))
    assert [it.code for it in answer.reasons] == ["level_in_grace"]
    assert answer.traits == ()
    assert [CALENDAR.day_of(due.at) - START for due in answer.later] == [on("2019-01-31")]
    there = progress(prepared, answer.memory, START + on("2019-01-10"))
    assert (there.level, there.in_grace, there.kept_until) == ("silver", True, START + on("2019-01-30"))
    assert (there.first_day, there.last_day) == (START + on("2018-01-01"), START + on("2019-01-30"))
    answer = earn(prepared, answer.memory, view(on("2019-01-31"), 0, kind=REVIEW))
    assert [(it.value, it.since) for it in answer.traits] == [("green", at(on("2019-01-31")))]


# --- for life --------------------------------------------------------------------------------------------------------

LIFE = [
    {"id": name, "name": {"en": name, "zh-CN": name}, **more}
    for name, more in {
        "green": {"at": 0},
        "silver": {"at": 100, "lifetime": [{"stars": 250}]},
        "gold": {"at": 300, "lifetime": [{"stars": 1000}]},
    }.items()
]


def test_who_came_for_years_never_falls_below() -> None:
    prepared = ladder(LIFE, CALENDAR_YEAR)
    facts = years(*((f"{year}-06-01", 90) for year in range(2017, 2020)), ("2025-06-01", 0))
    memory, answers = live(prepared, facts)
    # 270 in three years, of which none reached a level.
    assert dates(answers) == [("2017-06-01", "green"), ("2019-06-01", "silver")]
    found = progress(prepared, memory, START + on("2025-06-01"))
    assert (found.level, found.lifetime_level, found.kept_until, found.counted) == ("silver", "silver", 0, {"stars": 0})
    assert memory.totals == {"stars": 270}


def test_return_takes_off_what_is_counted_for_life() -> None:
    prepared = ladder(LIFE, CALENDAR_YEAR)
    memory, _ = live(prepared, years(("2017-06-01", 240), ("2019-06-01", 0)))
    assert memory.totals == {"stars": 240}
    original = Original(
        activity=view(on("2017-06-01"), 240).activity, given=(), returned_minor={}, returned_milli={}, taken={}
    )
    answer = undo(prepared, memory, view(on("2019-06-02"), -200, kind="return", original=original), ())
    assert answer.memory.totals == {"stars": 40}


# --- in any order ----------------------------------------------------------------------------------------------------

RULES: dict[str, Mapping[str, object]] = {
    "calendar": CALENDAR_YEAR,
    "membership": MEMBERSHIP,
    "grace": {**CALENDAR_YEAR, "grace_days": 20},
    "soft": {"window_days": 15, "keep_days": 12, "fall": "one_level"},
    "soft with grace": {"window_days": 15, "keep_days": 12, "fall": "one_level", "grace_days": 6},
}
# Around the end of a year, and far enough from the first purchases that reviews have come in between.
late = st.tuples(st.integers(345, 375), st.integers(0, 150))
early = st.tuples(st.integers(0, 344), st.integers(0, 300))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("levels", [LEVELS, LIFE], ids=["levels", "lifetime"])
@run(max_examples=40)
@given(earlier=st.lists(early, max_size=6), facts=st.lists(late, min_size=1, max_size=8), later=st.integers(375, 1200))
def test_facts_of_thirty_days_give_one_memory_in_any_order(
    rule: str, levels: list[Any], earlier: list[tuple[int, int]], facts: list[tuple[int, int]], later: int
) -> None:
    prepared = ladder(levels, RULES[rule])
    settled, _ = live(prepared, sorted(earlier))
    in_order, _ = live(prepared, sorted(facts), settled)
    as_drawn, _ = live(prepared, facts, settled)
    assert as_drawn == in_order
    assert live(prepared, [(later, 7)], as_drawn)[0] == live(prepared, [(later, 7)], in_order)[0]


@pytest.mark.parametrize("rule", RULES)
@run(max_examples=40)
@given(facts=st.lists(early, min_size=1, max_size=10))
def test_reviews_that_the_clock_brings_change_no_level(rule: str, facts: list[tuple[int, int]]) -> None:
    """A member whose reviews come on their days stands where one stands whose reviews came with the next purchase."""
    prepared = ladder(LEVELS, RULES[rule])
    silent, _ = live(prepared, sorted(facts))
    memory, due = Memory(), list[int]()
    for day, points in [*sorted(facts), (2000, 0)]:
        while due and due[0] <= day:
            memory, due = _take(prepared, memory, view(due[0], 0, kind=REVIEW))
        before = due
        memory, due = _take(prepared, memory, view(day, points))
        due = due or before
    there, _ = live(prepared, [(2000, 0)], silent)
    assert progress(prepared, there, START + 2000) == progress(prepared, memory, START + 2000)


def _take(prepared: Prepared, memory: Memory, step: Step) -> tuple[Memory, list[int]]:
    answer = earn(prepared, memory, step)
    due = [CALENDAR.day_of(it.at) - START for it in answer.later]
    return memory if answer.memory is None else answer.memory, due


@pytest.mark.parametrize("rule", RULES)
@run(max_examples=40)
@given(
    first=st.lists(late, min_size=1, max_size=8),
    second=st.lists(late, min_size=1, max_size=8),
    before=st.lists(early, max_size=4),
)
def test_merge_has_no_order_and_adds_days(
    rule: str, first: list[tuple[int, int]], second: list[tuple[int, int]], before: list[tuple[int, int]]
) -> None:
    prepared = ladder(LIFE, RULES[rule])
    ana, _ = live(prepared, sorted([*before, *first]))
    bob, _ = live(prepared, sorted(second))
    merged = merge(prepared, ana, bob)
    assert merged == merge(prepared, bob, ana)
    if not before:
        assert merged == live(prepared, sorted([*first, *second]))[0]


@pytest.mark.parametrize("rule", RULES)
@run(max_examples=40)
@given(facts=st.lists(late, min_size=1, max_size=8), data=st.data())
def test_whole_return_leaves_what_was_counted_without_it(
    rule: str, facts: list[tuple[int, int]], data: st.DataObject
) -> None:
    prepared = ladder(LIFE, RULES[rule])
    gone, points = data.draw(st.sampled_from([*facts]))
    memory, _ = live(prepared, sorted(facts))
    original = Original(activity=view(gone, points).activity, given=(), returned_minor={}, returned_milli={}, taken={})
    answer = undo(prepared, memory, view(375, -points, kind="return", original=original), ())
    left = list(facts)
    left.remove((gone, points))
    without, _ = live(prepared, sorted([*left, (gone, 0), (375, 0)]))
    # A return of nothing that counts is no fact of its day: the day is looked at here in both cases.
    found, _ = live(prepared, [(375, 0)], answer.memory or memory)
    assert found.series == without.series
    assert [it.level for it in found.changes][-1:] == [it.level for it in without.changes][-1:]

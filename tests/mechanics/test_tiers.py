"""Levels: reached at once, kept for a while, reviewed, and the same whatever the order in which facts arrive."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.features.tiers import progress
from regulars.features.tiers.mechanic import (
    LATE_DAYS,
    REVIEW,
    Memory,
    Prepared,
    Settings,
    earn,
    merge,
    prepare,
    references,
    sets,
    undo,
)
from regulars.features.tiers.memory import NONE
from regulars.kernel.nouns import Activity, Award, Earned, Given, Original, Step
from regulars.kernel.program import Calendar
from tests.program.story import MEMBER

CALENDAR = Calendar(zone=ZoneInfo("America/Chicago"))
START = date(2017, 1, 1).toordinal()
LEVELS = [
    {"id": "green", "name": {"en": "Green", "zh-CN": "绿"}, "at": 0},
    {"id": "silver", "name": {"en": "Silver", "zh-CN": "银"}, "at": 100},
    {"id": "gold", "name": {"en": "Gold", "zh-CN": "金"}, "at": 300},
]
YEAR = {"window_days": 365, "keep_days": 365}
SHORT = {"window_days": 20, "keep_days": 10}


def ladder(levels: Sequence[Any] = LEVELS, settings: Mapping[str, object] = YEAR) -> Prepared:
    return prepare(msgspec.convert({"counts": "stars", "levels": levels, **settings}, Settings), CALENDAR)


def at(day: int, hour: int = 18) -> datetime:
    return datetime.combine(date.fromordinal(START + day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=hour)


def view(day: int, points: int, kind: str = "purchase", original: Original | None = None) -> Step:
    activity = Activity(id=f"{day}", source="till", kind=kind, occurred_at=at(day), member=MEMBER)
    given = (Given(offer="stars", award=Award(currency="stars", points=points)),) if points else ()
    return Step(
        member=MEMBER,
        activity=activity,
        at=at(day),
        day=START + day,
        traits={},
        balances={},
        left={},
        given=given,
        original=original,
    )


def live(
    prepared: Prepared, facts: Sequence[tuple[int, int]], memory: Memory | None = None
) -> tuple[Memory, list[Earned]]:
    """Go through facts (day, points), in the order given."""
    known = memory or Memory()
    answers: list[Earned] = []
    for day, points in facts:
        answer = earn(prepared, known, view(day, points))
        known = known if answer.memory is None else answer.memory
        answers.append(answer)
    return known, answers


def say(answers: Sequence[Earned]) -> list[tuple[int, object]]:
    """The levels that were told, with the local day (from the start) since which each holds."""
    return [(CALENDAR.day_of(it.since) - START, it.value) for answer in answers for it in answer.traits]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ([(0, 0)], [(0, "green")]),
        ([(0, 99), (1, 1)], [(0, "green"), (1, "silver")]),  # at once
        ([(0, 300)], [(0, "gold")]),  # two levels in one step
        ([(0, 100), (364, 200)], [(0, "silver"), (364, "gold")]),  # the window has 365 days
        ([(0, 100), (365, 200)], [(0, "silver")]),  # and no more: the first day is out of it
        ([(0, 150), (365, 0)], [(0, "silver")]),  # kept for 365 days
        ([(0, 150), (366, 0)], [(0, "silver"), (366, "green")]),  # its own points have left the window by then
        ([(0, 150), (100, 100), (366, 0)], [(0, "silver")]),  # kept for another year
        ([(0, 300), (100, 100), (366, 0)], [(0, "gold"), (366, "silver")]),  # falls to what the points reach
        (
            [(0, 300), (1200, 0)],
            [(0, "gold"), (366, "green"), (1200, "green")],
        ),  # years of silence: one review
        ([(0, 300), (366, 300)], [(0, "gold"), (366, "green"), (366, "gold")]),  # the review comes first, then the day
    ],
)
def test_level_is_reached_kept_and_lost(facts: list[tuple[int, int]], told: list[tuple[int, str]]) -> None:
    assert say(live(ladder(), facts)[1]) == told


def test_without_a_level_for_nothing_there_may_be_none() -> None:
    prepared = ladder(LEVELS[1:])
    assert say(live(prepared, [(0, 99), (1, 1), (367, 0)])[1]) == [(1, "silver"), (367, None)]


def test_rise_holds_from_the_purchase_that_reached_it() -> None:
    _, (_, rise) = live(ladder(), [(0, 50), (3, 50)])
    (change,) = rise.traits
    assert (change.name, change.value, change.since) == ("tier", "silver", at(3))
    (reason,) = rise.reasons
    assert (reason.code, dict(reason.values)) == (
        "level_changed",
        {"level": "silver", "points": 100, "until": START + 368},
    )


def test_review_is_left_for_the_day_after_the_last_that_is_kept() -> None:
    _, (green, silver, gold, same) = live(ladder(), [(0, 0), (1, 100), (5, 200), (6, 1)])
    assert green.later == ()  # what costs nothing is never lost
    (due,) = silver.later
    assert (due.name, due.kind, due.at, due.replaces) == ("review", REVIEW, CALENDAR.start_of(START + 367), "")
    (due,) = gold.later
    assert (due.at, due.replaces) == (CALENDAR.start_of(START + 371), "review")
    assert same.later == ()


@pytest.mark.parametrize(
    ("second", "level", "code", "next_review"),
    [(100, "silver", "level_kept", 366 + 365), (99, "green", "level_changed", None)],
)
def test_review_keeps_or_drops(second: int, level: str, code: str, next_review: int | None) -> None:
    prepared = ladder()
    memory, (first, _) = live(prepared, [(0, 100), (200, second)])
    assert CALENDAR.day_of(first.later[0].at) == START + 366
    answer = earn(prepared, memory, view(366, 0, kind=REVIEW))
    assert [it.value for it in answer.traits] == ([] if level == "silver" else ["green"])
    assert [it.code for it in answer.reasons] == [code]
    assert progress(prepared, answer.memory, START + 366).level == level
    due = [CALENDAR.day_of(it.at) - START for it in answer.later]
    assert due == ([] if next_review is None else [next_review])
    again = earn(prepared, answer.memory, view(366, 0, kind=REVIEW))
    assert again == Earned()  # brought twice, it changes nothing the second time


def test_other_points_do_not_count() -> None:
    step = msgspec.structs.replace(
        view(0, 0), given=(Given(offer="base", award=Award(currency="points", points=1000)),)
    )
    assert [it.value for it in earn(ladder(), Memory(), step).traits] == ["green"]


def test_late_fact_that_changes_the_past_holds_from_now_on() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 0), (20, 60), (25, 0)])
    late = earn(prepared, memory, msgspec.structs.replace(view(5, 50), at=at(25)))
    assert [(it.value, it.since) for it in late.traits] == [("silver", at(25))]
    assert late.memory.changes[-1].day == START + 20


def test_rise_that_is_heard_of_hours_later_holds_then_and_now() -> None:
    answer = earn(ladder(), Memory(), msgspec.structs.replace(view(0, 100), at=at(0, 23)))
    assert [(it.value, it.since) for it in answer.traits] == [("silver", at(0)), ("silver", at(0, 23))]


def test_return_takes_its_day_and_the_level_that_it_reached() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 60), (10, 60)])
    answer = bring_back(prepared, memory, bought=10, back=25, points=60)
    assert [(it.value, it.since) for it in answer.traits] == [("green", at(25))]
    assert answer.memory.series == {"stars": ((START,), (60,))}


def test_return_of_a_part_keeps_what_the_rest_still_reaches() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 60), (10, 60)])
    answer = bring_back(prepared, memory, bought=10, back=11, points=20)
    assert answer.traits == ()
    assert answer.memory.series["stars"][1] == (60, 40)


def test_level_that_has_settled_is_kept_to_its_end() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 100)])
    answer = bring_back(prepared, memory, bought=0, back=LATE_DAYS + 1, points=100)
    assert answer.traits == ()
    assert answer.memory.series == {}
    assert progress(prepared, answer.memory, START + LATE_DAYS + 1).level == "silver"
    review = earn(prepared, answer.memory, view(366, 0, kind=REVIEW))
    assert [it.value for it in review.traits] == ["green"]


def test_return_of_what_brought_no_stars_changes_nothing() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 100)])
    assert bring_back(prepared, memory, bought=0, back=5, points=0) == Earned()


def bring_back(prepared: Prepared, memory: Memory, *, bought: int, back: int, points: int) -> Earned:
    purchase = view(bought, points).activity
    original = Original(activity=purchase, given=(), returned_minor={}, returned_milli={}, taken={})
    return undo(prepared, memory, view(back, -points, kind="return", original=original), ())


@pytest.mark.parametrize(
    ("facts", "day", "expected"),
    [
        ([], 0, ("", 0, "green", 0, 0)),
        ([(0, 40)], 0, ("green", 40, "silver", 60, 0)),
        ([(0, 120)], 0, ("silver", 120, "gold", 180, START + 365)),
        ([(0, 120)], 365, ("silver", 0, "gold", 300, START + 365)),
        ([(0, 120)], 366, ("green", 0, "silver", 100, 0)),
        ([(0, 500)], 9, ("gold", 500, "", 0, START + 365)),
        ([(0, 120), (9, 110)], 366, ("silver", 110, "gold", 190, START + 730)),
    ],
)
def test_progress(facts: list[tuple[int, int]], day: int, expected: tuple[str, int, str, int, int]) -> None:
    prepared = ladder()
    memory, _ = live(prepared, facts)
    found = progress(prepared, memory, START + day)
    missing = found.missing[0].get("stars", 0) if found.missing else 0
    assert (found.level, found.counted["stars"], found.next_level, missing, found.kept_until) == expected


days = st.integers(100, 100 + LATE_DAYS)
windows = st.sampled_from([SHORT, {"window_days": 5, "keep_days": 3}, YEAR])


@example(earlier=[(50, 100)], facts=[(101, 0), (100, 0)], settings=SHORT)  # a review looks far back
@given(
    earlier=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 200)), max_size=10),
    facts=st.lists(st.tuples(days, st.integers(0, 200)), min_size=1, max_size=10),
    settings=windows,
)
def test_facts_of_thirty_days_give_one_memory_in_any_order(
    earlier: list[tuple[int, int]], facts: list[tuple[int, int]], settings: dict[str, int]
) -> None:
    prepared = ladder(settings=settings)
    settled, _ = live(prepared, sorted(earlier))
    in_order, _ = live(prepared, sorted(facts), settled)
    as_drawn, _ = live(prepared, facts, settled)
    assert as_drawn == in_order


@given(
    facts=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 200)), min_size=1, max_size=15),
    settings=windows,
    data=st.data(),
)
def test_told_levels_end_where_the_memory_ends(
    facts: list[tuple[int, int]], settings: dict[str, int], data: st.DataObject
) -> None:
    prepared = ladder(settings=settings)
    memory, latest = Memory(), 0
    told: list[tuple[datetime, object]] = []
    for day, points in data.draw(st.permutations(facts)):
        latest = max(latest, day)
        # Ledger time never goes back: a late fact is heard of on the latest day.
        step = msgspec.structs.replace(view(day, points), at=at(latest))
        answer = earn(prepared, memory, step)
        memory = memory if answer.memory is None else answer.memory
        told += [(it.since, it.value) for it in answer.traits]
    last = max(enumerate(told), key=lambda it: (it[1][0], it[0]))[1][1]
    assert last == progress(prepared, memory, memory.latest).level


@given(
    first=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 200)), max_size=8),
    second=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 200)), max_size=8),
    settings=windows,
)
def test_merge_adds_days_and_has_no_order(
    first: list[tuple[int, int]], second: list[tuple[int, int]], settings: dict[str, int]
) -> None:
    prepared = ladder(settings=settings)
    ana, _ = live(prepared, sorted(first))
    bob, _ = live(prepared, sorted(second))
    merged = merge(prepared, ana, bob)
    assert merge(prepared, bob, ana) == merged
    assert merge(prepared, ana, Memory()) == ana
    assert merge(prepared, Memory(), bob) == bob
    kept = merged.latest - LATE_DAYS - 1 - settings["window_days"]
    assert sum(merged.series.get("stars", NONE)[1]) == sum(
        points
        for memory in (ana, bob)
        for day, points in zip(*memory.series.get("stars", NONE), strict=True)
        if day > kept
    )


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 50)), max_size=60))
def test_memory_stays_small(facts: list[tuple[int, int]]) -> None:
    prepared = ladder(settings=SHORT)
    memory, _ = live(prepared, sorted(facts))
    days, points = memory.series.get("stars", NONE)
    assert len(days) <= SHORT["window_days"] + LATE_DAYS + 1
    assert len(memory.changes) <= LATE_DAYS + 2
    assert list(days) == sorted(set(days))
    assert min(points, default=1) > 0


def test_settings_speak_of() -> None:
    settings = ladder(settings={**YEAR, "trait": "club"}).settings
    assert references(settings).currencies == ("stars",)
    assert sets(settings) == {"club": ("green", "silver", "gold")}


@pytest.mark.parametrize(
    "levels",
    [
        [],
        [LEVELS[1], LEVELS[0]],
        [LEVELS[1], LEVELS[2] | {"id": "silver"}],
        [LEVELS[1], LEVELS[2] | {"at": 100}],
        [LEVELS[0] | {"name": {"en": "Green"}}],
        [LEVELS[0] | {"at": -1}],
    ],
)
def test_levels_that_are_no_ladder_are_refused(levels: list[Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ladder(levels)

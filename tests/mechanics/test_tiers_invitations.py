"""Levels by invitation, status matches until a date, and what is projected."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from regulars.features.tiers import progress
from regulars.features.tiers.mechanic import (
    INVITE,
    LATE_DAYS,
    REVIEW,
    InvitationInvalid,
    Memory,
    Prepared,
    earn,
    merge,
    sets,
)
from regulars.kernel.nouns import Earned, Scalar, Step
from tests.mechanics.test_tiers import CALENDAR, LEVELS, SHORT, START, YEAR, at, ladder, live, say, view
from tests.mechanics.test_tiers_years import LIFE, on

BLACK = {"id": "black", "name": {"en": "Black", "zh-CN": "黑"}, "invitation": True}
CLUB = [*LEVELS, BLACK]


def invitation(day: int, level: str | None, until: str | None = None, *, hour: int = 18, **ask: Scalar) -> Step:
    step = view(day, 0, kind=INVITE)
    said = {"level": level, "trait": "tier"} | ({} if until is None else {"until": until}) | ask
    activity = msgspec.structs.replace(step.activity, ask=said, occurred_at=at(day, hour))
    return msgspec.structs.replace(step, activity=activity, at=at(day, hour))


def hear(prepared: Prepared, steps: Sequence[Step], memory: Memory | None = None) -> tuple[Memory, list[Earned]]:
    known, answers = memory or Memory(), list[Earned]()
    for step in steps:
        answer = earn(prepared, known, step)
        known = known if answer.memory is None else answer.memory
        answers.append(answer)
    return known, answers


def test_nothing_that_is_counted_reaches_a_level_by_invitation() -> None:
    prepared = ladder(CLUB)
    memory, answers = live(prepared, [(0, 10**9)])
    assert say(answers) == [(0, "gold")]
    assert progress(prepared, memory, START).next_level == ""
    assert sets(prepared.settings) == {"tier": ("green", "silver", "gold", "black")}


def test_invitation_holds_until_it_is_taken_back() -> None:
    prepared = ladder(CLUB)
    steps = [view(0, 100), invitation(5, "black"), view(900, 0), invitation(1000, None), view(1032, 0)]
    memory, answers = hear(prepared, steps)
    assert say(answers) == [(0, "silver"), (5, "black"), (1000, "green")]
    (reason,) = answers[1].reasons
    assert (reason.code, reason.values["level"]) == ("level_changed", "black")
    assert not memory.invitations


def test_status_match_ends_after_its_last_day() -> None:
    prepared = ladder(LEVELS)
    memory, (first, match) = hear(prepared, [view(0, 5), invitation(5, "gold", "2017-03-01")])
    assert first.later == ()
    (due,) = match.later
    assert (due.kind, due.at) == (REVIEW, CALENDAR.start_of(START + on("2017-03-02")))
    there = progress(prepared, memory, START + on("2017-03-01"))
    assert (there.level, there.invited, there.kept_until) == ("gold", True, START + on("2017-03-01"))
    answer = earn(prepared, memory, view(on("2017-03-02"), 0, kind=REVIEW))
    assert [(it.value, it.since) for it in answer.traits] == [("green", at(on("2017-03-02")))]
    assert progress(prepared, answer.memory, START + on("2017-03-02")).level == "green"


def test_status_match_that_was_earned_meanwhile_changes_nothing_at_its_end() -> None:
    prepared = ladder(LEVELS)
    facts = [invitation(5, "gold", "2017-03-01"), view(20, 300), view(on("2017-03-02"), 0, kind=REVIEW)]
    memory, answers = hear(prepared, facts)
    assert say(answers) == [(5, "gold")]
    there = progress(prepared, memory, START + on("2017-03-02"))
    assert (there.level, there.invited, there.kept_until) == ("gold", False, START + 20 + 365)
    # The earlier of two ends is looked at first, and what is left is looked at then.
    assert [[CALENDAR.day_of(due.at) - START for due in answer.later] for answer in answers] == [
        [on("2017-03-02")],
        [],
        [20 + 366],
    ]


def test_what_is_earned_above_an_invitation_is_shown() -> None:
    prepared = ladder(LEVELS)
    _, answers = hear(prepared, [invitation(0, "silver", "2017-12-31"), view(5, 300), view(on("2018-01-01"), 0)])
    assert say(answers) == [(0, "silver"), (5, "gold")]


def test_later_invitation_takes_the_place_of_an_earlier_one() -> None:
    prepared = ladder(CLUB)
    on_a_day = [invitation(5, "black", hour=18), invitation(5, "silver", hour=19), invitation(5, None, hour=20)]
    for steps in (on_a_day, on_a_day[::-1], [on_a_day[1], on_a_day[2], on_a_day[0]]):
        memory, _ = hear(prepared, [view(0, 0), *steps])
        assert progress(prepared, memory, START + 5).level == "green"
    memory, _ = hear(prepared, [view(0, 0), *on_a_day[:2]])
    assert progress(prepared, memory, START + 5).level == "silver"


def test_first_thing_that_is_heard_of_may_be_an_invitation() -> None:
    prepared = ladder([*LEVELS[1:], BLACK])
    memory, answers = hear(prepared, [invitation(0, "black", "2017-01-05"), view(5, 0, kind=REVIEW)])
    assert say(answers) == [(0, "black"), (5, None)]
    assert progress(prepared, memory, START + 5).level == ""


def test_invitation_to_another_set_is_none_of_ours() -> None:
    assert earn(ladder(CLUB), Memory(), invitation(0, "black", trait="club")) == Earned()
    club = ladder(CLUB, {**YEAR, "trait": "club"})
    assert earn(club, Memory(), invitation(0, "black")) == Earned()
    assert say([earn(club, Memory(), invitation(0, "black", trait="club"))]) == [(0, "black")]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"level": "platinum"}, "known: green, silver, gold, black"),
        ({"level": 3}, "There is no level 3"),
        ({"level": "black", "until": "soon"}, "is not a day"),
        ({"level": "black", "until": 20170301}, "is not a day"),
        ({"level": "black", "until": "2016-12-31"}, "before it begins"),
    ],
)
def test_invitation_that_means_nothing_is_refused(ask: Mapping[str, Scalar], says: str) -> None:
    step = invitation(0, "black")
    step = msgspec.structs.replace(step, activity=msgspec.structs.replace(step.activity, ask=ask))
    with pytest.raises(InvitationInvalid, match=says):
        earn(ladder(CLUB), Memory(), step)


days = st.integers(100, 100 + LATE_DAYS)
lasts = st.one_of(st.none(), st.integers(131, 140).map(lambda day: CALENDAR.start_of(START + day).date().isoformat()))
steps = st.one_of(
    st.builds(view, days, st.integers(0, 200)),
    st.builds(invitation, days, st.sampled_from([None, "green", "silver", "black"]), lasts, hour=st.integers(8, 20)),
)
rules = st.sampled_from([YEAR, SHORT, {"window": {"model": "calendar_year"}, "grace_days": 20}])


@run(max_examples=150)
@given(
    earlier=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 200)), max_size=6),
    facts=st.lists(steps, min_size=1, max_size=8),
    settings=rules,
    data=st.data(),
)
def test_facts_of_thirty_days_give_one_memory_in_any_order(
    earlier: list[tuple[int, int]], facts: list[Step], settings: dict[str, object], data: st.DataObject
) -> None:
    prepared = ladder(CLUB, settings)
    settled, _ = live(prepared, sorted(earlier))
    in_order, _ = hear(prepared, sorted(facts, key=lambda it: it.activity.occurred_at), settled)
    as_drawn, _ = hear(prepared, data.draw(st.permutations(facts)), settled)
    assert as_drawn == in_order


@run(max_examples=150)
@given(first=st.lists(steps, max_size=6), second=st.lists(steps, min_size=1, max_size=6), settings=rules)
def test_merged_members_are_as_if_they_had_been_one(
    first: list[Step], second: list[Step], settings: dict[str, object]
) -> None:
    prepared = ladder(CLUB, settings)
    ana, bob = (hear(prepared, sorted(each, key=lambda it: it.day))[0] for each in (first, second))
    merged = merge(prepared, ana, bob)
    assert merged == merge(prepared, bob, ana)
    assert merged == hear(prepared, sorted([*first, *second], key=lambda it: it.day))[0]


@run(max_examples=150)
@given(facts=st.lists(steps, min_size=1, max_size=10), settings=rules)
def test_what_is_told_ends_where_the_memory_ends(facts: list[Step], settings: dict[str, object]) -> None:
    prepared = ladder(CLUB, settings)
    memory, latest = Memory(), 0
    told: list[tuple[object, object]] = [(at(0), "")]
    for step in facts:
        latest = max(latest, step.day - START)
        # Ledger time never goes back: a late fact is heard of at the end of the latest day.
        answer = earn(prepared, memory, msgspec.structs.replace(step, at=at(latest, 21)))
        memory = memory if answer.memory is None else answer.memory
        told += [(it.since, it.value) for it in answer.traits]
    last = max(enumerate(told), key=lambda it: (it[1][0], it[0]))[1][1]
    assert (last or "") == progress(prepared, memory, memory.latest).level


# --- progress --------------------------------------------------------------------------------------------------------

BY_YEAR = {"window": {"model": "calendar_year"}}


@pytest.mark.parametrize(
    ("facts", "day", "projected", "level"),
    [
        # Since the first of January: 73 of 365 days have brought 50, so the year will bring 250.
        ([("2017-01-01", 20), ("2017-03-14", 30)], "2017-03-14", 250, "silver"),
        ([("2017-01-01", 20), ("2017-03-14", 30)], "2017-12-31", 50, "green"),
        # Who came on 1 December is not judged by the eleven months before: 10 in 11 days, and 20 days to come.
        ([("2017-12-01", 10)], "2017-12-11", 28, "green"),
        # Another year, another count.
        ([("2017-12-01", 290), ("2018-01-02", 2)], "2018-01-02", 365, "gold"),
    ],
)
def test_projection_goes_on_at_the_pace_so_far(
    facts: list[tuple[str, int]], day: str, projected: int, level: str
) -> None:
    prepared = ladder(LEVELS, BY_YEAR)
    memory, _ = live(prepared, [(on(when), points) for when, points in facts])
    found = progress(prepared, memory, START + on(day))
    assert (found.projected, found.projected_level) == ({"stars": projected}, level)


def test_projection_of_a_rolling_window_is_its_first_full_one() -> None:
    prepared = ladder()
    memory, _ = live(prepared, [(0, 20), (72, 30)])
    found = progress(prepared, memory, START + 72)
    assert (found.last_day, found.projected, found.projected_level) == (START + 364, {"stars": 250}, "silver")
    memory, _ = live(prepared, [(400, 30)], memory)
    found = progress(prepared, memory, START + 400)
    assert (found.first_day, found.last_day, found.projected) == (START + 36, START + 400, {"stars": 60})


def test_categories_are_not_projected() -> None:
    prepared = ladder(
        [{**level, "at": at} for level, at in zip(LEVELS, (0, 1, 2), strict=True)],
        {"counts": None, "measures": {"c": {"of": "categories", "among": ["TEA", "CAKE"]}}, **BY_YEAR},
    )
    memory, _ = live(prepared, [(0, 0)])
    assert progress(prepared, memory, START).projected == {"c": 0}


def test_progress_of_who_is_not_known_yet() -> None:
    found = progress(ladder(CLUB, BY_YEAR), Memory(), START + 40)
    assert (found.level, found.next_level, found.missing) == ("", "green", ({},))
    assert (found.counted, found.projected, found.projected_level) == ({"stars": 0}, {"stars": 0}, "green")


def test_next_level_is_above_an_invitation() -> None:
    prepared = ladder(LEVELS)
    memory, _ = hear(prepared, [invitation(0, "silver")])
    found = progress(prepared, memory, START)
    assert (found.level, found.next_level, found.missing) == ("silver", "gold", ({"stars": 300},))


def test_level_for_life_is_projected_too() -> None:
    prepared = ladder(LIFE, BY_YEAR)
    memory, _ = live(prepared, [(on("2017-06-01"), 250), (on("2018-12-31"), 1)])
    assert progress(prepared, memory, START + on("2018-12-31")).projected_level == "silver"

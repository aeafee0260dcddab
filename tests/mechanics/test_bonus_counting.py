"""Gifts for how often somebody comes: counted in any order, with returns and merges; and what the clock brings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.bonus.counting import LABELS_MAX
from regulars.features.bonus.mechanic import GIFT, LATE_DAYS, Memory, Prepared, Settings, earn, merge, prepare, undo
from regulars.kernel.nouns import Activity, Award, Earned, Given, Line, Original, Returned, Scalar, Step
from regulars.kernel.program import Calendar
from tests.program.story import MEMBER

CALENDAR = Calendar(zone=ZoneInfo("America/Chicago"))
START = date(2026, 12, 1).toordinal()
"""A Tuesday."""
FIRST = {"counting": {"most": 1}}
FIFTH = {"counting": {"every": 5}}
JOINED = datetime(2024, 12, 25, 18, tzinfo=UTC)

Fact = tuple[int, str]
"""(day from the start, store)."""


def make(settings: Mapping[str, Any]) -> Prepared:
    return prepare(msgspec.convert({"currency": "points", "points": 10, **settings}, Settings), CALENDAR)


def view(fact: Fact, *lines: Line, kind: str = "purchase", traits: Mapping[str, Scalar] | None = None) -> Step:
    day, store = fact
    noon = datetime.combine(date.fromordinal(START + day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=18)
    activity = Activity(
        id=f"{day}",
        source="till",
        kind=kind,
        occurred_at=noon,
        member=MEMBER,
        store=store,
        lines=lines or (Line(sku="1", amount_minor=100, categories=("A",)),),
    )
    return Step(
        member=MEMBER,
        activity=activity,
        at=noon,
        day=START + day,
        traits=traits or {},
        balances={},
        left={},
        joined_at=JOINED,
    )


def live(prepared: Prepared, facts: Sequence[Fact], memory: Memory | None = None) -> tuple[Memory, list[int]]:
    """Go through facts in the order given; what each brought."""
    known, brought = memory or Memory(), list[int]()
    for fact in facts:
        answer = earn(prepared, known, view(fact))
        known = known if answer.memory is None else answer.memory
        brought.append(sum(award.points for award in answer.awards))
    return known, brought


def days(*numbers: int) -> list[Fact]:
    return [(number, "7") for number in numbers]


TABLE: list[tuple[dict[str, Any], list[Fact], list[int]]] = [
    ({"most": 1}, days(0, 1, 900), [10, 0, 0]),
    ({"most": 2}, days(0, 1, 2), [10, 10, 0]),
    ({"every": 3}, days(0, 0, 0, 1, 2, 3), [0, 0, 10, 0, 0, 10]),
    ({"every": 3, "most": 1}, days(0, 0, 0, 1, 2, 3), [0, 0, 10, 0, 0, 0]),
    # days on which somebody came, not how often on each
    ({"every": 3, "of": "days"}, days(0, 0, 0, 1, 2, 2), [0, 0, 0, 0, 10, 0]),
    # once in a period: START is a Tuesday, the 1st of December
    ({"most": 1, "per": "day"}, days(0, 0, 1), [10, 0, 10]),
    ({"most": 1, "per": "week"}, days(0, 5, 6, 12, 13), [10, 0, 10, 0, 10]),
    ({"most": 1, "per": "month"}, days(0, 30, 31, 61, 62), [10, 0, 10, 0, 10]),
    ({"most": 1, "per": "quarter"}, days(0, 30, 31, 120, 121), [10, 0, 10, 0, 10]),
    ({"most": 1, "per": "year"}, days(0, 30, 31, 395, 396), [10, 0, 10, 0, 10]),
    ({"every": 2, "per": "month"}, days(30, 31, 32, 62), [0, 0, 10, 0]),
    # in each store
    ({"most": 1, "in_each": "store"}, [(0, "7"), (1, "8"), (2, "7"), (3, "")], [10, 10, 0, 0]),
    ({"every": 2, "in_each": "store"}, [(0, "7"), (1, "8"), (2, "7"), (3, "8")], [0, 0, 10, 10]),
    # more than LATE_DAYS late is too late
    ({"most": 1, "per": "day"}, days(40, 10, 9), [10, 10, 0]),
]


@pytest.mark.parametrize(("counting", "facts", "points"), TABLE)
def test_activities_are_rewarded(counting: dict[str, Any], facts: list[Fact], points: list[int]) -> None:
    assert live(make({"counting": counting}), facts)[1] == points


def shelf(*kinds: tuple[str, str]) -> tuple[Line, ...]:
    return tuple(Line(sku="1", amount_minor=100, categories=("ALL", it), brand=brand) for it, brand in kinds)


def test_each_category_and_brand_has_a_first_time_with_its_own_lines() -> None:
    by_category = make({"lines": {"categories": ["A", "B"]}, "counting": {"most": 1, "in_each": "category"}})
    first = earn(by_category, Memory(), view((0, ""), *shelf(("A", "x"), ("C", "x"), ("A", "y"))))
    assert [it.lines for it in first.awards] == [((1, 5), (3, 5))]
    second = earn(by_category, first.memory, view((1, ""), *shelf(("A", "x"), ("B", "x"))))
    assert [it.lines for it in second.awards] == [((2, 10),)]
    by_brand = make({"counting": {"most": 1, "in_each": "brand"}})
    both = earn(by_brand, Memory(), view((0, ""), *shelf(("A", "x"), ("A", "y"), ("A", ""))))
    assert [(it.points, it.lines) for it in both.awards] == [(20, ((1, 10), (2, 10)))]
    # The broadest category, where the offer names none.
    broad = make({"counting": {"most": 1, "in_each": "category"}})
    assert [it.points for it in earn(broad, Memory(), view((0, ""), *shelf(("A", "x"), ("B", "x")))).awards] == [10]


def test_only_what_fits_is_counted() -> None:
    prepared = make({"basket_minimum_minor": 100, "lines": {"stores": ["7"]}, **FIRST})
    small = earn(prepared, Memory(), view((0, "7"), Line(sku="1", amount_minor=99)))
    assert (small.memory, [it.code for it in small.reasons]) == (None, ["below_minimum"])
    assert live(prepared, [(0, "8"), (1, "7")])[1] == [0, 10]


def test_reason_says_that_it_was_counted() -> None:
    (reason,) = earn(make(FIFTH), Memory(), view((0, "7"))).reasons
    assert (reason.code, dict(reason.values)) == ("counted", {"every": 5})


def bring_back(
    prepared: Prepared,
    memory: Memory,
    bought: Fact,
    back: int,
    points: int,
    *,
    lines: tuple[Line, ...] = (),
    returned: tuple[Returned, ...] = (),
    before: Mapping[int, int] | None = None,
) -> Memory:
    """The memory after a return. `before`: the money that came back earlier, by line."""
    purchase = view(bought, *lines).activity
    award = Given(offer="gift", award=Award(currency="points", points=points, lines=((1, points),)))
    original = Original(
        activity=purchase,
        given=(award,) if points else (),
        returned_minor=before or {},
        returned_milli={},
        taken={},
    )
    step = view((back, ""), kind="return")
    activity = msgspec.structs.replace(step.activity, lines=(), returned=returned)
    answer = undo(prepared, memory, msgspec.structs.replace(step, activity=activity, original=original), original.given)
    assert answer.awards == ()  # what is taken, `on_return` says
    return memory if answer.memory is None else answer.memory


def part(amount_minor: int) -> tuple[Returned, ...]:
    return (Returned(line=1, amount_minor=amount_minor),)


def test_first_is_first_again_once_it_came_back() -> None:
    prepared = make(FIRST)
    memory, _ = live(prepared, days(0))
    assert bring_back(prepared, memory, (0, "7"), 1, 10, returned=part(99)) == memory  # a part of it is no return
    memory = bring_back(prepared, memory, (0, "7"), 1, 10, returned=part(100))
    assert live(prepared, days(2, 3), memory)[1] == [10, 0]


def test_return_of_the_rewarded_leaves_the_reward_to_the_next() -> None:
    prepared = make(FIRST)
    memory, _ = live(prepared, days(0, 1))
    memory = bring_back(prepared, memory, (0, "7"), 2, 10)
    assert live(prepared, days(3, 4), memory)[1] == [10, 0]


def test_return_of_what_was_not_rewarded_earns_no_second_reward() -> None:
    prepared = make(FIFTH)
    memory, points = live(prepared, days(0, 1, 2, 3, 4))
    assert points == [0, 0, 0, 0, 10]
    memory = bring_back(prepared, memory, (2, "7"), 5, 0)
    assert live(prepared, days(6, 7, 8, 9, 10, 11), memory)[1] == [0, 0, 0, 0, 0, 10]  # the sixth makes up for it


def test_return_frees_the_store_that_it_was_made_in() -> None:
    prepared = make({"counting": {"most": 1, "in_each": "store"}})
    memory, _ = live(prepared, [(0, "7"), (0, "8")])
    memory = bring_back(prepared, memory, (0, "8"), 1, 10)
    assert live(prepared, [(2, "7"), (2, "8")], memory)[1] == [0, 10]


def test_return_frees_the_category_that_was_new() -> None:
    prepared = make({"lines": {"categories": ["A", "B"]}, "counting": {"most": 1, "in_each": "category"}})
    only, both = shelf(("A", "")), shelf(("A", ""), ("B", ""))
    memory = earn(prepared, Memory(), view((0, ""), *only)).memory
    second = earn(prepared, memory, view((1, ""), *both))
    assert [it.lines for it in second.awards] == [((2, 10),)]
    memory = bring_back(prepared, second.memory, (1, ""), 2, 10, lines=both)
    assert earn(prepared, memory, view((3, ""), *only)).awards == ()
    assert [it.lines for it in earn(prepared, memory, view((3, ""), *both)).awards] == [((2, 10),)]


def test_return_of_other_lines_is_not_counted_twice() -> None:
    prepared = make({"lines": {"categories": ["A"]}, "counting": {"every": 3}})
    lines = shelf(("A", ""), ("B", ""))
    memory = Memory()
    for _ in range(2):
        memory = earn(prepared, memory, view((0, ""), *lines)).memory
    fitted, other = (Returned(line=number, amount_minor=100) for number in (1, 2))
    memory = bring_back(prepared, memory, (0, ""), 1, 0, lines=lines, returned=(fitted,))
    # One is left: two more make three.
    after = bring_back(prepared, memory, (0, ""), 2, 0, lines=lines, returned=(other,), before={1: 100})
    assert after == memory
    assert [len(earn(prepared, after, view((3, ""), *lines)).awards)] == [0]


def test_reward_that_the_budget_cut_is_free_again_too() -> None:
    prepared = make(FIRST)
    memory, _ = live(prepared, days(0))
    memory = bring_back(prepared, memory, (0, "7"), 1, 4)
    assert live(prepared, days(2), memory)[1] == [10]


def test_occasion_is_one_across_the_new_year() -> None:
    occasion = {"of": "birthday", "days_before": 30, "days_after": 90}
    prepared = make({"occasion": occasion, "counting": {"most": 1, "per": "occasion"}})
    memory, brought = Memory(), list[int]()
    # From the 13th of December on, and once more a year later.
    for day in (12, 34, 80, 110, 114, 377):
        answer = earn(prepared, memory, view((day, "7"), traits={"birthday": "12-25"}))
        memory = memory if answer.memory is None else answer.memory
        brought.append(sum(award.points for award in answer.awards))
    assert brought == [10, 0, 0, 0, 0, 10]


def test_what_is_settled_stays_counted() -> None:
    prepared = make(FIRST)
    memory, _ = live(prepared, days(0, LATE_DAYS + 1))
    assert bring_back(prepared, memory, (0, "7"), LATE_DAYS + 2, 10) == memory


def test_without_counting_nothing_is_remembered() -> None:
    prepared = make({})
    assert earn(prepared, Memory(), view((0, "7"))).memory is None
    assert bring_back(prepared, Memory(), (0, "7"), 1, 10) == Memory()
    assert merge(prepared, Memory(), Memory()) == Memory()


# --- what the clock brings -------------------------------------------------------------------------------------------

BIRTHDAY = {"occasion": {"of": "birthday"}, "by_clock": True}
XMAS = {"birthday": "12-25"}


def dues(answer: Earned) -> list[tuple[str, str, int, str]]:
    return [(it.name, it.kind, CALENDAR.day_of(it.at) - START, it.replaces) for it in answer.later]


def test_clock_brings_a_gift_once_for_each_occasion() -> None:
    prepared = make(BIRTHDAY)
    known = earn(prepared, Memory(), view((0, "7"), traits=XMAS))
    assert (known.awards, dues(known)) == ((), [("gift", GIFT, 24, "gift")])
    assert earn(prepared, known.memory, view((3, "7"), traits=XMAS)) == Earned()  # known already
    gift = earn(prepared, known.memory, view((24, ""), kind=GIFT, traits=XMAS))
    assert [it.points for it in gift.awards] == [10]
    assert dues(gift) == [("gift", GIFT, 24 + 365, "gift")]
    again = earn(prepared, gift.memory, view((24, ""), kind=GIFT, traits=XMAS))
    assert again.awards == ()
    late = earn(prepared, gift.memory, view((5, "7"), traits=XMAS))
    assert late == Earned()  # heard of late, it does not start the clock again


def test_clock_follows_a_birthday_that_was_corrected() -> None:
    prepared = make(BIRTHDAY)
    known = earn(prepared, Memory(), view((0, "7"), traits=XMAS))
    moved = earn(prepared, known.memory, view((1, "7"), traits={"birthday": "12-20"}))
    assert dues(moved) == [("gift", GIFT, 19, "gift")]
    # Corrected while nobody came: what the clock brings on the old day is no gift, and waits for the new one.
    wrong = earn(prepared, known.memory, view((24, ""), kind=GIFT, traits={"birthday": "12-30"}))
    assert (wrong.awards, dues(wrong)) == ((), [("gift", GIFT, 29, "gift")])
    assert [it.code for it in wrong.reasons] == ["other_day"]


def test_member_of_two_waits_for_the_gift_that_comes_first() -> None:
    prepared = make(BIRTHDAY)
    soon = earn(prepared, Memory(), view((0, "7"), traits=XMAS)).memory
    later = earn(prepared, Memory(), view((0, "7"), traits={"birthday": "12-30"})).memory
    assert merge(prepared, later, soon).waiting == merge(prepared, soon, later).waiting == START + 24
    assert merge(prepared, soon, Memory()) == merge(prepared, Memory(), soon) == soon


def test_clock_waits_for_nobody_unknown() -> None:
    unknown = earn(make(BIRTHDAY), Memory(), view((0, "7")))
    assert unknown == Earned()


def test_clock_brings_anniversaries_that_count() -> None:
    prepared = make({"occasion": {"of": "anniversary", "years": [5, 10]}, "by_clock": True})
    known = earn(prepared, Memory(), view((0, "7")))
    (due,) = known.later
    assert due.at == CALENDAR.start_of(date(2029, 12, 25).toordinal())
    after = earn(prepared, known.memory, view((3700, "7")))
    assert (after.memory.waiting, after.later) == (0, ())  # ten years are over


def test_gift_of_an_earlier_version_is_none_of_this_one() -> None:
    assert earn(make({}), Memory(), view((0, ""), kind=GIFT)) == Earned()


@pytest.mark.parametrize(("before", "first"), [(3, 21), (0, 24)])
def test_clock_comes_on_the_first_of_the_days(before: int, first: int) -> None:
    prepared = make({"occasion": {"of": "birthday", "days_before": before, "days_after": 9}, "by_clock": True})
    known = earn(prepared, Memory(), view((0, "7"), traits=XMAS))
    assert [it[2] for it in dues(known)] == [first]
    gift = earn(prepared, known.memory, view((first, ""), kind=GIFT, traits=XMAS))
    assert [it.points for it in gift.awards] == [10]


# --- what always holds -----------------------------------------------------------------------------------------------

countings = st.fixed_dictionaries(
    {
        "every": st.integers(1, 4),
        "most": st.none() | st.integers(1, 3),
        "per": st.sampled_from(["day", "week", "month", "quarter", "year", "ever"]),
        "of": st.sampled_from(["activities", "days"]),
        "in_each": st.sampled_from([None, "store"]),
    }
)
stores = st.sampled_from(["7", "8", "9"])
recent = st.lists(st.tuples(st.integers(100, 100 + LATE_DAYS), stores), min_size=1, max_size=14)
earlier = st.lists(st.tuples(st.integers(0, 99), stores), max_size=10)


@given(earlier=earlier, facts=recent, counting=countings, data=st.data())
def test_facts_of_thirty_days_bring_the_same_in_any_order(
    earlier: list[Fact], facts: list[Fact], counting: dict[str, Any], data: st.DataObject
) -> None:
    prepared = make({"counting": counting})
    settled, _ = live(prepared, sorted(earlier))
    in_order, points = live(prepared, sorted(facts), settled)
    as_drawn, other = live(prepared, data.draw(st.permutations(facts)), settled)
    assert as_drawn == in_order
    assert sum(other) == sum(points)


@given(facts=recent, counting=countings)
def test_rewards_are_those_of_a_plain_count(facts: list[Fact], counting: dict[str, Any]) -> None:
    found: dict[tuple[object, str], list[int]] = {}
    for day, store in facts:
        on = date.fromordinal(START + day)
        period = {
            "day": on,
            "week": on.isocalendar()[:2],
            "month": (on.year, on.month),
            "quarter": (on.year, (on.month + 2) // 3),
            "year": on.year,
            "ever": 0,
        }[counting["per"]]
        found.setdefault((period, store if counting["in_each"] else ""), []).append(day)
    rewards = 0
    for seen in found.values():
        number = len(set(seen)) if counting["of"] == "days" else len(seen)
        rewards += min(number // counting["every"], counting["most"] or number)
    assert sum(live(make({"counting": counting}), facts)[1]) == 10 * rewards


@given(first=recent, second=recent, before=earlier, counting=countings)
def test_merge_has_no_order_and_pays_nothing_twice(
    first: list[Fact], second: list[Fact], before: list[Fact], counting: dict[str, Any]
) -> None:
    prepared = make({"counting": counting})
    ana, bob = live(prepared, sorted([*before, *first]))[0], live(prepared, sorted(second))[0]
    merged = merge(prepared, ana, bob)
    assert merge(prepared, bob, ana) == merged
    assert merge(prepared, ana, Memory()) == ana
    assert merge(prepared, Memory(), bob) == bob
    # One more activity brings no more than what everything together owes and was not given.
    _, (points,) = live(prepared, [(100 + LATE_DAYS, "7")], merged)
    counted = live(prepared, sorted([*before, *first, *second, (100 + LATE_DAYS, "7")]))[0]
    owed = {(period, label): number for period, label, number in counted.given}
    gave = {(period, label): number for period, label, number in merged.given}
    assert points <= 10 * sum(max(number - gave.get(part, 0), 0) for part, number in owed.items())


@given(
    facts=st.lists(st.tuples(st.integers(0, 40), stores), min_size=1, max_size=12),
    counting=countings.map(lambda it: it | {"of": "activities"}),
    data=st.data(),
)
def test_returns_never_leave_more_rewards_than_were_ever_owed(
    facts: list[Fact], counting: dict[str, Any], data: st.DataObject
) -> None:
    prepared = make({"counting": counting})
    memory, held, ever = Memory(), 0, 0
    bought: list[tuple[Fact, int]] = []
    for fact in sorted(facts):
        answer = earn(prepared, memory, view(fact))
        memory = answer.memory or memory
        points = sum(award.points for award in answer.awards)
        held, ever = held + points, ever + points
        bought.append((fact, points))
        if data.draw(st.booleans()):
            gone, back = bought.pop(data.draw(st.integers(0, len(bought) - 1)))
            memory = bring_back(prepared, memory, gone, fact[0], back)
            held -= back
    plain = sum(live(prepared, sorted(facts))[1])
    assert 0 <= held <= plain
    assert all(number > 0 for *_, number in (*memory.days, *memory.past, *memory.given))


@given(st.lists(st.tuples(st.integers(0, 3000), stores), max_size=60), countings)
def test_memory_stays_small(facts: list[Fact], counting: dict[str, Any]) -> None:
    memory, _ = live(make({"counting": counting}), sorted(facts))
    assert all(day >= memory.latest - LATE_DAYS for day, *_ in memory.days)
    # At most the periods of the last days, for each of three stores.
    assert len(memory.past) <= 3 * (LATE_DAYS + 1)
    assert len(memory.given) <= 3 * (LATE_DAYS + 1)


def test_labels_have_an_end() -> None:
    prepared = make({"counting": {"most": 1, "in_each": "store"}})
    memory, points = live(prepared, [(number // 50, f"s{number}") for number in range(LABELS_MAX + 5)])
    assert sum(points) == 10 * LABELS_MAX
    assert len({label for _, label, _ in (*memory.past, *memory.given)}) == LABELS_MAX

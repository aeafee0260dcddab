"""Levels by money, visits, categories, told numbers, and combinations of them: each the same in any order."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from regulars.features.tiers import progress
from regulars.features.tiers.count import add, add_on
from regulars.features.tiers.measures import count_step
from regulars.features.tiers.mechanic import LATE_DAYS, Memory, Prepared, earn, merge, references, undo
from regulars.kernel.nouns import Earned, Line, Original, Returned, Scalar, Step
from regulars.kernel.program import compile_plan, parse, rule
from tests.mechanics.test_tiers import LEVELS, SHORT, START, YEAR, ladder, say, view
from tests.program.story import HEAD, STARS, problems
from tests.program.story import buy as purchase
from tests.program.story import line as item
from tests.program.story import step as look

MEASURES: dict[str, dict[str, object]] = {
    "points": {"of": "points", "currency": "stars"},
    "spend": {"of": "spend"},
    "selected spend": {"of": "spend", "lines": {"categories": ["TEA", "CAKE"], "exclude": {"brands": ["Cheap"]}}},
    "visits": {"of": "visits"},
    "purchases": {"of": "visits", "per": "purchase", "lines": {"minimum_minor": 40}},
    "tea visits": {"of": "visits", "lines": {"categories": ["TEA"], "minimum_minor": 10}},
    "categories": {"of": "categories", "among": ["TEA", "CAKE", "MILK"]},
    "nights": {"of": "data", "name": "nights"},
}
CATEGORIES = ("TEA", "CAKE", "MILK", "SOAP")


def measured(measure: str, *, at_least: Sequence[int] = (0, 2, 5), settings: Mapping[str, object] = YEAR) -> Prepared:
    """Levels by one of the measures."""
    levels = [{"id": level["id"], "name": level["name"], "at": at} for level, at in zip(LEVELS, at_least, strict=True)]
    return ladder(levels, {"counts": None, "measures": {"counted": MEASURES[measure]}, **settings})


def basket(day: int, lines: Sequence[Line], *, stars: int = 0, **data: Scalar) -> Step:
    """A purchase with lines, and the stars that another offer gave for it."""
    step = view(day, stars)
    return msgspec.structs.replace(step, activity=msgspec.structs.replace(step.activity, lines=tuple(lines), data=data))


def shop(prepared: Prepared, steps: Sequence[Step], memory: Memory | None = None) -> tuple[Memory, list[Earned]]:
    known, answers = memory or Memory(), list[Earned]()
    for step in steps:
        answer = earn(prepared, known, step)
        known = known if answer.memory is None else answer.memory
        answers.append(answer)
    return known, answers


def bring_back(prepared: Prepared, memory: Memory, step: Step, parts: Sequence[Sequence[Returned]]) -> Memory:
    """Return a purchase in parts, a day apart; an empty part is all that is left."""
    minor: dict[int, int] = {}
    milli: dict[int, int] = {}
    stars = sum(it.award.points for it in step.given)
    day = step.day - START
    for number, part in enumerate(parts, start=1):
        original = Original(
            activity=step.activity,
            given=step.given,
            returned_minor=dict(minor),
            returned_milli=dict(milli),
            taken={},
        )
        taken = stars if number == len(parts) else 0
        back = view(day + number, -taken, kind="return", original=original)
        back = msgspec.structs.replace(back, activity=msgspec.structs.replace(back.activity, returned=tuple(part)))
        answer = undo(prepared, memory, back, ())
        memory = memory if answer.memory is None else answer.memory
        for it in part:
            minor[it.line] = minor.get(it.line, 0) + it.amount_minor
            milli[it.line] = milli.get(it.line, 0) + it.quantity_milli
    return memory


TEA, CAKE, MILK, SOAP = (item(50, category, brand="Fine") for category in CATEGORIES)
CHEAP = item(50, "TEA", brand="Cheap")


@pytest.mark.parametrize(
    ("measure", "baskets", "counted"),
    [
        ("spend", [(0, [TEA, SOAP]), (0, [MILK])], 150),
        ("selected spend", [(0, [TEA, SOAP]), (1, [CAKE, CHEAP])], 100),
        ("visits", [(0, [TEA]), (0, [TEA]), (1, [SOAP])], 2),  # two baskets of a day are one visit
        ("visits", [(0, [])], 1),  # a basket that was told without its lines
        ("purchases", [(0, [TEA]), (0, [TEA]), (1, [item(39, "TEA")])], 2),  # the last is too small
        ("tea visits", [(0, [SOAP]), (1, [TEA, SOAP]), (2, [item(9, "TEA"), SOAP]), (3, [])], 1),
        ("categories", [(0, [TEA, TEA]), (5, [TEA, CAKE]), (9, [SOAP])], 2),  # soap is not among them
    ],
)
def test_what_is_counted(measure: str, baskets: list[tuple[int, list[Line]]], counted: int) -> None:
    prepared = measured(measure)
    memory, _ = shop(prepared, [basket(day, lines) for day, lines in baskets])
    assert progress(prepared, memory, START + 9).counted == {"counted": counted}


@pytest.mark.parametrize(("told", "counted"), [(3, 3), (0, 0), (-2, 0), ("3", 0), (True, 0), (2**53, 0)])
def test_told_number_counts_where_it_is_one(told: Scalar, counted: int) -> None:
    prepared = measured("nights")
    memory, _ = shop(prepared, [basket(0, [], nights=told)])
    assert progress(prepared, memory, START).counted == {"counted": counted}


def test_kinds_that_do_not_count() -> None:
    prepared = ladder(LEVELS, {"counts": None, "measures": {"v": {"of": "visits", "kinds": ["stay"]}}, **YEAR})
    stay = basket(0, [])
    stay = msgspec.structs.replace(stay, activity=msgspec.structs.replace(stay.activity, kind="stay"))
    memory, _ = shop(prepared, [stay, basket(1, [TEA]), basket(2, [TEA])])
    assert progress(prepared, memory, START + 2).counted == {"v": 1}


def test_window_forgets_categories_and_visits() -> None:
    for measure in ("categories", "visits"):
        prepared = measured(measure, at_least=(0, 1, 2))
        memory, answers = shop(prepared, [basket(0, [TEA]), basket(364, [CAKE]), basket(365, [TEA])])
        assert say(answers) == [(0, "silver"), (364, "gold")]
        assert progress(prepared, memory, START + 729).counted == {"counted": 1}
        assert progress(prepared, memory, START + 730).counted == {"counted": 0}


# --- several measures ------------------------------------------------------------------------------------------------

TRAVEL = {
    "counts": None,
    "measures": {
        "miles": {"of": "points", "currency": "stars"},
        "nights": {"of": "data", "name": "nights"},
        "money": {"of": "spend"},
    },
    "window": {"model": "calendar_year"},
}
STATUS: list[dict[str, object]] = [
    {"id": name, "name": {"en": name, "zh-CN": name}, **needs}
    for name, needs in {
        "blue": {"at": 0},
        "silver": {"needs": [{"miles": 20_000}, {"nights": 20}]},
        "gold": {"needs": [{"miles": 40_000}, {"nights": 20, "miles": 10_000}, {"nights": 50}]},
        "platinum": {"needs": [{"miles": 40_000, "money": 900_000}]},
    }.items()
]


@pytest.mark.parametrize(
    ("miles", "nights", "money", "level"),
    [
        (19_999, 19, 0, "blue"),
        (20_000, 0, 0, "silver"),  # miles, or
        (0, 20, 0, "silver"),  # nights
        (9_999, 20, 0, "silver"),
        (10_000, 20, 0, "gold"),  # nights and miles together
        (0, 50, 0, "gold"),
        (40_000, 0, 899_999, "gold"),
        (39_999, 90, 900_000, "gold"),  # platinum needs both
        (40_000, 0, 900_000, "platinum"),
    ],
)
def test_any_way_is_enough_and_each_needs_all_of_it(miles: int, nights: int, money: int, level: str) -> None:
    prepared = ladder(STATUS, TRAVEL)
    memory, answers = shop(prepared, [basket(0, [item(money)], stars=miles, nights=nights)])
    assert say(answers) == [(0, level)]
    (reason,) = answers[0].reasons
    assert dict(reason.values) == {
        "level": level,
        "counted.miles": miles,
        "counted.nights": nights,
        "counted.money": money,
        "until": 0 if level == "blue" else START + 365 + 364,
    }
    assert progress(prepared, memory, START).level == level


def test_what_is_missing_is_said_for_each_way() -> None:
    prepared = ladder(STATUS, TRAVEL)
    memory, _ = shop(prepared, [basket(0, [item(50)], stars=12_000, nights=21)])
    found = progress(prepared, memory, START)
    assert (found.level, found.next_level) == ("gold", "platinum")
    assert found.missing == ({"miles": 28_000, "money": 899_950},)
    memory, _ = shop(prepared, [basket(0, [], stars=5_000, nights=21)])
    assert progress(prepared, memory, START).missing == ({"miles": 35_000}, {"miles": 5_000}, {"nights": 29})


@pytest.mark.parametrize("count", [3, 5, 6])
def test_so_many_levels_rise_one_by_one_and_all_at_once(count: int) -> None:
    levels = [{"id": f"l{n}", "name": {"en": "x", "zh-CN": "x"}, "at": n * 10} for n in range(count)]
    prepared = ladder(levels)
    _, answers = shop(prepared, [view(day, 0 if day == 0 else 10) for day in range(count)])
    assert say(answers) == [(day, f"l{day}") for day in range(count)]
    _, answers = shop(prepared, [view(0, 10 * count)])
    assert say(answers) == [(0, f"l{count - 1}")]


# --- any order, returns, merges: of every measure --------------------------------------------------------------------

lines = st.lists(
    st.builds(item, st.integers(0, 60), st.sampled_from(CATEGORIES), brand=st.sampled_from(["Fine", "Cheap"])),
    max_size=3,
)
baskets = st.builds(
    lambda day, lines, stars, nights: basket(day, lines, stars=stars, nights=nights),
    st.integers(100, 100 + LATE_DAYS),
    lines,
    st.integers(0, 4),
    st.integers(0, 2),
)
some = st.lists(baskets, min_size=1, max_size=8)
earlier_ones = st.lists(st.tuples(st.integers(0, 99), lines, st.integers(0, 4)), max_size=6)
windows = st.sampled_from(
    [
        SHORT,
        {"window_days": 5, "keep_days": 3},
        {"window_days": 20, "keep_days": 10, "fall": "one_level", "grace_days": 4},
        {"window": {"model": "calendar_year"}},
        {"window": {"model": "membership_year"}, "grace_days": 30},
        YEAR,
    ]
)
every = pytest.mark.parametrize("measure", MEASURES)


@every
@run(max_examples=30)
@given(earlier=earlier_ones, steps=some, settings=windows)
def test_facts_of_thirty_days_give_one_memory_in_any_order(
    measure: str, earlier: list[tuple[int, list[Line], int]], steps: list[Step], settings: dict[str, object]
) -> None:
    prepared = measured(measure, settings=settings)
    before = [basket(day, bought, stars=stars) for day, bought, stars in sorted(earlier, key=lambda it: it[0])]
    settled, _ = shop(prepared, before)
    in_order, _ = shop(prepared, sorted(steps, key=lambda it: it.day), settled)
    as_drawn, _ = shop(prepared, steps, settled)
    assert as_drawn == in_order
    there, back = (progress(prepared, memory, START + 131) for memory in (as_drawn, in_order))
    assert there == back


@every
@run(max_examples=30)
@given(steps=st.lists(baskets, min_size=1, max_size=8), settings=windows)
def test_the_short_way_answers_what_the_long_way_answers(
    measure: str, steps: list[Step], settings: dict[str, object]
) -> None:
    prepared = measured(measure, settings=settings)
    memory = Memory()
    for step in sorted(steps, key=lambda it: it.day):
        # Far apart, so that windows end and days are forgotten.
        day = START + (step.day - START - 100) * 17
        adds = count_step(prepared.gauges, step)
        short, long = add_on(prepared, memory, day, adds), add(prepared, memory, day, adds, day)
        if short is not None:
            assert short == long
        memory = long


@every
@run(max_examples=30)
@given(steps=some, data=st.data(), settings=windows)
def test_returns_in_parts_end_where_nothing_was_bought(
    measure: str, steps: list[Step], data: st.DataObject, settings: dict[str, object]
) -> None:
    prepared = measured(measure, settings=settings)
    *others, gone = sorted(steps, key=lambda it: it.day)
    with_it, _ = shop(prepared, [*others, gone])
    whole = [
        Returned(line=number, amount_minor=line.amount_minor, quantity_milli=line.quantity_milli)
        for number, line in enumerate(gone.activity.lines, start=1)
    ]
    parts: list[list[Returned]] = [[]]
    for each in data.draw(st.permutations(whole)):
        half = each.amount_minor // 2
        parts.append([msgspec.structs.replace(each, amount_minor=half, quantity_milli=0)])
        parts.append([msgspec.structs.replace(each, amount_minor=each.amount_minor - half)])
    # The last one brings back whatever is left.
    left = bring_back(prepared, with_it, gone, [*parts[1:], []])
    without, _ = shop(prepared, others)
    assert progress(prepared, left, gone.day).counted == progress(prepared, without, gone.day).counted


@every
def test_ordinary_basket_takes_the_short_way(measure: str) -> None:
    prepared = measured(measure, at_least=(0, 101, 900))
    first, second = (basket(day, [TEA], stars=5, nights=1) for day in (0, 3))
    memory, _ = shop(prepared, [first])
    assert add_on(prepared, memory, second.day, count_step(prepared.gauges, second)) is not None


@every
@run(max_examples=30)
@given(first=some, second=some, settings=windows)
def test_merged_members_are_as_if_they_had_been_one(
    measure: str, first: list[Step], second: list[Step], settings: dict[str, object]
) -> None:
    prepared = measured(measure, settings=settings)
    ana, bob = (shop(prepared, sorted(each, key=lambda it: it.day))[0] for each in (first, second))
    together, _ = shop(prepared, sorted([*first, *second], key=lambda it: it.day))
    merged = merge(prepared, ana, bob)
    assert merged == merge(prepared, bob, ana) == together
    assert merge(prepared, ana, Memory()) == merge(prepared, Memory(), ana) == ana


@pytest.mark.parametrize(
    ("measure", "parts", "left"),
    [
        ("spend", [[Returned(line=1, amount_minor=20)]], 80),
        ("purchases", [[Returned(line=1, amount_minor=50)]], 1),  # 50 are left: still a purchase
        ("purchases", [[Returned(line=1, amount_minor=50), Returned(line=2, amount_minor=11)]], 0),  # 39 are not
        ("tea visits", [[Returned(line=2, amount_minor=50)]], 1),
        ("tea visits", [[Returned(line=1, amount_minor=41)]], 0),
        ("categories", [[Returned(line=1, amount_minor=49)]], 2),  # a part of the tea is still there
        ("categories", [[Returned(line=1, amount_minor=49)], [Returned(line=1, amount_minor=1)]], 1),
        ("nights", [[Returned(line=1, amount_minor=50)]], 3),
        ("nights", [[]], 0),
    ],
)
def test_return_of_a_part(measure: str, parts: list[list[Returned]], left: int) -> None:
    prepared = measured(measure)
    bought = basket(0, [TEA, CAKE], nights=3)
    memory, _ = shop(prepared, [bought])
    assert progress(prepared, bring_back(prepared, memory, bought, parts), START + 5).counted == {"counted": left}


def test_second_return_of_a_purchase_without_lines_takes_no_visit_of_another() -> None:
    prepared = measured("visits")
    first, second = basket(0, [], stars=5), basket(0, [], stars=5)
    memory, _ = shop(prepared, [first, second])
    original = Original(activity=first.activity, given=first.given, returned_minor={}, returned_milli={}, taken={})
    once = undo(prepared, memory, view(1, -5, kind="return", original=original), ()).memory
    again = msgspec.structs.replace(original, taken={("stars", "stars"): 5})
    assert undo(prepared, once, view(2, 0, kind="return", original=again), ()) == Earned()
    assert progress(prepared, once, START + 2).counted == {"counted": 1}


def test_settled_category_stays_when_its_last_purchase_comes_back() -> None:
    prepared = measured("categories")
    bought = [basket(0, [TEA]), basket(5, [TEA])]
    memory, _ = shop(prepared, [*bought, basket(5 + LATE_DAYS, [CAKE]), basket(6 + LATE_DAYS, [CAKE])])
    # Of the settled days the last is known; taking it away would forget the first as well.
    assert memory.series["counted/TEA"] == ((START + 5,), (1,))
    left = bring_back(prepared, memory, bought[1], [[]])
    assert progress(prepared, left, START + 50).counted == {"counted": 2}


# --- in a programme --------------------------------------------------------------------------------------------------

TWO_SETS = """\
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金}, at: 100}
  - id: club
    mechanic: tiers
    on: [purchase]
    settings:
      trait: club
      measures:
        produce: {of: spend, lines: {categories: [PRODUCE]}}
        visits: {of: visits}
      levels:
        - {id: guest, name: {en: Guest, zh-CN: 客}, at: 0}
        - {id: gardener, name: {en: Gardener, zh-CN: 园}, needs: [{produce: 1000}, {visits: 3}]}
"""


def test_several_sets_stand_side_by_side() -> None:
    plan = compile_plan(parse(HEAD + STARS + TWO_SETS))
    memories: dict[str, bytes] = {}
    told: list[tuple[str, Scalar]] = []
    for amount, category in ((900, "PRODUCE"), (9_200, "WINE"), (100, "PRODUCE")):
        ruling = rule(plan, memories, look(plan, purchase(item(amount, category))))
        memories.update(ruling.memories)
        told += [(it.name, it.value) for it in ruling.traits]
    assert told == [("club", "guest"), ("tier", "green"), ("tier", "gold"), ("club", "gardener")]
    assert set(memories) == {"tiers", "club"}


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("categories: [PRODUCE]", "categories: [PRODUSE]", "the category 'PRODUSE' is not among catalog.categories"),
        ("counts: stars", "counts: star", "the currency 'star' is not among"),
        ("of: visits", "of: visit", "did you mean 'visits'"),
        (
            "{visits: 3}",
            "{visit: 3}",
            "the level 'gardener' needs 'visit', which is not counted; known: produce, visits",
        ),
        ("trait: club", "trait: tier", "is set by the offer 'tiers' already"),
    ],
)
def test_what_cannot_be_counted_is_said_where_it_stands(wrong: str, right: str, says: str) -> None:
    found = problems(HEAD + STARS + TWO_SETS.replace(wrong, right))
    assert any(says.lower() in message.lower() for _, _, message in found), found
    assert all(line for line, _, _ in found)


def refused(levels: Sequence[Mapping[str, Any]], settings: Mapping[str, object]) -> str:
    named = [{"name": {"en": "x", "zh-CN": "x"}, **level} for level in levels]
    with pytest.raises(msgspec.ValidationError) as refusal:
        ladder(named, settings)
    return str(refusal.value)


TWO = {"counts": None, "measures": {"a": {"of": "visits"}, "b": {"of": "spend"}}}


@pytest.mark.parametrize(
    ("levels", "settings", "says"),
    [
        ([{"id": "x"}], {}, "needs one of 'at', 'needs' and 'invitation'"),
        ([{"id": "x", "at": 0, "invitation": True}], {}, "needs one of 'at', 'needs' and 'invitation'"),
        ([{"id": "x", "at": 3}], TWO, "several things are counted"),
        ([{"id": "x", "at": 0}], {"counts": None}, "either 'counts' or 'measures'"),
        ([{"id": "x", "at": 0}], {"measures": {"a": {"of": "visits"}}}, "either 'counts' or 'measures'"),
        # Whoever is in the second is not always in the first.
        ([{"id": "x", "needs": [{"a": 3}]}, {"id": "y", "needs": [{"b": 9}]}], TWO, "from the lowest to the highest"),
        ([{"id": "x", "needs": [{"a": 3}]}, {"id": "y", "needs": [{"a": 3}, {"a": 4}]}], TWO, "from the lowest"),
        ([{"id": "x", "at": 0}], {"window_days": 9, "window": {"model": "calendar_year"}}, "'window_days' is short"),
        ([{"id": "x", "at": 0}], {"keep_days": 9, "keep": {"model": "year_end"}}, "'keep_days' is short"),
        ([{"id": "x", "at": 0}], {"keep_days": 9, "window": {"model": "calendar_year"}}, "to the end of one"),
        ([{"id": "x", "at": 0}], {"keep_days": 9, "grace_days": 9}, "'grace_days' must be fewer"),
        (
            [{"id": "x", "at": 0}],
            {"counts": None, "measures": {"a": {"of": "categories", "among": ["T", "T"]}}},
            "names a category twice",
        ),
        (
            [{"id": "x", "at": 0}, {"id": "y", "needs": [{"a": 1}], "lifetime": [{"a": 5}]}],
            {"counts": None, "measures": {"a": {"of": "categories", "among": ["T"]}}},
            "in a window only",
        ),
        ([{"id": "x", "at": 5, "lifetime": [{"stars": 0}]}], {}, "everybody's for life"),
        ([{"id": "x", "invitation": True, "lifetime": [{"stars": 5}]}], {}, "is by invitation"),
        (
            [{"id": "x", "at": 0, "benefits": [{"id": "b", "name": {"en": "B", "zh-CN": "b"}}] * 2}],
            {},
            "has a benefit twice",
        ),
        ([{"id": "x", "at": 0, "benefits": [{"id": "b", "name": {"en": "B"}}]}], {}, "needs its name in zh-CN"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    levels: list[dict[str, object]], settings: dict[str, object], says: str
) -> None:
    assert says in refused(levels, settings)


def test_settings_name_what_they_speak_of() -> None:
    measures = {name.replace(" ", "-"): measure for name, measure in MEASURES.items()}
    found = references(ladder(LEVELS[:1], {"counts": None, "measures": measures}).settings)
    assert found.currencies == ("stars",)
    assert found.categories == ("TEA", "CAKE", "MILK")
    assert found.brands == ("Cheap",)

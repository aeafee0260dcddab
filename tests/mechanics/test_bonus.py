"""Gifts without a memory: for lines, for a basket, for newcomers, on a day of the member's own."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.bonus.mechanic import Memory, Settings, earn, prepare, references
from regulars.kernel.nouns import Activity, Line, Returned, Scalar, Step
from regulars.kernel.program import Calendar, explain, rule
from tests.mechanics.story import take_all_back
from tests.program.story import BASE, HEAD, MEMBER, NOON, bring_back, buy, count, line, plan, problems, step

CHICAGO = Calendar(zone=ZoneInfo("America/Chicago"))


def ask(
    activity: Activity,
    *,
    on: date | None = None,
    traits: Mapping[str, Scalar] | None = None,
    joined: date | None = None,
    **settings: object,
) -> tuple[int, ...] | str:
    """What each line of an activity gets, or why nothing does. Without lines: one number, the whole."""
    prepared = prepare(msgspec.convert({"currency": "points", "points": 10, **settings}, Settings), CHICAGO)
    view = Step(
        member=MEMBER,
        activity=activity,
        at=NOON,
        day=CHICAGO.day_of(activity.occurred_at) if on is None else on.toordinal(),
        traits=traits or {},
        balances={},
        left={},
        joined_at=None if joined is None else datetime(joined.year, joined.month, joined.day, 18, tzinfo=UTC),
    )
    earned = earn(prepared, Memory(), view)
    if not earned.awards:
        return earned.reasons[0].code
    (award,) = earned.awards
    if not activity.lines:
        assert award.lines == ()
        return (award.points,)
    assert award.points == sum(points for _, points in award.lines)
    parts = dict(award.lines)
    return tuple(parts.get(number, 0) for number in range(1, len(activity.lines) + 1))


FRUIT = line(300, "FRESH", "PRODUCE", brand="Private", sku="a", quantity_milli=2500)
WINE = line(700, "WINE", brand="National", sku="b", quantity_milli=600)
PRODUCE = {"lines": {"categories": ["PRODUCE"]}}
BOTH = [FRUIT, WINE]

TABLE: list[tuple[dict[str, Any], list[Line], tuple[int, ...] | str]] = [
    # for the activity: lines that fit share by their money
    ({}, BOTH, (3, 7)),
    ({}, [line(0), line(0)], (10, 0)),
    ({}, [], (10,)),
    (PRODUCE, BOTH, (10, 0)),
    (PRODUCE, [WINE], "no_line_fits"),
    (PRODUCE, [], "no_line_fits"),
    ({"lines": {"categories": ["FRESH", "WINE"]}}, BOTH, (3, 7)),
    ({"lines": {"brands": ["National"]}}, BOTH, (0, 10)),
    ({"lines": {"skus": ["a", "z"]}}, BOTH, (10, 0)),
    ({"lines": {"exclude": {"skus": ["a"]}}}, BOTH, (0, 10)),
    ({"lines": {"brands": ["Private"], "categories": ["WINE"]}}, BOTH, "no_line_fits"),
    ({"lines": {"stores": ["7"]}}, BOTH, (3, 7)),
    ({"lines": {"stores": ["8"]}}, BOTH, "other_store"),
    # so much of it
    ({"basket_minimum_minor": 1000} | PRODUCE, BOTH, (10, 0)),
    ({"basket_minimum_minor": 1001} | PRODUCE, BOTH, "below_minimum"),
    ({"lines": {"categories": ["PRODUCE"], "minimum_minor": 300}}, BOTH, (10, 0)),
    ({"lines": {"categories": ["PRODUCE"], "minimum_minor": 301}}, BOTH, "below_minimum"),
    ({"lines": {"categories": ["PRODUCE"], "minimum_milli": 2500}}, BOTH, (10, 0)),
    ({"lines": {"categories": ["PRODUCE"], "minimum_milli": 2501}}, BOTH, "below_minimum"),
    # for each line, unit, step of money
    ({"each": "line"}, BOTH, (10, 10)),
    ({"each": "line"} | PRODUCE, BOTH, (10, 0)),
    ({"each": "unit"}, BOTH, (20, 10)),  # 2.5 and 0.6 are 3 whole units together
    ({"each": "unit"} | PRODUCE, BOTH, (20, 0)),
    ({"each": "unit", "lines": {"skus": ["b"]}}, BOTH, "too_little"),
    ({"each": "money", "step_minor": 250}, BOTH, (10, 30)),
    ({"each": "money", "step_minor": 1001}, BOTH, "too_little"),
    ({"each": "line"}, [], "too_little"),
    # no more than so much
    ({"each": "unit", "points_max": 15}, BOTH, (10, 5)),
    ({"each": "unit", "points_max": 30}, BOTH, (20, 10)),
    ({"points_max": 1}, BOTH, (0, 1)),
]


@pytest.mark.parametrize(("settings", "lines", "points"), TABLE)
def test_lines_bring(settings: dict[str, Any], lines: list[Line], points: tuple[int, ...] | str) -> None:
    assert ask(buy(*lines, store="7"), **settings) == points


def say(month: int, day: int, year: int = 2027) -> date:
    return date(year, month, day)


OCCASIONS: list[tuple[dict[str, Any], str, date, bool]] = [
    # the day itself
    ({}, "05-17", say(5, 17), True),
    ({}, "05-17", say(5, 16), False),
    ({}, "05-17", say(5, 18), False),
    # days around it, also over New Year
    ({"days_before": 3}, "05-17", say(5, 14), True),
    ({"days_before": 3}, "05-17", say(5, 13), False),
    ({"days_after": 3}, "05-17", say(5, 20), True),
    ({"days_after": 3}, "05-17", say(5, 21), False),
    ({"days_before": 5}, "01-02", say(12, 29, 2026), True),
    ({"days_after": 5}, "12-30", say(1, 3), True),
    # its week, from Monday to Sunday: the 17th of May 2027 is a Monday
    ({"within": "week"}, "05-17", say(5, 16), False),
    ({"within": "week"}, "05-17", say(5, 23), True),
    ({"within": "week"}, "05-16", say(5, 10), True),
    ({"within": "week"}, "01-01", say(12, 28, 2026), True),
    # its month
    ({"within": "month"}, "05-17", say(5, 1), True),
    ({"within": "month"}, "05-17", say(5, 31), True),
    ({"within": "month"}, "05-17", say(6, 1), False),
    ({"within": "month"}, "02-29", say(2, 28), True),
    ({"within": "month", "leap_day": "03-01"}, "02-29", say(2, 28), False),
    # the 29th of February
    ({}, "02-29", say(2, 29, 2028), True),
    ({}, "02-29", say(2, 28, 2028), False),
    ({}, "02-29", say(2, 28), True),
    ({}, "02-29", say(3, 1), False),
    ({"leap_day": "03-01"}, "02-29", say(3, 1), True),
    ({"leap_day": "03-01"}, "02-29", say(2, 28), False),
    ({"leap_day": "03-01"}, "02-29", say(3, 1, 2028), False),
]


@pytest.mark.parametrize(("settings", "birthday", "on", "fits"), OCCASIONS)
def test_birthday(settings: dict[str, Any], birthday: str, on: date, *, fits: bool) -> None:
    found = ask(buy(line(1)), on=on, traits={"birthday": birthday}, occasion={"of": "birthday", **settings})
    assert found == ((10,) if fits else "other_day")


@pytest.mark.parametrize(
    "birthday", [None, "", "5-17", "17-05", "05-32", "13-01", "1990-05-17", "0517", 517, True, "W1-1"]
)
def test_birthday_that_nobody_can_read_is_none(birthday: Scalar) -> None:
    found = ask(buy(), on=say(5, 17), traits={"birthday": birthday}, occasion={"of": "birthday"})
    assert found == "birthday_unknown"


def test_birthday_has_a_trait_of_its_own_name() -> None:
    occasion = {"of": "birthday", "trait": "name_day"}
    assert ask(buy(), on=say(5, 17), traits={"name_day": "05-17"}, occasion=occasion) == (10,)
    assert ask(buy(), on=say(5, 17), traits={"birthday": "05-17"}, occasion=occasion) == "birthday_unknown"


@pytest.mark.parametrize(
    ("settings", "joined", "on", "found"),
    [
        ({}, say(5, 17, 2024), say(5, 17), (10,)),
        ({}, say(5, 17, 2024), say(5, 18), "other_day"),
        ({}, say(5, 17, 2027), say(5, 17), "other_day"),  # the day of joining is no anniversary
        ({"within": "month"}, say(5, 17, 2027), say(5, 31), "other_day"),
        ({"years": [1, 5]}, say(5, 17, 2026), say(5, 17), (10,)),
        ({"years": [1, 5]}, say(5, 17, 2025), say(5, 17), "other_day"),
        ({"years": [1, 5]}, say(5, 17, 2022), say(5, 17), (10,)),
        ({}, say(2, 29, 2024), say(2, 28), (10,)),
        ({"days_after": 5}, say(12, 30, 2025), say(1, 3), (10,)),
        ({}, None, say(5, 17), "joining_unknown"),
    ],
)
def test_anniversary(settings: dict[str, Any], joined: date | None, on: date, found: tuple[int, ...] | str) -> None:
    assert ask(buy(line(1)), on=on, joined=joined, occasion={"of": "anniversary", **settings}) == found


@pytest.mark.parametrize(
    ("joined", "found"),
    [
        (say(5, 17), (10,)),
        (say(5, 10), (10,)),
        (say(5, 9), "joined_before"),
        (say(5, 18), (10,)),
        (None, "joining_unknown"),
    ],
)
def test_newcomers(joined: date | None, found: tuple[int, ...] | str) -> None:
    assert ask(buy(line(1)), on=say(5, 17), joined=joined, joined_within_days=7) == found


def test_reason_says_what_was_missing() -> None:
    deal = plan(bonus("five", "points: 5, lines: {categories: [PRODUCE], minimum_minor: 500}"))
    ruling = rule(deal, {}, step(deal, buy(line(499, "PRODUCE"), line(9000))))
    assert [(it.offer, it.code, dict(it.values)) for it in ruling.reasons] == [
        ("five", "below_minimum", {"amount_minor": 499, "minimum_minor": 500, "missing_minor": 1})
    ]


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ("each: money, step_minor: 500", {"amount_minor": 480, "missing_minor": 20}),
        ("each: unit", {"quantity_milli": 640, "missing_milli": 360}),
        ("lines: {minimum_milli: 2000}", {"quantity_milli": 640, "minimum_milli": 2000, "missing_milli": 1360}),
        ("basket_minimum_minor: 481", {"amount_minor": 480, "minimum_minor": 481, "missing_minor": 1}),
    ],
)
def test_what_is_missing_to_the_first_step(settings: str, values: dict[str, int]) -> None:
    deal = plan(bonus("five", f"points: 5, {settings}"))
    explained = explain(deal, {}, step(deal, buy(line(480, quantity_milli=640))))
    (reason,) = explained.ruling.reasons
    assert dict(reason.values) == values
    (verdict,) = explained.verdicts
    assert dict(verdict.told[-1].needs) == {name: it for name, it in values.items() if name.startswith("missing_")}


def bonus(name: str, settings: str, envelope: str = "", on: str = "[purchase]") -> str:
    return f"  - {{id: {name}, mechanic: bonus, on: {on}{envelope}, settings: {{currency: points, {settings}}}}}\n"


def test_gift_comes_beside_what_the_basket_earns() -> None:
    deal = plan(BASE, bonus("five", "points: 5"))
    assert count(rule(deal, {}, step(deal, buy(line(1000))))) == {("base", "points"): 10, ("five", "points"): 5}


def test_visit_without_a_basket_brings_it_too() -> None:
    deal = plan(bonus("hello", "points: 5", on="[checkin]"))
    (posting,) = rule(deal, {}, step(deal, buy(kind="checkin"))).postings
    assert (posting.points, posting.lines) == (5, ())


@pytest.mark.parametrize(
    ("on_return", "back", "taken"),
    [
        ("proportional", 249, -24),
        ("proportional", 1000, -100),
        ("requalify", 500, 0),  # what is left would do
        ("requalify", 501, -100),
        ("keep", 1000, 0),
    ],
)
def test_return_takes_its_part_back(on_return: str, back: int, taken: int) -> None:
    settings = "points: 100, lines: {categories: [PRODUCE], minimum_minor: 500}"
    deal = plan(bonus("big", settings, f", on_return: {on_return}"))
    purchase = buy(line(1000, "PRODUCE"), line(700))
    ruling = rule(deal, {}, step(deal, purchase))
    (answer,) = bring_back(deal, purchase, ruling, [[Returned(line=1, amount_minor=back)]])
    assert count(answer).get(("big", "points"), 0) == taken


def test_settings_speak_of() -> None:
    settings: dict[str, Any] = {
        "lines": {
            "categories": ["PRODUCE", "WINE"],
            "stores": ["7"],
            "exclude": {"brands": ["B"], "categories": ["C"]},
        },
        "occasion": {"of": "birthday"},
    }
    named = references(msgspec.convert({"currency": "points", "points": 1, **settings}, Settings))
    assert (named.currencies, named.categories) == (("points",), ("PRODUCE", "WINE", "C"))
    assert (named.brands, named.stores, named.traits) == (("B",), ("7",), {"birthday": ()})
    settings["occasion"] = {"of": "anniversary"}
    assert references(msgspec.convert({"currency": "points", "points": 1, **settings}, Settings)).traits == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"points": 0},
        {"each": "money"},
        {"step_minor": 100},
        {"each": "money", "step_minor": 0},
        {"points_max": 0},
        {"lines": {"category": ["A"]}},
        {"counting": {"every": 0}},
        {"counting": {"most": 1}, "each": "line"},
        {"counting": {"most": 1}, "points_max": 5},
        {"counting": {"most": 1, "per": "occasion"}},
        {"counting": {"most": 1, "in_each": "sku"}},
        {"occasion": {"of": "birthday", "years": [5]}},
        {"occasion": {"of": "easter"}},
        {"by_clock": True},
        {"occasion": {"of": "birthday"}, "by_clock": True, "lines": {"skus": ["1"]}},
        {"occasion": {"of": "birthday"}, "by_clock": True, "counting": {"most": 1}},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"currency": "points", "points": 1, **settings}, Settings)


def test_document_is_refused_where_it_is_wrong() -> None:
    text = (
        HEAD + bonus("gift", "points: 5, occasion: {of: birthday}") + bonus("big", "points: 5, counting: {per: hour}")
    )
    last = text.count("\n")
    assert [(it[0], it[1]) for it in problems(text)] == [
        (last - 1, "offers[0].settings.occasion.of"),
        (last, "offers[1].settings.counting.per"),
    ]


gifts = st.sampled_from(
    [
        "points: 97",
        "points: 7, each: line",
        "points: 7, each: unit",
        "points: 7, each: money, step_minor: 30",
        "points: 7, each: unit, points_max: 29",
    ]
)
baskets = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from(["PRODUCE", "WINE"]), st.integers(0, 3000)), min_size=1, max_size=8
)


def make(basket: Sequence[tuple[int, str, int]]) -> Activity:
    return buy(*(line(amount, category, quantity_milli=milli) for amount, category, milli in basket))


@given(basket=baskets, settings=gifts, chance=st.randoms(use_true_random=False))
def test_order_of_lines_does_not_matter(
    basket: list[tuple[int, str, int]], settings: str, chance: random.Random
) -> None:
    deal = plan(bonus("gift", settings + ", lines: {categories: [PRODUCE]}"))
    first = rule(deal, {}, step(deal, make(basket)))
    chance.shuffle(basket)
    second = rule(deal, {}, step(deal, make(basket)))
    assert count(first) == count(second)
    for posting in second.postings:
        assert all(basket[number - 1][1] == "PRODUCE" for number, _ in posting.lines)


@given(basket=baskets, settings=gifts, data=st.data())
def test_returns_of_all_lines_take_exactly_all(
    basket: list[tuple[int, str, int]], settings: str, data: st.DataObject
) -> None:
    deal = plan(bonus("gift", settings + ", lines: {categories: [PRODUCE]}"))
    purchase = make(basket)
    take_all_back(data, deal, purchase, rule(deal, {}, step(deal, purchase)))

"""Multipliers: tables first, then what must hold for every basket and every return."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.multiplier.mechanic import Settings, earn, prepare, references
from regulars.kernel.nouns import Award, Given, Line, Returned, Step
from regulars.kernel.program import Calendar, compile_plan, parse, rule
from tests.mechanics.story import take_all_back
from tests.program.story import BASE, HEAD, MEMBER, NOON, bring_back, buy, count, line, plan, problems, step

UTC_DAYS = Calendar(zone=ZoneInfo("UTC"))
DOUBLE = {"times": 2}
HALF_MORE = {"times": 3, "over": 2}
PRODUCE = {"lines": {"categories": ["PRODUCE"]}}


def multiply(basket: Sequence[Line], base: Sequence[int], **settings: object) -> tuple[int, ...] | str:
    """What each line gets on top of its base points, or why nothing does."""
    prepared = prepare(msgspec.convert({"currency": "points", **settings}, Settings), UTC_DAYS)
    parts = tuple((number, points) for number, points in enumerate(base, start=1) if points)
    award = Award(currency="points", points=sum(base), lines=parts)
    activity = buy(*basket, store="7")
    view = Step(
        member=MEMBER,
        activity=activity,
        at=NOON,
        day=1,
        traits={},
        balances={},
        left={},
        given=(Given(offer="base", award=award),),
    )
    earned = earn(prepared, None, view)
    if not earned.awards:
        return earned.reasons[0].code
    (award,) = earned.awards
    assert award.points == sum(points for _, points in award.lines)
    shares = dict(award.lines)
    return tuple(shares.get(number, 0) for number in range(1, len(basket) + 1))


TWO = [line(1000, "PRODUCE", brand="Private", sku="a"), line(500, "WINE", sku="b")]

TABLE: list[tuple[dict[str, Any], list[Line], list[int], tuple[int, ...] | str]] = [
    # the whole basket
    (DOUBLE, TWO, [10, 5], (10, 5)),
    ({"times": 5}, TWO, [10, 5], (40, 20)),
    # rounded once over the basket, lines get what the running share grew by
    (HALF_MORE, TWO, [1, 1], (0, 1)),
    (HALF_MORE, TWO, [1, 0], "nothing_to_multiply"),
    (HALF_MORE | {"round": "nearest"}, TWO, [1, 0], (1, 0)),
    ({"times": 4, "over": 3, "round": "nearest"}, TWO, [1, 0], "nothing_to_multiply"),
    ({"times": 4, "over": 3, "round": "nearest"}, TWO, [2, 0], (1, 0)),
    ({"times": 4, "over": 3, "round": "up"}, TWO, [1, 0], (1, 0)),
    ({"times": 5, "over": 4}, TWO, [10, 5], (2, 1)),
    # some lines
    (DOUBLE | PRODUCE, TWO, [10, 5], (10, 0)),
    (DOUBLE | {"lines": {"brands": ["Private"]}}, TWO, [10, 5], (10, 0)),
    (DOUBLE | {"lines": {"skus": ["b"]}}, TWO, [10, 5], (0, 5)),
    (DOUBLE | {"lines": {"exclude": {"categories": ["WINE"]}}}, TWO, [10, 5], (10, 0)),
    (DOUBLE | {"lines": {"exclude": {"brands": ["Private"]}}}, TWO, [10, 5], (0, 5)),
    (DOUBLE | {"lines": {"exclude": {"skus": ["a", "b"]}}}, TWO, [10, 5], "no_line_fits"),
    (DOUBLE | {"lines": {"categories": ["PRODUCE"], "brands": ["National"]}}, TWO, [10, 5], "no_line_fits"),
    (DOUBLE | {"lines": {"stores": ["7"]}}, TWO, [10, 5], (10, 5)),
    (DOUBLE | {"lines": {"stores": ["8"]}}, TWO, [10, 5], "other_store"),
    (DOUBLE | PRODUCE, TWO, [0, 5], "nothing_to_multiply"),
    # so much of the lines, or of the whole basket
    (DOUBLE | {"lines": {"categories": ["PRODUCE"], "minimum_minor": 1000}}, TWO, [10, 5], (10, 0)),
    (DOUBLE | {"lines": {"categories": ["PRODUCE"], "minimum_minor": 1001}}, TWO, [10, 5], "below_minimum"),
    (DOUBLE | {"lines": {"minimum_milli": 2000}}, TWO, [10, 5], (10, 5)),
    (DOUBLE | {"lines": {"minimum_milli": 2001}}, TWO, [10, 5], "below_minimum"),
    (DOUBLE | PRODUCE | {"basket_minimum_minor": 1500}, TWO, [10, 5], (10, 0)),
    (DOUBLE | PRODUCE | {"basket_minimum_minor": 1501}, TWO, [10, 5], "below_minimum"),
    # no more than so much for one activity
    (DOUBLE | {"points_max": 6}, TWO, [10, 5], (4, 2)),
    (DOUBLE | {"points_max": 15}, TWO, [10, 5], (10, 5)),
]


@pytest.mark.parametrize(("settings", "lines", "base", "points"), TABLE)
def test_lines_get_more(
    settings: dict[str, Any], lines: list[Line], base: list[int], points: tuple[int, ...] | str
) -> None:
    assert multiply(lines, base, **settings) == points


def test_reason_says_what_was_multiplied_and_what_the_cap_took() -> None:
    deal = plan(BASE, offer("twice", "times: 2, points_max: 6"))
    ruling = rule(deal, {}, step(deal, buy(line(1000))))
    (reason,) = [it for it in ruling.reasons if it.offer == "twice"]
    assert dict(reason.values) == {
        "points": 6,
        "currency": "points",
        "base": 10,
        "times": 2,
        "over": 1,
        "asked": 10,
    }


def offer(name: str, settings: str, envelope: str = "") -> str:
    return (
        f"  - {{id: {name}, mechanic: multiplier, on: [purchase, visit]{envelope},"
        f" settings: {{currency: points, {settings}}}}}\n"
    )


STARS_ONLY = (
    "  - {id: stars, mechanic: spend, on: [purchase], settings: {currency: stars, points: 1, per_minor: 100}}\n"
)


def test_multipliers_add_up_whichever_is_asked_first() -> None:
    two, three = "times: 2", "times: 3"
    for first, second in ((two, three), (three, two)):
        deal = plan(BASE, offer("a", first), offer("b", second))
        assert sum(count(rule(deal, {}, step(deal, buy(line(1000))))).values()) == 10 + 10 + 20


def test_several_base_offers_are_multiplied_together_line_by_line() -> None:
    wine = BASE.replace("id: base", "id: a").replace(
        "points: 1, per_minor: 100", "rates: [{categories: [WINE], points: 1, per_minor: 100}]"
    )
    deal = plan(BASE, wine, offer("half", "times: 3, over: 2"))
    ruling = rule(deal, {}, step(deal, buy(line(100, "PRODUCE"), line(300, "WINE"))))
    (more,) = [it for it in ruling.postings if it.offer == "half"]
    assert (more.points, more.lines) == (3, ((2, 3),))  # half of 1 and 6: the first line's share is rounded down


def test_other_currencies_are_left_alone() -> None:
    deal = plan(STARS_ONLY, offer("twice", "times: 2"))
    assert count(rule(deal, {}, step(deal, buy(line(1000))))) == {("stars", "stars"): 10}


def test_what_the_budget_left_is_what_is_multiplied() -> None:
    deal = plan(BASE.replace("on: [purchase]", "on: [purchase], budget: {points: 4}"), offer("twice", "times: 2"))
    assert count(rule(deal, {}, step(deal, buy(line(1000))))) == {("base", "points"): 4, ("twice", "points"): 4}


@pytest.mark.parametrize(
    ("on_return", "back", "taken"),
    [
        ("proportional", 250, -2),  # of ten; a quarter of it, rounded down
        ("proportional", 1000, -10),
        ("requalify", 250, -2),  # what is left would give 8
        ("requalify", 600, -10),  # what is left is too little
        ("keep", 1000, 0),
    ],
)
def test_return_takes_its_part_back(on_return: str, back: int, taken: int) -> None:
    settings = "times: 2, lines: {categories: [PRODUCE], minimum_minor: 500}"
    deal = plan(BASE, offer("twice", settings, f", on_return: {on_return}"))
    purchase = buy(line(1000, "PRODUCE"), line(700))
    given = rule(deal, {}, step(deal, purchase))
    assert count(given)["twice", "points"] == 10
    (answer,) = bring_back(deal, purchase, given, [[Returned(line=1, amount_minor=back)]])
    assert count(answer).get(("twice", "points"), 0) == taken


@pytest.mark.parametrize(("birthday", "points"), [("03-06", 10), ("03-12", 10), ("03-13", 0), (None, 0)])
def test_birthday_week_is_double(birthday: str | None, points: int) -> None:
    document = HEAD.replace("traits: [vip]", "traits: [birthday]") + BASE
    deal = compile_plan(parse(document + offer("twice", "times: 2, occasion: {of: birthday, within: week}")))
    ruling = rule(deal, {}, step(deal, buy(line(1000)), traits={"birthday": birthday}))
    assert count(ruling).get(("twice", "points"), 0) == points
    assert "birthday" in references(deal.offers["twice"].settings.settings).traits


def test_settings_speak_of() -> None:
    settings = {"currency": "points", **DOUBLE, "lines": {"categories": ["PRODUCE"], "exclude": {"brands": ["B"]}}}
    named = references(msgspec.convert(settings, Settings))
    assert (named.currencies, named.categories, named.brands, named.stores) == (("points",), ("PRODUCE",), ("B",), ())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"times": 1},
        {"times": 2, "over": 2},
        {"times": 2, "over": 0},
        {"times": 2, "points_max": 0},
        {"times": 2, "round": "half"},
        {"times": 2, "line": {}},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"currency": "points", **settings}, Settings)


def test_document_is_refused_where_it_is_wrong() -> None:
    text = HEAD + offer("twice", "times: 2, lines: {categories: [PRODUSE]}")
    assert problems(text) == [
        (
            text.count("\n"),
            "offers[0].settings.lines.categories[0]",
            "the category 'PRODUSE' is not among catalog.categories; did you mean 'PRODUCE'?",
        )
    ]


baskets = st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(["PRODUCE", "WINE"])), min_size=1, max_size=8)


@given(
    basket=st.lists(st.tuples(st.integers(0, 500), st.sampled_from(["PRODUCE", "WINE"])), max_size=8),
    ratio=st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda it: it[0] > it[1]),
    rounding=st.sampled_from(["down", "nearest", "up"]),
    chance=st.randoms(use_true_random=False),
)
def test_sum_is_the_exact_sum_rounded_once_in_any_order_of_lines(
    basket: list[tuple[int, str]], ratio: tuple[int, int], rounding: str, chance: random.Random
) -> None:
    base = [points for points, category in basket if category == "PRODUCE"]
    exact = sum(base) * (Fraction(*ratio) - 1)
    rounded = {"down": exact // 1, "nearest": (exact + Fraction(1, 2)) // 1, "up": -(-exact // 1)}[rounding]
    for _ in range(2):
        points = multiply(
            [line(100, category) for _, category in basket],
            [points for points, _ in basket],
            times=ratio[0],
            over=ratio[1],
            round=rounding,
            **PRODUCE,
        )
        if isinstance(points, str):
            assert rounded == 0
        else:
            assert sum(points) == rounded
            assert min(points) >= 0
            assert all(share == 0 for share, (_, category) in zip(points, basket, strict=True) if category == "WINE")
        chance.shuffle(basket)


@given(basket=baskets, cap=st.sampled_from(["", ", points_max: 17"]), data=st.data())
def test_returns_of_all_lines_take_exactly_all(basket: list[tuple[int, str]], cap: str, data: st.DataObject) -> None:
    deal = plan(BASE, offer("more", f"times: 8, over: 3, lines: {{categories: [PRODUCE]}}{cap}"))
    purchase = buy(*(line(amount, category) for amount, category in basket))
    given = rule(deal, {}, step(deal, purchase))
    take_all_back(data, deal, purchase, given)

"""Points for money spent: tables first, then what must hold for every basket."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.spend.mechanic import Settings, earn, prepare, references
from regulars.kernel.nouns import Activity, Line, Scalar, Step
from regulars.kernel.program import Calendar
from tests.program.story import MEMBER, NOON, buy, line

UTC_DAYS = Calendar(zone=ZoneInfo("UTC"))
PRODUCE = {"categories": ["PRODUCE"], "points": 2, "per_minor": 100}
PRIVATE = {"brands": ["Private"], "points": 3, "per_minor": 100}


def spend(activity: Activity, traits: Mapping[str, Scalar] | None = None, **settings: object) -> tuple[int, ...]:
    """What each line of a basket earns; nothing at all is ()."""
    prepared = prepare(msgspec.convert({"currency": "points", **settings}, Settings), UTC_DAYS)
    step = Step(member=MEMBER, activity=activity, at=NOON, day=1, traits=traits or {}, balances={}, left={})
    earned = earn(prepared, None, step)
    assert earn(prepared, None, step) == earned  # what is remembered of lines changes no answer
    if not earned.awards:
        return ()
    (award,) = earned.awards
    assert award.points == sum(points for _, points in award.lines)
    parts = dict(award.lines)
    return tuple(parts.get(number, 0) for number in range(1, len(activity.lines) + 1))


RATE: dict[str, Any] = {"points": 1, "per_minor": 100}

TABLE = [
    # one rate: rounded once, each line gets what the sum grew by
    (RATE, [line(150), line(150)], (1, 2)),
    (RATE, [line(99)], ()),
    (RATE, [], ()),
    (RATE, [line(0), line(100)], (0, 1)),
    (RATE | {"round": "nearest"}, [line(149)], (1,)),
    (RATE | {"round": "nearest"}, [line(150)], (2,)),  # a half goes up
    (RATE | {"round": "up"}, [line(101), line(99)], (2, 0)),
    (RATE | {"round": "up"}, [line(0)], ()),
    (RATE | {"round_per": "line"}, [line(150), line(150)], (1, 1)),
    (RATE | {"round_per": "line", "round": "up"}, [line(101), line(1)], (2, 1)),
    (RATE | {"points": 0}, [line(500)], ()),
    # rates: the first that fits
    (RATE | {"rates": [PRODUCE, PRIVATE]}, [line(100, "PRODUCE", brand="Private"), line(100)], (2, 1)),
    (RATE | {"rates": [PRIVATE, PRODUCE]}, [line(100, "PRODUCE", brand="Private"), line(100)], (3, 1)),
    ({"rates": [PRODUCE]}, [line(100), line(100, "FRESH", "PRODUCE")], (0, 2)),  # no rate for all else
    (
        {"rates": [{**PRODUCE, "brands": ["Private"]}]},
        [line(100, "PRODUCE"), line(100, "PRODUCE", brand="Private")],
        (0, 2),
    ),
    ({"rates": [{"skus": ["7"], "points": 5, "per_minor": 100}]}, [line(100, sku="7"), line(100, sku="8")], (5, 0)),
    # rates of different denominators add up exactly before they are rounded: 1/2 + 1/3 + 1/6 = 1
    (
        {
            "rates": [
                {"skus": ["a"], "points": 1, "per_minor": 2},
                {"skus": ["b"], "points": 1, "per_minor": 3},
                {"skus": ["c"], "points": 1, "per_minor": 6},
            ]
        },
        [line(1, sku="a"), line(1, sku="b"), line(1, sku="c")],
        (0, 0, 1),
    ),
    # excluded lines count for nothing, whatever else they are
    (RATE | {"exclude": {"categories": ["WINE"]}}, [line(100, "GROCERY", "WINE"), line(100)], (0, 1)),
    (RATE | {"exclude": {"brands": ["B"]}, "rates": [PRODUCE]}, [line(100, "PRODUCE", brand="B"), line(100)], (0, 1)),
    (RATE | {"exclude": {"skus": ["7"]}}, [line(100, sku="7"), line(100)], (0, 1)),
    # full steps: 10 points for every full 5 dollars
    ({"points": 10, "per_minor": 500, "step_minor": 500}, [line(499), line(2), line(998)], (0, 10, 10)),
    ({"points": 10, "per_minor": 500, "step_minor": 500, "round_per": "line"}, [line(499), line(1001)], (0, 20)),
    # a minimum of what counts, not of what was bought
    (RATE | {"minimum_minor": 1000}, [line(999)], ()),
    (RATE | {"minimum_minor": 1000}, [line(400), line(600)], (4, 6)),
    (RATE | {"minimum_minor": 1000, "exclude": {"categories": ["WINE"]}}, [line(999), line(500, "WINE")], ()),
]


@pytest.mark.parametrize(("settings", "lines", "points"), TABLE)
def test_lines_earn(settings: dict[str, Any], lines: list[Line], points: tuple[int, ...]) -> None:
    assert spend(buy(*lines), **settings) == points


@pytest.mark.parametrize(
    ("traits", "points"),
    [({}, 10), ({"tier": "silver"}, 12), ({"tier": "gold"}, 15), ({"tier": "green"}, 10), ({"tier": None}, 10)],
)
def test_tier_multiplies(traits: dict[str, Scalar], points: int) -> None:
    times = {"silver": {"times": 5, "over": 4}, "gold": {"times": 3, "over": 2}}
    assert spend(buy(line(1000)), traits, **RATE, times=times) == (points,)


def test_trait_has_a_name_of_its_own() -> None:
    times = {"yes": {"times": 2}}
    assert spend(buy(line(1000)), {"tier": "yes"}, **RATE, times=times, times_by="staff") == (10,)
    assert spend(buy(line(1000)), {"staff": "yes"}, **RATE, times=times, times_by="staff") == (20,)


def test_store_has_a_rate() -> None:
    rates = [{"stores": ["7"], "points": 2, "per_minor": 100}]
    assert [spend(buy(line(1000), store=store), **RATE, rates=rates) for store in ("7", "8")] == [(20,), (10,)]


def test_too_small_a_basket_says_what_is_missing() -> None:
    settings = {"currency": "points", **RATE, "minimum_minor": 500, "exclude": {"categories": ["WINE"]}}
    prepared = prepare(msgspec.convert(settings, Settings), UTC_DAYS)
    # Wine does not count.
    for lines, counted in ((line(499),), 499), ((line(300), line(900, "WINE")), 300), ((line(900, "WINE"),), 0):
        step = Step(member=MEMBER, activity=buy(*lines), at=NOON, day=1, traits={}, balances={}, left={})
        (reason,) = earn(prepared, None, step).reasons
        missing = {"amount_minor": counted, "minimum_minor": 500, "missing_minor": 500 - counted}
        assert (reason.code, dict(reason.values)) == ("below_minimum", missing)


def test_settings_speak_of() -> None:
    named = references(
        msgspec.convert(
            {
                "currency": "points",
                "rates": [PRODUCE, PRODUCE, PRIVATE, {"stores": ["7"], "points": 1, "per_minor": 1}],
                "exclude": {"categories": ["WINE"], "brands": ["B"]},
                "times": {"gold": {"times": 2}},
            },
            Settings,
        )
    )
    assert (named.currencies, named.categories, named.brands) == (("points",), ("PRODUCE", "WINE"), ("Private", "B"))
    assert (named.stores, named.traits) == (("7",), {"tier": ("gold",)})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"points": 1},
        {"per_minor": 1},
        {"points": -1, "per_minor": 1},
        {"points": 1, "per_minor": 0},
        {"rates": [{"points": 1, "per_minor": 1}]},
        RATE | {"times": {"gold": {"times": 1, "over": 0}}},
        RATE | {"round": "half"},
        RATE | {"step": 5},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"currency": "points", **settings}, Settings)


amounts = st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from(["PRODUCE", "WINE", "OTHER"])), max_size=12)


@given(
    lines=amounts,
    rate=st.tuples(st.integers(0, 50), st.integers(1, 700)),
    produce=st.tuples(st.integers(0, 50), st.integers(1, 700)),
    times=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    rounding=st.sampled_from(["down", "nearest", "up"]),
)
def test_sum_over_lines_is_the_exact_sum_rounded_once(
    lines: list[tuple[int, str]],
    rate: tuple[int, int],
    produce: tuple[int, int],
    times: tuple[int, int],
    rounding: str,
) -> None:
    points = spend(
        buy(*(line(amount, category) for amount, category in lines)),
        {"tier": "gold"},
        points=rate[0],
        per_minor=rate[1],
        rates=[{"categories": ["PRODUCE"], "points": produce[0], "per_minor": produce[1]}],
        exclude={"categories": ["WINE"]},
        times={"gold": {"times": times[0], "over": times[1]}},
        round=rounding,
    )
    ratios = {"PRODUCE": Fraction(*produce), "OTHER": Fraction(*rate), "WINE": Fraction(0)}
    exact = sum((amount * ratios[category] for amount, category in lines), Fraction(0)) * Fraction(*times)
    rounded = {"down": exact // 1, "nearest": (exact + Fraction(1, 2)) // 1, "up": -(-exact // 1)}[rounding]
    assert sum(points) == rounded
    assert min(points, default=0) >= 0


@given(lines=amounts, size=st.integers(1, 5000), per=st.integers(1, 500))
def test_full_steps_never_give_more_than_the_money(lines: list[tuple[int, str]], size: int, per: int) -> None:
    basket = buy(*(line(amount) for amount, _ in lines))
    points = spend(basket, points=1, per_minor=per, step_minor=size)
    assert sum(points) == sum(amount for amount, _ in lines) // size * size // per

"""Points by formula: for each line or for the basket, checked when saved, and bounded when a basket comes."""

from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.spend.mechanic import Settings
from regulars.kernel.nouns import Line, Posting, Ruling
from regulars.kernel.program import Plan, rule
from tests.mechanics.story import take_all_back
from tests.program.story import HEAD, TIERS, buy, line, plan, problems, step


@cache
def write(formula: str, more: str = "") -> Plan:
    return plan(offer(formula, more), TIERS)


def offer(formula: str, more: str = "") -> str:
    return (
        "  - id: base\n    mechanic: spend\n    on: [purchase]\n"
        f"    settings: {{currency: points, formula: {msgspec.json.encode(formula).decode()}{more}}}\n"
    )


def ask(deal: Plan, *lines: Line, **traits: str) -> Ruling:
    return rule(deal, {}, step(deal, buy(*lines, store="7"), traits=traits))


def take(ruling: Ruling) -> Posting | None:
    return next((it for it in ruling.postings if it.offer == "base"), None)


BASKET = ", formula_per: basket"
BOTH = [line(1050, "PRODUCE", brand="Private", sku="a", quantity_milli=2000), line(990, "WINE", sku="b")]

TABLE = [
    # for each line
    ("line.amount / 100", "", (10, 9)),
    ("line.amount / 100 * 3 / 2", "", (15, 13)),
    ("line.category == 'PRODUCE' ? line.amount / 50 : 0", "", (21, 0)),
    ("line.brand == 'Private' ? 7 : 1", "", (7, 1)),
    ("line.quantity_milli / 1000", "", (2, 1)),
    ("basket.total >= 2000 ? 5 : 1", "", (5, 5)),
    ("activity.store == '7' ? 1 : 0", "", (1, 1)),
    ("line.amount - 1000", "", (50, 0)),  # below zero is nothing
    ("-1", "", ()),
    ("line.amount", ", exclude: {categories: [WINE]}", (1050, 0)),
    ("1", ", exclude: {categories: [WINE, PRODUCE]}", ()),
    ("1", ", minimum_minor: 2040", (1, 1)),
    ("1", ", minimum_minor: 2041", ()),
    ("1", ", minimum_minor: 1051, exclude: {categories: [WINE]}", ()),
    # for the basket: lines share by their money
    ("basket.total / 100", BASKET, (10, 10)),
    ("basket.lines.exists(l, l.category == 'PRODUCE') ? 100 : 0", BASKET, (51, 49)),
    ("basket.total - 5000", BASKET, ()),
    ("0", BASKET, ()),
]


@pytest.mark.parametrize(("formula", "more", "points"), TABLE)
def test_formula_gives(formula: str, more: str, points: tuple[int, ...]) -> None:
    given = take(ask(write(formula, more), *BOTH))
    if not points:
        assert given is None
        return
    assert given is not None
    assert given.points == sum(points)
    parts = dict(given.lines)
    assert tuple(parts.get(number, 0) for number in (1, 2)) == points


def test_formula_reads_the_tier_by_its_values() -> None:
    deal = write("(has(member.tier) && member.tier == 'gold' ? 3 : 1) * line.amount / 100")
    assert [it.points for it in (take(ask(deal, line(1000))), take(ask(deal, line(1000), tier="gold"))) if it] == [
        10,
        30,
    ]


@pytest.mark.parametrize(
    ("formula", "more", "why"),
    [
        ("1 / (line.amount - 1050)", "", "divided_by_zero"),
        ("line.amount * 9007199254740991 * 9007199254740991", "", "overflow"),
        ("line.amount * 900719925474099", "", "out_of_range"),
        ("9007199254740991", "", "out_of_range"),  # each fits, both together do not
        ("context['weather'] == 'rain' ? 2 : 1", BASKET, "missing_key"),
    ],
)
def test_formula_that_fails_gives_nothing_and_says_so(formula: str, more: str, why: str) -> None:
    ruling = ask(write(formula, more), *BOTH)
    assert take(ruling) is None
    assert [(it.code, dict(it.values)) for it in ruling.reasons if it.offer == "base"] == [
        ("formula_failed", {"why": why})
    ]


@pytest.mark.parametrize(
    ("formula", "more", "said"),
    [
        ("line.amonut / 100", "", "line 1, column 6"),
        ("line.amount / 100.0", "", "line 1, column 15"),
        ("line.amount > 5", "", "line 1, column"),
        ("line.amount", BASKET, "line 1, column 1"),
        ("member.tier == 'platinum' ? 1 : 0", "", "platinum"),
        ("member.unknown", "", "unknown"),
        ("line.category == 'PRODUSE' ? 1 : 0", "", "PRODUSE"),
        ("balance.pionts", "", "pionts"),
        ("1 +", "", "line 1, column"),
    ],
)
def test_formula_is_refused_where_it_is_wrong(formula: str, more: str, said: str) -> None:
    text = HEAD + offer(formula, more) + TIERS
    ((number, path, message),) = problems(text)
    assert path == "offers[0].settings.formula"
    assert "formula:" in text.splitlines()[number - 1]
    assert said in message


@pytest.mark.parametrize(
    "settings",
    [
        {"formula": ""},
        {"formula": "1" * 2001},
        {"formula": "1", "points": 1, "per_minor": 1},
        {"formula": "1", "rates": [{"skus": ["1"], "points": 1, "per_minor": 1}]},
        {"formula": "1", "times": {"gold": {"times": 2}}},
        {"formula": "1", "step_minor": 5},
        {"formula": "1", "round": "up"},
        {"formula": "1", "round_per": "line"},
        {"formula": "1", "formula_per": "basket", "exclude": {"skus": ["1"]}},
        {"points": 1, "per_minor": 1, "formula_per": "basket"},
        {"formula_per": "line"},
    ],
)
def test_formula_stands_alone(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"currency": "points", **settings}, Settings)


FORMULAS = st.sampled_from([("line.amount / 7", ""), ("basket.total / 7 + 3", BASKET)])


@given(formula=FORMULAS, amounts=st.lists(st.integers(0, 5000), min_size=1, max_size=8), data=st.data())
def test_order_of_lines_does_not_matter_and_returns_take_exactly_all(
    formula: tuple[str, str], amounts: list[int], data: st.DataObject
) -> None:
    deal = write(*formula)
    purchase = buy(*(line(amount) for amount in amounts))
    ruling = rule(deal, {}, step(deal, purchase))
    other = rule(deal, {}, step(deal, buy(*(line(amount) for amount in data.draw(st.permutations(amounts))))))
    assert [it.points for it in ruling.postings] == [it.points for it in other.postings]
    take_all_back(data, deal, purchase, ruling)

"""Points in place of money: how many are used, what they take off, and that a return gives back exactly these."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.pay.mechanic import Settings, earn, prepare
from regulars.kernel.nouns import Cost, Line, Returned, Step, Wish
from regulars.kernel.program import Calendar, rule
from regulars.kernel.program.terms import Language
from tests.mechanics.test_multiplier import UTC_DAYS
from tests.program.story import BASE, MEMBER, NOON, bring_back, buy, line, plan, step
from tests.program.telling import HEAD, LANGS, tell

CALENDAR: Calendar = UTC_DAYS
CENT = {"points": 1, "minor": 1}
TWO = [line(1000, "PRODUCE", sku="a"), line(500, "WINE", sku="b")]


def pay(
    basket: list[Line], wish: int, usable: int = 10**6, **settings: object
) -> tuple[int, tuple[int, ...], tuple[int, ...]] | str:
    """Points used, and by line what is taken off and paid for it; or why none are."""
    prepared = prepare(msgspec.convert({"currency": "points", **settings}, Settings), CALENDAR)
    activity = msgspec.structs.replace(buy(*basket), pay=Wish(currency="points", points=wish))
    view = Step(
        member=MEMBER, activity=activity, at=NOON, day=1, traits={}, balances={}, left={}, usable={"points": usable}
    )
    earned = earn(prepared, None, view)
    if not earned.costs:
        return earned.reasons[0].code
    (cost,) = earned.costs
    off, paid = {it.line: it.amount_minor for it in earned.discounts}, dict(cost.lines)
    assert sum(paid.values()) == cost.points
    numbers = range(1, len(basket) + 1)
    return cost.points, tuple(off.get(it, 0) for it in numbers), tuple(paid.get(it, 0) for it in numbers)


TABLE: list[tuple[dict[str, Any], int, int, object]] = [
    # as many as are wished for, shared by what lines cost
    (CENT, 300, 9999, (300, (200, 100), (200, 100))),
    # no more than the member has, than the basket comes to, than its part, than the most
    (CENT, 300, 200, (200, (133, 67), (133, 67))),
    (CENT, 9999, 9999, (1500, (1000, 500), (1000, 500))),
    (CENT | {"share_permille": 500}, 9999, 9999, (750, (500, 250), (500, 250))),
    (CENT | {"maximum": 90}, 9999, 9999, (90, (60, 30), (60, 30))),
    # in steps; and never fewer than the minimum
    (CENT | {"step": 100}, 250, 9999, (200, (133, 67), (133, 67))),
    (CENT | {"minimum": 100}, 99, 9999, "too_few_points"),
    (CENT | {"step": 100}, 99, 9999, "too_few_points"),
    (CENT, 10, 0, "too_few_points"),
    # two points a cent: the odd one stays with the member
    ({"points": 2, "minor": 1}, 7, 9999, (6, (2, 1), (4, 2))),
    # a point is worth three cents: as many as the basket takes whole
    ({"points": 1, "minor": 3}, 9999, 9999, (500, (1000, 500), (333, 167))),
    # some lines only
    (CENT | {"lines": {"categories": ["WINE"]}}, 9999, 9999, (500, (0, 500), (0, 500))),
    (CENT | {"lines": {"categories": ["FUEL"]}}, 9999, 9999, "no_line_fits"),
    (CENT | {"lines": {"minimum_minor": 2000}}, 9999, 9999, "below_minimum"),
]


@pytest.mark.parametrize(("settings", "wish", "usable", "expected"), TABLE)
def test_points_used(settings: dict[str, Any], wish: int, usable: int, expected: object) -> None:
    assert pay(TWO, wish, usable, **settings) == expected


def test_another_currency_is_not_this_offers() -> None:
    prepared = prepare(Settings(currency="points", points=1, minor=1), CALENDAR)
    activity = msgspec.structs.replace(buy(*TWO), pay=Wish(currency="miles", points=5))
    view = Step(member=MEMBER, activity=activity, at=NOON, day=1, traits={}, balances={}, left={}, usable={"points": 9})
    assert earn(prepared, None, view).costs == ()


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=6),
    st.integers(1, 20_000),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 50),
    st.integers(1, 1000),
)
def test_nothing_is_paid_for_nothing(
    amounts: list[int], wish: int, points: int, minor: int, multiple: int, share: int
) -> None:
    basket = [line(amount, "PRODUCE", sku=str(number)) for number, amount in enumerate(amounts)]
    came = pay(basket, wish, points=points, minor=minor, step=multiple, share_permille=share)
    if isinstance(came, str):
        return
    used, off, _ = came
    assert used <= wish
    assert used % multiple == 0
    assert sum(off) == used * minor // points
    assert sum(off) <= sum(amounts) * share // 1000
    assert all(part <= amount for part, amount in zip(off, amounts, strict=True))
    # One step fewer would take less off.
    assert (used - multiple) * minor // points < sum(off)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "points: 5"),
        ("", "minor: 7"),
        ("", "step: 10"),
        ("", "minimum: 10"),
        ("", "maximum: 500"),
        ("", "share_permille: 300"),
        ("", "lines: {categories: [WINE]}"),
    ],
)
def test_every_setting_shows_in_the_terms(before: str, after: str, lang: Language) -> None:
    def write(more: str) -> list[str]:
        told = {"currency": "points", "points": "1", "minor": "1"}
        told |= dict([more.split(": ", 1)]) if more else {}
        settings = ", ".join(f"{name}: {value}" for name, value in told.items())
        return tell(HEAD + BASE + f"  - {{id: it, mechanic: pay, on: [purchase], settings: {{{settings}}}}}\n", lang)

    assert (write(before) == write(after)) == (before == after)


def test_every_setting_is_tried() -> None:
    tried = {"currency", "points", "minor", "step", "minimum", "maximum", "share_permille", "lines"}
    assert set(Settings.__struct_fields__) == tried


PAYING = """
  - id: paying
    mechanic: pay
    on: [purchase]
    settings: {currency: points, points: 3, minor: 2}
"""


@given(st.data())
def test_returns_line_by_line_give_back_exactly_what_was_paid(data: st.DataObject) -> None:
    amounts = data.draw(st.lists(st.integers(1, 4000), min_size=1, max_size=5))
    deal = plan(BASE + PAYING)
    bought = msgspec.structs.replace(
        buy(*(line(amount, "PRODUCE", sku=str(number)) for number, amount in enumerate(amounts))),
        pay=Wish(currency="points", points=data.draw(st.integers(3, 9000))),
    )
    view = msgspec.structs.replace(step(deal, bought), usable={"points": 10**6}, priced=False)
    given_ = rule(deal, {}, view)
    paid: dict[int, int] = {}
    for _, cost in given_.costs:
        for number, points in cost.lines:
            paid[number] = paid.get(number, 0) + points
    off = {discount.line: discount.amount_minor for _, discount in given_.discounts}
    parts = [
        Returned(line=number, amount_minor=amount - off.get(number, 0), quantity_milli=1000)
        for number, amount in enumerate(amounts, start=1)
    ]
    answers = bring_back(deal, bought, given_, [[part] for part in data.draw(st.permutations(parts))])
    back = [cost for answer in answers for _, cost in answer.refunds]
    assert sum(cost.points for cost in back) == sum(paid.values())
    assert all(isinstance(cost, Cost) and cost.points > 0 for cost in back)

"""What a return takes back: in parts or whole, in any order, never more than was given."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.nouns import Award, Given, Original, Returned
from regulars.kernel.program import rule
from tests.program.story import BASE, STARS, TIERS, bring_back, buy, count, give, line, plan, step

KEEP = BASE.replace("on: [purchase]", "on: [purchase], on_return: keep")
REQUALIFY = (
    "  - {id: big, mechanic: spend, on: [purchase], on_return: requalify,"
    " settings: {currency: points, points: 1, per_minor: 100, minimum_minor: 5000}}\n"
)


def back(number: int, amount_minor: int, quantity_milli: int = 0) -> Returned:
    return Returned(line=number, amount_minor=amount_minor, quantity_milli=quantity_milli)


@pytest.mark.parametrize(
    ("returns", "taken"),
    [
        ([[]], [-100]),  # all that is left
        ([[back(1, 5000)]], [-50]),
        ([[back(1, 2500)], [back(1, 2500)], []], [-25, -25, -50]),
        ([[back(1, 99)], [back(1, 1)]], [0, -1]),  # rounds for the member, and catches up
        ([[back(1, 9999)], []], [-50, -50]),  # more money than the line was: the line, no more
        ([[], []], [-100, 0]),  # twice everything is once everything
    ],
)
def test_proportional(returns: list[list[Returned]], taken: list[int]) -> None:
    deal = plan(BASE)
    purchase = buy(line(5000), line(5000))
    answers = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), returns)
    assert [count(answer).get(("base", "points"), 0) for answer in answers] == taken


def test_taken_points_name_their_lines_and_say_why() -> None:
    deal = plan(BASE)
    purchase = buy(line(5000), line(3000))
    (answer,) = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), [[back(2, 1500)]])
    (posting,) = answer.postings
    assert (posting.points, posting.lines) == (-15, ((2, -15),))
    assert [(it.code, dict(it.values)) for it in answer.reasons] == [
        ("taken_back", {"points": 15, "currency": "points"})
    ]


def test_keep_keeps() -> None:
    deal = plan(KEEP)
    purchase = buy(line(5000))
    (answer,) = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), [[]])
    assert answer.postings == ()
    assert [it.code for it in answer.reasons] == ["kept"]


@pytest.mark.parametrize(
    ("returns", "taken"),
    [
        ([[back(1, 1000)]], [-10]),  # 60 dollars left: still big
        ([[back(1, 1000)], [back(1, 1500)]], [-10, -60]),  # 45 left: nothing is
        ([[back(1, 4000)]], [-70]),
        ([[]], [-70]),
    ],
)
def test_requalify_takes_all_when_the_rest_would_not_earn(returns: list[list[Returned]], taken: list[int]) -> None:
    deal = plan(REQUALIFY)
    purchase = buy(line(4000), line(3000))
    answers = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), returns)
    assert [count(answer)["big", "points"] for answer in answers] == taken


ITEMS = (
    "  - {id: items, mechanic: bonus, on: [purchase], on_return: requalify, when: basket.count >= 3,"
    " settings: {currency: points, points: 30}}\n"
)
PAIRS = (
    "  - {id: wine, mechanic: bonus, on: [purchase], on_return: requalify, when: \"'WINE' in basket.categories\","
    " settings: {currency: points, points: 30}}\n"
)


@pytest.mark.parametrize(
    ("offer", "returns", "taken"),
    [
        (ITEMS, [[back(2, 1000)]], [0]),  # a part of the second: three items are left
        (ITEMS, [[back(2, 1000)], [back(2, 1000)]], [0, 0]),  # four were bought
        (ITEMS, [[back(2, 2000)], [back(4, 500)]], [0, -30]),  # the second and the fourth: two are left
        (ITEMS, [[back(4, 0, 1000)]], [0]),  # what costs money comes back by its money
        (PAIRS, [[back(3, 0, 500)], [back(3, 0, 500)]], [0, -30]),  # the free wine, by its quantity
        (PAIRS, [[back(1, 1000), back(2, 2000), back(4, 500)]], [0]),  # only the wine is left
        (PAIRS, [[back(1, 1000), back(2, 2000), back(3, 0, 1000), back(4, 500)], []], [-30, 0]),  # line by line: all
    ],
)
def test_requalify_sees_no_line_that_is_wholly_back(
    offer: str, returns: list[list[Returned]], taken: list[int]
) -> None:
    deal = plan(offer)
    purchase = buy(line(1000), line(2000, "FUEL"), line(0, "WINE"), line(500))
    answers = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), returns)
    assert [sum(count(answer).values()) for answer in answers] == taken


def test_requalify_reads_what_others_gave_for_the_lines_that_are_left() -> None:
    deal = plan(
        BASE,
        "  - {id: wine, mechanic: multiplier, on: [purchase], on_return: requalify, when: basket.total >= 3000,"
        " settings: {currency: points, times: 2, lines: {categories: [WINE]}}}\n",
    )
    purchase = buy(line(2000), line(1000, "WINE"), line(4000, "WINE"))
    given = rule(deal, {}, step(deal, purchase))
    assert count(given) == {("base", "points"): 70, ("wine", "points"): 50}
    # Without the first line the wine is lines 1 and 2: what `base` gave for them is still theirs.
    first, second, third = bring_back(deal, purchase, given, [[back(1, 2000)], [back(2, 1000)], [back(3, 1001)]])
    assert count(first) == {("base", "points"): -20}
    assert count(second) == {("base", "points"): -10, ("wine", "points"): -10}
    assert count(third)["wine", "points"] == -40


def test_requalify_is_not_fooled_by_a_tier_that_changed_since() -> None:
    deal = plan(REQUALIFY.replace("minimum_minor: 5000", "times: {yes: {times: 2}}, times_by: vip"))
    purchase = buy(line(4000), line(4000))
    given = rule(deal, {}, step(deal, purchase, traits={"vip": "yes"}))
    assert count(given) == {("big", "points"): 160}
    (answer,) = bring_back(deal, purchase, given, [[back(1, 4000)]])
    assert count(answer) == {("big", "points"): -80}


def test_free_line_goes_back_by_quantity() -> None:
    deal = plan(BASE)
    purchase = buy(line(0, quantity_milli=4000), line(0))
    award = Given(offer="base", award=Award(currency="points", points=10, lines=((1, 8), (2, 2))))
    original = Original(activity=purchase, given=(award,), returned_minor={}, returned_milli={}, taken={})
    activity = msgspec.structs.replace(purchase, kind="return", lines=(), returned=(back(1, 0, 1000),))
    assert count(rule(deal, {}, step(deal, activity, original=original))) == {("base", "points"): -2}


def test_offer_that_is_gone_is_taken_back_in_proportion() -> None:
    before, after = plan(BASE, STARS, TIERS), plan(STARS, TIERS)
    purchase = buy(line(1000))
    given = rule(before, {}, step(before, purchase))
    (answer,) = bring_back(after, purchase, given, [[back(1, 500)]])
    assert count(answer) == {("base", "points"): -5, ("stars", "stars"): -5}


def test_return_without_its_purchase_takes_nothing_and_says_so() -> None:
    deal = plan(BASE)
    answer = rule(deal, {}, step(deal, buy(kind="return")))
    assert answer.postings == ()
    assert [it.code for it in answer.reasons] == ["original_missing"]


def test_level_falls_with_the_purchase_that_reached_it() -> None:
    deal = plan(STARS, TIERS)
    purchase = buy(line(20_000))
    given = rule(deal, {}, step(deal, purchase))
    assert [it.value for it in given.traits] == ["gold"]
    first, second = bring_back(deal, purchase, given, [[back(1, 5000)], []])
    assert first.traits == ()
    assert [it.value for it in second.traits] == ["green"]


def test_level_stays_where_its_offer_keeps() -> None:
    deal = plan(STARS, TIERS.replace("on: [purchase]", "on: [purchase]\n    on_return: keep"))
    purchase = buy(line(20_000))
    (answer,) = bring_back(deal, purchase, rule(deal, {}, step(deal, purchase)), [[]])
    assert answer.traits == ()
    assert answer.memories == {}


@given(
    data=st.data(), offer=st.sampled_from([BASE, REQUALIFY, BASE.replace("per_minor: 100", "per_minor: 7, round: up")])
)
def test_returns_of_everything_take_exactly_everything(data: st.DataObject, offer: str) -> None:
    deal = plan(offer)
    amounts = data.draw(st.lists(st.integers(0, 5000), min_size=1, max_size=8))
    purchase = buy(*(line(amount) for amount in amounts))
    given = rule(deal, {}, step(deal, purchase))
    parts = [back(number, part, 100) for number, amount in enumerate(amounts, 1) for part in split(data, amount)]
    chance: random.Random = data.draw(st.randoms(use_true_random=False))
    chance.shuffle(parts)
    cut = data.draw(st.integers(1, 3))
    returns = [parts[start : start + cut] for start in range(0, len(parts), cut)]
    answers = bring_back(deal, purchase, given, [*returns, []])
    whole = count(given)
    taken = dict.fromkeys(whole, 0)
    for answer in answers:
        for key, points in count(answer).items():
            assert points < 0
            taken[key] -= points
            assert taken[key] <= whole[key]
        for posting in answer.postings:
            assert not posting.lines or sum(part for _, part in posting.lines) == posting.points
    assert taken == whole
    assert {it.offer for it in give(given)} == {offer for offer, _ in whole}


def split(data: st.DataObject, amount: int) -> list[int]:
    """Cut an amount in one to three parts."""
    first = data.draw(st.integers(0, amount))
    second = data.draw(st.integers(0, amount - first))
    return [first, second, amount - first - second]

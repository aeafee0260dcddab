"""Conditions of offers: whether they hold, what happens when they cannot be judged, and what a return makes of them."""

from datetime import datetime, timedelta

import msgspec
import pytest

from regulars.kernel.nouns import Returned, Scalar
from regulars.kernel.program import Plan, compile_plan, parse, rule
from tests.program.story import BASE, HEAD, NOON, STARS, TIERS, bring_back, buy, count, line, problems, step

JUNE = NOON + timedelta(days=90)


def write(when: str, rest: str = "") -> str:
    """The small programme with one offer under this condition."""
    offer = BASE.replace("id: base,", f"id: base, when: '{when}',{rest}")
    return HEAD + STARS + TIERS + offer


def offer(when: str, rest: str = "") -> Plan:
    return compile_plan(parse(write(when, rest)))


def earns(deal: Plan, *lines: tuple[int, str], at: datetime = NOON, traits: dict[str, Scalar] | None = None) -> bool:
    bought = buy(*(line(amount, category) for amount, category in lines), at=at, store="north")
    return any(posting.offer == "base" for posting in rule(deal, {}, step(deal, bought, traits=traits)).postings)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("basket.total >= 5000", True),
        ("basket.total > 5000", False),
        ('basket.categories.exists(c, c == "WINE")', True),
        ('activity.store == "north" && activity.weekday == 1 && activity.hour == 12', True),
        ('member.tier == "gold"', True),
        ('member.tier == "green" || basket.count == 2', True),
        ('member.tier == "green"', False),
        ("balance.points > 0", False),
    ],
)
def test_an_offer_runs_where_its_condition_holds(when: str, *, expected: bool) -> None:
    assert earns(offer(when), (3_000, "WINE"), (2_000, "FUEL"), traits={"tier": "gold"}) == expected


def test_a_condition_that_cannot_be_judged_gives_nothing_and_blocks_no_sale() -> None:
    deal = offer("basket.total / (basket.count - 1) > 100")
    assert earns(deal, (3_000, ""), (3_000, ""))
    ruling = rule(deal, {}, step(deal, buy(line(3_000))))
    assert count(ruling) == {("stars", "stars"): 30}
    assert [dict(it.values) for it in ruling.reasons if (it.offer, it.code) == ("base", "condition_failed")] == [
        {"why": "divided_by_zero"}
    ]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("basket.totel >= 5000", "at line 1, column 8 of the condition"),
        ("basket.total >= 5000.5", "of the condition"),
        ("basket.total + 1", "of the condition"),
        ('member.tier == "glod"', "did you mean"),
        ("basket.total >=", "of the condition"),
        ("true && " * 300 + "true", "at most 2000"),
    ],
)
def test_a_condition_that_says_nothing_is_refused_with_its_place(when: str, said: str) -> None:
    found = problems(write(when))
    assert [(at, place) for at, place, message in found if said in message] == [
        (write("").count("\n"), "offers[2].when"),
    ], found


def test_a_return_of_what_the_condition_asked_for_takes_all_back_where_the_offer_requalifies() -> None:
    deal = offer("basket.total >= 5000", " on_return: requalify,")
    purchase = buy(line(4_000), line(2_000))
    ruling = rule(deal, {}, step(deal, purchase))
    (part,) = bring_back(deal, purchase, ruling, [[Returned(line=2, amount_minor=500)]])
    assert count(part)["base", "points"] == -5
    (rest,) = bring_back(deal, purchase, ruling, [[Returned(line=2, amount_minor=2_000)]])
    assert count(rest)["base", "points"] == -60


def test_a_return_by_line_takes_its_share_however_the_condition_would_be_judged_now() -> None:
    deal = offer("basket.total >= 5000")
    purchase = buy(line(4_000), line(2_000))
    ruling = rule(deal, {}, step(deal, purchase))
    back = bring_back(deal, purchase, ruling, [[Returned(line=2, amount_minor=2_000)], []])
    assert [count(answer)["base", "points"] for answer in back] == [-20, -40]


def test_levels_that_did_not_count_a_purchase_do_not_lose_it_in_its_return() -> None:
    tiers = TIERS.replace("id: tiers", "id: tiers\n    when: 'activity.channel == \"app\"'")
    deal = compile_plan(parse(HEAD + STARS + tiers))
    till = buy(line(5_000))
    app = msgspec.structs.replace(buy(line(5_000)), channel="app")
    for purchase, counted in ((till, False), (app, True)):
        memories = dict(rule(deal, {}, step(deal, app)).memories)
        ruling = rule(deal, memories, step(deal, purchase))
        assert ("tiers" in ruling.memories) == counted
        (back,) = bring_back(deal, purchase, ruling, [[]])
        assert ("tiers" in back.memories) == counted


def test_an_offer_without_a_condition_is_not_looked_at_by_the_engine() -> None:
    deal = compile_plan(parse(HEAD + BASE))
    assert all(bound.gates == () for bound in deal.offers.values())

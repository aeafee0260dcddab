"""How much an offer gives at most: limits by member and period in any order, shared limits, budgets of money."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.nouns import Claim, Returned, Ruling
from regulars.kernel.program import Plan, compile_plan, parse, rule
from regulars.kernel.program.caps import KEEP_DAYS, MICRO, afford, cost_micro, span_of
from regulars.kernel.program.envelope import Period
from regulars.kernel.program.model import Value
from tests.program.story import (
    BASE,
    HEAD,
    MEMBER,
    NOON,
    STARS,
    TIERS,
    bring_back,
    buy,
    count,
    line,
    plan,
    problems,
    step,
)

HOUSE = UUID(int=77)
KEY = "base:limits"


def offer(envelope: str) -> Plan:
    """The small programme with one offer: a point for a dollar."""
    return plan(BASE.replace("id: base,", f"id: base, {envelope},"))


def go(deal: Plan, purchases: Sequence[tuple[datetime, int]], memories: dict[str, bytes] | None = None) -> list[int]:
    """Points for purchases of so many dollars, one after the other."""
    known = {} if memories is None else memories
    points: list[int] = []
    for at, dollars in purchases:
        ruling = rule(deal, known, step(deal, buy(line(dollars * 100), at=at)))
        known.update(ruling.memories)
        points.append(count(ruling).get(("base", "points"), 0))
    return points


def day(text: str) -> datetime:
    """Noon of a day in Chicago."""
    return datetime.fromisoformat(f"{text}T18:00:00+00:00")


@pytest.mark.parametrize(
    ("limits", "dates", "points"),
    [
        ("{points: 100, period: ever}", ["2017-03-06", "2017-04-06", "2018-03-06"], [60, 40, 0]),
        ("{points: 100, period: day}", ["2017-03-06", "2017-03-06", "2017-03-07"], [60, 40, 60]),
        # Sunday the 12th ends the week that Monday the 6th began.
        ("{points: 100, period: week}", ["2017-03-06", "2017-03-12", "2017-03-13"], [60, 40, 60]),
        ("{points: 100, period: month}", ["2017-03-31", "2017-03-01", "2017-04-01"], [60, 40, 60]),
        ("{points: 100, period: year}", ["2017-01-01", "2017-12-31", "2018-01-01"], [60, 40, 60]),
        ("{times: 2, period: month}", ["2017-03-01", "2017-03-02", "2017-03-03", "2017-04-01"], [60, 60, 0, 60]),
        ("{times: 1, period: day}, {points: 100, period: month}", ["2017-03-01", "2017-03-01"], [60, 0]),
        ("{times: 1, period: day}, {points: 100, period: month}", ["2017-03-01", "2017-03-02"], [60, 40]),
    ],
)
def test_a_member_gets_no_more_than_that_within_a_period(limits: str, dates: list[str], points: list[int]) -> None:
    deal = offer(f"limits: [{limits}]")
    assert go(deal, [(day(each), 60) for each in dates]) == points


def test_what_a_limit_left_out_is_told() -> None:
    deal = offer("limits: [{points: 100, period: month}]")
    memories: dict[str, bytes] = {}
    go(deal, [(NOON, 60)], memories)
    second = rule(deal, memories, step(deal, buy(line(6_000), line(4_000))))
    assert [(reason.code, dict(reason.values)) for reason in second.reasons] == [
        ("limit_reached", {"asked": 100, "given": 40, "per": "member", "period": "month"}),
        ("earned", {"points": 40, "currency": "points", "amount_minor": 10_000}),
    ]
    assert second.postings[0].lines == ((1, 24), (2, 16))
    memories.update(second.memories)
    third = rule(deal, memories, step(deal, buy(line(6_000))))
    assert (third.postings, third.memories) == ((), {})
    assert [(reason.code, dict(reason.values)) for reason in third.reasons] == [
        ("limit_reached", {"per": "member", "period": "month"})
    ]


def test_the_clock_of_the_programme_says_which_day_it_is() -> None:
    deal = offer("limits: [{points: 100, period: day}]")
    midnight = datetime(2017, 3, 7, 6, tzinfo=UTC)
    assert go(deal, [(midnight - timedelta(seconds=1), 100), (midnight, 100)]) == [100, 100]


def test_any_order_gives_the_same_sum_and_the_same_memory() -> None:
    deal = offer("limits: [{points: 100, period: week}, {points: 170, period: month}]")
    dollars = {6: 70, 9: 80, 12: 5, 13: 60, 30: 9}
    purchases = [(day(f"2017-03-{number:02}"), asked) for number, asked in dollars.items()]
    seen = set[tuple[int, bytes]]()
    for order in permutations(purchases):
        memories: dict[str, bytes] = {}
        seen.add((sum(go(deal, order, memories)), memories[KEY]))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 100 + 60 + 9


@given(
    purchases=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 80)), max_size=12),
    chance=st.randoms(use_true_random=False),
    period=st.sampled_from(["day", "week", "month"]),
)
def test_no_order_overruns_a_period(purchases: list[tuple[int, int]], chance: random.Random, period: Period) -> None:
    deal = offer(f"limits: [{{points: 100, period: {period}}}]")
    facts = [(NOON + timedelta(days=days), dollars) for days, dollars in purchases]
    shuffled = chance.sample(facts, len(facts))
    totals: list[dict[str, int]] = []
    for order in (facts, shuffled):
        given: dict[str, int] = {}
        for (at, _), points in zip(order, go(deal, order), strict=True):
            name = span_of(deal.day_of(at), period)[0]
            given[name] = given.get(name, 0) + points
        totals.append(given)
    asked: dict[str, int] = {}
    for at, dollars in facts:
        name = span_of(deal.day_of(at), period)[0]
        asked[name] = asked.get(name, 0) + dollars
    assert totals == [{name: min(sum_, 100) for name, sum_ in asked.items()}] * 2


def test_a_period_that_is_no_longer_remembered_has_nothing_left() -> None:
    deal = offer("limits: [{points: 100, period: day}]")
    memories: dict[str, bytes] = {}
    last = NOON + timedelta(days=KEEP_DAYS)
    assert go(deal, [(NOON, 100), (last, 100), (last + timedelta(days=1), 100)], memories) == [100, 100, 100]
    # The first day is forgotten by now. What was given then nobody knows, so nothing more is given.
    assert go(deal, [(NOON, 100), (NOON + timedelta(days=1), 100)], memories) == [0, 100]


def test_a_memory_does_not_grow_with_the_years() -> None:
    deal = offer("limits: [{points: 100, period: day}, {points: 1000, period: month}, {times: 9999, period: ever}]")
    memories: dict[str, bytes] = {}
    go(deal, [(NOON + timedelta(days=days), 1) for days in range(400)], memories)
    assert len(msgspec.json.decode(memories[KEY])["periods"]) == KEEP_DAYS + 1 + 2 + 1
    assert msgspec.json.decode(memories[KEY])["periods"]["ever"][2:] == [0, 400]


def test_a_return_opens_the_limit_of_the_purchases_period_again() -> None:
    deal = offer("limits: [{points: 100, period: month}, {times: 3, period: month}]")
    purchase = buy(line(6_000), line(4_000))
    memories: dict[str, bytes] = {}
    ruling = rule(deal, memories, step(deal, purchase))
    back = bring_back(deal, purchase, ruling, [[Returned(line=2, amount_minor=4_000)]])
    assert count(back[0]) == {("base", "points"): -40}
    memories = {**ruling.memories, **back[0].memories}
    assert go(deal, [(NOON, 100)], memories) == [40]
    # The return took back 40 points, but the purchase still was a time.
    assert msgspec.json.decode(memories[KEY])["periods"]["2017-03"][2:] == [100, 2]


def test_a_return_in_the_next_month_leaves_that_months_limit_alone() -> None:
    deal = offer("limits: [{points: 100, period: month}]")
    purchase = buy(line(10_000), at=day("2017-03-31"))
    ruling = rule(deal, {}, step(deal, purchase))
    (back,) = bring_back(deal, purchase, ruling, [[]])
    memories = {**ruling.memories, **back.memories}
    assert go(deal, [(day("2017-04-02"), 70), (day("2017-04-03"), 70)], memories) == [70, 30]


def test_together_two_members_had_what_both_had() -> None:
    deal = offer("limits: [{points: 100, period: month}]")
    first, second = dict[str, bytes](), dict[str, bytes]()
    go(deal, [(NOON, 60)], first)
    go(deal, [(NOON, 90), (NOON + timedelta(days=28), 10)], second)
    joined = {KEY: deal.merge(KEY, first[KEY], second[KEY])}
    assert go(deal, [(NOON, 60), (NOON + timedelta(days=28), 100)], joined) == [0, 90]


def test_a_mechanic_with_a_memory_of_its_own_goes_on_counting() -> None:
    deal = plan(STARS, TIERS.replace("id: tiers", "id: tiers\n    limits: [{times: 1}]"))
    assert set(rule(deal, {}, step(deal, buy(line(500)))).memories) == {"tiers"}


def share(
    deal: Plan, dollars: int, *, store: str, household: UUID | None, left: Mapping[str, int] | None = None
) -> Ruling:
    """A purchase of somebody in a household, in a store."""
    seen = step(deal, buy(line(dollars * 100), store=store), left=left)
    return rule(deal, {}, msgspec.structs.replace(seen, household=household))


@pytest.mark.parametrize(
    ("limit", "household", "store", "ceiling"),
    [
        ("per: household, period: month", HOUSE, "", f"household:2017-03:{HOUSE}"),
        ("per: household, period: month", None, "", f"household:2017-03:{MEMBER}"),
        ("per: store, period: day", None, "a:b", "store:2017-03-06:a:b"),
        ("per: store, period: week", None, "", "store:2017-W10:"),
        ("per: offer, period: year", None, "a", "offer:2017:"),
        ("per: offer, period: ever", HOUSE, "", "offer:ever:"),
    ],
)
def test_what_many_share_is_claimed_under_a_ceiling(
    limit: str, household: UUID | None, store: str, ceiling: str
) -> None:
    deal = offer(f"limits: [{{points: 100, {limit}}}, {{times: 3, {limit}}}]")
    names = [f"limit:base:points:{ceiling}", f"limit:base:times:{ceiling}"]
    owner = household or MEMBER
    assert deal.scarce("purchase", deal.day_of(NOON), owner, store) == (set(), dict(zip(names, (100, 3), strict=True)))
    # A ceiling that is not there yet has everything left.
    ruling = share(deal, 120, store=store, household=household)
    assert count(ruling) == {("base", "points"): 100}
    assert ruling.claims == (Claim(ceiling=names[0], amount=100), Claim(ceiling=names[1], amount=1))
    clipped = share(deal, 60, store=store, household=household, left={names[0]: 7})
    assert count(clipped) == {("base", "points"): 7}
    for shut in names:
        spent = share(deal, 60, store=store, household=household, left={shut: 0})
        assert (spent.postings, spent.claims) == ((), ())
        assert [reason.code for reason in spent.reasons] == ["limit_reached"]


def test_a_budget_of_money_is_spent_at_the_fair_value_of_the_points() -> None:
    deal = offer("budget: {money_minor: 25}")
    assert deal.ceilings == (("offer:base:money", 25 * MICRO),)
    # Two points are worth a cent.
    ruling = rule(deal, {}, step(deal, buy(line(3_100))))
    assert count(ruling) == {("base", "points"): 31}
    assert ruling.claims == (Claim(ceiling="offer:base:money", amount=15_500_000),)
    ruling = rule(deal, {}, step(deal, buy(line(9_000))))
    assert count(ruling) == {("base", "points"): 50}
    assert [reason.code for reason in ruling.reasons] == ["budget_spent", "earned"]


@given(
    minor=st.integers(0, 10**9),
    per=st.integers(1, 10**9),
    points=st.integers(1, 2**53 - 1),
    left=st.integers(0, 10**18),
)
def test_money_is_rounded_up_and_never_overspent(minor: int, per: int, points: int, left: int) -> None:
    value = Value(minor=minor, per_points=per)
    exact = Fraction(points * minor * MICRO, per)
    assert 0 <= cost_micro(points, value) - exact < 1
    fits = afford(left, points, value)
    assert 0 <= fits <= points
    assert cost_micro(fits, value) <= left
    assert fits == points or cost_micro(fits + 1, value) > left


def test_the_tightest_decides_and_all_are_drawn_on() -> None:
    deal = offer("budget: {points: 1000, money_minor: 30}, limits: [{points: 50, period: day}, {times: 9, per: store}]")
    ruling = rule(deal, {}, step(deal, buy(line(9_000))))
    assert count(ruling) == {("base", "points"): 50}
    assert {claim.ceiling: claim.amount for claim in ruling.claims} == {
        "offer:base:points": 50,
        "offer:base:money": 25 * MICRO,
        "limit:base:times:store:ever:": 1,
    }
    ruling = rule(deal, {}, step(deal, buy(line(9_000)), left={"offer:base:points": 20}))
    assert count(ruling) == {("base", "points"): 20}
    assert ruling.reasons[0].code == "budget_spent"


@pytest.mark.parametrize(
    ("text", "period", "name"),
    [
        ("2026-03-01", "day", "2026-03-01"),
        ("2026-03-01", "week", "2026-W09"),
        ("2026-03-02", "week", "2026-W10"),  # weeks begin on Monday
        ("2027-01-01", "week", "2026-W53"),  # and belong to the year of their Thursday
        ("2026-03-01", "month", "2026-03"),
        ("2026-03-01", "year", "2026"),
        ("2026-03-01", "ever", "ever"),
    ],
)
def test_periods_have_names(text: str, period: Period, name: str) -> None:
    assert span_of(date.fromisoformat(text).toordinal(), period)[0] == name


@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
@given(number=st.integers(date(1990, 1, 1).toordinal(), date(2090, 1, 1).toordinal()))
def test_periods_part_the_days_without_a_gap(period: Period, number: int) -> None:
    name, first, last = span_of(number, period)
    assert first <= number <= last
    assert span_of(first, period) == span_of(last, period) == (name, first, last)
    assert span_of(last + 1, period)[1] == last + 1
    assert span_of(last + 1, period)[0] != name


@pytest.mark.parametrize(
    ("envelope", "path", "said"),
    [
        ("limits: [{period: day}]", "limits[0]", "either 'points' or 'times'"),
        ("limits: [{points: 1, times: 1}]", "limits[0]", "either 'points' or 'times'"),
        ("limits: [{points: 0}]", "limits[0].points", "the least is 1"),
        ("limits: [{points: 1, per: shop}]", "limits[0].per", "not one of"),
        ("limits: [{points: 1, period: hour}]", "limits[0].period", "not one of"),
        ("limits: [{points: 1}, {times: 2}, {points: 3}]", "limits[2]", "per member and ever already, at number 1"),
        ("budget: {}", "budget", "'points' or 'money_minor'"),
        ("budget: {money_minor: 1000000000001}", "budget.money_minor", "the most is 1000000000000"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused_with_its_place(envelope: str, path: str, said: str) -> None:
    text = HEAD + BASE.replace("id: base,", f"id: base, {envelope},")
    found = problems(text)
    assert [(place, at) for at, place, message in found if said in message] == [
        (f"offers[0].{path}", text.count("\n")),
    ], found


def test_a_budget_of_money_for_points_that_are_worth_none_is_refused() -> None:
    text = HEAD + STARS.replace("id: stars,", "id: stars, budget: {money_minor: 5},")
    assert [(place, message[:43]) for _, place, message in problems(text)] == [
        ("offers[0].budget.money_minor", "a budget of money would never be spent: sta")
    ]


def test_a_plan_names_the_kinds_of_activity_that_need_a_ceiling() -> None:
    assert set(offer("limits: [{points: 1}]").drawing) == {"purchase"}
    assert not offer("priority: 1").drawing
    assert compile_plan(parse(HEAD + BASE)).scarce("purchase", 1, MEMBER, "") == (set(), {})

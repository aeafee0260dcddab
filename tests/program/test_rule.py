"""The fold: order, schedules, budgets, dates, and what may never happen."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.nouns import AMOUNT_MAX, Award, Claim, Earned, Reason, Ruling
from regulars.kernel.program import (
    UNTIL_EVENT,
    MechanicBroken,
    MemoryUnreadable,
    Plan,
    PointsOverflow,
    compile_plan,
    parse,
    rule,
)
from tests.program.story import BASE, HEAD, STARS, TIERS, buy, line, plan, step

BONUS = """\
  - id: bonus
    mechanic: spend
    on: [purchase]
    schedule: {from: 2017-06-01, until: 2017-06-30}
    budget: {points: 100}
    funder: growers
    settings: {currency: points, points: 1, per_minor: 10}
"""
CEILING = "offer:bonus:points"
JUNE = datetime(2017, 6, 15, 17, 0, tzinfo=UTC)


def test_posting_says_everything_that_the_lot_must_remember() -> None:
    deal = plan(BASE)
    (posting,) = rule(deal, {}, step(deal, buy(line(150), line(4999)))).postings
    assert posting.points == 51
    assert posting.lines == ((1, 1), (2, 50))
    assert posting.usable_from == datetime(2017, 3, 20, 5, tzinfo=UTC)  # midnight in Chicago, after the clock changed
    assert posting.expires_at == datetime(2018, 4, 1, 5, tzinfo=UTC)  # March is the last month in which it counts
    assert (posting.funder, posting.value_micro) == ("house", 500_000)


def test_every_offer_that_fired_says_why() -> None:
    deal = plan(BASE)
    ruling = rule(deal, {}, step(deal, buy(line(500))))
    assert ruling.reasons == (
        Reason(offer="base", code="earned", values={"points": 5, "currency": "points", "amount_minor": 500}),
    )


def test_other_kinds_earn_nothing() -> None:
    deal = plan(BASE)
    assert deal.earns("purchase")
    assert not deal.earns("visit")
    ruling = rule(deal, {}, step(deal, buy(line(500), kind="visit")))
    assert ruling.postings == ()
    assert ruling.reasons == ()


@pytest.mark.parametrize(
    ("at", "runs"),
    [
        (datetime(2017, 6, 1, 4, 59, tzinfo=UTC), False),  # still May in Chicago
        (datetime(2017, 6, 1, 5, 0, tzinfo=UTC), True),
        (datetime(2017, 7, 1, 4, 59, tzinfo=UTC), True),  # the last minute of June
        (datetime(2017, 7, 1, 5, 0, tzinfo=UTC), False),
    ],
)
def test_schedule_runs_by_local_days_both_included(at: datetime, *, runs: bool) -> None:
    deal = plan(BONUS)
    ruling = rule(deal, {}, step(deal, buy(line(50), at=at)))
    assert bool(ruling.postings) == runs
    assert [reason.code for reason in ruling.reasons] == (["earned"] if runs else [])


def test_budget_clips_the_last_award_and_then_gives_nothing() -> None:
    deal = plan(BONUS)
    assert deal.ceilings == ((CEILING, 100),)
    ruling = rule(deal, {}, step(deal, buy(line(500), line(300), at=JUNE), left={CEILING: 40}))
    (posting,) = ruling.postings
    assert (posting.points, posting.lines, posting.funder) == (40, ((1, 25), (2, 15)), "growers")
    assert ruling.claims == (Claim(ceiling=CEILING, amount=40),)
    assert [(reason.code, dict(reason.values)) for reason in ruling.reasons] == [
        ("budget_spent", {"asked": 80, "given": 40}),
        ("earned", {"points": 40, "currency": "points", "amount_minor": 800}),
    ]
    spent = rule(deal, {}, step(deal, buy(line(500), at=JUNE), left={CEILING: 0}))
    assert (spent.postings, spent.claims) == ((), ())
    assert [reason.code for reason in spent.reasons] == ["budget_spent"]


@given(baskets=st.lists(st.lists(st.integers(0, 2000), min_size=1, max_size=6), max_size=12))
def test_budget_is_never_overrun(baskets: list[list[int]]) -> None:
    deal = plan(BONUS)
    left = dict(deal.ceilings)
    given = 0
    for amounts in baskets:
        ruling = rule(deal, {}, step(deal, buy(*(line(amount) for amount in amounts), at=JUNE), left=left))
        for posting in ruling.postings:
            assert sum(part for _, part in posting.lines) == posting.points
            given += posting.points
        for claim in ruling.claims:
            left[claim.ceiling] -= claim.amount
    assert given + left[CEILING] == 100
    assert left[CEILING] >= 0


@given(st.randoms(use_true_random=False))
def test_order_of_offers_in_the_document_changes_nothing(chance: random.Random) -> None:
    offers = [BASE, STARS, TIERS, BONUS, BASE.replace("id: base", "id: more, priority: -1")]
    shuffled = list(offers)
    chance.shuffle(shuffled)
    first, second = plan(*offers), plan(*shuffled)
    assert list(first.offers) == list(second.offers) == ["more", "base", "bonus", "stars", "tiers"]
    basket = buy(line(12_345, "PRODUCE"), line(99), at=JUNE)
    assert rule(first, {}, step(first, basket)) == rule(second, {}, step(second, basket))


def test_levels_see_the_stars_of_the_same_basket() -> None:
    deal = plan(TIERS, STARS)
    ruling = rule(deal, {}, step(deal, buy(line(10_000))))
    assert [(it.name, it.value) for it in ruling.traits] == [("tier", "gold")]
    assert deal.remembers == {"tiers"} == set(ruling.memories)
    (due,) = ruling.later
    assert (due.name, due.kind, dict(due.data)) == ("review:tiers", "tier.review", {"offer": "tiers"})


def test_unchanged_memory_is_not_written_again() -> None:
    deal = plan(TIERS, STARS)
    memories = rule(deal, {}, step(deal, buy(line(500)))).memories
    assert rule(deal, memories, step(deal, buy(line(50)))).memories == {}


def test_review_is_for_the_offer_that_left_it() -> None:
    others = TIERS.replace("id: tiers", "id: others").replace("counts: stars", "counts: stars\n      trait: club")
    deal = plan(TIERS, others, STARS)
    review = msgspec.structs.replace(buy(kind="tier.review"), data={"offer": "others"})
    assert set(rule(deal, {}, step(deal, review)).memories) == {"others"}


def test_damaged_memory_is_an_alarm() -> None:
    deal = plan(TIERS, STARS)
    with pytest.raises(MemoryUnreadable, match="tiers"):
        rule(deal, {"tiers": b'{"days": "none"}'}, step(deal, buy(line(500))))


def test_points_beyond_counting_are_refused() -> None:
    deal = plan(BASE.replace("points: 1, per_minor: 100", "points: 1000000, per_minor: 1"))
    with pytest.raises(PointsOverflow) as refused:
        rule(deal, {}, step(deal, buy(line(AMOUNT_MAX))))
    assert refused.value.code == "points_overflow"


def test_points_that_would_end_before_use_are_not_given() -> None:
    soon = HEAD.replace("{model: rolling, months: 12, round_to: month_end}", "{model: fixed, date: 2017-03-10}")
    deal = compile_plan(parse(soon + BASE))
    ruling = rule(deal, {}, step(deal, buy(line(500))))
    assert ruling.postings == ()
    assert [reason.code for reason in ruling.reasons] == ["ends_before_use"]


def test_points_that_wait_for_an_event_are_given_and_keep_their_end() -> None:
    deal = compile_plan(parse(HEAD.replace("pending: {days: 14}", "pending: {until: delivery}") + BASE))
    (posting,) = rule(deal, {}, step(deal, buy(line(500)))).postings
    assert posting.usable_from == UNTIL_EVENT
    assert posting.expires_at == datetime(2018, 4, 1, 5, tzinfo=UTC)


def test_basket_wide_award_is_shared_by_line_when_it_is_given() -> None:
    deal = answer_always(plan(BASE), Earned(awards=(Award(currency="points", points=10),)))
    (posting,) = rule(deal, {}, step(deal, buy(line(1), line(1), line(1)))).postings
    assert posting.lines == ((1, 3), (2, 3), (3, 4))
    (posting,) = rule(deal, {}, step(deal, buy())).postings
    assert posting.lines == ()


@pytest.mark.parametrize(
    "award", [Award(currency="points", points=-1), Award(currency="pints", points=1)], ids=["takes", "unknown currency"]
)
def test_mechanic_that_breaks_its_word_is_an_alarm(award: Award) -> None:
    deal = answer_always(plan(BASE), Earned(awards=(award,)))
    with pytest.raises(MechanicBroken):
        rule(deal, {}, step(deal, buy(line(1))))


def test_awards_of_one_offer_share_its_budget() -> None:
    budget = BASE.replace("on: [purchase]", "on: [purchase], budget: {points: 15}")
    twice = Earned(awards=(Award(currency="points", points=10), Award(currency="points", points=10)))
    deal = answer_always(plan(budget), twice)
    ruling = rule(deal, {}, step(deal, buy(line(1))))
    assert [posting.points for posting in ruling.postings] == [10, 5]
    assert sum(claim.amount for claim in ruling.claims) == 15


def test_award_of_nothing_leaves_nothing() -> None:
    deal = answer_always(plan(BASE), Earned(awards=(Award(currency="points", points=0),)))
    assert rule(deal, {}, step(deal, buy(line(1)))) == Ruling()


def answer_always(deal: Plan, earned: Earned) -> Plan:
    """The same plan, with a mechanic that always says the same."""
    offer = deal.offers["base"]
    toy = replace(offer, mechanic=replace(offer.mechanic, earn=lambda _settings, _memory, _step: earned))
    return replace(deal, offers={"base": toy}, by_kind={"purchase": (toy,)})

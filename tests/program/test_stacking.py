"""Offers of one group: all give, the first gives, or the best gives; never does it matter how they are listed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.nouns import Ruling
from regulars.kernel.program import Plan, compile_plan, parse, rule
from tests.program.story import HEAD, STARS, TIERS, bring_back, buy, count, line, plan, problems, step


def offer(id_: str, points: int, more: str = "", currency: str = "points") -> str:
    """An offer that gives so many points for each dollar."""
    return (
        f"  - {{id: {id_}, mechanic: spend, on: [purchase], {more}"
        f" settings: {{currency: {currency}, points: {points}, per_minor: 100}}}}\n"
    )


def in_group(mode: str, group: str = "g") -> str:
    return f"stacking: {{group: {group}, mode: {mode}}},"


def spend(deal: Plan, dollars: int = 10) -> Ruling:
    return rule(deal, {}, step(deal, buy(line(dollars * 100))))


def gave(ruling: Ruling) -> dict[str, int]:
    return {offer_: points for (offer_, _), points in count(ruling).items()}


def outdone(ruling: Ruling) -> dict[str, str]:
    return {reason.offer: str(reason.values["by"]) for reason in ruling.reasons if reason.code == "outdone"}


def test_all_of_a_group_give() -> None:
    deal = plan(offer("a", 1, in_group("all")), offer("b", 2, in_group("all")))
    assert gave(spend(deal)) == {"a": 10, "b": 20}


def test_of_an_exclusive_group_the_first_by_priority_and_id_gives() -> None:
    group = in_group("exclusive")
    deal = plan(offer("a", 3, group), offer("b", 1, f"priority: -1, {group}"), offer("c", 9), offer("d", 2, group))
    ruling = spend(deal)
    assert gave(ruling) == {"b": 10, "c": 90}
    assert outdone(ruling) == {"a": "b", "d": "b"}


def test_of_an_exclusive_group_one_that_gives_nothing_makes_room_for_the_next() -> None:
    group = in_group("exclusive")
    deal = plan(
        offer("a", 1, f"when: basket.total > 5000, {group}"),
        offer("b", 1, f"limits: [{{points: 4, per: store}}], {group}"),
        offer("c", 1, group),
    )
    assert gave(spend(deal)) == {"b": 4}
    assert gave(spend(deal, 51)) == {"a": 51}
    shut = step(deal, buy(line(1_000)), left={"limit:b:points:store:ever:": 0})
    assert gave(rule(deal, {}, shut)) == {"c": 10}


def test_of_a_group_the_best_gives_by_what_it_is_worth_after_its_limits() -> None:
    group = in_group("best")
    deal = plan(
        offer("a", 2, group),
        offer("b", 9, f"budget: {{points: 15}}, {group}"),
        offer("c", 100, group, currency="stars"),
        offer("d", 3, f"priority: 5, {group}"),
    )
    ruling = spend(deal)
    # Stars are worth no money, and b may give no more than 15.
    assert gave(ruling) == {"d": 30}
    assert ruling.claims == ()
    assert outdone(ruling) == {"a": "d", "b": "d", "c": "d"}
    assert [reason.offer for reason in ruling.reasons if reason.code == "budget_spent"] == []


def test_of_equals_the_first_gives() -> None:
    group = in_group("best")
    assert gave(spend(plan(offer("b", 2, group), offer("a", 2, group)))) == {"a": 20}
    assert gave(spend(plan(offer("b", 2, f"priority: -1, {group}"), offer("a", 2, group)))) == {"b": 20}
    assert gave(spend(plan(offer("a", 1, group, "stars"), offer("b", 2, group, "stars")))) == {"a": 10}


def test_the_winners_budget_and_limits_are_drawn_on_and_nobody_elses() -> None:
    group = in_group("best")
    bounds = "limits: [{points: 500, period: day}, {times: 3, per: store}], budget: {points: 1000}"
    deal = plan(offer("a", 1, f"{bounds}, {group}"), offer("b", 2, f"{bounds}, {group}"))
    ruling = spend(deal)
    assert gave(ruling) == {"b": 20}
    assert {claim.ceiling: claim.amount for claim in ruling.claims} == {
        "limit:b:times:store:ever:": 1,
        "offer:b:points": 20,
    }
    assert set(ruling.memories) == {"b:limits"}


def test_a_group_without_a_winner_leaves_its_reasons() -> None:
    group = in_group("best")
    deal = plan(offer("a", 1, f"budget: {{points: 5}}, {group}"), offer("b", 1, f"when: basket.total > 9, {group}"))
    ruling = rule(deal, {}, step(deal, buy(line(0)), left={"offer:a:points": 0}))
    assert gave(ruling) == {}
    assert [(reason.offer, reason.code) for reason in ruling.reasons] == [("a", "budget_spent")]


def test_groups_do_not_mix() -> None:
    deal = plan(
        offer("a", 1, in_group("best", "one")),
        offer("b", 2, in_group("exclusive", "two")),
        offer("c", 3, in_group("best", "one")),
        offer("d", 4, in_group("exclusive", "two")),
    )
    assert gave(spend(deal)) == {"b": 20, "c": 30}


def test_later_offers_see_what_the_best_gave() -> None:
    group = in_group("best")
    stars = [offer("a", 1, group, "stars"), offer("b", 9, f"priority: 1, {group}", "stars")]
    deal = plan(*stars, TIERS)
    # The first of equals gives ten stars a dollar less than the other would: gold would begin at 100.
    ruling = spend(deal, 50)
    assert gave(ruling) == {"a": 50}
    assert [(trait.name, trait.value) for trait in ruling.traits] == [("tier", "green")]


def test_a_return_takes_back_from_who_gave() -> None:
    deal = plan(STARS, offer("a", 1, in_group("exclusive")), offer("b", 1, in_group("exclusive")))
    purchase = buy(line(1_000))
    (back,) = bring_back(deal, purchase, spend(deal), [[]])
    assert gave(back) == {"a": -10, "stars": -10}


MODES = ["", in_group("all", "x"), in_group("best", "y"), in_group("exclusive", "z")]


@given(
    chance=st.randoms(use_true_random=False),
    offers=st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from(MODES), st.integers(-1, 1), st.sampled_from(["points", "stars"])),
        min_size=2,
        max_size=7,
    ),
)
def test_the_order_in_which_offers_are_written_changes_nothing(
    chance: random.Random, offers: list[tuple[int, str, int, str]]
) -> None:
    written = [
        offer(f"o{number}", points, f"priority: {priority}, limits: [{{points: 25, period: day}}], {mode}", currency)
        for number, (points, mode, priority, currency) in enumerate(offers)
    ]
    first, second = plan(*written), plan(*chance.sample(written, len(written)))
    basket = buy(line(700), line(300))
    memories: list[dict[str, bytes]] = [{}, {}]
    for _ in range(3):
        one, two = (
            rule(deal, known, step(deal, basket)) for deal, known in zip((first, second), memories, strict=True)
        )
        assert one == two
        assert len([it for it in gave(one) if offers[int(it[1:])][1] == MODES[2]]) <= 1
        assert len([it for it in gave(one) if offers[int(it[1:])][1] == MODES[3]]) <= 1
        for known in memories:
            known.update(one.memories)


@pytest.mark.parametrize(
    ("offers", "path", "said"),
    [
        (
            [offer("a", 1, in_group("best")), offer("b", 1, in_group("exclusive"))],
            "offers[1].stacking.mode",
            "the group 'g' is 'best' by the offer 'a' (number 1); all of a group agree",
        ),
        (
            [
                STARS,
                offer("a", 1, in_group("best")),
                TIERS.replace("id: tiers", "id: tiers\n    " + in_group("best")[:-1]),
            ],
            "offers[2].stacking.group",
            "only offers of one phase can exclude each other",
        ),
        (
            [offer("a", 1, "stacking: {group: [g, h], mode: exclusive},")],
            "offers[0].stacking.group",
            "text is expected, not a list",
        ),
        (
            [offer("a", 1, "stacking: [{group: g, mode: exclusive}, {group: h, mode: exclusive}],")],
            "offers[0].stacking",
            "a group of settings is expected, not a list",
        ),
    ],
)
def test_groups_that_cannot_be_meant_are_refused_with_their_place(offers: list[str], path: str, said: str) -> None:
    found = problems(HEAD + "".join(offers))
    assert [place for _, place, message in found if said in message] == [path], found


def test_offers_of_different_phases_may_stand_in_a_group_of_which_all_give() -> None:
    tiers = TIERS.replace("id: tiers", "id: tiers\n    " + in_group("all")[:-1])
    assert compile_plan(parse(HEAD + STARS + offer("a", 1, in_group("all")) + tiers)).offers["tiers"].group == ""

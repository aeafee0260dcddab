"""Challenges: what counts, what goals give, in any order, with returns, merges and later versions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from regulars.features.challenges import progress
from regulars.features.challenges.mechanic import (
    JOIN,
    LATE_DAYS,
    Memory,
    Prepared,
    Settings,
    earn,
    merge,
    prepare,
    undo,
)
from regulars.features.challenges.model import LABELS_MAX
from regulars.kernel.nouns import Activity, Award, Earned, Given, Grant, Line, Original, Returned, Step
from regulars.kernel.program import Calendar
from tests.program.story import MEMBER

CALENDAR = Calendar(zone=ZoneInfo("Asia/Shanghai"))
START = date(2026, 6, 1).toordinal()
"""A Monday, the first of its month."""
VISITS = {"counts": {"of": "days"}}
SPEND = {"counts": {"of": "spend"}}
STEPS = {"goals": [{"id": "one", "at": 2, "points": 10}, {"id": "all", "at": 4, "points": 100}]}
STAMPS = {"goals": [{"id": "free", "every": 3, "points": 30}]}
LATTE = Line(sku="latte", amount_minor=1500, categories=("DRINKS", "COFFEE"), brand="Ours")

Fact = tuple[int, int]
"""(day from the start, money)."""


def make(*settings: Mapping[str, Any]) -> Prepared:
    said: dict[str, Any] = {"challenge": "june", "title": {"en": "June", "zh-CN": "六月"}, "currency": "points"}
    for each in settings:
        said |= each
    if not any(goal.get("points") for goal in said["goals"]):
        del said["currency"]
    return prepare(msgspec.convert(said, Settings), CALENDAR)


def view(day: int, *lines: Line, kind: str = "purchase", joined: int | None = -100, **ask: str) -> Step:
    noon = datetime.combine(date.fromordinal(START + day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=4)
    activity = Activity(
        id=f"{kind}-{day}", source="till", kind=kind, occurred_at=noon, member=MEMBER, lines=lines, ask=ask
    )
    return Step(
        member=MEMBER,
        activity=activity,
        at=noon,
        day=START + day,
        traits={},
        balances={},
        left={},
        joined_at=None if joined is None else noon + timedelta(days=joined - day),
    )


def pay(day: int, amount: int = 100) -> Step:
    return view(day, Line(sku="1", amount_minor=amount))


def join(day: int, challenge: str = "june") -> Step:
    return view(day, kind=JOIN, challenge=challenge)


def hear(prepared: Prepared, steps: Sequence[Step], memory: Memory | None = None) -> tuple[Memory, list[Earned]]:
    known, answers = memory or Memory(), list[Earned]()
    for step in steps:
        answer = earn(prepared, known, step)
        known = known if answer.memory is None else answer.memory
        answers.append(answer)
    return known, answers


def points(answer: Earned) -> int:
    return sum(award.points for award in answer.awards)


def say(answers: Sequence[Earned]) -> list[int]:
    return [points(answer) for answer in answers]


def lose_names(memory: Memory) -> Memory:
    """A memory without the names of what brought gifts: which of two came first depends on the order."""
    return msgspec.structs.replace(memory, paid=tuple(msgspec.structs.replace(it, by=()) for it in memory.paid))


def count_grants(answers: Sequence[Earned]) -> int:
    return sum(grant.count for answer in answers for grant in answer.grants)


class Sold:
    """A purchase with what it brought, of which parts come back."""

    def __init__(self, step: Step, answer: Earned) -> None:
        self.step = step
        self.given = tuple(Given(offer="june", award=award) for award in answer.awards)
        self.minor: dict[int, int] = {}
        self.milli: dict[int, int] = {}
        self.taken: dict[tuple[str, str], int] = {}

    def back(self, prepared: Prepared, memory: Memory, *parts: Returned) -> tuple[Memory, Earned]:
        original = Original(
            activity=self.step.activity,
            given=self.given,
            returned_minor=dict(self.minor),
            returned_milli=dict(self.milli),
            taken=dict(self.taken),
        )
        returning = msgspec.structs.replace(self.step.activity, kind="return", lines=(), returned=parts)
        step = msgspec.structs.replace(self.step, activity=returning, original=original)
        answer = undo(prepared, memory, step, self.given)
        for award in answer.awards:
            key = ("june", award.currency)
            self.taken[key] = self.taken.get(key, 0) - award.points
        for part in parts:
            self.minor[part.line] = self.minor.get(part.line, 0) + part.amount_minor
            self.milli[part.line] = self.milli.get(part.line, 0) + part.quantity_milli
        return (memory if answer.memory is None else answer.memory), answer


# --- what counts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "baskets", "counted"),
    [
        ({"of": "spend"}, [(0, LATTE), (1, LATTE)], 3000),
        ({"of": "items"}, [(0, msgspec.structs.replace(LATTE, quantity_milli=1600)), (1, LATTE)], 2),
        ({"of": "activities"}, [(0, LATTE), (0, LATTE), (1, LATTE)], 3),
        ({"of": "activities", "most_per_day": 2}, [(0, LATTE)] * 5 + [(1, LATTE)], 3),
        ({"of": "days"}, [(0, LATTE)] * 5 + [(1, LATTE)], 2),
        ({"of": "categories"}, [(0, LATTE), (1, LATTE)], 1),
        ({"of": "categories", "among": ["COFFEE", "DRINKS", "TEA"]}, [(0, LATTE)], 2),
        ({"of": "brands"}, [(0, LATTE), (1, msgspec.structs.replace(LATTE, brand="Theirs"))], 2),
        ({"of": "brands", "among": ["Theirs"]}, [(0, LATTE)], 0),
    ],
)
def test_what_is_counted(counts: Mapping[str, Any], baskets: Sequence[tuple[int, Line]], counted: int) -> None:
    prepared = make({"counts": counts, "goals": [{"id": "far", "at": 3 if "among" not in counts else 1, "points": 1}]})
    memory, _ = hear(prepared, [view(day, line) for day, line in baskets])
    assert progress(prepared, memory, START + 1).counted == counted


def test_each_step_gives_once_and_says_what_is_missing() -> None:
    prepared = make(VISITS, STEPS)
    memory, answers = hear(prepared, [pay(0), pay(0), pay(1), pay(2), pay(3), pay(4)])
    assert say(answers) == [0, 0, 10, 0, 100, 0]
    (reason,) = answers[3].reasons
    assert (reason.code, dict(reason.values)) == (
        "counted",
        {"challenge": "june", "counted_days": 3, "missing_days": 1},
    )
    (reason,) = answers[4].reasons
    assert (reason.code, reason.values["goals"]) == ("earned", "all")
    found = progress(prepared, memory, START + 4)
    assert (found.is_in, found.unit, found.counted, found.first_day, found.last_day) == (True, "days", 5, 0, 0)
    assert [(it.goal, it.times, it.missing) for it in found.goals] == [("one", 1, 0), ("all", 1, 0)]


def test_one_basket_may_reach_several_steps() -> None:
    prepared = make(SPEND, {"goals": [{"id": "a", "at": 100, "points": 1}, {"id": "b", "at": 500, "points": 7}]})
    _, (answer,) = hear(prepared, [pay(0, 600)])
    assert points(answer) == 8
    assert answer.reasons[0].values["goals"] == "a, b"


def test_stamp_card_is_filled_again_and_again() -> None:
    prepared = make({"counts": {"of": "items"}}, STAMPS)
    five = Line(sku="1", amount_minor=100, quantity_milli=5000)
    memory, answers = hear(prepared, [view(0, five), view(1, five), view(2, five)])
    assert say(answers) == [30, 60, 60]
    assert [(it.times, it.missing) for it in progress(prepared, memory, START + 2).goals] == [(5, 3)]
    bounded = make({"counts": {"of": "items"}}, {"goals": [{"id": "free", "every": 3, "most": 2, "points": 30}]})
    memory, answers = hear(bounded, [view(0, five), view(1, five), view(2, five)])
    assert say(answers) == [30, 30, 0]
    assert [(it.times, it.missing) for it in progress(bounded, memory, START + 2).goals] == [(2, 0)]


@pytest.mark.parametrize(
    ("per", "days", "brought"),
    [
        # 1 June 2026 is a Monday: the week ends on the 7th, the month on the 30th.
        ("day", [0, 0, 1, 1], [0, 10, 0, 10]),
        ("week", [5, 6, 7, 13, 14], [0, 10, 0, 10, 0]),
        ("month", [28, 29, 30, 60, 61], [0, 10, 0, 10, 0]),
        ("quarter", [0, 29, 30, 121, 122], [0, 10, 0, 10, 0]),
        ("year", [0, 213, 214, 578, 579], [0, 10, 0, 10, 0]),
    ],
)
def test_count_starts_anew_with_each_period(per: str, days: Sequence[int], brought: Sequence[int]) -> None:
    prepared = make({"counts": {"of": "activities"}, "per": per}, {"goals": [{"id": "two", "at": 2, "points": 10}]})
    memory, answers = hear(prepared, [pay(day) for day in days])
    assert say(answers) == list(brought)
    assert progress(prepared, memory, START + days[-1]).counted in {1, 2}


def test_progress_says_until_when() -> None:
    prepared = make(VISITS, STEPS, {"per": "week"})
    found = progress(prepared, Memory(), START + 3)
    assert (found.first_day, found.last_day, found.counted) == (START, START + 6, 0)
    assert [it.missing for it in found.goals] == [2, 4]


# --- joining ---------------------------------------------------------------------------------------------------------


def test_only_what_is_done_since_joining_counts() -> None:
    prepared = make(VISITS, STEPS, {"opt_in": True})
    memory, answers = hear(prepared, [pay(0), pay(1), join(2), pay(2), pay(3)])
    assert say(answers) == [0, 0, 0, 0, 10]
    assert [answer.reasons[0].code for answer in answers] == ["not_joined", "not_joined", "joined", "counted", "earned"]
    assert not progress(prepared, Memory(), START).is_in
    assert progress(prepared, memory, START + 3).first_day == START + 2
    assert earn(prepared, memory, join(5)).reasons[0].code == "already_joined"


def test_joining_that_is_told_late_gives_what_was_reached_meanwhile() -> None:
    prepared = make(VISITS, STEPS, {"opt_in": True, "per": "month"})
    _, answers = hear(prepared, [pay(0), pay(1), pay(2), join(1)])
    assert say(answers) == [0, 0, 0, 10]


def test_joining_another_challenge_is_none_of_ours() -> None:
    assert earn(make(VISITS, STEPS, {"opt_in": True}), Memory(), join(0, "july")) == Earned()
    assert earn(make(VISITS, STEPS), Memory(), join(0)) == Earned()


def test_days_of_ones_own_begin_with_joining_or_enrolment() -> None:
    own = {"within_days": 3}
    prepared = make(VISITS, STEPS, own, {"opt_in": True})
    memory, answers = hear(prepared, [join(0), pay(2), pay(3), pay(4)])
    assert [answer.reasons[0].code for answer in answers] == ["joined", "counted", "not_now", "not_now"]
    assert progress(prepared, memory, START + 1).last_day == START + 2
    welcome = make(VISITS, STEPS, own)
    steps = [view(day, LATTE, joined=0) for day in (0, 2, 3)]
    assert say(hear(welcome, steps)[1]) == [0, 10, 0]
    assert earn(welcome, Memory(), view(0, LATTE, joined=None)).reasons[0].code == "joining_unknown"


# --- any order -------------------------------------------------------------------------------------------------------

CARDS = st.sampled_from(
    [
        {**VISITS, **STEPS},
        {**VISITS, **STEPS, "per": "week"},
        {**VISITS, **STEPS, "per": "month", "opt_in": True},
        {"counts": {"of": "activities", "most_per_day": 2}, **STAMPS},
        {**SPEND, "goals": [{"id": "a", "every": 150, "points": 3}], "opt_in": True, "within_days": 10},
        {"counts": {"of": "items"}, **STAMPS, "per": "quarter"},
        {**VISITS, "goals": [{"id": "b", "every": 2, "grants": [{"kind": "badge", "what": "b"}]}], "currency": None},
        {"counts": {"of": "streak", "freeze": 1}, "goals": [{"id": "a", "at": 3, "points": 3}]},
        {"counts": {"of": "streak", "freeze": 2}, "goals": [{"id": "a", "every": 3, "points": 3}], "opt_in": True},
        {"counts": {"of": "streak", "unit": "week", "least": 2}, "goals": [{"id": "a", "every": 2, "points": 3}]},
    ]
)
FACTS = st.lists(st.tuples(st.integers(0, LATE_DAYS), st.integers(0, 200)), min_size=1, max_size=12)


@run(max_examples=200)
@given(card=CARDS, facts=FACTS, joining=st.integers(0, LATE_DAYS), data=st.data())
def test_facts_of_thirty_days_give_the_same_in_any_order(
    card: Mapping[str, Any], facts: list[Fact], joining: int, data: st.DataObject
) -> None:
    prepared = make(card)
    steps = [pay(*fact) for fact in facts]
    if card.get("opt_in"):
        steps.append(join(joining))
    in_order, answers = hear(prepared, sorted(steps, key=lambda it: (it.day, it.activity.kind)))
    as_drawn, others = hear(prepared, data.draw(st.permutations(steps)))
    assert lose_names(as_drawn) == lose_names(in_order)
    assert count_grants(others) == count_grants(answers)
    assert sum(say(others)) == sum(say(answers))


def test_what_is_too_late_counts_for_nothing() -> None:
    prepared = make(VISITS, STEPS)
    memory, _ = hear(prepared, [pay(0), pay(LATE_DAYS + 5)])
    answer = earn(prepared, memory, pay(4))
    assert (answer.memory, answer.reasons[0].code) == (None, "too_late")
    assert points(earn(prepared, memory, pay(5))) == 0
    assert progress(prepared, earn(prepared, memory, pay(5)).memory, START + 5).counted == 3


@pytest.mark.parametrize("per", ["day", "week", "month"])
def test_what_is_over_is_forgotten(per: str) -> None:
    prepared = make({"counts": {"of": "activities"}, "per": per}, {"goals": [{"id": "one", "at": 1, "points": 1}]})
    memory, _ = hear(prepared, [pay(day) for day in range(400)])
    assert len(memory.days) <= LATE_DAYS + 31
    assert len(memory.paid) <= LATE_DAYS + 1


def test_years_of_visits_are_counted_and_told_apart_for_a_while_only() -> None:
    prepared = make(VISITS, {"goals": [{"id": "b", "every": 100, "points": 5}]})
    memory, answers = hear(prepared, [pay(day // 2) for day in range(2000)])
    assert sum(say(answers)) == 50
    assert (len(memory.days), sum(amount for _, amount in memory.past)) == (401, 599)


def test_labels_are_bounded() -> None:
    prepared = make({"counts": {"of": "brands"}}, {"goals": [{"id": "all", "at": LABELS_MAX, "points": 1}]})
    lines = [Line(sku="1", amount_minor=1, brand=f"B{n}") for n in range(LABELS_MAX + 50)]
    memory, answers = hear(prepared, [view(0, *lines[:300]), view(1, *lines[300:])])
    assert (len(memory.days), say(answers)) == (LABELS_MAX, [0, 1])


# --- returns ---------------------------------------------------------------------------------------------------------


def test_return_of_what_reached_a_goal_takes_it_back_until_it_is_reached_again() -> None:
    prepared = make(VISITS, STEPS)
    memory, answers = hear(prepared, [pay(0), pay(1)])
    memory, answer = Sold(pay(1), answers[1]).back(prepared, memory)
    assert (points(answer), answer.reasons[0].code, answer.reasons[0].values["goals"]) == (-10, "lost", "one")
    memory, answers = hear(prepared, [pay(2)], memory)
    assert say(answers) == [10]


def test_part_of_a_purchase_takes_nothing_while_the_rest_is_enough() -> None:
    prepared = make(SPEND, {"goals": [{"id": "a", "at": 100, "points": 50}]})
    memory, (answer,) = hear(prepared, [pay(0, 200)])
    sold = Sold(pay(0, 200), answer)
    memory, answer = sold.back(prepared, memory, Returned(line=1, amount_minor=100))
    assert answer.awards == (Award(currency="points", points=0),)
    memory, answer = sold.back(prepared, memory, Returned(line=1, amount_minor=1))
    assert points(answer) == -50
    memory, answer = sold.back(prepared, memory, Returned(line=1, amount_minor=99))
    assert points(answer) == 0
    assert not memory.days


def test_what_another_purchase_gave_is_taken_when_that_one_comes_back() -> None:
    prepared = make(VISITS, STEPS)
    memory, answers = hear(prepared, [pay(0), pay(1)])
    memory, answer = Sold(pay(0), answers[0]).back(prepared, memory)
    assert answer.awards == ()
    # What it gave is not given twice, though it is reached again.
    _, again = hear(prepared, [pay(2)], memory)
    assert say(again) == [0]
    memory, answer = Sold(pay(1), answers[1]).back(prepared, memory)
    assert points(answer) == -10
    assert (memory.days, memory.paid) == ((), ())


def test_goal_that_the_rest_still_reaches_comes_again_with_what_counts_next() -> None:
    prepared = make(VISITS, STEPS)
    memory, answers = hear(prepared, [pay(0), pay(1), pay(2)])
    memory, answer = Sold(pay(1), answers[1]).back(prepared, memory)
    assert points(answer) == -10
    memory, answers = hear(prepared, [pay(2)], memory)
    assert say(answers) == [10]


def test_grants_are_taken_back_with_what_brought_them_and_given_again() -> None:
    gift = {"kind": "coupon", "what": "tea", "count": 2}
    prepared = make(VISITS, {"goals": [{"id": "two", "at": 2, "grants": [gift]}]})
    memory, answers = hear(prepared, [pay(0), pay(1)])
    assert answers[1].grants == (Grant(kind="coupon", what="tea", count=2),)
    assert (answers[1].awards, answers[1].reasons[0].code) == ((), "reached")
    # Another purchase comes back: it had brought none, and there are no more for the third.
    memory, answer = Sold(pay(0), answers[0]).back(prepared, memory)
    assert answer.grants == ()
    memory, again = hear(prepared, [pay(2)], memory)
    assert again[0].grants == ()
    memory, answer = Sold(pay(1), answers[1]).back(prepared, memory)
    assert (answer.grants, answer.awards) == ((Grant(kind="coupon", what="tea", count=-2),), ())
    assert answer.reasons[0].values["goals"] == "two"
    memory, answers = hear(prepared, [pay(3), pay(4)], memory)
    assert [answer.grants for answer in answers] == [(Grant(kind="coupon", what="tea", count=2),), ()]


def test_purchase_that_is_gone_takes_its_gift_along_though_the_rest_would_do() -> None:
    gift = {"kind": "badge", "what": "tea"}
    prepared = make(VISITS, {"goals": [{"id": "two", "at": 2, "grants": [gift]}]})
    memory, answers = hear(prepared, [pay(0), pay(1), pay(2)])
    memory, answer = Sold(pay(1), answers[1]).back(prepared, memory)
    assert answer.grants == (Grant(kind="badge", what="tea", count=-1),)
    assert hear(prepared, [pay(2)], memory)[1][0].grants == (Grant(kind="badge", what="tea"),)


def test_pieces_that_cost_nothing_come_back_by_quantity() -> None:
    prepared = make({"counts": {"of": "items"}}, {"goals": [{"id": "two", "at": 3, "points": 5}]})
    step = view(0, Line(sku="1", amount_minor=0, quantity_milli=2000), Line(sku="2", amount_minor=0))
    memory, (answer,) = hear(prepared, [step])
    memory, back = Sold(step, answer).back(prepared, memory, Returned(line=1, amount_minor=0, quantity_milli=1000))
    assert (points(back), progress(prepared, memory, START).counted) == (-5, 2)


def test_merged_members_keep_both_their_rewards_while_the_goal_is_reached() -> None:
    prepared = make(SPEND, {"goals": [{"id": "a", "at": 100, "points": 50}]})
    ana, answers = hear(prepared, [pay(0, 150)])
    merged = merge(prepared, ana, hear(prepared, [pay(1, 150)])[0])
    _, back = Sold(pay(0, 150), answers[0]).back(prepared, merged, Returned(line=1, amount_minor=10))
    assert points(back) == 0


def test_stamps_of_one_basket_bring_and_lose_as_many_gifts() -> None:
    gift = {"kind": "badge", "what": "cup"}
    prepared = make({"counts": {"of": "items"}}, {"goals": [{"id": "cup", "every": 2, "grants": [gift]}]})
    step = view(0, Line(sku="1", amount_minor=500, quantity_milli=5000))
    memory, (answer,) = hear(prepared, [step])
    assert answer.grants == (Grant(kind="badge", what="cup", count=2),)
    sold = Sold(step, answer)
    taken = []
    for _ in range(5):
        memory, answer = sold.back(prepared, memory, Returned(line=1, amount_minor=100, quantity_milli=1000))
        taken.append([grant.count for grant in answer.grants])
    assert taken == [[], [-1], [], [-1], []]
    assert memory.paid == ()


def test_joining_is_not_undone_as_a_purchase() -> None:
    prepared = make({"counts": {"of": "activities"}}, STEPS, {"opt_in": True})
    memory, (answer,) = hear(prepared, [join(0)])
    assert Sold(join(0), answer).back(prepared, memory)[1] == Earned()


def test_purchase_without_lines_comes_back_at_once() -> None:
    prepared = make(VISITS, STEPS)
    memory, answers = hear(prepared, [view(0), view(1)])
    memory, answer = Sold(view(1), answers[1]).back(prepared, memory)
    assert (points(answer), len(memory.days)) == (-10, 1)


PURCHASES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 300), st.integers(0, 300)), min_size=1, max_size=6)
GOALS = st.sampled_from(
    [
        {**SPEND, "goals": [{"id": "a", "at": 100, "points": 7}, {"id": "b", "at": 300, "points": 50}]},
        {**SPEND, "goals": [{"id": "a", "every": 70, "points": 9}], "per": "week"},
        {**VISITS, **STEPS},
        {"counts": {"of": "activities"}, **STAMPS},
        {"counts": {"of": "items"}, **STAMPS, "lines": {"minimum_minor": 50}},
        {"counts": {"of": "streak", "freeze": 1}, "goals": [{"id": "a", "every": 2, "points": 3}]},
    ]
)


@run(max_examples=200)
@given(card=GOALS, purchases=PURCHASES, data=st.data())
def test_returns_of_everything_in_any_order_and_parts_take_exactly_everything(
    card: Mapping[str, Any], purchases: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    prepared = make(card)
    steps = [
        view(day, Line(sku="1", amount_minor=one), Line(sku="2", amount_minor=two, quantity_milli=2000))
        for day, one, two in purchases
    ]
    memory, answers = hear(prepared, steps)
    sold = [Sold(step, answer) for step, answer in zip(steps, answers, strict=True)]
    parts: list[tuple[Sold, tuple[Returned, ...]]] = []
    for each in sold:
        whole = tuple(
            Returned(line=number, amount_minor=line.amount_minor, quantity_milli=line.quantity_milli)
            for number, line in enumerate(each.step.activity.lines, start=1)
        )
        if data.draw(st.booleans()):
            parts.append((each, ()))
        else:
            cut = data.draw(st.integers(0, whole[0].amount_minor))
            first = Returned(line=1, amount_minor=cut)
            rest = Returned(line=1, amount_minor=whole[0].amount_minor - cut, quantity_milli=1000)
            parts += [(each, (first,)), (each, (rest,)), (each, whole[1:])]
    taken = 0
    for each, returned in data.draw(st.permutations(parts)):
        memory, answer = each.back(prepared, memory, *returned)
        assert points(answer) <= 0
        taken -= points(answer)
    assert taken == sum(say(answers))
    assert (memory.days, [it for it in memory.paid if it.points > it.back]) == ((), [])


# --- merges and later versions ---------------------------------------------------------------------------------------


@run(max_examples=150)
@given(card=CARDS, first=FACTS, second=FACTS)
def test_merged_members_count_as_one(card: Mapping[str, Any], first: list[Fact], second: list[Fact]) -> None:
    prepared = make(card)
    opening = [join(0)] if card.get("opt_in") else []
    ana, bob = (hear(prepared, [*opening, *(pay(*fact) for fact in sorted(each))])[0] for each in (first, second))
    merged = merge(prepared, ana, bob)
    assert merged == merge(prepared, bob, ana)
    assert merge(prepared, ana, Memory()) == ana
    both, _ = hear(prepared, [*opening, *(pay(*fact) for fact in sorted([*first, *second]))])
    assert (merged.days, merged.latest, merged.joined) == (both.days, both.latest, both.joined)


def test_merged_members_are_given_what_they_reach_together() -> None:
    prepared = make(VISITS, STEPS)
    ana, _ = hear(prepared, [pay(0), pay(1)])
    bob, _ = hear(prepared, [pay(2)])
    merged = merge(prepared, ana, bob)
    assert say(hear(prepared, [pay(3)], merged)[1]) == [100]
    # Both had the first step; no third one comes of it, and neither is lost while it is reached.
    merged = merge(prepared, ana, hear(prepared, [pay(4), pay(5)])[0])
    memory, answers = hear(prepared, [pay(6, 50)], merged)
    assert say(answers) == [100]
    _, answer = Sold(pay(6, 50), answers[0]).back(prepared, memory)
    assert points(answer) == -100


def test_nobody_loses_what_was_reached_before_a_challenge_was_changed() -> None:
    old = make(VISITS, {"goals": [{"id": "two", "at": 2, "points": 10}, {"id": "five", "at": 5, "points": 100}]})
    memory, answers = hear(old, [pay(0), pay(1), pay(2), pay(3)])
    assert say(answers) == [0, 10, 0, 0]
    # Shorter: whoever has come further already gets it with the next visit, and nothing twice.
    short = make(VISITS, {"goals": [{"id": "two", "at": 2, "points": 10}, {"id": "five", "at": 4, "points": 100}]})
    assert say(hear(short, [pay(3), pay(4)], memory)[1]) == [100, 0]
    # Longer, for less: what was given stays, also when something else comes back.
    long = make(VISITS, {"goals": [{"id": "two", "at": 9, "points": 1}, {"id": "five", "at": 20, "points": 100}]})
    after, answer = Sold(pay(3), answers[3]).back(long, memory)
    assert (points(answer), after.paid) == (0, memory.paid)
    assert [it.size for it in hear(long, [pay(4)], memory)[0].paid] == [2]
    # Without that goal, in other periods: what it gave is not given again, and goes with its purchase.
    for other in (
        make(VISITS, {"goals": [{"id": "six", "at": 6, "points": 1}]}),
        make(VISITS, STEPS, {"per": "month"}),
    ):
        assert points(Sold(pay(1), answers[1]).back(other, memory)[1]) == -10


# --- what cannot be said ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"goals": [{"id": "a", "points": 1}]}, "either 'at' or 'every'"),
        ({"goals": [{"id": "a", "at": 1, "every": 1, "points": 1}]}, "either 'at' or 'every'"),
        ({"goals": [{"id": "a", "at": 1, "most": 2, "points": 1}]}, "'most' needs 'every'"),
        ({"goals": [{"id": "a", "at": 1}]}, "gives 'points' or 'grants'"),
        ({"goals": [{"id": "a", "at": 1, "points": 1}] * 2}, "the same 'id'"),
        ({"goals": [{"id": "a", "at": 2, "points": 1}, {"id": "b", "at": 2, "points": 1}]}, "nearest 'at'"),
        ({**STEPS, "per": "week", "within_days": 3}, "'within_days' needs"),
        ({**STEPS, "currency": None}, "belong together"),
        ({**STEPS, "title": {"en": "June"}}, "needs en and zh-CN"),
        ({"counts": {"of": "streak"}, "goals": [{"id": "a", "at": 10_001, "points": 1}]}, "cannot be kept"),
        ({"counts": {"of": "brands", "among": ["A"]}, **STEPS}, "more than the 1 that can be counted"),
    ],
)
def test_challenges_that_cannot_be_are_refused(settings: Mapping[str, Any], says: str) -> None:
    said = {"challenge": "june", "title": {"en": "J", "zh-CN": "六"}, "currency": "points", **VISITS, **settings}
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(said, Settings)

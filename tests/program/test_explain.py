"""Why an offer gave or did not: which gate decided, with the values, and what would have to change."""

import json
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.nouns import Scalar, Step
from regulars.kernel.program import Explanation, Plan, Verdict, compile_plan, explain, parse, rule
from tests.program.story import BASE, HEAD, NOON, STARS, TIERS, buy, line, step

CATALOG = HEAD.replace("  traits: [vip]\n", "  traits: [vip]\n  segments: [lapsed]\n")
HEADED = "calendars: {us: [2017-07-04]}\n" + CATALOG


def offer(envelope: str, settings: str = "points: 1, per_minor: 100") -> Plan:
    text = BASE.replace("id: base,", f"id: base, {envelope},").replace("points: 1, per_minor: 100", settings)
    return compile_plan(parse(HEADED + STARS + TIERS + text))


def ask(
    deal: Plan,
    *amounts: int,
    traits: dict[str, Scalar] | None = None,
    left: dict[str, int] | None = None,
    memories: dict[str, bytes] | None = None,
    at: datetime = NOON,
) -> Verdict:
    """What became of the offer `base`."""
    seen = step(deal, buy(*(line(amount) for amount in amounts), at=at, store="north"), traits=traits, left=left)
    told = explain(deal, memories or {}, seen)
    assert told.ruling == rule(deal, memories or {}, seen)
    return next(verdict for verdict in told.verdicts if verdict.offer == "base")


@pytest.mark.parametrize(
    ("envelope", "decided", "values", "needs"),
    [
        (
            "schedule: {from: 2017-06-01, until: 2017-06-30}",
            "schedule",
            {"date": "2017-03-06"},
            {"from": "2017-06-01", "until": "2017-06-30"},
        ),
        (
            "time_zone: Asia/Shanghai, schedule: {until: 2017-03-06}",
            "schedule",
            {"date": "2017-03-07"},
            {"until": "2017-03-06"},
        ),
        (
            "windows: [{weekdays: [tue], from: 07:00, until: 09:00}]",
            "window",
            {"at": "2017-03-06T12:00-06:00", "weekday": "mon"},
            {"opens_at": "2017-03-07T07:00-06:00"},
        ),
        (
            "holidays: {calendar: us, days: only}",
            "holiday",
            {"date": "2017-03-06", "calendar": "us", "holiday": False},
            {"date": "2017-07-04"},
        ),
        (
            "audience: {traits: {tier: [gold]}, segments: [lapsed], stores: [north, south]}",
            "audience",
            {"tier": "green", "segments": (), "store": "north"},
            {"tier": ("gold",), "segments": ("lapsed",)},
        ),
        (
            "when: 'basket.total >= 5000 && member.tier == \"gold\"'",
            "when",
            {"basket.total": 4_200, "member.tier": "green"},
            {"basket.total": ">= 5000", "member.tier": "== gold"},
        ),
        ("when: '1000 / (basket.count - 1) > 1'", "when", {"failed": "divided_by_zero", "basket.count": 1}, {}),
    ],
)
def test_the_gate_that_decided_is_told_with_its_values(
    envelope: str, decided: str, values: dict[str, Scalar], needs: dict[str, Scalar]
) -> None:
    verdict = ask(offer(envelope), 4_200, traits={"tier": "green"})
    assert (verdict.fired, verdict.decided, dict(verdict.points)) == (False, decided, {})
    last = verdict.told[-1]
    assert (last.gate, last.admits) == (decided, False)
    assert (dict(last.values), dict(last.needs)) == (values, needs)
    assert all(told.admits for told in verdict.told[:-1])


def test_what_would_have_to_change_would_change_it() -> None:
    deal = offer("when: basket.total >= 5000, windows: [{from: 20:00}]")
    early = ask(deal, 6_000)
    opens = datetime.fromisoformat(str(early.told[-1].needs["opens_at"]))
    assert ask(deal, 6_000, at=opens).fired
    assert not ask(deal, 6_000, at=opens - timedelta(seconds=1)).fired
    assert ask(deal, 4_999, at=opens).told[-1].needs == {"basket.total": ">= 5000"}


def test_limits_and_budgets_are_told_also_where_the_offer_gives() -> None:
    deal = offer("limits: [{points: 100, period: month}, {times: 2, per: store}], budget: {points: 50}")
    memories: dict[str, bytes] = {}
    memories.update(rule(deal, memories, step(deal, buy(line(3_000), store="north"))).memories)
    verdict = ask(deal, 9_000, memories=memories, left={"offer:base:points": 20})
    assert (verdict.fired, verdict.decided, dict(verdict.points)) == (True, "", {"points": 20})
    assert [dict(told.values) for told in verdict.told if told.gate in {"limit", "budget"}] == [
        {"unit": "points", "per": "member", "period": "month", "most": 100, "left": 70, "drawn": 20},
        {"unit": "times", "per": "store", "period": "ever", "most": 2, "left": 2, "drawn": 1},
        {"unit": "points", "most": 50, "left": 20, "drawn": 20},
    ]
    assert [reason.code for reason in verdict.reasons] == ["budget_spent", "earned"]


@pytest.mark.parametrize(
    ("envelope", "decided", "needs"),
    [
        ("limits: [{points: 10, period: day}]", "limit", {"date": "2017-03-07"}),
        ("limits: [{times: 1, period: week}]", "limit", {"date": "2017-03-13"}),
        ("limits: [{times: 1, period: year}]", "limit", {"date": "2018-01-01"}),
        ("limits: [{times: 1}]", "limit", {}),
    ],
)
def test_a_limit_that_is_reached_says_when_it_opens_again(
    envelope: str, decided: str, needs: dict[str, Scalar]
) -> None:
    deal = offer(envelope)
    memories = dict(rule(deal, {}, step(deal, buy(line(3_000)))).memories)
    verdict = ask(deal, 3_000, memories=memories)
    assert (verdict.fired, verdict.decided) == (False, decided)
    assert dict(verdict.told[-1].needs) == needs
    assert verdict.told[-1].values["left"] == 0


def test_a_budget_that_is_spent_decides() -> None:
    verdict = ask(offer("budget: {money_minor: 5}"), 900, left={"offer:base:money": 0})
    assert (verdict.decided, verdict.told[-1].gate) == ("budget", "budget")
    assert verdict.told[-1].values == {"unit": "money", "most": 5_000_000, "left": 0, "drawn": 0}


@pytest.mark.parametrize("mode", ["best", "exclusive"])
def test_who_was_outdone_is_told_by_whom(mode: str) -> None:
    more = f"stacking: {{group: g, mode: {mode}}}"
    first = BASE.replace("id: base,", f"id: big, priority: -1, {more},").replace("points: 1,", "points: 7,")
    deal = compile_plan(parse(HEAD + first + BASE.replace("id: base,", f"id: base, {more},")))
    verdict = ask(deal, 900)
    assert (verdict.fired, verdict.decided, verdict.told[-1].gate) == (False, "stacking", "stacking")
    assert verdict.told[-1].values == {"group": "g", "mode": mode, "by": "big"}
    winner = explain(deal, {}, step(deal, buy(line(900)))).verdicts[0]
    assert (winner.offer, winner.fired, dict(winner.points)) == ("big", True, {"points": 63})


def test_a_mechanic_that_has_nothing_to_give_says_so_itself() -> None:
    verdict = ask(offer("priority: 1", "points: 1, per_minor: 100, minimum_minor: 5000"), 900)
    assert (verdict.fired, verdict.decided) == (False, "mechanic")
    assert [(reason.code, dict(reason.values)) for reason in verdict.reasons] == [
        ("below_minimum", {"amount_minor": 900, "minimum_minor": 5_000, "missing_minor": 4_100})
    ]
    assert verdict.told[-1].needs == {"missing_minor": 4_100}
    assert verdict.told[-1].values == {"mechanic": "spend", "reasons": ("below_minimum",)}


def test_every_offer_has_a_verdict_also_where_it_does_not_answer() -> None:
    deal = offer("priority: 1")
    visit = explain(deal, {}, step(deal, buy(line(900), kind="visit")))
    assert [(it.offer, it.fired, it.decided) for it in visit.verdicts] == [
        ("stars", False, "kind"),
        ("base", False, "kind"),
        ("tiers", False, "kind"),
    ]
    assert visit.verdicts[0].told[-1].needs == {"kind": ("purchase",)}
    bought = explain(deal, {}, step(deal, buy(line(900))))
    assert [(it.offer, it.fired, it.decided) for it in bought.verdicts] == [
        ("stars", True, ""),
        ("base", True, ""),
        ("tiers", True, ""),
    ]
    assert msgspec.json.decode(msgspec.json.encode(bought), type=Explanation) == bought


ENVELOPES = [
    "priority: 1",
    "when: basket.total % 2 == 0",
    "windows: [{weekdays: [mon, wed, fri], from: 08:00, until: 20:00}]",
    "audience: {traits: {vip: ['yes']}}",
    "limits: [{points: 30, period: week}]",
    "limits: [{times: 1, period: day}], budget: {points: 70}",
    "stacking: {group: a, mode: best}",
    "stacking: {group: a, mode: best}, budget: {points: 9}",
    "stacking: {group: b, mode: exclusive}",
    "stacking: {group: b, mode: exclusive}, when: basket.total > 900",
]


@given(
    chosen=st.lists(st.sampled_from(ENVELOPES), min_size=1, max_size=6),
    baskets=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 96), st.sampled_from(["yes", "no"])), max_size=4),
)
def test_an_explanation_is_the_ruling_itself(chosen: list[str], baskets: list[tuple[int, int, str]]) -> None:
    offers = [BASE.replace("id: base,", f"id: o{number}, {envelope},") for number, envelope in enumerate(chosen)]
    deal = compile_plan(parse(HEAD + STARS + TIERS + "".join(offers)))
    memories: dict[str, bytes] = {}
    left = dict(deal.ceilings)
    for amount, hours, vip in baskets:
        seen: Step = step(deal, buy(line(amount), at=NOON + timedelta(hours=hours)), traits={"vip": vip}, left=left)
        told = explain(deal, memories, seen)
        assert told.ruling == rule(deal, memories, seen)
        given = {posting.offer for posting in told.ruling.postings}
        for verdict in told.verdicts:
            assert (verdict.offer in given) == bool(verdict.points)
            assert verdict.fired == (verdict.decided == "")
            assert verdict.fired or not verdict.told[-1].admits
            assert verdict.fired or verdict.told[-1].gate == verdict.decided
            assert json.loads(msgspec.json.encode(verdict))["offer"] == verdict.offer
        memories.update(told.ruling.memories)
        for claim in told.ruling.claims:
            left[claim.ceiling] -= claim.amount

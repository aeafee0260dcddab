"""What the books and the journal tell of members beside sales, read through the doors of their rooms."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import polars as pl
import pytest

from regulars.intelligence.evaluation import Insight, stay_silent
from regulars.intelligence.experiments.run import run as judge_offers
from regulars.intelligence.figures import reckon_figures, reckon_flows
from regulars.intelligence.history import History, read_shop
from regulars.intelligence.history.books import LEVELS as LEVEL_COLUMNS
from regulars.intelligence.history.books import POINTS as POINT_COLUMNS
from regulars.intelligence.history.books import TRIALS
from regulars.intelligence.history.shop import DISCOUNTS
from regulars.intelligence.history.told import REWARDS as REWARD_COLUMNS
from regulars.intelligence.profile import measure_members
from regulars.intelligence.recommend.rewards import rank_rewards
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.program.audience import number_of
from tests.intelligence.makers import make_history, make_line
from tests.spine.conftest import LEVELS, PROGRAM, START, Shop, ask, buy

ACTIVITIES = """
activities:
  mailing:
    name: {en: Letter, zh-CN: 信}
    data: {campaign: {type: number, required: true, min: 1}}
  review:
    name: {en: Review, zh-CN: 评价}
    data: {stars: {type: number, required: true, min: 1, max: 5}, minutes: {type: number, min: 0, max: 900}}
"""
SHARED = """
  - id: half
    mechanic: bonus
    on: [purchase]
    audience: {share: {permille: 500, salt: spring}}
    settings: {currency: points, points: 7}
"""
THANKS = """
  - id: thanks
    mechanic: bonus
    on: [mailing, review]
    settings: {currency: stars, points: 1}
"""
REWARD = """
  - id: mug
    mechanic: rewards
    on: [reward]
    settings:
      reward: mug
      title: {en: A mug, zh-CN: 马克杯}
      fulfilment: at_once
      price: [{currency: points, points: 40}]
"""
FIRST = date(2025, 1, 6)
TEXT = PROGRAM.replace("catalog:", ACTIVITIES + "catalog:") + LEVELS + SHARED + THANKS + REWARD


def tell(kind: str, name: str, days: int, card: str = "7", **data: int) -> Activity:
    return Activity(
        id=name,
        source="app",
        kind=kind,
        occurred_at=START + timedelta(days=days),
        member=Identifier(kind="card", value=card),
        data=data,
    )


@pytest.fixture
async def told(shop: Shop) -> History:
    await shop.publish(TEXT)
    shop.later(days=9)
    await shop.send(buy("1", 2_000, at=START), buy("2", 500, at=START + timedelta(days=1), card="8"))
    for fact in (
        tell("mailing", "m", 1, campaign=3),
        tell("review", "r1", 2, stars=5, minutes=14),
        tell("review", "r2", 2, card="8", stars=2),
    ):
        await shop.receipt(fact)
    for order in ("o1", "o2"):
        await shop.receipt(ask("reward", order, at=START + timedelta(days=3), reward="mug"))
    await shop.send(buy("3", 100, at=START + timedelta(days=8)))
    return await read_shop(shop.database)


def sum_points(history: History) -> dict[tuple[str, str], int]:
    assert history.points is not None
    summed = history.points.group_by("currency", "what").agg(pl.col("points").sum())
    return {(currency, what): points for currency, what, points in summed.iter_rows()}


async def test_points_are_what_the_ledger_says(told: History) -> None:
    """2,600 cents are 260 points, 26 stars and 52 miles; half of all members get 7 more each time; mugs are 40.

    A letter and two reviews bring a star each.
    """
    assert told.points is not None
    people = [UUID(member) for member in told.lines.unique("basket")["member"].to_list()]
    gifts = 7 * sum(number_of(member, "spring") < 500 for member in people)
    sums = sum_points(told)
    assert sums["points", "issued"] == 260 + gifts
    assert sums["points", "used"] == -80
    assert (sums["stars", "issued"], sums["miles", "issued"]) == (29, 52)
    worth = told.points.filter(pl.col("what") == "issued", pl.col("currency") == "points")
    assert worth["worth_micro"].sum() == (260 + gifts) * 500_000


async def test_points_that_ended_are_breakage(shop: Shop) -> None:
    await shop.receipt(buy("1", 2_000, at=START))
    shop.later(days=120)
    await shop.receipt(buy("2", 100, at=shop.at))
    history = await read_shop(shop.database)
    assert sum_points(history)["points", "ended"] == -200
    months = reckon_figures(history, history.last + timedelta(days=1), "month")
    found = {it.figure.id: dict(zip([p.name for p in it.periods], it.values, strict=True)) for it in months}
    assert found["breakage"]["2026-06"] == pytest.approx(100)
    assert found["outstanding"] == {"2026-03": 200, "2026-04": 200, "2026-05": 200, "2026-06": 10}


async def test_what_an_offer_gave_and_what_it_cost_is_told_by_offer(told: History) -> None:
    assert told.given is not None
    given = {(row["offer"], row["currency"]): row["points"] for row in told.given.iter_rows(named=True)}
    assert given["base", "points"] == 260
    assert given["stars", "stars"] == 26


async def test_levels_are_told_and_what_is_no_level_is_not(told: History) -> None:
    assert told.levels is not None
    assert set(told.levels.select("trait", "value").iter_rows()) == {("tier", "gold"), ("tier", "green")}


def test_moves_between_levels_are_counted_in_the_time_that_is_asked_for() -> None:
    """One rises twice, one falls, one is told to be what they are already; a badge is no level."""
    rows = [
        *(("a", "tier", value, FIRST + timedelta(days=at)) for at, value in enumerate(("green", "silver", "gold"))),
        ("b", "tier", "silver", FIRST),
        ("b", "tier", "green", FIRST + timedelta(days=1)),
        ("b", "tier", "green", FIRST + timedelta(days=2)),
        ("c", "badge.first", "False", FIRST),
        ("c", "badge.first", "True", FIRST + timedelta(days=1)),
    ]
    levels = pl.DataFrame(rows, schema=dict(LEVEL_COLUMNS), orient="row")
    history = replace(make_history([make_line("a", FIRST), make_line("a", FIRST + timedelta(days=9))]), levels=levels)
    assert reckon_flows(history, FIRST, FIRST + timedelta(days=9)) == [
        ("tier", "green", "silver", 1),
        ("tier", "silver", "gold", 1),
        ("tier", "silver", "green", 1),
    ]
    late = FIRST + timedelta(days=2)
    assert reckon_flows(history, late, FIRST + timedelta(days=9)) == [("tier", "silver", "gold", 1)]
    months = reckon_figures(history, FIRST + timedelta(days=9), "month")
    assert next(it for it in months if it.figure.id == "levels").values == (3,)


async def test_letters_are_campaigns(told: History) -> None:
    assert told.campaigns is not None
    assert told.targets is not None
    assert told.campaigns.select("campaign", "start").rows() == [("3", START.date() + timedelta(days=1))]
    assert told.targets.height == 1


async def test_answers_on_scales_are_satisfaction_and_other_numbers_are_not(told: History) -> None:
    assert told.answers is not None
    rows = told.answers.select("question", "answer", "least", "most").rows()
    assert sorted(rows) == [("stars", 2, 1, 5), ("stars", 5, 1, 5)]
    months = reckon_figures(told, told.last + timedelta(days=1), "month")
    satisfaction = next(it for it in months if it.figure.id == "satisfaction")
    assert satisfaction.values == (pytest.approx(62.5),)


async def test_rewards_that_were_ordered_are_counted_by_day(told: History) -> None:
    assert told.rewards is not None
    assert told.rewards.drop("member").rows() == [("mug", START.date() + timedelta(days=3), 2, None)]
    assert told.rewards["member"].to_list() == [
        row["member"] for row in told.lines.filter(pl.col("sku") == "sku-1").sort("at").head(1).iter_rows(named=True)
    ]


async def test_chance_held_out_whom_the_rules_held_out(told: History) -> None:
    assert told.trials is not None
    assert told.assigned is not None
    assert told.trials["offer"].to_list() == ["half"]
    treated = dict(told.assigned.select("member", "treated").iter_rows())
    assert set(treated) == set(told.members["member"].to_list())
    for member, has in treated.items():
        assert has == (number_of(UUID(member), "spring") < 500)


async def test_whoever_looks_back_sees_only_what_was_then(told: History) -> None:
    back = told.before(START.date() + timedelta(days=3))
    assert back.rewards is not None
    assert back.given is not None
    assert back.points is not None
    assert (back.rewards.height, back.given.height) == (0, 0)
    assert told.points is not None
    # All of it was recorded, and so is dated in the ledger, nine days after the beginning.
    assert back.points.height == 0
    assert told.before(START.date() + timedelta(days=10)).points is not None
    assert told.points["day"].unique().to_list() == [START.date() + timedelta(days=9)]


def make_trial(gain: int, seed: int = 3) -> History:
    """Four hundred members, half of whom have an offer from the twentieth week on, which makes them spend more."""
    rng = np.random.default_rng(seed)
    begins = FIRST + timedelta(weeks=20)
    usual = rng.gamma(8, 200, 400)
    lines = [
        make_line(
            f"m{number:03}",
            FIRST + timedelta(weeks=week, days=number % 7),
            paid=int(usual[number] * rng.gamma(20, 0.05)) + (gain if week >= 20 and number % 2 else 0),
        )
        for number in range(400)
        for week in range(30)
    ]
    members = [f"m{number:03}" for number in range(400)]
    return replace(
        make_history(lines),
        trials=pl.DataFrame({"offer": ["half"], "start": [begins], "end": [None]}, schema=dict(TRIALS)),
        assigned=pl.DataFrame(
            {"offer": ["half"] * 400, "member": members, "treated": [bool(number % 2) for number in range(400)]}
        ),
        given=pl.DataFrame(
            {
                "offer": ["half"],
                "currency": ["points"],
                "start": [FIRST],
                "until": [FIRST + timedelta(weeks=30)],
                "times": [2_000],
                "points": [400_000],
                "worth_micro": [200_000 * 1_000_000],
            }
        ),
        discounts=pl.DataFrame(schema=dict(DISCOUNTS)),
    )


def judge(history: History) -> Insight:
    day = FIRST + timedelta(weeks=30)
    return judge_offers(history.before(day), day, stay_silent)


def test_what_an_offer_brought_is_told_beside_its_cost() -> None:
    """300 a week for ten weeks are 3,000 each; 200 members spend 600,000 more, for 200,000 of cost: three for one."""
    told = judge(make_trial(gain=300))
    assert told.figures["effect.half"] == pytest.approx(3_000, rel=0.2)
    row = told.section.tables[0].rows[0]
    assert (row[3], row[4]) == ("200", "200")
    assert float(str(row[8])) == pytest.approx(3, rel=0.2)
    assert told.section.to_do == ()
    assert "19 of 20" in told.section.tables[0].columns[6]["en"]


def test_an_offer_that_changes_nothing_is_not_praised() -> None:
    told = judge(make_trial(gain=0))
    assert "still within chance" in told.section.to_do[0]["en"]


def test_an_offer_that_costs_more_than_it_brings_is_to_be_stopped() -> None:
    assert "Stop half" in judge(make_trial(gain=60)).section.to_do[0]["en"]


def test_without_a_holdout_it_is_said_how_to_have_one() -> None:
    told = judge(replace(make_trial(gain=0), trials=None, assigned=None))
    assert any("an audience with a share" in words["en"] for words in told.section.left_out)
    assert told.section.tables == ()


def test_members_are_told_by_how_they_take_to_points() -> None:
    rows = [
        ("a", FIRST, "points", "issued", 200, 100),
        ("a", FIRST + timedelta(days=5), "points", "used", -50, -25),
        ("a", FIRST + timedelta(days=6), "points", "ended", -30, -15),
        ("a", FIRST, "stars", "issued", 900, 0),
        ("b", FIRST, "points", "issued", 10, 5),
        ("", FIRST, "points", "issued", 77, 38),
    ]
    points = pl.DataFrame(rows, schema=dict(POINT_COLUMNS), orient="row")
    lines = [make_line("a", FIRST), make_line("b", FIRST), make_line("c", FIRST)]
    history = replace(make_history(lines), points=points)
    columns = ["member", "points_issued", "points_used", "points_ended", "points_held", "points_used_ago"]
    told = measure_members(history, FIRST + timedelta(days=9)).select(*columns, "points_used_permille")
    assert told.rows() == [("a", 200, 50, 30, 120, 4, 250), ("b", 10, 0, 0, 10, None, 0), ("c", *(None,) * 6)]
    early = measure_members(history, FIRST + timedelta(days=1)).select(columns)
    assert early.row(0) == ("a", 200, 0, 0, 200, None)


def test_rewards_are_ranked_by_what_one_ordered_and_then_by_what_everybody_does() -> None:
    late, day = FIRST + timedelta(days=89), FIRST + timedelta(days=90)
    rows = [
        ("mug", "a", FIRST, 1, None),
        ("tea", "a", late, 1, None),
        ("bag", "b", late, 5, 3),
        ("cup", "b", late, 9, 0),
        ("hat", "b", day, 9, None),
    ]
    rewards = pl.DataFrame(rows, schema=dict(REWARD_COLUMNS), orient="row")
    ranked = rank_rewards(rewards, pl.Series(["a", "b", "c"]), day)
    told = {member: ranked.filter(pl.col("member") == member)["reward"].to_list() for member in "abc"}
    # The cup is sold out; the mug of long ago counts half; the hat is of the day itself.
    assert told == {"a": ["tea", "mug", "bag"], "b": ["bag", "tea", "mug"], "c": ["bag", "tea", "mug"]}

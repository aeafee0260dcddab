"""What stores will sell and which coupons are used, on made-up shops; the time after a cutoff is never read."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from regulars.intelligence.coupons import TooLittle as CouponsTooLittle
from regulars.intelligence.coupons import describe_campaign, learn_coupons, split_campaigns
from regulars.intelligence.coupons import task as coupon_task
from regulars.intelligence.coupons.task import evaluate as evaluate_coupons
from regulars.intelligence.demand import (
    HORIZON_WEEKS,
    TooLittle,
    advise_stock,
    average,
    count_demand,
    forecast_demand,
)
from regulars.intelligence.demand.members import expect_of_members
from regulars.intelligence.demand.task import evaluate as evaluate_demand
from regulars.intelligence.evaluation import stay_silent
from regulars.intelligence.fairness import measure_parity
from regulars.intelligence.history import History, build_history
from tests.intelligence.makers import START, make_history, make_line

CUTOFF = START + timedelta(weeks=36)


def make_stores(weeks: int = 40, seed: int = 4) -> History:
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for store in range(12):
        for kind in range(20):
            usual = float(rng.gamma(2, 4)) + 1
            for week in range(weeks):
                count = int(rng.poisson(usual))
                if count:
                    day = START + timedelta(days=7 * week + kind % 7)
                    line = make_line(f"m{kind}", day, store=f"s{store:02}", category=f"c{kind:02}", quantity=count)
                    rows.append(line | {"basket": f"{store}-{kind}-{week}"})
    return build_history(pl.DataFrame(rows, infer_schema_length=None))


@pytest.fixture(scope="module")
def stores() -> History:
    return make_stores()


def test_weeks_are_counted_up_to_the_cutoff_and_series_are_chosen_before_it(stores: History) -> None:
    demand = count_demand(stores, CUTOFF)
    assert demand.origin == 36
    assert demand.sold.shape == (demand.series.height, 36 + HORIZON_WEEKS)
    first = demand.series.row(0, named=True)
    own = stores.lines.filter((pl.col("store") == first["store"]) & (pl.col("category") == first["category"]))
    assert demand.sold[0].sum() == own["quantity"].sum()


def test_what_is_sold_later_changes_no_forecast(stores: History) -> None:
    late = pl.col("day") >= CUTOFF
    spoilt = replace(
        stores, lines=stores.lines.with_columns(pl.when(late).then(99).otherwise("quantity").alias("quantity"))
    )
    ours, theirs = (forecast_demand(count_demand(history, CUTOFF)) for history in (stores, spoilt))
    assert np.array_equal(ours.pieces, theirs.pieces)
    assert np.array_equal(ours.low, theirs.low)


def test_members_take_what_they_buy_along_to_another_store() -> None:
    def buy(member: str, store: str, category: str, weeks: range) -> list[dict[str, Any]]:
        return [make_line(member, CUTOFF - timedelta(weeks=at), store=store, category=category) for at in weeks]

    before, lately = buy("m1", "old", "bread", range(4, 10)), buy("m1", "new", "milk", range(1, 4))
    others = buy("m2", "old", "milk", range(1, 10))
    later = [make_line("m2", CUTOFF, store="new", category="bread", quantity=50)]
    series = pl.DataFrame({"store": ["new", "new", "old"], "category": ["bread", "milk", "milk"]})
    lines = make_history([*before, *lately, *others]).lines
    new_bread, new_milk, old_milk = expect_of_members(lines, series, CUTOFF).tolist()
    # Bread was never sold in the new store: m1, the only one who comes there, buys six of nine pieces of bread.
    habit = [0.97**back for back in range(9)]
    assert new_bread / new_milk == pytest.approx(sum(habit[3:]) / sum(habit[:3]))
    assert old_milk > new_bread + new_milk
    spoilt = expect_of_members(make_history([*before, *lately, *others, *later]).lines, series, CUTOFF)
    assert spoilt.tolist() == [new_bread, new_milk, old_milk]


def test_the_range_holds_four_of_five_and_the_sum_is_right(stores: History) -> None:
    outcome = evaluate_demand(stores, CUTOFF, stay_silent)
    assert abs(outcome.metrics["bias"]) < 0.05
    assert 0.75 < outcome.metrics["interval_80_holds"] < 0.95
    assert outcome.metrics["wape"] < outcome.baseline["wape"] * 1.03


def test_few_weeks_keep_to_the_average(stores: History) -> None:
    early = START + timedelta(weeks=14)
    demand = count_demand(stores, early)
    forecast = forecast_demand(demand)
    assert not forecast.is_learned
    assert np.array_equal(forecast.pieces, average(demand, demand.origin))
    assert "too few" in forecast.why


def test_a_shop_of_one_week_is_not_forecast() -> None:
    history = make_history([make_line("m1", START), make_line("m2", START + timedelta(days=20))])
    with pytest.raises(TooLittle):
        count_demand(history, START + timedelta(days=7))
    outcome = evaluate_demand(history, START + timedelta(days=7), stay_silent)
    assert outcome.metrics == {}
    assert "Nothing is forecast" in outcome.notes[0]


@pytest.mark.parametrize(
    ("taken", "in_stock", "lasts_weeks", "order"),
    [
        ([10] * 12, 100, 8, 0),  # ten a week: 8 weeks surely, and 4 with ease
        ([10] * 12, 20, 1, 29),  # 40 and what chance may add, less what is there
        ([0] * 12, 5, None, 0),  # nobody takes it
        ([0, 20] * 6, 20, 0, 49),  # the same on average, in bursts: more to be safe
    ],
)
def test_stock_lasts_nine_of_ten_times(taken: list[int], in_stock: int, lasts_weeks: int | None, order: int) -> None:
    advice = advise_stock(taken, in_stock, weeks=4)
    assert advice is not None
    assert (advice.lasts_weeks, advice.order) == (lasts_weeks, order)


def test_three_weeks_advise_nothing() -> None:
    assert advise_stock([5, 5, 5], 10, weeks=4) is None


def make_campaigns(seed: int = 6) -> History:
    """Each campaign has twenty coupons; members use those for what they buy, and some never use any."""
    rng = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    members = [f"m{number:03}" for number in range(120)]
    liked = {member: set(rng.choice(40, 5, replace=False).tolist()) for member in members}
    for member in members:
        for week in range(40):
            day = START + timedelta(days=7 * week + int(rng.integers(7)))
            lines.extend(
                make_line(member, day, sku=f"i{item}", type=f"t{item}", category=f"c{item // 4}")
                for item in rng.choice(sorted(liked[member]), 2, replace=False)
            )
    campaigns, targets, coupons, redemptions = [], [], [], []
    for number in range(8):
        start = START + timedelta(weeks=6 + 4 * number)
        name = f"k{number}"
        campaigns.append({"campaign": name, "kind": "A", "start": start, "end": start + timedelta(days=20)})
        offered = rng.choice(40, 20, replace=False)
        coupons += [{"coupon": f"{name}-{item}", "campaign": name, "sku": f"i{item}"} for item in offered]
        for at, member in enumerate(members):
            targets.append({"campaign": name, "member": member})
            for item in offered:
                if at % 3 and item in liked[member] and rng.random() < 0.5:
                    day = start + timedelta(days=int(rng.integers(20)))
                    redemptions.append({"member": member, "coupon": f"{name}-{item}", "campaign": name, "day": day})
    return replace(
        make_history(lines),
        campaigns=pl.DataFrame(campaigns),
        targets=pl.DataFrame(targets),
        coupons=pl.DataFrame(coupons),
        redemptions=pl.DataFrame(redemptions),
    )


@pytest.fixture(scope="module")
def campaigns() -> History:
    return make_campaigns()


def test_campaigns_that_run_over_the_cutoff_are_in_neither_part(campaigns: History) -> None:
    ended, begun = split_campaigns(campaigns, START + timedelta(weeks=23))
    assert ended == ["k0", "k1", "k2", "k3"]
    assert begun == ["k5", "k6", "k7"]
    with pytest.raises(CouponsTooLittle):
        split_campaigns(campaigns, START + timedelta(weeks=5))


def test_a_campaign_is_described_by_what_precedes_it(campaigns: History) -> None:
    start = START + timedelta(weeks=18)
    cut = replace(
        campaigns,
        lines=campaigns.lines.filter(pl.col("day") < start),
        redemptions=None if campaigns.redemptions is None else campaigns.redemptions.filter(pl.col("day") < start),
    )
    whole = describe_campaign(campaigns, "k3")
    assert_frame_equal(whole.drop("taken"), describe_campaign(cut, "k3").drop("taken"))
    assert describe_campaign(cut, "k3")["taken"].sum() == 0
    assert whole["taken"].sum() > 50
    assert whole.height == 120 * 20


def test_coupons_that_will_be_used_stand_in_front(campaigns: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupon_task, "SEEDS", 1)
    outcome = evaluate_coupons(campaigns, START + timedelta(weeks=23), stay_silent)
    assert outcome.metrics["auc"] > 0.9
    assert outcome.metrics["ndcg@10"] > 0.7
    assert outcome.metrics["auc"] >= outcome.baseline["auc"] - 0.01
    assert outcome.counts["campaigns"] == 3


def test_few_used_coupons_are_not_learned_from(campaigns: History) -> None:
    pairs = describe_campaign(campaigns, "k3").with_columns(taken=pl.lit(0, pl.Int8))
    model = learn_coupons(pairs)
    assert model.choice is None
    assert "0 coupons were used" in model.why
    assert np.array_equal(model.score(pairs), np.log(pairs["prior"].to_numpy()))
    assert model.foretell(pairs) is None


def test_a_shop_without_campaigns_says_so() -> None:
    history = make_history([make_line("m1", START), make_line("m1", date(2025, 6, 1))])
    outcome = evaluate_coupons(history, date(2025, 3, 1), stay_silent)
    assert outcome.metrics == {}
    assert "0 campaigns" in outcome.notes[0]


def test_a_store_whose_members_are_given_less_is_named(campaigns: History) -> None:
    poor = pl.col("member") < "m060"
    lines = campaigns.lines.with_columns(
        store=pl.when(poor).then(pl.lit("south")).otherwise(pl.lit("north")),
        discount_minor=pl.when(poor).then(50).otherwise(200).cast(pl.Int64),
    )
    found = measure_parity(replace(campaigns, lines=lines), START + timedelta(weeks=40))
    unfair = [(parity.measure, parity.group) for parity in found if parity.is_unfair]
    assert unfair == [("given", "south")]
    assert measure_parity(campaigns, START) == []

"""What is foretold is better than chance, and knows nothing of what came later."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from regulars.intelligence.evaluation import (
    compare_means,
    compare_scores,
    evaluate,
    measure_auc,
    measure_calibration,
)
from regulars.intelligence.evaluation.model import TaskUnknown
from regulars.intelligence.evaluation.run import CutoffImpossible
from regulars.intelligence.fading import learn_fading
from regulars.intelligence.fading.reasons import REASONS, name_reasons
from regulars.intelligence.history import History
from regulars.intelligence.value import learn_value
from regulars.intelligence.value.model import measure_spend
from tests.intelligence.makers import START, make_history, make_line, make_shop


@pytest.fixture(scope="module")
def shop_history() -> History:
    return make_shop(members=220)


def test_what_is_learned_is_better_than_chance_and_has_a_reason(shop_history: History) -> None:
    learned = learn_fading(shop_history, START + timedelta(weeks=36))
    chance = learned.predict()
    came = shop_history.lines.filter(pl.col("day") >= START + timedelta(weeks=36))["member"].unique()
    lapsed = ~learned.told["member"].is_in(came.implode()).to_numpy()
    assert measure_auc(lapsed, chance) > 0.75
    assert abs(chance.mean() - lapsed.mean()) < 0.06
    assert set(name_reasons(learned)) <= REASONS.keys()
    assert len(name_reasons(learned)) == learned.told.height
    # What is in most columns is not the reason of all.
    assert len(set(name_reasons(learned))) >= 4


def test_absurd_amounts_do_not_decide_what_others_are_worth(shop_history: History) -> None:
    spoilt = make_history([*shop_history.lines.to_dicts(), make_line("m0001", START, paid=10**13)])
    assert spoilt.lines.equals(shop_history.lines)
    assert spoilt.left_out == {"absurd amount": 1}


def test_the_future_changes_nothing_that_was_foretold(shop_history: History) -> None:
    cutoff = START + timedelta(weeks=30)
    whole, past = learn_value(shop_history, cutoff), learn_value(shop_history.before(cutoff), cutoff)
    assert np.array_equal(whole.predict(), past.predict())


def test_value_is_at_the_level_of_what_was_spent_and_its_interval_holds(shop_history: History) -> None:
    cutoff, ahead = START + timedelta(weeks=28), timedelta(weeks=12)
    learned = learn_value(shop_history, cutoff, ahead)
    truth = measure_spend(_visits(shop_history), learned.members, cutoff, cutoff + ahead)
    low, high = learned.bound()
    assert abs(learned.predict().sum() / truth.sum() - 1) < 0.25
    assert 0.55 < ((truth >= low) & (truth <= high)).mean() < 0.95
    assert (low <= high).all()


def _visits(history: History) -> pl.DataFrame:
    return history.lines.group_by("member", "day").agg(paid=pl.col("paid_minor").sum())


def test_tasks_are_judged_beside_their_baseline(shop_history: History) -> None:
    outcome = evaluate("lapse", shop_history, START + timedelta(weeks=34))
    assert outcome.metrics.keys() == outcome.baseline.keys()
    assert outcome.paired["auc"].cases == outcome.counts["members"]
    assert outcome.seconds > 0
    days = evaluate("value", shop_history, START + timedelta(weeks=36)).counts["days_ahead"]
    assert days == (shop_history.last - START - timedelta(weeks=36)).days + 1


def test_what_cannot_be_evaluated_is_refused(shop_history: History) -> None:
    with pytest.raises(TaskUnknown):
        evaluate("weather", shop_history, START + timedelta(weeks=20))
    for cutoff in (START, START + timedelta(weeks=40)):
        with pytest.raises(CutoffImpossible):
            evaluate("lapse", shop_history, cutoff)


def test_measures_are_what_they_are_called() -> None:
    happened = np.array([0, 0, 1, 1, 0, 1])
    score = np.array([0.1, 0.4, 0.35, 0.8, 0.2, 0.4])
    pairs = [(s > t) + 0.5 * (s == t) for s in score[happened == 1] for t in score[happened == 0]]
    assert measure_auc(happened, score) == pytest.approx(np.mean(pairs))
    assert measure_calibration(happened, np.full(6, 0.5), bins=1) == pytest.approx(0)
    assert measure_calibration(happened, np.full(6, 0.9), bins=1) == pytest.approx(0.4)
    assert compare_scores(happened, score, score).difference == 0
    assert compare_means(np.array([2.0, 4.0]), np.array([1.0, 1.0])).difference == 2
    rng = np.random.default_rng(2)
    truth = rng.random(4_000) < 0.3
    good, noise = truth + rng.normal(size=4_000), rng.normal(size=4_000)
    paired = compare_scores(truth, good, noise)
    assert paired.difference == pytest.approx(measure_auc(truth, good) - measure_auc(truth, noise))
    assert paired.is_clear

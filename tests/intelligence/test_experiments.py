"""Whether something worked: looks before the end, holdouts, likeness, arms, and for whom; where the truth is known."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from regulars.intelligence.experiments import (
    Choice,
    choose,
    compare_groups,
    compare_matched,
    find_bounds,
    judge_look,
    learn_targeting,
    measure_qini,
    start,
    update,
    value_policy,
)
from regulars.intelligence.experiments.bandit import CHANCE_MIN
from regulars.intelligence.experiments.looking import KEPT_BACK
from regulars.intelligence.fairness import compare_groups as compare_parity

LOOKS = 28


def test_one_look_at_the_end_needs_what_any_test_needs() -> None:
    # 1.96, but for the part of false alarms that is kept back.
    (bound,) = find_bounds((1.0,), 0.05 / (1 - KEPT_BACK))
    assert bound == pytest.approx(1.96, abs=0.001)


def test_bounds_fall_from_look_to_look() -> None:
    bounds = find_bounds(tuple(at / LOOKS for at in range(1, LOOKS + 1)))
    assert list(bounds) == sorted(bounds, reverse=True)
    assert 2.0 < bounds[-1] < 2.5


def test_looking_every_day_raises_no_more_false_alarms_and_loses_little_power() -> None:
    bounds = np.asarray(find_bounds(tuple(at / LOOKS for at in range(1, LOOKS + 1))))
    seen = np.sqrt(np.arange(1, LOOKS + 1))
    z = np.cumsum(np.random.default_rng(11).normal(size=(20_000, LOOKS)), axis=1) / seen
    naive = (np.abs(z) > 1.96).any(axis=1).mean()
    ours = (np.abs(z) > bounds).any(axis=1).mean()
    assert naive > 0.2
    assert 0.03 < ours <= 0.05
    planned = z + 2.8 * seen / seen[-1]
    assert (np.abs(planned) > bounds).any(axis=1).mean() > (np.abs(planned[:, -1]) > 1.96).mean() - 0.15


def test_a_look_holds_its_range_and_decides_late_only_when_it_is_clear() -> None:
    early = judge_look(3.0, 1.0, cases=100, cases_max=1_000, looks=[])
    late = judge_look(3.0, 1.0, cases=1_000, cases_max=1_000, looks=[100, 500])
    assert not early.is_decided
    assert early.low < 0 < early.high
    assert late.is_decided
    assert late.low > 0
    more = judge_look(3.0, 1.0, cases=2_000, cases_max=1_000, looks=[100, 500, 1_000])
    assert more.fraction == 1.0


def test_what_was_known_before_is_taken_out_and_the_effect_is_found() -> None:
    rng = np.random.default_rng(1)
    before = rng.gamma(2, 50, 4_000)
    treated = rng.integers(0, 2, 4_000)
    outcome = before + rng.normal(0, 20, 4_000) + 5 * treated
    plain, corrected = compare_groups(outcome, treated), compare_groups(outcome, treated, before)
    assert plain is not None
    assert corrected is not None
    assert corrected.removed > 0.8
    assert corrected.low < 5 < corrected.high
    assert corrected.is_clear
    assert corrected.standard_error < plain.standard_error / 2


def test_ranges_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        before = rng.gamma(2, 50, 200)
        treated = rng.integers(0, 2, 200)
        effect = compare_groups(before + rng.normal(0, 30, 200), treated, before)
        assert effect is not None
        held += effect.low <= 0 <= effect.high
    assert 0.91 < held / 400 < 0.98


def test_too_few_say_nothing() -> None:
    treated = np.array([1] * 10 + [0] * 500)
    values = np.arange(510.0)
    assert compare_groups(values, treated) is None
    assert compare_matched(values[:, None], values, values, treated) is None


def test_like_members_take_out_what_told_them_apart_and_the_warning_stays() -> None:
    rng = np.random.default_rng(3)
    before = rng.gamma(2, 50, 3_000)
    # Those who spend much are written to, and those who spend much fall back more: no effect at all.
    treated = rng.random(3_000) < np.where(before > 120, 0.6, 0.1)
    after = 60 + 0.4 * before + rng.normal(0, 10, 3_000)
    naive = (after - before)[treated].mean() - (after - before)[~treated].mean()
    effect = compare_matched(before[:, None], before, after, treated)
    assert effect is not None
    assert naive < -10
    assert abs(effect.difference) < 3
    assert "held out" in effect.warning


def test_arms_that_work_are_chosen_more_and_none_is_given_up() -> None:
    arms = start(["a", "b", "c"])
    assert arms.chances == (1 / 3, 1 / 3, 1 / 3)
    arms = update(arms, [("a", 500, 10), ("b", 500, 50), ("c", 500, 12)], seed=1)
    assert arms.chances[1] > 0.95
    assert min(arms.chances) == pytest.approx(CHANCE_MIN)
    assert sum(arms.chances) == pytest.approx(1)
    rng = np.random.default_rng(5)
    drawn = Counter(choose(arms, float(rng.random())).arm for _ in range(20_000))
    assert drawn["a"] / 20_000 == pytest.approx(arms.chances[0], abs=0.004)


def test_the_chance_that_is_written_down_tells_what_another_way_would_have_brought() -> None:
    rng = np.random.default_rng(6)
    arms = update(start(["a", "b"]), [("a", 20, 8), ("b", 20, 6)], seed=2)
    truth = {"a": 0.2, "b": 0.6}
    log: list[tuple[Choice, float]] = []
    for _ in range(20_000):
        chosen = choose(arms, float(rng.random()))
        log.append((chosen, float(rng.random() < truth[chosen.arm])))
    mean, error = value_policy(log, {"a": 0.1, "b": 0.9})
    assert abs(mean - (0.1 * 0.2 + 0.9 * 0.6)) < 4 * error
    assert value_policy(log, {"c": 1.0})[1] == float("inf")


def make_trial(seed: int, *, flat: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(4_000, 5))
    treated = rng.integers(0, 2, 4_000).astype(float)
    effect = np.full(4_000, 0.3) if flat else 0.3 + 0.5 * rows[:, 0]
    outcome = rows[:, 1] + rng.normal(size=4_000) + effect * treated
    return rows, outcome, treated, effect


def test_those_are_ranked_first_for_whom_it_works() -> None:
    rows, outcome, treated, _ = make_trial(1, flat=False)
    targeting = learn_targeting(rows, outcome, treated, chance=0.5)
    fresh, came, given, effect = make_trial(2, flat=False)
    ranked = targeting.rank(fresh)
    assert ranked is not None
    assert np.corrcoef(ranked, effect)[0, 1] > 0.9
    assert measure_qini(ranked, came, given) > 0.9 * measure_qini(effect, came, given)
    assert targeting.mean == pytest.approx(0.3, abs=0.1)


def test_nobody_is_ranked_where_all_are_moved_alike() -> None:
    rows, outcome, treated, _ = make_trial(3, flat=True)
    targeting = learn_targeting(rows, outcome, treated, chance=0.5)
    assert targeting.learner == ""
    assert targeting.rank(rows) is None
    assert targeting.mean == pytest.approx(0.3, abs=0.1)


def test_few_members_are_not_ranked() -> None:
    rows, outcome, treated, _ = make_trial(6, flat=False)
    assert learn_targeting(rows[:500], outcome[:500], treated[:500], chance=0.5).learner == ""


def test_a_group_that_gets_less_is_named_and_a_small_one_is_not() -> None:
    rng = np.random.default_rng(7)
    told = pl.DataFrame(
        {
            "group": ["a"] * 400 + ["b"] * 300 + ["tiny"] * 10,
            "value": np.concatenate([rng.normal(10, 2, 400), rng.normal(6, 2, 300), rng.normal(1, 1, 10)]),
        }
    )
    found = {parity.group: parity for parity in compare_parity(told, measure="given", kind="age")}
    assert set(found) == {"a", "b"}
    assert found["b"].is_unfair
    assert not found["a"].is_unfair
    assert found["b"].low < 6 - 9.8 < found["b"].high
